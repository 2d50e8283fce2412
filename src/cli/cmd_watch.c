/* vivim watch PATH... | --agents: what grows there is taken as it grows.
 *
 *   changed? -> quiet for a moment -> look at all -> read what is not as it was taken -> send -> remember
 *
 * The server being away costs nothing but time: what was not taken is taken when it is back. */
#include <signal.h>
#include <stdlib.h>

#include "base/limits.h"
#include "cli/agents.h"
#include "cli/commands.h"
#include "cli/importing.h"
#include "cli/watch_folders.h"
#include "cli/watch_state.h"
#include "os/clock.h"

enum {
    QUIET_MS = 700,         /* whoever writes is left so long … */
    RESTLESS_MS = 10000,    /* … but who never rests is looked at after this */
    LOOK_MS = 60000,        /* also when nobody tells */
    AGAIN_MS = 3000,        /* one file is not taken more often, … */
    VAULT_AGAIN_MS = 60000, /* … and one that has to be copied whole is not */
    RETRY_MS = 1000,
    RETRY_MAX_MS = 60000
};

static const struct cli_option OPTIONS[] = {
    { "--agents", NULL, "the sessions of your coding agents, where they keep them" },
    { "--account", "NAME", "which of your accounts there it is, where the files do not say" },
    { "--once", NULL, "take what changed since the last time, and end" },
};

struct watching {
    struct cli *c;
    struct watch_state state;
    struct watch_folders folders;
    struct map taken_ms; /* path -> int64_t *: when, on the monotonic clock */
    struct arena arena;  /* of the map, and what lives as long as this */
    sigset_t during;     /* signals that come while it waits */
    int64_t retry_ms;    /* 0: the server answered last time */
    bool again;          /* something changed that is not to be taken yet */
};

/* --- how it ends -------------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t ended;

static void end(int signal_number)
{
    UNUSED(signal_number);
    ended = 1;
}

static err_t not_ended(void)
{
    sigset_t waiting;
    sigemptyset(&waiting);
    sigpending(&waiting);
    return ended || sigismember(&waiting, SIGINT) || sigismember(&waiting, SIGTERM) ? E_CANCELLED
                                                                                    : OK;
}

/* Held back but while it waits, so that none is lost between looking and waiting. */
static void hold_signals(struct watching *w)
{
    struct sigaction action = { .sa_handler = end };
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    pthread_sigmask(SIG_BLOCK, &both, &w->during);
}

/* --- what has changed ------------------------------------------------------------------------------------------------ */

static struct str stamp_of(struct arena *a, const struct session_file *f)
{
    return str_fmt(a, "%lld %lld", (long long)f->bytes, (long long)f->changed_ns);
}

static bool is_taken(struct watching *w, struct arena *a, const struct session_file *f)
{
    return str_eq(watch_state_get(&w->state, str_from(f->path)), stamp_of(a, f));
}

static bool is_vault(const struct session_file *f)
{
    return str_ends(str_from(f->path), S("/state.vscdb"));
}

static bool may_be_taken(struct watching *w, const struct session_file *f)
{
    const int64_t *at_ms = map_get(&w->taken_ms, str_from(f->path));
    int64_t rest_ms = is_vault(f) ? VAULT_AGAIN_MS : AGAIN_MS;
    return !at_ms || clock_monotonic_ms() - *at_ms >= rest_ms;
}

static err_t note_taken(struct watching *w, const struct session_file *f)
{
    int64_t *at_ms = map_get(&w->taken_ms, str_from(f->path));
    if (!at_ms) {
        struct str path = str_dup(&w->arena, str_from(f->path));
        at_ms = ARENA_NEW(&w->arena, int64_t);
        if (!at_ms || !path.s)
            return arena_err(&w->arena);
        TRY(map_put(&w->taken_ms, path, at_ms));
    }
    *at_ms = clock_monotonic_ms();
    return OK;
}

/* --- one look -------------------------------------------------------------------------------------------------------------- */

struct news { /* what is remembered when it has been taken */
    struct str key, value;
};

struct look {
    struct watching *w;
    struct arena *a;
    struct sessions sessions;
    const struct session_file *file; /* that is read */
    struct news *news;
    size_t news_count, news_room;
};

static err_t add_news(struct look *k, struct str key, struct str value)
{
    if (k->news_count == k->news_room) {
        size_t room = k->news_room ? k->news_room * 2 : 64;
        struct news *grown = ARENA_ARRAY(k->a, struct news, room);
        if (!grown)
            return arena_err(k->a);
        if (k->news_count)
            memcpy(grown, k->news, k->news_count * sizeof *grown);
        k->news = grown;
        k->news_room = room;
    }
    k->news[k->news_count++] = (struct news){ key, value };
    return arena_err(k->a);
}

/* Of a file that holds many, those that say what they said when they were taken need not be sent. */
static bool is_news(void *context, const struct conversation *c)
{
    struct look *k = context;
    struct str key =
        str_fmt(k->a, "%s#%.*s", k->file->path, STR_ARG(str_sub(c->source.id, 0, 200)));
    struct str value = str_fmt(k->a, "%.*s %zu %.*s", STR_ARG(c->hash), c->message_count,
                               STR_ARG(str_sub(c->title, 0, 200)));
    if (str_eq(watch_state_get(&k->w->state, key), value))
        return false;
    return add_news(k, key, value) == OK;
}

/* Is it there, or is it of something that is? */
static bool is_kept(void *context, struct str key)
{
    const struct map *paths = context;
    size_t mark = key.n;
    while (mark > 0 && key.s[mark - 1] != '#')
        mark--;
    return map_has(paths, key) || (mark > 0 && map_has(paths, str_sub(key, 0, mark - 1)));
}

static err_t remember(struct look *k)
{
    for (size_t i = 0; i < k->news_count; i++)
        TRY(watch_state_put(&k->w->state, k->news[i].key, k->news[i].value));
    if (!k->news_count)
        return OK;
    struct map paths;
    map_init(&paths, k->a);
    for (size_t i = 0; i < k->sessions.count; i++)
        TRY(map_put(&paths, str_from(k->sessions.list[i].path), k));
    k->news_count = 0;
    return watch_state_save(&k->w->state, is_kept, &paths);
}

/* A report that says no more than that something went on is not worth keeping: hundreds of them would stand before the others. */
static void tidy(struct cli *c, struct str id, struct json import)
{
    if (importing_count(import, "new") || importing_count(import, "failed") ||
        importing_count(import, "skipped") || !importing_is_done(import))
        return;
    struct str target = str_fmt(c->arena, "/api/v1/imports/%.*s", STR_ARG(id));
    if (cli_request(c, "DELETE", target, STR_NONE, NULL, NULL) != OK)
        err_clear(); /* then it stays */
}

static err_t follow(struct look *k, struct str name, struct str id)
{
    struct cli *c = k->w->c;
    struct json import;
    struct str text;
    TRY(importing_follow(c, id, &text, &import));
    bool changed = importing_count(import, "new") + importing_count(import, "changed") +
                       importing_count(import, "failed") >
                   0;
    if (changed || !importing_is_done(import))
        (void)importing_report(c, name, text, import);
    fflush(stdout);
    tidy(c, id, import);
    return remember(k);
}

/* What is a coding agent's session is read here, another source is for the server to read, and the rest is nobody's. */
enum what { NOTHING, SESSION, OTHER };

static enum what what_is(const struct sessions *s, const struct session_file *f)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    CLEANUP(import_source_close) struct import_source source = { 0 };
    const struct import_reading reading = { 0 };
    if (f->place->is_session)
        return SESSION;
    arena_init(&a, JSON_BYTES_MAX);
    err_t e = import_source_open(&source, &a, &reading, &s->opened[f->files], f->entry);
    err_clear();
    if (e == OK && strcmp(source.format->kind, "session") == 0)
        return SESSION;
    return e == E_NOT_FOUND ? NOTHING : OTHER;
}

static err_t take_sessions(struct look *k, struct session_file **list, size_t count)
{
    CLEANUP(spool_close) struct spool out = { 0 };
    struct str id;
    TRY(spool_open(&out, k->a));
    out.x.wanted = is_news;
    out.x.context = k;
    for (size_t i = 0; i < count; i++) {
        TRY(not_ended());
        k->file = list[i];
        TRY(note_taken(k->w, list[i]));
        TRY(sessions_extract(&k->sessions, list[i], &out.x));
        TRY(add_news(k, str_from(list[i]->path), stamp_of(k->a, list[i])));
    }
    TRY(spool_flush(&out));
    if (!out.x.given)
        return remember(k);
    TRY(importing_send(k->w->c, out.path, S("sessions.jsonl"), &id));
    return follow(k, S("sessions"), id);
}

static err_t take_file(struct look *k, const struct session_file *f)
{
    struct str id, path = str_from(f->path);
    TRY(note_taken(k->w, f));
    TRY(importing_start(k->w->c, path, &id));
    TRY(add_news(k, path, stamp_of(k->a, f)));
    return follow(k, path, id);
}

static err_t take(struct look *k)
{
    struct watching *w = k->w;
    struct sessions *s = &k->sessions;
    struct session_file **list = ARENA_ARRAY(k->a, struct session_file *, s->count + 1);
    size_t count = 0;
    if (!list)
        return arena_err(k->a);
    for (size_t i = 0; i < s->count; i++) {
        struct session_file *f = &s->list[i];
        if (is_taken(w, k->a, f))
            continue;
        if (!may_be_taken(w, f)) {
            w->again = true;
            continue;
        }
        enum what what = what_is(s, f);
        if (what == SESSION)
            list[count++] = f;
        else if (what == OTHER)
            TRY(take_file(k, f));
        else
            TRY(add_news(k, str_from(f->path), stamp_of(k->a, f)));
    }
    return count ? take_sessions(k, list, count) : remember(k);
}

/* The places are asked for anew each time: an agent that is used for the first time makes its folder. */
static err_t places_of(struct watching *w, struct arena *a, struct agent_place **ret, size_t *count)
{
    struct cli *c = w->c;
    if (cli_option(c, "--agents").s)
        return agent_places(a, ret, count);
    *ret = ARENA_ARRAY(a, struct agent_place, (size_t)c->argument_count);
    *count = 0;
    for (int i = 0; *ret && i < c->argument_count; i++)
        (*ret)[(*count)++] = (struct agent_place){ .path = str_cstr(a, c->arguments[i]) };
    return arena_err(a);
}

static err_t look_once(struct watching *w)
{
    CLEANUP(arena_free) struct arena a = { 0 }, of_requests = { 0 };
    struct look k = { .w = w, .a = &a };
    struct agent_place *places;
    struct arena *outer = w->c->arena;
    size_t count;
    arena_init(&a, IMPORT_LIST_BYTES_MAX);
    arena_init(&of_requests, MIB(512));
    w->again = false;
    TRY(places_of(w, &a, &places, &count));
    for (size_t i = 0; i < count; i++)
        watch_folders_add(&w->folders, places[i].path); /* before it is looked at what is there */
    w->c->arena = &of_requests;
    err_t e = sessions_look(&k.sessions, &a, places, count);
    if (e == OK)
        e = take(&k);
    w->c->arena = outer;
    sessions_close(&k.sessions);
    return e;
}

/* --- again and again ------------------------------------------------------------------------------------------------------------ */

/* The server is away, or has too much to do: it may be back. */
static bool may_pass(err_t e)
{
    switch (e) {
    case E_UPSTREAM:
    case E_TIMEOUT:
    case E_BUSY:
    case E_STORE:
    case E_UNCLEAR:
    case E_READ_ONLY:
    case E_STOPPING:
    case E_REBUILDING:
    case E_RATE:
    case E_FULL:
    case E_IO:
    case E_NOT_FOUND: /* a file that went while it was looked at */
        return true;
    default:
        return false;
    }
}

/* OK: it goes on. */
static err_t settle(struct watching *w, err_t e)
{
    if (e == OK) {
        if (w->retry_ms)
            fprintf(stderr, "vivim: goes on\n");
        w->retry_ms = 0;
        return OK;
    }
    if (!may_pass(e))
        return e;
    if (!w->retry_ms)
        fprintf(stderr, "vivim: %s; trying again until it works\n",
                err_detail()->text[0] ? err_detail()->text : err_title(e));
    err_clear();
    w->retry_ms = !w->retry_ms                     ? RETRY_MS
                  : w->retry_ms * 2 < RETRY_MAX_MS ? w->retry_ms * 2
                                                   : RETRY_MAX_MS;
    return OK;
}

/* Until something changed and rests, or it is time to look unasked. */
static void rest(struct watching *w)
{
    if (w->retry_ms) {
        int64_t until_ms = clock_monotonic_ms() + w->retry_ms, now_ms;
        while (!ended && (now_ms = clock_monotonic_ms()) < until_ms)
            (void)watch_folders_wait(&w->folders, until_ms - now_ms, &w->during);
        return;
    }
    bool told = watch_folders_wait(&w->folders, w->again ? AGAIN_MS : LOOK_MS, &w->during);
    int64_t began_ms = clock_monotonic_ms();
    while (told && !ended && clock_monotonic_ms() - began_ms < RESTLESS_MS)
        told = watch_folders_wait(&w->folders, QUIET_MS, &w->during);
}

static err_t watch(struct watching *w)
{
    for (;;) {
        err_t e = look_once(w);
        if (e == E_CANCELLED || ended)
            return OK;
        if (cli_option(w->c, "--once").s)
            return e;
        TRY(settle(w, e));
        rest(w);
        if (ended)
            return OK;
    }
}

/* A server of our own would hold the data folder for as long as this runs: it is waited for instead. */
static err_t begin(struct watching *w)
{
    struct cli *c = w->c;
    char here[4096];
    TRY(cli_need_store(c));
    c->connected = true;
    c->check = not_ended;
    arena_init(&w->arena, MIB(256));
    map_init(&w->taken_ms, &w->arena);
    for (int i = 0; i < c->argument_count; i++) {
        char *path = str_cstr(c->arena, c->arguments[i]);
        if (!path || !realpath(path, here))
            return err_note(E_NOT_FOUND, NULL, "there is no file or folder %s", path ? path : "");
        c->arguments[i] = str_dup(c->arena, str_from(here));
    }
    TRY(arena_err(c->arena));
    TRY(watch_folders_open(&w->folders));
    return watch_state_open(&w->state, c->server.n ? c->server : c->settings.data,
                            c->server.n ? STR_NONE : c->user);
}

static int run(struct cli *c)
{
    bool agents = cli_option(c, "--agents").s != NULL;
    struct watching w = { .c = c, .folders = { .events = FD_NONE } };
    if (agents == (c->argument_count > 0))
        return cli_usage(c, agents ? "--agents knows where to look; leave PATH out"
                                   : "watch needs PATH..., or --agents");
    hold_signals(&w);
    err_t e = begin(&w);
    if (e == OK)
        e = watch(&w);
    watch_folders_close(&w.folders);
    watch_state_free(&w.state);
    arena_free(&w.arena);
    return e == OK ? EXIT_OK : cli_fail(c, e);
}

const struct command COMMAND_WATCH = {
    .name = "watch",
    .arguments = "PATH...",
    .arguments_max = CLI_ARGUMENTS_MAX,
    .run = run,
    .options = OPTIONS,
    .option_count = COUNTOF(OPTIONS),
    .summary = "take what grows in files and folders, or of your coding agents, as it grows",
    .help =
        "What was there before and was not taken yet is taken first; after that, what changes. A "
        "line that is half\nwritten waits for its end, and a server that is away for its return. "
        "With --server and a token it feeds\na server elsewhere. Ctrl-C ends it. What was taken "
        "is remembered in ~/.local/state/vivim.",
};
