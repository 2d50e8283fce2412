/* vivim capture reextract [--provider P] [--write] */
#include "base/encode.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "os/clock.h"

enum { POLL_MS = 150 };

static const struct cli_option OPTIONS[] = {
    { "--provider", "NAME", "only captures of this provider" },
    { "--write", NULL, "store what is better; without it nothing is changed" },
    { "--yes", NULL, "the same as --write" },
};

static bool has_ended(struct json job)
{
    struct str status = json_get_str(job, S("status"));
    return !str_eq(status, S("queued")) && !str_eq(status, S("running"));
}

/* Each request in an arena of its own: it may take hours. The last answer is in c->arena. */
static err_t follow(struct cli *c, struct str target, struct str *ret_text, struct json *ret_job)
{
    struct arena *whole = c->arena;
    CLEANUP(arena_free) struct arena one = { 0 };
    struct json job;
    err_t e;
    arena_init(&one, MIB(64));
    for (;;) {
        arena_reset(&one);
        c->arena = &one;
        e = cli_request(c, "GET", target, STR_NONE, NULL, &job);
        c->arena = whole;
        if (e != OK || has_ended(job))
            break;
        struct json progress = json_get(job, S("progress"));
        cli_progress("%lld of %lld captures", (long long)json_i64(json_get(progress, S("done")), 0),
                     (long long)json_i64(json_get(progress, S("total")), 0));
        clock_sleep_ms(POLL_MS);
    }
    cli_progress_end();
    return e == OK ? cli_request(c, "GET", target, STR_NONE, ret_text, ret_job) : e;
}

static void print_change(const char *what, struct json before, struct json after, struct str key)
{
    int64_t b = json_i64(json_get(before, key), 0), a = json_i64(json_get(after, key), 0);
    if (b == a)
        printf("  %lld %s", (long long)a, what);
    else
        printf("  %lld -> %lld %s", (long long)b, (long long)a, what);
}

static void print_item(struct json item)
{
    struct str finding = json_get_str(item, S("finding")), title = json_get_str(item, S("title")),
               detail = json_get_str(item, S("detail")),
               id = json_get_str(item, S("conversation_id"));
    struct json before = json_get(item, S("before")), after = json_get(item, S("after"));
    if (str_eq(finding, S("unchanged")))
        return;
    printf("%-10.*s  %.*s  %.*s", STR_ARG(finding),
           STR_ARG(id.n ? id : json_get_str(item, S("capture_id"))),
           STR_ARG(json_get_str(item, S("provider"))));
    if (detail.n) {
        printf("  %.*s\n", STR_ARG(detail));
        return;
    }
    print_change("messages", before, after, S("messages"));
    print_change("words", before, after, S("words"));
    print_change("warnings", before, after, S("warnings"));
    printf("  %.*s\n", STR_ARG(title.n ? title : S("(untitled)")));
}

/* All pages; with --json one item a line. */
static err_t print_items(struct cli *c, struct str target)
{
    struct arena *whole = c->arena;
    CLEANUP(arena_free) struct arena one = { 0 };
    char cursor[256] = "";
    arena_init(&one, MIB(64));
    for (bool more = true; more;) {
        struct json page, item;
        arena_reset(&one);
        c->arena = &one;
        struct str url =
            str_fmt(&one, "%.*s/items?limit=200%s%.*s", STR_ARG(target),
                    cursor[0] ? "&cursor=" : "", STR_ARG(percent_encode(&one, str_from(cursor))));
        err_t e = cli_request(c, "GET", url, STR_NONE, NULL, &page);
        c->arena = whole;
        TRY(e);
        struct json_iter it = json_iter(json_get(page, S("items")));
        while (json_next(&it, NULL, &item))
            print_item(item);
        struct str next = json_get_str(page, S("next_cursor"));
        more = next.n && next.n < sizeof cursor;
        snprintf(cursor, sizeof cursor, "%.*s", STR_ARG(next));
    }
    return OK;
}

static int64_t found(struct json job, struct str finding)
{
    return json_i64(json_get(json_get(job, S("findings")), finding), 0);
}

static void print_sum(struct json job)
{
    bool wrote = json_bool(json_get(job, S("write")), false);
    int64_t better = found(job, S("new")) + found(job, S("better")) + found(job, S("changed"));
    printf(
        "%lld new, %lld better, %lld changed, %lld unchanged, %lld poorer, %lld unreadable, %lld "
        "failed\n",
        (long long)found(job, S("new")), (long long)found(job, S("better")),
        (long long)found(job, S("changed")), (long long)found(job, S("unchanged")),
        (long long)found(job, S("poorer")), (long long)found(job, S("unreadable")),
        (long long)found(job, S("failed")));
    if (!wrote && better)
        printf(
            "nothing was written; `vivim capture reextract --write` stores what is new, better or "
            "changed\n");
}

static int report(struct cli *c, struct str target, struct json job)
{
    struct json error = json_get(job, S("error"));
    err_t e = print_items(c, target);
    if (e != OK)
        return cli_fail(c, e);
    print_sum(job);
    if (str_eq(json_get_str(job, S("status")), S("done")))
        return EXIT_OK;
    struct str detail = json_get_str(error, S("detail"));
    fprintf(stderr, "vivim: it did not come to its end (%.*s)%s%.*s\n",
            STR_ARG(json_get_str(job, S("status"))), detail.n ? ": " : "", STR_ARG(detail));
    return EXIT_FAILED;
}

static int run(struct cli *c)
{
    struct str provider = cli_option(c, "--provider"), text, target;
    bool write = cli_option(c, "--write").s || cli_option(c, "--yes").s;
    struct buf body;
    struct json_out o;
    struct json job;
    if (provider.s && !provider.n)
        return cli_usage(
            c, "--provider is the name of a provider, as `vivim capture doctor` lists them");
    buf_init(&body, c->arena, KIB(4));
    jo_init(&o, &body);
    jo_object(&o);
    if (provider.n)
        jo_kstr(&o, "provider", provider);
    jo_kbool(&o, "write", write);
    jo_end(&o);
    err_t e = cli_request(c, "POST", S("/api/v1/reextractions"), buf_str(&body), NULL, &job);
    if (e != OK)
        return cli_fail(c, e);
    target = str_cat(c->arena, S("/api/v1/reextractions/"), json_get_str(job, S("id")));
    e = follow(c, target, &text, &job);
    if (e != OK)
        return cli_fail(c, e);
    if (!c->json)
        return report(c, target, job);
    printf("%.*s\n", STR_ARG(text));
    return str_eq(json_get_str(job, S("status")), S("done")) ? EXIT_OK : EXIT_FAILED;
}

const struct command COMMAND_CAPTURE_REEXTRACT = {
    .name = "capture reextract",
    .arguments = "",
    .run = run,
    .options = OPTIONS,
    .option_count = COUNTOF(OPTIONS),
    .summary = "read what was kept of captures again, with the code of today",
    .help = "Shows for each conversation what it would gain: messages, words, warnings, before and "
            "after.\n"
            "Nothing is changed without --write, and what would become poorer never is.",
};
