/* vivim import PATH... */
#include <limits.h>
#include <signal.h>
#include <stdlib.h>

#include "base/encode.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "os/clock.h"

enum { POLL_MS = 200, REASONS_SHOWN = 20 };

static const struct cli_option OPTIONS[] = {
    { "--from", "PROVIDER", "take only this provider's conversations" },
    { "--account", "NAME", "which of your accounts there it is, instead of what the files say" },
    { "--dry-run", NULL, "say what would come of it, and store nothing" },
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    UNUSED(signal_number);
    interrupted = 1;
}

static bool has_ended(struct json import)
{
    struct str status = json_get_str(import, S("status"));
    return !str_eq(status, S("queued")) && !str_eq(status, S("running"));
}

static long long count(struct json import, const char *name)
{
    return (long long)json_i64(json_get(json_get(import, S("counts")), str_from(name)), 0);
}

static void draw(struct json import)
{
    struct json progress = json_get(import, S("progress"));
    int64_t done = json_i64(json_get(progress, S("done")), -1),
            total = json_i64(json_get(progress, S("total")), -1);
    long long percent = total > 0 && done >= 0 ? (long long)(done * 100 / total) : 0;
    cli_progress("%3lld %%  %lld new, %lld changed, %lld unchanged, %lld failed",
                 percent > 100 ? 100 : percent, count(import, "new"), count(import, "changed"),
                 count(import, "unchanged"), count(import, "failed"));
}

/* --- one path ------------------------------------------------------------------------------------------------ */

/* Who interrupts asks the server to end it, and sees how it ended. */
static err_t follow(struct cli *c, struct str id, struct str *ret_text, struct json *ret)
{
    struct str target = str_fmt(c->arena, "/api/v1/imports/%.*s", STR_ARG(id));
    bool asked = false;
    for (;;) {
        TRY(cli_request(c, "GET", target, STR_NONE, ret_text, ret));
        if (has_ended(*ret))
            return OK;
        if (interrupted && !asked) {
            err_t e = cli_request(c, "POST", str_cat(c->arena, target, S("/cancel")), STR_NONE,
                                  NULL, NULL);
            asked = e == OK || e == E_CONFLICT;
        }
        draw(*ret);
        clock_sleep_ms(POLL_MS);
    }
}

static void add_query(struct cli *c, struct str *io_target, const char *name, struct str value)
{
    if (value.s)
        *io_target = str_fmt(c->arena, "%.*s&%s=%.*s", STR_ARG(*io_target), name,
                             STR_ARG(percent_encode(c->arena, value)));
}

static err_t start(struct cli *c, struct str path, struct str *ret_id)
{
    char whole[PATH_MAX];
    char *given = str_cstr(c->arena, path);
    struct json answer;
    if (!given)
        return arena_err(c->arena);
    if (!realpath(given, whole))
        return err_note(E_NOT_FOUND, NULL, "there is no file or folder %s", given);
    struct str target = str_fmt(c->arena, "/api/v1/imports?path=%.*s",
                                STR_ARG(percent_encode(c->arena, str_from(whole))));
    add_query(c, &target, "provider", cli_option(c, "--from"));
    add_query(c, &target, "account", cli_option(c, "--account"));
    if (cli_option(c, "--dry-run").s)
        add_query(c, &target, "dry_run", S("true"));
    TRY(arena_err(c->arena));
    TRY(cli_request(c, "POST", target, STR_NONE, NULL, &answer));
    *ret_id = json_get_str(answer, S("id"));
    return OK;
}

/* --- what came of it --------------------------------------------------------------------------------------------- */

static void show_reasons(struct cli *c, struct str id, const char *outcome)
{
    struct json page, item;
    struct str target = str_fmt(c->arena, "/api/v1/imports/%.*s/items?outcome=%s&limit=%d",
                                STR_ARG(id), outcome, REASONS_SHOWN);
    if (cli_request(c, "GET", target, STR_NONE, NULL, &page) != OK)
        return;
    struct json_iter it = json_iter(json_get(page, S("items")));
    while (json_next(&it, NULL, &item)) {
        struct str file = json_get_str(item, S("file")), reason = json_get_str(item, S("reason"));
        int64_t place = json_i64(json_get(item, S("place")), 0);
        if (place)
            fprintf(stderr, "  %s: %.*s, %lld: %.*s\n", outcome, STR_ARG(file), (long long)place,
                    STR_ARG(reason));
        else
            fprintf(stderr, "  %s: %.*s: %.*s\n", outcome, STR_ARG(file), STR_ARG(reason));
    }
    if (json_get_str(page, S("next_cursor")).n)
        fprintf(stderr, "  ... and more\n");
}

static int report(struct cli *c, struct str path, struct json import)
{
    struct str status = json_get_str(import, S("status")), id = json_get_str(import, S("id"));
    struct json error = json_get(import, S("error"));
    printf("%.*s  %.*s  %s%lld new, %lld changed, %lld unchanged, %lld skipped, %lld failed\n",
           STR_ARG(id), STR_ARG(status), cli_option(c, "--dry-run").s ? "would be " : "",
           count(import, "new"), count(import, "changed"), count(import, "unchanged"),
           count(import, "skipped"), count(import, "failed"));
    if (count(import, "skipped"))
        show_reasons(c, id, "skipped");
    if (count(import, "failed"))
        show_reasons(c, id, "failed");
    if (str_eq(status, S("done")))
        return EXIT_OK;
    struct str detail = json_get_str(error, S("detail"));
    fprintf(stderr, "vivim: %.*s: %.*s%s%.*s\n", STR_ARG(path), STR_ARG(status),
            detail.n ? ": " : "", STR_ARG(detail));
    return EXIT_FAILED;
}

static int import_one(struct cli *c, struct str path)
{
    struct str id, text;
    struct json import;
    err_t e = start(c, path, &id);
    if (e == OK)
        e = follow(c, id, &text, &import);
    cli_progress_end();
    if (e != OK)
        return cli_fail(c, e);
    if (!c->json)
        return report(c, path, import);
    printf("%.*s\n", STR_ARG(text));
    return str_eq(json_get_str(import, S("status")), S("done")) ? EXIT_OK : EXIT_FAILED;
}

static int run(struct cli *c)
{
    struct sigaction catch = { .sa_handler = on_interrupt };
    int status = EXIT_OK;
    sigaction(SIGINT, &catch, NULL);
    for (int i = 0; i < c->argument_count && !interrupted; i++) {
        int one = import_one(c, c->arguments[i]);
        if (one != EXIT_OK)
            status = one;
    }
    return status;
}

const struct command COMMAND_IMPORT = {
    .name = "import",
    .arguments = "PATH...",
    .arguments_min = 1,
    .arguments_max = CLI_ARGUMENTS_MAX,
    .run = run,
    .options = OPTIONS,
    .option_count = COUNTOF(OPTIONS),
    .summary = "import a provider's export, pages, sessions: files, zips, folders",
    .help =
        "PATH is a file, the zip of an official export, or a folder of such; the server reads it "
        "where it lies.\nPrints the import's id, how it ended and what came of it; what was "
        "skipped or failed is said with its place.\nThe same again changes nothing. Interrupting "
        "asks the server to end the import; what came in until then stays.",
};
