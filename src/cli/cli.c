#include "cli/cli.h"

#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "cli/help.h"

/* --- arguments -------------------------------------------------------------------------------- */

static int keep_option(struct cli *c, const struct cli_option *o, struct str value)
{
    struct str name = str_from(o->name);
    if (str_eq(name, S("--user")))
        c->user = value;
    else if (str_eq(name, S("--json")))
        c->json = true;
    else if (str_eq(name, S("--config")))
        c->config_path = value;
    else if (str_eq(name, S("--server")))
        c->server = value;
    else if (str_eq(name, S("--token-file")))
        c->token_file = value;
    else if (str_eq(name, S("--help")))
        c->help = true;
    else if (c->option_count == CLI_OPTIONS_MAX)
        return cli_usage(c, "too many options");
    else {
        c->options[c->option_count].name = o->name;
        c->options[c->option_count++].value = value.s ? value : S("");
    }
    return EXIT_OK;
}

/* One argument that begins with "--"; *at moves over a value in the next word. */
static int parse_option(struct cli *c, int argc, char **argv, int *at)
{
    struct str rest = str_from(argv[*at]), name;
    bool has_value = str_find_char(rest, '=', 0) < rest.n;
    str_cut(&rest, '=', &name);
    const struct cli_option *o = option_find(c->command, name);
    if (!o && !setting_known(str_sub(name, 2, name.n))) {
        struct str near = option_near(c->command, name);
        return near.s ? cli_usage(c, "unknown option %.*s; did you mean --%.*s?", STR_ARG(name),
                                  STR_ARG(near))
                      : cli_usage(c, "unknown option %.*s", STR_ARG(name));
    }
    if (o && !o->value)
        return has_value ? cli_usage(c, "%.*s takes no value", STR_ARG(name))
                         : keep_option(c, o, STR_NONE);
    if (!has_value) {
        if (*at + 1 >= argc)
            return cli_usage(c, "%.*s needs a value", STR_ARG(name));
        rest = str_from(argv[++*at]);
    }
    if (o)
        return keep_option(c, o, rest);
    if (c->flag_count == CLI_OPTIONS_MAX)
        return cli_usage(c, "too many options");
    c->flags[c->flag_count++] = (struct setting_flag){ str_sub(name, 2, name.n), rest };
    return EXIT_OK;
}

static int parse_arguments(struct cli *c, int first, int argc, char **argv)
{
    bool options = true;
    for (int i = first; i < argc; i++) {
        struct str word = str_from(argv[i]);
        if (!text_ok(word))
            return cli_usage(c, "an argument is not valid UTF-8");
        if (options && str_eq(word, S("--"))) {
            options = false;
        } else if (options && str_eq(word, S("-h"))) {
            c->help = true;
        } else if (options && (str_starts(word, S("--")) || option_find(c->command, word))) {
            int status = parse_option(c, argc, argv, &i);
            if (status != EXIT_OK)
                return status;
        } else if (options && word.n > 1 && word.s[0] == '-' && !c->command->dashes) {
            return cli_usage(c, "unknown option %s", argv[i]);
        } else if (c->argument_count == CLI_ARGUMENTS_MAX) {
            return cli_usage(c, "too many arguments");
        } else {
            c->arguments[c->argument_count++] = word;
        }
    }
    return EXIT_OK;
}

/* Said first, for what is wrong before it or about it is told as it wants it. */
static bool wants_json(int argc, char **argv)
{
    for (int i = 1; i < argc && !str_eq(str_from(argv[i]), S("--")); i++)
        if (str_eq(str_from(argv[i]), S("--json")))
            return true;
    return false;
}

/* --- main ---------------------------------------------------------------------------------------- */

static int run(struct cli *c, char *const environment[])
{
    char *config = c->config_path.s ? str_cstr(c->arena, c->config_path) : NULL;
    err_t e =
        settings_load(c->arena, c->flags, (size_t)c->flag_count, config, environment, &c->settings);
    if (e != OK) {
        cli_fail(c, e);
        return EXIT_USAGE;
    }
    if (c->argument_count < c->command->arguments_min)
        return cli_usage(c, "%s needs %s", c->command->name, c->command->arguments);
    if (c->argument_count > c->command->arguments_max)
        return cli_usage(c, "%s takes no further argument: %.*s", c->command->name,
                         STR_ARG(c->arguments[c->command->arguments_max]));
    e = cli_go_elsewhere(c, environment);
    if (e == E_USAGE)
        return cli_usage(c, "%s", err_detail()->text);
    if (e != OK)
        return cli_fail(c, e);
    int status = c->command->run(c);
    cli_disconnect(c);
    if (fflush(stdout) != 0 && status == EXIT_OK)
        return EXIT_FAILED;
    return status;
}

int cli_main(const struct cli_host *host, int argc, char **argv, char *const environment[])
{
    CLEANUP(arena_free) struct arena arena = { 0 };
    arena_init(&arena, MIB(512));
    struct cli c = { .arena = &arena, .host = host, .json = wants_json(argc, argv) };

    if (argc < 2) {
        help_commands(stderr);
        return EXIT_USAGE;
    }
    if (str_eq(str_from(argv[1]), S("--version")))
        argv[1] = (char *)"version";
    int words = 0, status;
    if (help_asked(&c, argc, argv, &status))
        return status;
    c.command = command_find(argc - 1, argv + 1, &words);
    if (!c.command)
        return help_no_command(&c, argc - 1, argv + 1);
    status = parse_arguments(&c, words + 1, argc, argv);
    if (status != EXIT_OK)
        return status;
    if (c.help) {
        help_command(stdout, c.command);
        return EXIT_OK;
    }
    return run(&c, environment);
}
