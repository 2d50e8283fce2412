/* The background tables' files, and the thread that makes them (background.h). */
#include "search/vectors/background.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/thread.h"
#include "search/vectors/sources.h"

enum { PATH_BYTES = 4096, KINDS = SEARCH_TABLE_BIGRAMS + 1 };

/* What is special to each. */
struct background_kind {
    const char *file, *words, *package;
};
static const struct background_kind KIND[KINDS] = {
    [SEARCH_TABLE_GLOSSES] = { "glosses.table", "words of glosses", "wordnet-base" },
    [SEARCH_TABLE_BIGRAMS] = { "bigrams.table", "words of bigrams", "pocketsphinx-en-us" },
};

struct search_background {
    struct arena arena; /* holds this struct */
    const char *folder;
    struct search_sources sources;
    void (*changed)(void *context, struct search_background *b);
    void *context;
    struct thread thread;
    atomic_bool stopping;
    struct file_map maps[KINDS];
    struct search_table tables[KINDS]; /* written before the state is READY, then only read */
    bool there[KINDS];
    _Atomic enum search_background_state state;
};

/* --- files --------------------------------------------------------------------------------------------- */

static err_t path_of(const char *folder, const char *name, char ret[PATH_BYTES])
{
    int n = snprintf(ret, PATH_BYTES, "%s/%s", folder, name);
    return n > 0 && n < PATH_BYTES ? OK : err_note(E_LIMIT, NULL, "the folder's path is too long");
}

static err_t open_table(const char *folder, int kind, struct file_map *map,
                        struct search_table *ret)
{
    char path[PATH_BYTES];
    struct file_map m;
    TRY(path_of(folder, KIND[kind].file, path));
    TRY(file_map_open(path, SEARCH_TABLE_BYTES_MAX, &m));
    err_t e = search_table_open(m.bytes, ret);
    if (e == OK && (int)ret->kind != kind)
        e = err_note(E_CORRUPT, NULL, "%s is another table", path);
    if (e != OK) {
        file_map_close(&m);
        return e;
    }
    file_map_rest(&m); /* all of it was read for its checksum */
    *map = m;
    return OK;
}

static struct search_sources sources_or_debian(const struct search_sources *s)
{
    return (struct search_sources){
        s && s->glosses_folder ? s->glosses_folder : GLOSSES_FOLDER,
        s && s->bigrams_file ? s->bigrams_file : BIGRAMS_FILE,
    };
}

static bool source_there(const struct search_sources *s, int kind)
{
    return kind == SEARCH_TABLE_GLOSSES ? glosses_there(s->glosses_folder)
                                        : bigrams_there(s->bigrams_file);
}

/* What a process that was killed while it wrote has left. Under the lock. */
static void remove_leftovers(const char *folder)
{
    DIR *dir = opendir(folder);
    char path[PATH_BYTES];
    for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir))
        if (strstr(e->d_name, ".table.") && path_of(folder, e->d_name, path) == OK)
            unlink(path);
    if (dir)
        closedir(dir);
}

/* --- making ---------------------------------------------------------------------------------------------- */

static err_t stopping(void *context)
{
    struct search_background *b = context;
    return b->stopping ? E_STOPPING : OK;
}

static err_t make_table(struct search_background *b, int kind)
{
    CLEANUP(arena_free) struct arena a;
    struct search_check check = { stopping, b };
    char path[PATH_BYTES];
    struct str bytes;
    arena_init(&a, SEARCH_TABLE_BYTES_MAX);
    TRY(path_of(b->folder, KIND[kind].file, path));
    if (kind == SEARCH_TABLE_GLOSSES)
        TRY(glosses_table_make(&a, b->sources.glosses_folder, &check, &bytes));
    else
        TRY(bigrams_table_make(&a, b->sources.bigrams_file, &check, &bytes));
    return file_write_atomic(path, bytes, 0600);
}

/* Open those that are there. True: one is missing that could be made. */
static bool look(struct search_background *b)
{
    bool makeable = false;
    for (int k = 0; k < KINDS; k++) {
        if (b->there[k])
            continue;
        err_t e = open_table(b->folder, k, &b->maps[k], &b->tables[k]);
        b->there[k] = e == OK;
        if (e != OK && e != E_NOT_FOUND)
            log_at(LOG_WARN, "search.table_refused", LZ("table", KIND[k].file),
                   LZ("why", err_log_text()));
        makeable |= !b->there[k] && source_there(&b->sources, k);
    }
    return makeable;
}

static void make_missing(struct search_background *b)
{
    remove_leftovers(b->folder);
    for (int k = 0; k < KINDS && !b->stopping; k++) {
        if (b->there[k] || !source_there(&b->sources, k))
            continue;
        int64_t from_ms = clock_monotonic_ms();
        log_at(LOG_INFO, "search.table_making", LZ("table", KIND[k].file));
        err_t e = make_table(b, k);
        if (e == OK)
            e = open_table(b->folder, k, &b->maps[k], &b->tables[k]);
        b->there[k] = e == OK;
        if (e == OK)
            log_at(LOG_INFO, "search.table_made", LZ("table", KIND[k].file),
                   LI("words", b->tables[k].rows), LI("ms", clock_monotonic_ms() - from_ms));
        else if (e != E_STOPPING)
            log_at(LOG_WARN, "search.table_failed", LZ("table", KIND[k].file),
                   LZ("code", err_code(e)), LZ("why", err_log_text()));
    }
}

/* Under the lock, so that of several programs with one folder only one makes and the others find. */
static void make_under_lock(struct search_background *b)
{
    char path[PATH_BYTES];
    err_t e = path_of(b->folder, "lock", path);
    while (e == OK && !b->stopping) {
        CLEANUP(fd_close) struct fd lock = FD_NONE;
        e = file_lock(path, &lock); /* waits for a while */
        if (e == OK && look(b))
            make_missing(b);
        if (e != E_CONFLICT)
            break;
        e = look(b) ? OK : E_CONFLICT;
    }
    if (e != OK && e != E_CONFLICT)
        log_at(LOG_WARN, "search.table_failed", LZ("code", err_code(e)), LZ("why", err_log_text()));
}

static void say_what_is_missing(const struct search_background *b)
{
    for (int k = 0; k < KINDS; k++)
        if (!b->there[k] && !source_there(&b->sources, k))
            log_at(LOG_INFO, "search.table_absent", LZ("table", KIND[k].file),
                   LZ("package", KIND[k].package));
}

static void run(void *arg)
{
    struct search_background *b = arg;
    thread_is_in_no_hurry();
    if (folder_make(b->folder, 0700) == OK && look(b)) {
        b->state = SEARCH_BACKGROUND_MAKING;
        make_under_lock(b);
    }
    if (b->stopping)
        return;
    say_what_is_missing(b);
    bool any = b->there[SEARCH_TABLE_GLOSSES] || b->there[SEARCH_TABLE_BIGRAMS];
    b->state = any ? SEARCH_BACKGROUND_READY : SEARCH_BACKGROUND_ABSENT;
    if (any && b->changed)
        b->changed(b->context, b);
}

/* --- outside ----------------------------------------------------------------------------------------------- */

err_t search_background_start(const char *folder, const struct search_sources *sources,
                              void (*changed)(void *context, struct search_background *b),
                              void *context, struct search_background **ret)
{
    struct arena arena;
    arena_init(&arena, KIB(64));
    struct search_background *b = ARENA_NEW(&arena, struct search_background);
    if (!b)
        return arena_err(&arena);
    struct search_sources from = sources_or_debian(sources);
    b->folder = folder ? str_cstr(&arena, str_from(folder)) : NULL;
    b->sources.glosses_folder = str_cstr(&arena, str_from(from.glosses_folder));
    b->sources.bigrams_file = str_cstr(&arena, str_from(from.bigrams_file));
    b->changed = changed;
    b->context = context;
    b->state = folder ? SEARCH_BACKGROUND_LOOKING : SEARCH_BACKGROUND_OFF;
    err_t e = arena_err(&arena);
    b->arena = arena;
    if (e == OK && folder)
        e = thread_start(&b->thread, "similar words", run, b);
    if (e != OK)
        arena_free(&arena);
    else
        *ret = b;
    return e;
}

void search_background_stop(struct search_background *b)
{
    if (!b)
        return;
    b->stopping = true;
    thread_join(&b->thread);
    for (int k = 0; k < KINDS; k++)
        file_map_close(&b->maps[k]);
    struct arena arena = b->arena;
    arena_free(&arena);
}

enum search_background_state search_background_tables(struct search_background *b,
                                                      const struct search_table **ret_glosses,
                                                      const struct search_table **ret_bigrams)
{
    enum search_background_state state = b->state;
    bool ready = state == SEARCH_BACKGROUND_READY;
    bool *there = b->there;
    *ret_glosses = ready && there[SEARCH_TABLE_GLOSSES] ? &b->tables[SEARCH_TABLE_GLOSSES] : NULL;
    *ret_bigrams = ready && there[SEARCH_TABLE_BIGRAMS] ? &b->tables[SEARCH_TABLE_BIGRAMS] : NULL;
    return state;
}

struct str search_background_look(struct arena *a, const char *folder,
                                  const struct search_sources *sources, bool *ret_whole)
{
    struct search_sources from = sources_or_debian(sources);
    struct str parts[KINDS];
    *ret_whole = true;
    for (int k = 0; k < KINDS; k++) {
        CLEANUP(file_map_close) struct file_map map = { 0 };
        struct search_table t;
        err_t e = open_table(folder, k, &map, &t);
        if (e == OK)
            parts[k] = str_fmt(a, "%u %s", t.rows, KIND[k].words);
        else if (source_there(&from, k))
            parts[k] = str_fmt(a, "no %s (a running server makes them)", KIND[k].words);
        else
            parts[k] = str_fmt(a, "no %s (install %s)", KIND[k].words, KIND[k].package);
        *ret_whole &= e == OK;
    }
    return str_fmt(a, "%.*s; %.*s", STR_ARG(parts[0]), STR_ARG(parts[1]));
}
