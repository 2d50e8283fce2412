/* vivim search QUERY */
#include "base/encode.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "os/clock.h"

/* An index that is being made again from the rows is waited for: the person asked once. */
enum { REBUILD_WAIT_MS = 60 * 1000, LOOK_MS = 100 };

static const struct cli_option OPTIONS[] = {
    { "--limit", "N", "at most so many results (1 to 200; 20 by default)" },
};

/* The snippet with its highlights bold on a terminal. Ranges are code points. */
static void print_snippet(struct json item)
{
    struct str snippet = json_get_str(item, S("snippet"));
    bool bold = cli_terminal(stdout);
    struct json_iter ranges = json_iter(json_get(item, S("highlights")));
    struct json range = { 0 };
    bool more = json_next(&ranges, NULL, &range);
    int64_t count = 0;
    fputs("    ", stdout);
    for (size_t at = 0; at < snippet.n; count++) {
        int64_t start = more ? json_i64(json_at(range, 0), -1) : -1,
                length = more ? json_i64(json_at(range, 1), 0) : 0;
        if (bold && count == start)
            fputs("\033[1m", stdout);
        size_t from = at;
        uint32_t c = utf8_next(snippet, &at);
        if (c == '\n' || c == '\r' || c == '\t')
            fputc(' ', stdout);
        else if (c >= 0x20 && c != 0x7f &&
                 !(c >= 0x80 && c < 0xa0)) /* nothing that a terminal would obey */
            fwrite(snippet.s + from, 1, at - from, stdout);
        if (more && count + 1 == start + length) {
            if (bold)
                fputs("\033[0m", stdout);
            more = json_next(&ranges, NULL, &range);
        }
    }
    fputc('\n', stdout);
}

static err_t ask(struct cli *c, struct str target, struct str *ret_text, struct json *ret_page)
{
    int64_t until_ms = clock_monotonic_ms() + REBUILD_WAIT_MS;
    for (;;) {
        err_t e = cli_request(c, "GET", target, STR_NONE, ret_text, ret_page);
        if (e != E_REBUILDING || clock_monotonic_ms() > until_ms)
            return e;
        clock_sleep_ms(LOOK_MS);
    }
}

static int run(struct cli *c)
{
    struct str limit = cli_option(c, "--limit");
    int64_t n = 20;
    if (limit.s && (str_to_i64(limit, &n) != OK || n < 1 || n > 200))
        return cli_usage(c, "--limit is a number from 1 to 200");
    struct str query = c->arguments[0];
    for (int i = 1; i < c->argument_count; i++)
        query = str_fmt(c->arena, "%.*s %.*s", STR_ARG(query), STR_ARG(c->arguments[i]));
    struct str target = str_fmt(c->arena, "/api/v1/search?limit=%lld&q=", (long long)n), text;
    struct json page;
    err_t e = ask(c, str_cat(c->arena, target, percent_encode(c->arena, query)), &text, &page);
    if (e != OK)
        return cli_fail(c, e);
    if (c->json) {
        printf("%.*s\n", STR_ARG(text));
        return EXIT_OK;
    }
    struct json_iter items = json_iter(json_get(page, S("items")));
    struct json item;
    size_t shown = 0;
    while (json_next(&items, NULL, &item)) {
        struct str title = json_get_str(item, S("title"));
        printf("%.*s  %.*s\n", STR_ARG(json_get_str(item, S("conversation_id"))),
               STR_ARG(title.n ? title : S("(untitled)")));
        print_snippet(item);
        shown++;
    }
    if (!shown)
        fprintf(stderr, "nothing found\n");
    return EXIT_OK;
}

const struct command COMMAND_SEARCH = {
    .name = "search",
    .arguments = "QUERY",
    .arguments_min = 1,
    .arguments_max = CLI_ARGUMENTS_MAX,
    .run = run,
    .options = OPTIONS,
    .option_count = COUNTOF(OPTIONS),
    .summary = "find words in everything captured",
    .help = "Words are joined by AND; \"a phrase\"; -without; begin*; provider:chatgpt, role:user, "
            "before:2026-01-01, after:….",
};
