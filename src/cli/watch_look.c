#include "base/limits.h"
#include "cli/agents.h"
#include "cli/importing.h"
#include "cli/watching.h"
#include "os/clock.h"

enum {
    AGAIN_MS = 3000,       /* one file is not taken more often, … */
    BYTES_IN_MS = 1000,    /* … a large one, which is read and sent whole, less often, … */
    LARGE_AGAIN_MS = 60000 /* … and Cursor's, which is copied first, so often */
};

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
    int64_t rest_ms = is_vault(f) ? LARGE_AGAIN_MS : AGAIN_MS + f->bytes / BYTES_IN_MS;
    if (rest_ms > LARGE_AGAIN_MS)
        rest_ms = LARGE_AGAIN_MS;
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

/* One that failed on the way is begun again later; that somebody ended it, or there was nothing in it, is an answer. */
static err_t judge(struct json import)
{
    struct json error = json_get(import, S("error"));
    if (!str_eq(json_get_str(import, S("status")), S("failed")) ||
        str_eq(json_get_str(error, S("code")), S("nothing_found")))
        return OK;
    return err_note(E_UPSTREAM, NULL, "the import failed: %.*s",
                    STR_ARG(str_sub(json_get_str(error, S("detail")), 0, 200)));
}

static err_t follow(struct look *k, struct str name, struct str id)
{
    struct cli *c = k->w->c;
    struct json import;
    struct str text;
    TRY(importing_follow(c, id, &text, &import));
    TRY(judge(import));
    if (importing_count(import, "new") || importing_count(import, "changed") ||
        importing_count(import, "failed") || !importing_is_done(import))
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
        TRY(watch_not_ended());
        k->file = list[i];
        TRY(note_taken(k->w, list[i]));
        TRY(sessions_extract(&k->sessions, list[i], &out.x));
        TRY(add_news(k, str_from(list[i]->path), stamp_of(k->a, list[i])));
    }
    TRY(spool_flush(&out));
    if (!out.x.given)
        return remember(k);
    TRY(importing_send(k->w->c, out.path, S("sessions.zip"), &id));
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

err_t watch_look_once(struct watching *w)
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
