/* vivim capture URL */
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

static int report(struct cli *c, struct json job)
{
    struct json error = json_get(job, S("error"));
    struct str outcome = json_get_str(job, S("outcome"));
    if (!str_eq(json_get_str(job, S("status")), S("done")) || json_exists(error)) {
        struct str detail = json_get_str(error, S("detail"));
        fprintf(stderr, "vivim: not captured (%.*s)%s%.*s\n",
                STR_ARG(outcome.n ? outcome : json_get_str(job, S("status"))), detail.n ? ": " : "",
                STR_ARG(detail));
        return EXIT_FAILED;
    }
    struct str id = json_get_str(job, S("conversation_id")), text;
    struct json conversation;
    err_t e = cli_request(c, "GET", str_fmt(c->arena, "/api/v1/conversations/%.*s", STR_ARG(id)),
                          STR_NONE, &text, &conversation);
    if (e != OK)
        return cli_fail(c, e);
    struct str title = json_get_str(conversation, S("title"));
    printf("%.*s  %.*s  %lld messages  %.*s\n", STR_ARG(id), STR_ARG(outcome),
           (long long)json_i64(json_get(conversation, S("message_count")), 0),
           STR_ARG(title.n ? title : S("(untitled)")));
    return EXIT_OK;
}

static int run(struct cli *c)
{
    struct buf body;
    buf_init(&body, c->arena, KIB(16));
    struct json_out o;
    jo_init(&o, &body);
    jo_object(&o);
    jo_kstr(&o, "url", c->arguments[0]);
    jo_end(&o);

    struct json job;
    struct str text;
    err_t e = cli_request(c, "POST", S("/api/v1/captures"), buf_str(&body), NULL, &job);
    if (e == OK)
        e = follow(c, json_get_str(job, S("id")), &text, &job);
    cli_progress_end();
    if (e != OK)
        return cli_fail(c, e);
    if (!c->json)
        return report(c, job);
    printf("%.*s\n", STR_ARG(text));
    return str_eq(json_get_str(job, S("status")), S("done")) &&
                   !json_exists(json_get(job, S("error")))
               ? EXIT_OK
               : EXIT_FAILED;
}

const struct command COMMAND_CAPTURE = {
    .name = "capture",
    .arguments = "URL",
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
    .summary = "capture a conversation by its share link",
    .help = "Prints the conversation's id, the outcome, the number of messages and the title.\n"
            "`vivim capture doctor` says how captures go, `vivim capture reextract` reads again "
            "what was kept.",
};
