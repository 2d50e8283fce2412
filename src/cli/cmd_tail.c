/* vivim tail */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "cli/commands.h"

static const struct cli_option OPTIONS[] = {
    { "--after", "CURSOR", "begin behind this cursor (a line of --json has it) instead of now" },
};

/* --- how it ends ----------------------------------------------------------------------------- */

/* Everything that was printed has been flushed: while printing, the signals are held back. */
static void end(int signal_number)
{
    UNUSED(signal_number);
    _exit(EXIT_OK);
}

static sigset_t ending_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

static void end_on_signals(void)
{
    struct sigaction action = { .sa_handler = end };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* --- one line for each item -------------------------------------------------------------------- */

static void print_line(struct json item)
{
    struct json_iter fields = json_iter(json_get(item, S("fields")));
    struct json field;
    const char *between = "  ";
    printf("%.*s  %-12.*s  %.*s  %.*s", STR_ARG(json_get_str(item, S("at"))),
           STR_ARG(json_get_str(item, S("entity"))), STR_ARG(json_get_str(item, S("id"))),
           STR_ARG(json_get_str(item, S("kind"))));
    while (json_next(&fields, NULL, &field)) {
        printf("%s%.*s", between, STR_ARG(json_str(field)));
        between = ",";
    }
    putchar('\n');
}

/* The item as it came; the last one of an answer has the cursor behind it too (--after). */
static void print_json(struct arena *a, struct json item, struct str cursor)
{
    struct buf line;
    struct json_out o;
    struct json_iter members = json_iter(item);
    struct str name;
    struct json value;
    buf_init(&line, a, KIB(64));
    jo_init(&o, &line);
    jo_object(&o);
    while (json_next(&members, &name, &value)) {
        jo_key(&o, name);
        jo_value(&o, value);
    }
    if (cursor.n)
        jo_kstr(&o, "cursor", cursor);
    jo_end(&o);
    printf("%.*s\n", STR_ARG(buf_str(&line)));
}

/* False: nobody reads any more. */
static bool print_all(struct cli *c, struct json page, struct str cursor)
{
    struct json_iter items = json_iter(json_get(page, S("items")));
    struct json item;
    size_t left = json_count(json_get(page, S("items")));
    sigset_t ending = ending_signals();
    sigprocmask(SIG_BLOCK, &ending, NULL);
    while (json_next(&items, NULL, &item))
        if (c->json)
            print_json(c->arena, item, --left ? STR_NONE : cursor);
        else
            print_line(item);
    bool ok = fflush(stdout) == 0 && !ferror(stdout);
    sigprocmask(SIG_UNBLOCK, &ending, NULL);
    return ok;
}

/* --- following ------------------------------------------------------------------------------------- */

/* The cursor outlives the arena of the request that gave it. */
struct place {
    char text[64];
    size_t n;
};

static err_t move_to(struct place *at, struct str cursor)
{
    if (!cursor.n || cursor.n >= sizeof at->text)
        return err_note(E_UPSTREAM, NULL, "the server's answer has no cursor");
    memcpy(at->text, cursor.s, cursor.n);
    at->n = cursor.n;
    return OK;
}

/* One request: what came after the cursor, or, without one, where the feed is now. A waiting request may end with nothing. */
static err_t follow_once(struct cli *c, struct place *at, bool *ret_read)
{
    struct json page;
    struct str after = percent_encode(c->arena, str_of(at->text, at->n));
    struct str target =
        at->n ? str_cat(c->arena, S("/api/v1/changes?limit=200&wait=true&after="), after)
              : S("/api/v1/changes");
    TRY(cli_request(c, "GET", target, STR_NONE, NULL, &page));
    TRY(move_to(at, json_get_str(page, S("cursor"))));
    *ret_read = print_all(c, page, json_get_str(page, S("cursor")));
    return OK;
}

/* Each request in an arena of its own: this goes on for days. */
static err_t follow(struct cli *c, struct place *at)
{
    struct arena *whole = c->arena;
    CLEANUP(arena_free) struct arena one = { 0 };
    arena_init(&one, MIB(64));
    err_t e = OK;
    c->arena = &one;
    for (bool read = true; read && e == OK;) {
        arena_reset(&one);
        e = follow_once(c, at, &read);
    }
    c->arena = whole;
    return e;
}

static int run(struct cli *c)
{
    struct place at = { .n = 0 };
    struct str after = cli_option(c, "--after");
    if (after.s && move_to(&at, after) != OK)
        return cli_usage(c, "--after is a cursor, as `vivim tail --json` prints it");
    if (!cli_server_running(c)) {
        err_t none = cli_need_store(c);
        if (none != OK)
            return cli_fail(c, none);
        fprintf(stderr, "vivim: no server runs on %.*s: there is nothing to follow\n",
                STR_ARG(c->settings.data));
        return EXIT_FAILED;
    }
    c->connected = true; /* when it goes away, this ends: a server of our own would tell nothing */
    end_on_signals();
    err_t e = follow(c, &at);
    return e == OK ? EXIT_OK : cli_fail(c, e);
}

const struct command COMMAND_TAIL = {
    .name = "tail",
    .arguments = "",
    .run = run,
    .options = OPTIONS,
    .option_count = COUNTOF(OPTIONS),
    .summary = "print what changes, as it happens, until Ctrl-C",
    .help = "One line for each change: time, entity, id, kind, fields. Needs a running server.",
};
