/* Help, and finding what was meant: the commands and options by name, and the nearest where there is none. */
#ifndef VIVIM_CLI_HELP_H
#define VIVIM_CLI_HELP_H

#include "cli/cli.h"

/* The command that begins these words ("user add" takes two); NULL: none. */
const struct command *command_find(int count, char **words, int *ret_words);
/* Of the command, or one that every command has; NULL: none. name: "--json". */
const struct cli_option *option_find(const struct command *cmd, struct str name);
/* The nearest option or setting, without its "--"; STR_NONE. */
struct str option_near(const struct command *cmd, struct str name);

void help_commands(FILE *f);
void help_command(FILE *f, const struct command *cmd);

/* `--help`, `help`, `help user add`, `user --help`: true when it was that, with the exit status. (`user add --help` is an
 * option like others.) */
bool help_asked(struct cli *c, int argc, char **argv, int *ret_status);
/* Say that there is no such command, and what is near; gives EXIT_USAGE. */
int help_no_command(struct cli *c, int count, char **words);

#endif
