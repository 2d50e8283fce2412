/* vivim search QUERY */
#include "base/encode.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "os/clock.h"

/* An index that is being made again from the rows is waited for: the person asked once. */
enum { REBUILD_WAIT_MS = 60 * 1000, LOOK_MS = 100 };

static const struct cli_option OPTIONS[] = {
    { "--limit", "N", "at most so many conversations (1 to 200; 20 by default)" },
    { "--newest", NULL, "what has all the words, the newest first" },
    { "--exact", NULL, "correct no word" },
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

/* Who says it and when, and why it is there where none of the words is. */
static void print_place(struct json item)
{
    struct str who = json_get_str(item, S("author")), in = json_get_str(item, S("found_in")),
               like = json_get_str(item, S("like")), kind = json_get_str(item, S("kind")),
               day = str_sub(json_get_str(item, S("created_at")), 0, 10);
    if (!who.n)
        who = str_eq(kind, S("conversation")) ? S("title") : json_get_str(item, S("role"));
    printf("  %.*s%s%.*s%s%.*s", STR_ARG(who), in.n ? ", in " : "", STR_ARG(in), day.n ? ", " : "",
           STR_ARG(day));
    if (like.n)
        printf(" (similar: %.*s ~ %.*s)", STR_ARG(json_get_str(item, S("like_of"))), STR_ARG(like));
    else if (str_eq(json_get_str(item, S("source")), S("neighbour")))
        printf(" (beside a message that fits)");
    fputc('\n', stdout);
    print_snippet(item);
}

static void print_head(struct json head, struct json first)
{
    struct str title = json_get_str(head, S("title")), owner = json_get_str(first, S("shared_by"));
    printf("%.*s  %.*s%s%.*s\n", STR_ARG(json_get_str(head, S("conversation_id"))),
           STR_ARG(title.n ? title : S("(untitled)")), owner.n ? "  from " : "", STR_ARG(owner));
}

/* A conversation, its best places, and how many there are. */
static void print_group(struct json group, struct json items)
{
    int64_t first = json_i64(json_get(group, S("first")), 0),
            shown = json_i64(json_get(group, S("shown")), 0),
            count = json_i64(json_get(group, S("count")), 0);
    print_head(group, json_at(items, (size_t)first));
    for (int64_t i = 0; i < shown; i++)
        print_place(json_at(items, (size_t)(first + i)));
    if (count > shown)
        printf("    … and %lld more\n", (long long)(count - shown));
}

/* By time: a conversation is named again where another stood between. */
static void print_places(struct json items)
{
    struct json_iter it = json_iter(items);
    struct json one;
    struct str last = S("");
    for (bool first = true; json_next(&it, NULL, &one); first = false) {
        struct str id = json_get_str(one, S("conversation_id"));
        if (first || !str_eq(id, last))
            print_head(one, one);
        print_place(one);
        last = id;
    }
}

static void print_page(struct json page)
{
    struct json items = json_get(page, S("items")), groups = json_get(page, S("groups")), one;
    struct json_iter it = json_iter(groups);
    if (!json_exists(groups))
        print_places(items);
    while (json_exists(groups) && json_next(&it, NULL, &one))
        print_group(one, items);
}

/* What was not understood, as a sentence; the page has the same (web/src/model/reasons.ts). */
static void say_hint(struct json hint)
{
    struct str code = json_get_str(hint, S("code")), field = json_get_str(hint, S("field")),
               detail = json_get_str(hint, S("detail"));
    if (str_eq(code, S("unknown_field")) && str_find_char(detail, ' ', 0) == detail.n)
        fprintf(stderr, "%.*s: is no filter and was searched as words; did you mean %.*s:?\n",
                STR_ARG(field), STR_ARG(detail));
    else if (str_eq(code, S("unknown_field")))
        fprintf(stderr, "%.*s: takes %.*s; it was searched as words\n", STR_ARG(field),
                STR_ARG(detail));
    else if (str_eq(code, S("no_value")))
        fprintf(stderr, "%.*s: wants its value right behind the colon\n", STR_ARG(field));
    else if (str_eq(code, S("no_kind")))
        fprintf(stderr, "kind:%.*s was left out; there are %.*s\n", STR_ARG(field),
                STR_ARG(detail));
    else if (str_eq(code, S("no_date")))
        fprintf(stderr,
                "%.*s:%.*s is no date that is understood and was searched as words; "
                "2026-01-31, yesterday or \"last March\" are\n",
                STR_ARG(field), STR_ARG(detail));
    else if (str_eq(code, S("not_yet")))
        fprintf(stderr, "%.*s:%.*s cannot be asked for yet and was searched as words\n",
                STR_ARG(field), STR_ARG(detail));
    else if (str_eq(code, S("operator")))
        fprintf(stderr, "%.*s was searched as a word; write %.*s\n", STR_ARG(field),
                STR_ARG(detail));
    else if (str_eq(code, S("date_alone")))
        fprintf(stderr, "all of %.*s, the newest first (--exact searches for the words)\n",
                STR_ARG(detail));
    else if (str_eq(code, S("filter_everywhere")))
        fprintf(stderr, "a filter beside OR holds for the whole search\n");
    else
        fprintf(stderr, "%.*s\n", STR_ARG(detail));
}

static void print_said(struct json page)
{
    struct json_iter it = json_iter(json_get(page, S("corrections")));
    struct json one;
    while (json_next(&it, NULL, &one))
        fprintf(stderr, "showing results for \"%.*s\" (--exact searches for \"%.*s\")\n",
                STR_ARG(json_get_str(one, S("to"))), STR_ARG(json_get_str(one, S("from"))));
    it = json_iter(json_get(page, S("hints")));
    while (json_next(&it, NULL, &one))
        say_hint(one);
}

/* More than is shown, or nothing at all. */
static void print_end(struct cli *c, struct json page)
{
    bool newest = cli_option(c, "--newest").s != NULL;
    if (!json_count(json_get(page, S("items"))))
        fprintf(stderr, "nothing found; %s\n",
                newest ? "--newest shows only what has all the words"
                       : "fewer filters, other words for the same thing, or begin* may find it");
    else if (json_get_str(page, S("next_cursor")).n)
        fprintf(stderr, "there is more: --limit, up to 200\n");
}

static struct str query_of(struct cli *c)
{
    struct str query = c->arguments[0];
    for (int i = 1; i < c->argument_count; i++)
        query = str_fmt(c->arena, "%.*s %.*s", STR_ARG(query), STR_ARG(c->arguments[i]));
    return str_trim(query);
}

static struct str target_of(struct cli *c, struct str query, int64_t limit)
{
    struct str target = str_fmt(
        c->arena, "/api/v1/search?limit=%lld&zone=%d%s%s%s&q=", (long long)limit,
        clock_zone_minutes(), cli_option(c, "--newest").s ? "&sort=time" : "&group=conversation",
        cli_option(c, "--exact").s ? "&exact=true" : "", c->json ? "&explain=true" : "");
    return str_cat(c->arena, target, percent_encode(c->arena, query));
}

static int run(struct cli *c)
{
    struct str limit = cli_option(c, "--limit"), text;
    int64_t n = 20;
    struct json page;
    if (limit.s && (str_to_i64(limit, &n) != OK || n < 1 || n > 200))
        return cli_usage(c, "--limit is a number from 1 to 200");
    struct str query = query_of(c);
    if (!query.n)
        return cli_usage(c, "search needs at least one word");
    err_t e = ask(c, target_of(c, query, n), &text, &page);
    if (e != OK)
        return cli_fail(c, e);
    if (c->json) {
        printf("%.*s\n", STR_ARG(text));
        return EXIT_OK;
    }
    print_said(page);
    print_page(page);
    print_end(c, page);
    return EXIT_OK;
}

const struct command COMMAND_SEARCH = {
    .name = "search",
    .arguments = "QUERY",
    .arguments_min = 1,
    .arguments_max = CLI_ARGUMENTS_MAX,
    .dashes = true,
    .run = run,
    .options = OPTIONS,
    .option_count = COUNTOF(OPTIONS),
    .summary = "find what was said, in your own words",
    .help =
        "Plain words are ranked: what has all of them comes first. \"a phrase\"; -without; a OR b; "
        "begin*; role:user, from:Ann, provider:chatgpt, in:\"a title\", has:code, lang:en, "
        "before:2026-01-01, after:…, on:yesterday, during:\"last March\"; -role:tool excludes. The "
        "shell "
        "takes quotes for itself: '\"a phrase\" -without'. docs/search.md.",
};
