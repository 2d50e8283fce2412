/* vivim capture doctor */
#include "cli/commands.h"

static struct str or_dash(struct str s)
{
    return s.n ? s : S("-");
}

static void print_browser(struct json browser)
{
    struct str version = json_get_str(browser, S("version")),
               path = json_get_str(browser, S("path")),
               problem = json_get_str(browser, S("problem"));
    printf("browser: %.*s (%.*s)\n", STR_ARG(or_dash(version)), STR_ARG(or_dash(path)));
    if (problem.n)
        printf("         %.*s\n", STR_ARG(problem));
}

static void print_tally(const char *label, struct json t)
{
    if (!json_exists(t))
        return;
    printf("    %s %.*s by %.*s, %.*s; %.*s\n", label, STR_ARG(json_get_str(t, S("outcome"))),
           STR_ARG(or_dash(json_get_str(t, S("strategy")))),
           STR_ARG(or_dash(json_get_str(t, S("recipe")))), STR_ARG(json_get_str(t, S("last_at"))));
}

static int percent(struct json share)
{
    return (int)(json_f64(share, 0) * 100 + 0.5);
}

static void print_provider(struct json p, int64_t days)
{
    int64_t lately = json_i64(json_get(p, S("lately")), 0);
    printf("%-12.*s %-8.*s %lld in %lld days", STR_ARG(json_get_str(p, S("provider"))),
           STR_ARG(json_get_str(p, S("state"))), (long long)lately, (long long)days);
    if (lately)
        printf(", %d%% failed, %d%% not understood", percent(json_get(p, S("failures"))),
               percent(json_get(p, S("format_changed"))));
    printf("\n    %.*s\n", STR_ARG(json_get_str(p, S("advice"))));
    print_tally("last:", json_get(p, S("last")));
    print_tally("works:", json_get(p, S("works")));
}

static int run(struct cli *c)
{
    struct str text;
    struct json all, p;
    size_t unused = 0;
    err_t e = cli_request(c, "GET", S("/api/v1/capture-doctor"), STR_NONE, &text, &all);
    if (e != OK)
        return cli_fail(c, e);
    if (c->json) {
        printf("%.*s\n", STR_ARG(text));
        return EXIT_OK;
    }
    print_browser(json_get(all, S("browser")));
    struct json_iter it = json_iter(json_get(all, S("providers")));
    while (json_next(&it, NULL, &p)) {
        if (json_i64(json_get(p, S("captures")), 0))
            print_provider(p, json_i64(json_get(all, S("days")), 0));
        else
            unused++;
    }
    printf("%zu providers without a capture\n", unused);
    return EXIT_OK;
}

const struct command COMMAND_CAPTURE_DOCTOR = {
    .name = "capture doctor",
    .arguments = "",
    .run = run,
    .summary = "how captures go: the browser, and each provider's outcomes",
    .help = "For each provider: how captures ended lately, what reads its pages, whether its pages "
            "have\n"
            "changed, and what to do. The counters are of the whole store, so it is for admins.",
};
