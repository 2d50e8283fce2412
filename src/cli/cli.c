#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/utf8.h"

static const struct cli_option GLOBAL_OPTIONS[] = {
    { "--user", "HANDLE", "act for this account (default: the only one, or the first admin)" },
    { "--json", NULL, "print data as JSON" },
    { "--config", "FILE", "read this file instead of vivim.conf in the data folder" },
    { "--help", NULL, "show this help" },
};

/* --- help ---------------------------------------------------------------------------------- */

static void print_option(FILE *f, const struct cli_option *o)
{
    char left[64];
    snprintf(left, sizeof left, "%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
    fprintf(f, "  %-26s %s\n", left, o->help);
}

static void print_help(FILE *f, const struct command *cmd)
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

static void print_commands(FILE *f)
{
    fprintf(f, "usage: vivim COMMAND [arguments] [options]\n\ncommands:\n");
    for (size_t i = 0; COMMANDS[i]; i++) {
        char left[64];
        snprintf(left, sizeof left, "%s%s%s", COMMANDS[i]->name,
                 COMMANDS[i]->arguments[0] ? " " : "", COMMANDS[i]->arguments);
        fprintf(f, "  %-30s %s\n", left, COMMANDS[i]->summary);
    }
    fprintf(f, "\n`vivim COMMAND --help` says more.\n");
}

int cli_usage(const struct cli *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "vivim: ");
    vfprintf(stderr, format, args);
    va_end(args);
    if (c->command)
        fprintf(stderr, "\nusage: vivim %s%s%s [options]; `vivim %s --help` says more\n",
                c->command->name, c->command->arguments[0] ? " " : "", c->command->arguments,
                c->command->name);
    else
        fprintf(stderr, "\n`vivim --help` lists the commands\n");
    return EXIT_USAGE;
}

int cli_fail(struct cli *c, err_t e)
{
    UNUSED(c);
    const struct err_detail *d = err_detail();
    fprintf(stderr, "vivim: %s%s%s (%s)\n", d->text[0] ? d->text : err_title(e),
            d->field[0] ? ": " : "", d->field, err_code(e));
    return EXIT_FAILED;
}

/* --- arguments -------------------------------------------------------------------------------- */

/* "user add" takes two words; the longest name that fits wins. */
static const struct command *find_command(int argc, char **argv, int *ret_words)
{
    for (size_t i = 0; COMMANDS[i]; i++) {
        struct str rest = str_from(COMMANDS[i]->name), word;
        int words = 0;
        bool same = true;
        while (same && str_cut(&rest, ' ', &word)) {
            same = words + 1 < argc && str_eq(word, str_from(argv[words + 1]));
            words++;
        }
        if (same) {
            *ret_words = words;
            return COMMANDS[i];
        }
    }
    return NULL;
}

/* What may follow the first word of a command of two ("add, list" for "user"); empty where there is nothing. */
static struct str second_words(struct arena *a, struct str first)
{
    struct buf b;
    buf_init(&b, a, KIB(4));
    for (size_t i = 0; COMMANDS[i]; i++) {
        struct str second = str_from(COMMANDS[i]->name), word;
        if (str_cut(&second, ' ', &word) && str_eq(word, first) && second.n)
            buf_putf(&b, "%s%.*s", b.n ? ", " : "", STR_ARG(second));
    }
    return buf_str(&b);
}

static int no_command(struct cli *c, const char *name)
{
    struct str seconds = second_words(c->arena, str_from(name));
    if (seconds.n)
        return cli_usage(c, "%s needs one of: %.*s", name, STR_ARG(seconds));
    return cli_usage(c, "there is no command \"%s\"", name);
}

static const struct cli_option *find_option(const struct command *cmd, struct str name)
{
    for (size_t i = 0; i < cmd->option_count; i++)
        if (str_eq(name, str_from(cmd->options[i].name)))
            return &cmd->options[i];
    for (size_t i = 0; i < COUNTOF(GLOBAL_OPTIONS); i++)
        if (str_eq(name, str_from(GLOBAL_OPTIONS[i].name)))
            return &GLOBAL_OPTIONS[i];
    return NULL;
}

static int keep_option(struct cli *c, const struct cli_option *o, struct str value)
{
    struct str name = str_from(o->name);
    if (str_eq(name, S("--user")))
        c->user = value;
    else if (str_eq(name, S("--json")))
        c->json = true;
    else if (str_eq(name, S("--config")))
        c->config_path = value;
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
    const struct cli_option *o = find_option(c->command, name);
    struct str nearest = STR_NONE;
    bool setting = !o && setting_known(str_sub(name, 2, name.n), &nearest);
    if (!o && !setting)
        return nearest.n ? cli_usage(c, "unknown option %.*s; did you mean --%.*s?", STR_ARG(name),
                                     STR_ARG(nearest))
                         : cli_usage(c, "unknown option %.*s", STR_ARG(name));
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
        } else if (options && str_starts(word, S("--"))) {
            int status = parse_option(c, argc, argv, &i);
            if (status != EXIT_OK)
                return status;
        } else if (options && word.n > 1 && word.s[0] == '-') {
            return cli_usage(c, "unknown option %s", argv[i]);
        } else if (c->argument_count == CLI_ARGUMENTS_MAX) {
            return cli_usage(c, "too many arguments");
        } else {
            c->arguments[c->argument_count++] = word;
        }
    }
    return EXIT_OK;
}

struct str cli_option(const struct cli *c, const char *name)
{
    for (int i = c->option_count - 1; i >= 0; i--)
        if (str_eq(str_from(c->options[i].name), str_from(name)))
            return c->options[i].value;
    return STR_NONE;
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
    struct cli c = { .arena = &arena, .host = host };

    bool asks_help =
        argc >= 2 && (str_eq(str_from(argv[1]), S("--help")) ||
                      str_eq(str_from(argv[1]), S("help")) || str_eq(str_from(argv[1]), S("-h")));
    if (asks_help) {
        print_commands(stdout);
        return EXIT_OK;
    }
    if (argc >= 2 && str_eq(str_from(argv[1]), S("--version")))
        argv[1] = (char *)"version";
    int words = 0;
    c.command = find_command(argc, argv, &words);
    if (!c.command) {
        if (argc < 2)
            print_commands(stderr);
        return argc < 2 ? EXIT_USAGE : no_command(&c, argv[1]);
    }
    int status = parse_arguments(&c, words + 1, argc, argv);
    if (status != EXIT_OK)
        return status;
    if (c.help) {
        print_help(stdout, c.command);
        return EXIT_OK;
    }
    return run(&c, environment);
}

/* --- output --------------------------------------------------------------------------------------- */

bool cli_terminal(FILE *f)
{
    return isatty(fileno(f)) == 1;
}

void cli_progress(const char *format, ...)
{
    if (!cli_terminal(stderr))
        return;
    va_list args;
    va_start(args, format);
    fputs("\r\033[K", stderr);
    vfprintf(stderr, format, args);
    va_end(args);
    fflush(stderr);
}

void cli_progress_end(void)
{
    if (cli_terminal(stderr))
        fputs("\r\033[K", stderr);
}
