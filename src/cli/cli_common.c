/* What every command uses: the values of its options, and the words it says. Above this stand the commands, then their
 * table (commands.c), then what reads that (help.c, cli.c). */
#include "cli/cli.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/json_write.h"
#include "base/limits.h"

struct str cli_option(const struct cli *c, const char *name)
{
    for (int i = c->option_count - 1; i >= 0; i--)
        if (str_eq(str_from(c->options[i].name), str_from(name)))
            return c->options[i].value;
    return STR_NONE;
}

/* --- what goes wrong ------------------------------------------------------------------------------ */

static void fail_json(err_t e, const char *field, const char *text)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, KIB(64));
    struct buf b;
    struct json_out o;
    buf_init(&b, &a, KIB(8));
    jo_init(&o, &b);
    jo_object(&o);
    jo_kstr(&o, "code", str_from(err_code(e)));
    jo_kstr(&o, "detail", str_from(text));
    if (field[0])
        jo_kstr(&o, "field", str_from(field));
    jo_end(&o);
    fprintf(stderr, "%.*s\n", STR_ARG(buf_str(&b)));
}

/* The last line of a usage error. */
static void point_to_help(const struct command *cmd_or_null)
{
    if (cmd_or_null)
        fprintf(stderr, "\nusage: vivim %s%s%s [options]; `vivim %s --help` says more\n",
                cmd_or_null->name, cmd_or_null->arguments[0] ? " " : "", cmd_or_null->arguments,
                cmd_or_null->name);
    else
        fprintf(stderr, "\n`vivim --help` lists the commands\n");
}

int cli_usage(const struct cli *c, const char *format, ...)
{
    char text[sizeof err_detail()->text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (c->json) {
        fail_json(E_USAGE, "", text);
        return EXIT_USAGE;
    }
    fprintf(stderr, "vivim: %s", text);
    point_to_help(c->command);
    return EXIT_USAGE;
}

/* People get a sentence; where a value is wrong and it does not say which, its name comes first. Programs get the code
 * and the field. */
int cli_fail(struct cli *c, err_t e)
{
    const struct err_detail *d = err_detail();
    const char *text = d->text[0] ? d->text : err_title(e);
    bool named = e != E_INVALID || !d->field[0] || d->field[0] == '/' || strstr(text, d->field);
    if (c->json) {
        fail_json(e, d->field, text);
        return EXIT_FAILED;
    }
    fprintf(stderr, "vivim: %s%s%s\n", named ? "" : d->field, named ? "" : ": ", text);
    if (d->cause[0]) /* whoever sits here may know what clients may not */
        fprintf(stderr, "       %s\n", d->cause);
    return EXIT_FAILED;
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
