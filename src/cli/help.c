#include "cli/help.h"

#include "base/buf.h"

static const struct cli_option GLOBAL_OPTIONS[] = {
    { "--user", "HANDLE", "act for this account (default: the only one, or the first admin)" },
    { "--server", "URL",
      "act on the server at this address, with a token, and not on this machine's" },
    { "--token-file", "FILE", "where the token for --server stands (else in VIVIM_TOKEN)" },
    { "--json", NULL, "print data as JSON, and what goes wrong with its code" },
    { "--config", "FILE", "read this file instead of vivim.conf in the data folder" },
    { "--help", NULL, "show this help" },
};

/* --- by name --------------------------------------------------------------------------------- */

static struct str first_word(const struct command *cmd)
{
    struct str rest = str_from(cmd->name), word = STR_NONE;
    str_cut(&rest, ' ', &word);
    return word;
}

/* "add" of "user add"; empty for a command of one word. */
static struct str second_word(const struct command *cmd)
{
    struct str first = first_word(cmd), name = str_from(cmd->name);
    return str_sub(name, first.n + 1, name.n);
}

/* "user" and "config" are no commands, only their first word; "capture" is one. */
static bool is_group(struct str word)
{
    for (size_t i = 0; COMMANDS[i]; i++)
        if (str_eq(word, str_from(COMMANDS[i]->name)))
            return false;
    for (size_t i = 0; COMMANDS[i]; i++)
        if (second_word(COMMANDS[i]).n && str_eq(first_word(COMMANDS[i]), word))
            return true;
    return false;
}

const struct command *command_find(int count, char **words, int *ret_words)
{
    for (size_t i = 0; COMMANDS[i]; i++) {
        struct str second = second_word(COMMANDS[i]);
        int wanted = second.n ? 2 : 1;
        if (count < wanted || !str_eq(first_word(COMMANDS[i]), str_from(words[0])) ||
            (second.n && !str_eq(second, str_from(words[1]))))
            continue;
        *ret_words = wanted;
        return COMMANDS[i];
    }
    return NULL;
}

const struct cli_option *option_find(const struct command *cmd, struct str name)
{
    for (size_t i = 0; i < cmd->option_count; i++)
        if (str_eq(name, str_from(cmd->options[i].name)))
            return &cmd->options[i];
    for (size_t i = 0; i < COUNTOF(GLOBAL_OPTIONS); i++)
        if (str_eq(name, str_from(GLOBAL_OPTIONS[i].name)))
            return &GLOBAL_OPTIONS[i];
    return NULL;
}

static void offer_option(struct suggestion *s, const struct cli_option *o)
{
    struct str name = str_from(o->name);
    suggest_offer(s, str_sub(name, 2, name.n));
}

struct str option_near(const struct command *cmd, struct str name)
{
    struct suggestion s = suggest(str_sub(name, 2, name.n));
    for (size_t i = 0; i < cmd->option_count; i++)
        offer_option(&s, &cmd->options[i]);
    for (size_t i = 0; i < COUNTOF(GLOBAL_OPTIONS); i++)
        offer_option(&s, &GLOBAL_OPTIONS[i]);
    settings_suggest(&s);
    return suggest_best(&s);
}

static struct str first_near(struct str word)
{
    struct suggestion s = suggest(word);
    for (size_t i = 0; COMMANDS[i]; i++)
        if (i == 0 || !str_eq(first_word(COMMANDS[i]), first_word(COMMANDS[i - 1])))
            suggest_offer(&s, first_word(COMMANDS[i]));
    suggest_offer(&s, S("help"));
    return suggest_best(&s);
}

static struct str second_near(struct str group, struct str word)
{
    struct suggestion s = suggest(word);
    for (size_t i = 0; COMMANDS[i]; i++)
        if (str_eq(first_word(COMMANDS[i]), group))
            suggest_offer(&s, second_word(COMMANDS[i]));
    return suggest_best(&s);
}

/* --- what is printed ------------------------------------------------------------------------------ */

static void print_option(FILE *f, const struct cli_option *o)
{
    char left[64];
    snprintf(left, sizeof left, "%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
    fprintf(f, "  %-26s %s\n", left, o->help);
}

void help_command(FILE *f, const struct command *cmd)
{
    fprintf(f, "usage: vivim %s%s%s [options]\n\n%s\n", cmd->name, cmd->arguments[0] ? " " : "",
            cmd->arguments, cmd->summary);
    if (cmd->help)
        fprintf(f, "\n%s\n", cmd->help);
    fprintf(f, "\noptions:\n");
    for (size_t i = 0; i < cmd->option_count; i++)
        print_option(f, &cmd->options[i]);
    for (size_t i = 0; i < COUNTOF(GLOBAL_OPTIONS); i++)
        print_option(f, &GLOBAL_OPTIONS[i]);
    fprintf(f, "\nEvery setting is an option too: --data DIR, --listen ADDRESS:PORT … (`vivim "
               "config dump` lists them).\n");
}

/* All commands, or those that begin with the word. */
static void print_list(FILE *f, struct str group)
{
    for (size_t i = 0; COMMANDS[i]; i++) {
        char left[64];
        if (group.s && !str_eq(first_word(COMMANDS[i]), group))
            continue;
        snprintf(left, sizeof left, "%s%s%s", COMMANDS[i]->name,
                 COMMANDS[i]->arguments[0] ? " " : "", COMMANDS[i]->arguments);
        fprintf(f, "  %-30s %s\n", left, COMMANDS[i]->summary);
    }
}

void help_commands(FILE *f)
{
    fprintf(f, "usage: vivim COMMAND [arguments] [options]\n\ncommands:\n");
    print_list(f, STR_NONE);
    fprintf(f, "\n`vivim COMMAND --help` says more.\n");
}

static void help_group(FILE *f, struct str group)
{
    fprintf(f, "usage: vivim %.*s COMMAND [arguments] [options]\n\ncommands:\n", STR_ARG(group));
    print_list(f, group);
    fprintf(f, "\n`vivim %.*s COMMAND --help` says more.\n", STR_ARG(group));
}

/* --- asked for ------------------------------------------------------------------------------------- */

static bool help_word(const char *word)
{
    return str_eq(str_from(word), S("--help")) || str_eq(str_from(word), S("-h")) ||
           str_eq(str_from(word), S("help"));
}

/* What `vivim help` says about these words. */
static int help_about(struct cli *c, int count, char **words)
{
    int used;
    const struct command *cmd = count ? command_find(count, words, &used) : NULL;
    if (cmd)
        help_command(stdout, cmd);
    else if (count == 1 && is_group(str_from(words[0])))
        help_group(stdout, str_from(words[0]));
    else if (count == 0 || help_word(words[0]))
        help_commands(stdout);
    else
        return help_no_command(c, count, words);
    return EXIT_OK;
}

bool help_asked(struct cli *c, int argc, char **argv, int *ret_status)
{
    if (argc >= 2 && help_word(argv[1]))
        *ret_status = help_about(c, argc - 2, argv + 2);
    else if (argc >= 3 && is_group(str_from(argv[1])) && help_word(argv[2]))
        *ret_status = argc >= 4 ? help_about(c, 2, (char *[]){ argv[1], argv[3] })
                                : help_about(c, 1, argv + 1);
    else
        return false;
    return true;
}

/* What may follow the first word of a command of two ("add, list" for "user"). */
static struct str second_words(struct arena *a, struct str first)
{
    struct buf b;
    buf_init(&b, a, 4096);
    for (size_t i = 0; COMMANDS[i]; i++)
        if (str_eq(first_word(COMMANDS[i]), first) && second_word(COMMANDS[i]).n)
            buf_putf(&b, "%s%.*s", b.n ? ", " : "", STR_ARG(second_word(COMMANDS[i])));
    return buf_str(&b);
}

static int no_second(struct cli *c, struct str group, struct str word)
{
    struct str near = word.n ? second_near(group, word) : STR_NONE;
    struct str all = second_words(c->arena, group);
    if (near.s)
        return cli_usage(c, "%.*s needs one of: %.*s; did you mean \"vivim %.*s %.*s\"?",
                         STR_ARG(group), STR_ARG(all), STR_ARG(group), STR_ARG(near));
    return cli_usage(c, "%.*s needs one of: %.*s", STR_ARG(group), STR_ARG(all));
}

int help_no_command(struct cli *c, int count, char **words)
{
    struct str word = str_from(words[0]), near;
    if (is_group(word))
        return no_second(c, word, count > 1 ? str_from(words[1]) : S(""));
    if (str_starts(word, S("-")))
        return cli_usage(c, "options come after the command: vivim COMMAND %s …", words[0]);
    near = first_near(word);
    if (near.s)
        return cli_usage(c, "there is no command \"%s\"; did you mean \"vivim %.*s\"?", words[0],
                         STR_ARG(near));
    return cli_usage(c, "there is no command \"%s\"", words[0]);
}
