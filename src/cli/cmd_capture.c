/* vivim capture URL... */
#include "base/json_write.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "os/clock.h"

enum { POLL_MS = 150 };

static bool has_ended(struct json job)
{
    struct str status = json_get_str(job, S("status"));
    return !str_eq(status, S("queued")) && !str_eq(status, S("running"));
}

static void draw(struct json job)
{
    static const char *const PHASES[] = { "check",   "queue",    "navigate", "load",
                                          "extract", "validate", "store" };
    struct str phase = json_get_str(job, S("phase"));
    size_t at = 0;
    for (size_t i = 0; i < COUNTOF(PHASES); i++)
        if (str_eq(phase, str_from(PHASES[i])))
            at = i + 1;
    char bar[COUNTOF(PHASES) + 1];
    for (size_t i = 0; i < COUNTOF(PHASES); i++)
        bar[i] = i < at ? '#' : '.';
    bar[COUNTOF(PHASES)] = 0;
    struct json progress = json_get(job, S("progress"));
    int64_t done = json_i64(json_get(progress, S("done")), -1),
            total = json_i64(json_get(progress, S("total")), -1);
    if (done >= 0 && total > 0)
        cli_progress("[%s] %.*s %lld of %lld", bar, STR_ARG(phase), (long long)done,
                     (long long)total);
    else
        cli_progress("[%s] %.*s", bar, STR_ARG(phase));
}

static err_t follow(struct cli *c, struct str id, struct str *ret_text, struct json *ret_job)
{
    struct str target = str_fmt(c->arena, "/api/v1/captures/%.*s", STR_ARG(id));
    int64_t deadline = clock_monotonic_ms() + 20 * CAPTURE_DEADLINE_MS;
    while (clock_monotonic_ms() < deadline) {
        TRY(cli_request(c, "GET", target, STR_NONE, ret_text, ret_job));
        if (has_ended(*ret_job))
            return OK;
        draw(*ret_job);
        clock_sleep_ms(POLL_MS);
    }
    return err_note(E_TIMEOUT, NULL,
                    "the capture goes on; `vivim capture` the same link again to see how it ended");
}

static bool is_good(struct json job)
{
    return str_eq(json_get_str(job, S("status")), S("done")) &&
           !json_exists(json_get(job, S("error")));
}

/* Of several links, which one it is about. */
static struct str named(const struct cli *c, struct str link)
{
    return c->argument_count > 1 ? str_fmt(c->arena, "%.*s: ", STR_ARG(str_sub(link, 0, 200)))
                                 : S("");
}

static int fail_link(struct cli *c, struct str link, err_t e)
{
    struct err_detail d = *err_detail();
    (void)err_note(e, d.field, "%.*s%s", STR_ARG(named(c, link)),
                   d.text[0] ? d.text : err_title(e));
    return cli_fail(c, e);
}

/* What came, in the words of the page. */
static int report(struct cli *c, struct str link, struct json job)
{
    struct str outcome = json_get_str(job, S("outcome"));
    if (!is_good(job)) {
        struct str detail = json_get_str(json_get(job, S("error")), S("detail"));
        fprintf(stderr, "vivim: %.*snot captured (%.*s)%s%.*s\n", STR_ARG(named(c, link)),
                STR_ARG(outcome.n ? outcome : json_get_str(job, S("status"))), detail.n ? ": " : "",
                STR_ARG(detail));
        return EXIT_FAILED;
    }
    struct json result = json_get(job, S("result"));
    struct str title = json_get_str(result, S("title"));
    printf("%.*s  %.*s  %.*s  %.*s\n", STR_ARG(json_get_str(job, S("conversation_id"))),
           STR_ARG(outcome), STR_ARG(json_get_str(result, S("words"))),
           STR_ARG(title.n ? title : S("(untitled)")));
    return EXIT_OK;
}

static err_t ask(struct cli *c, struct str link, struct str *ret_id)
{
    struct buf body;
    struct json_out o;
    struct json made;
    buf_init(&body, c->arena, KIB(16));
    jo_init(&o, &body);
    jo_object(&o);
    jo_kstr(&o, "url", link);
    jo_end(&o);
    TRY(cli_request(c, "POST", S("/api/v1/captures"), buf_str(&body), NULL, &made));
    *ret_id = json_get_str(made, S("id"));
    return OK;
}

/* All are asked for before the first is waited for: the server takes them as it has browsers. */
static int run(struct cli *c)
{
    struct str ids[CLI_ARGUMENTS_MAX] = { 0 }, text;
    struct json job;
    int status = EXIT_OK;
    for (int i = 0; i < c->argument_count; i++) {
        err_t e = ask(c, c->arguments[i], &ids[i]);
        if (e != OK)
            status = fail_link(c, c->arguments[i], e);
    }
    for (int i = 0; i < c->argument_count; i++) {
        if (!ids[i].n)
            continue;
        err_t e = follow(c, ids[i], &text, &job);
        cli_progress_end();
        int one = EXIT_OK;
        if (e != OK)
            one = fail_link(c, c->arguments[i], e);
        else if (!c->json)
            one = report(c, c->arguments[i], job);
        else
            one = printf("%.*s\n", STR_ARG(text)) > 0 && is_good(job) ? EXIT_OK : EXIT_FAILED;
        status = one != EXIT_OK ? one : status;
    }
    return status;
}

const struct command COMMAND_CAPTURE = {
    .name = "capture",
    .arguments = "URL...",
    .arguments_min = 1,
    .arguments_max = CLI_ARGUMENTS_MAX,
    .run = run,
    .summary = "capture conversations by their share links",
    .help = "For each link, in their order: the conversation's id, the outcome, what came (\"new: "
            "12 messages\",\n\"updated: 3 new messages\", \"nothing new\") and the title. The "
            "status is 1 when any was not captured.\n`vivim capture doctor` says how captures go, "
            "`vivim capture reextract` reads again what was kept.",
};
