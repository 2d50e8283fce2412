/* Similar words take part: a thread gives documents their vectors, at the lowest priority, once the tables are there; a search asks what is
 * near. Of some owners the places of their words in the tables and the vectors of their documents are kept in memory. */
#include <stdlib.h>

#include "base/log.h"
#include "ops/ops.h"
#include "os/clock.h"
#include "search/inside.h"
#include "search/vectors/background.h"

enum {
    OWNERS_KEPT = 8,
    SAMPLE_MAX = 4000,       /* documents of which a mean is made */
    STEADY_DOCUMENTS = 5000, /* of so many a mean is as good as of more */
    AT_ONCE = 200,           /* vectors made in one transaction */
    LOADED_AT_ONCE = 2000,
    SETTLE_MS = 200,      /* after a change: more may come */
    LOOK_AGAIN_MS = 3000, /* … and what was committed later */
    LOOKS = 3,
    OWNERS_AT_ONCE = 100,
};

struct kept { /* of one owner, under its mutex */
    struct mutex mutex;
    struct uuid owner; /* nil: of nobody */
    int64_t used_ms;
    int64_t life, last_word; /* of the index; words up to here are known */
    struct arena arena;      /* of `rows` and `at` */
    struct search_tally at;  /* word's number -> place in `rows` + 1 */
    struct search_word_rows *rows;
    size_t count, room;
    int64_t number; /* of the epoch that is read; 0: none */
    bool whole;
    struct search_epoch epoch;
    struct search_near *near; /* its vectors */
    int64_t near_number, near_doc;
};

struct search_similar {
    struct arena arena; /* holds this struct */
    struct app *app;
    struct search_background *background;
    struct thread thread;
    struct mutex mutex;
    struct cond cond;
    bool stopping, ready;      /* under the mutex */
    int looks;                 /* that are still to be taken */
    struct search_space space; /* written before `ready`, then only read */
    struct kept kept[OWNERS_KEPT];
    struct kept making; /* the thread's alone: it is in no hurry, and no search shall wait for it */
};

/* --- what is kept of an owner ---------------------------------------------------------------------- */

static void forget(struct kept *k)
{
    arena_free(&k->arena);
    search_near_free(k->near);
    struct mutex mutex = k->mutex;
    *k = (struct kept){ .mutex = mutex };
    arena_init(&k->arena, MIB(256));
    search_tally_init(&k->at, &k->arena);
}

static err_t keep_word(struct kept *k, uint32_t word, struct search_word_rows rows)
{
    if (k->count == k->room) {
        size_t room = k->room ? k->room * 2 : 4096;
        struct search_word_rows *list = ARENA_ARRAY(&k->arena, struct search_word_rows, room);
        if (!list)
            return arena_err(&k->arena);
        if (k->count)
            memcpy(list, k->rows, k->count * sizeof *list);
        k->rows = list;
        k->room = room;
    }
    k->rows[k->count++] = rows;
    return search_tally_add(&k->at, word, (int64_t)k->count);
}

static struct search_word_rows rows_of(void *context, uint32_t word)
{
    static const struct search_word_rows NONE = { { -1, -1, -1 } };
    const struct kept *k = context;
    int64_t at = search_tally_get(&k->at, word);
    return at > 0 ? k->rows[at - 1] : NONE;
}

/* Words that have come since. */
static err_t learn_words(struct search_similar *s, struct kept *k, struct db *index)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    size_t count = LOADED_AT_ONCE;
    arena_init(&a, MIB(64));
    while (count == LOADED_AT_ONCE) {
        struct search_known *known;
        TRY(search_index_words_behind(index, &a, k->owner, k->last_word, LOADED_AT_ONCE, &known,
                                      &count));
        for (size_t i = 0; i < count; i++) {
            struct search_word_rows rows = search_space_word(&s->space, known[i].text);
            if (search_word_in_space(&rows))
                TRY(keep_word(k, (uint32_t)known[i].word, rows));
            k->last_word = known[i].word;
        }
        arena_reset(&a);
    }
    return OK;
}

static err_t read_epoch(struct kept *k, struct db *index)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct search_epoch_row row;
    arena_init(&a, MIB(1));
    err_t e = search_index_epoch(index, &a, k->owner, &row);
    if (e == E_NOT_FOUND) {
        k->number = 0;
        k->whole = false;
        return OK;
    }
    TRY(e);
    k->whole = row.whole;
    if (row.number == k->number)
        return OK;
    k->number = 0;
    if (search_epoch_read(row.epoch, &k->epoch) != OK) { /* of another version of this program */
        err_clear();
        k->epoch = (struct search_epoch){ 0 }; /* fits nothing: another is made */
    }
    k->number = row.number;
    return OK;
}

static err_t refresh(struct search_similar *s, struct kept *k, struct db *index)
{
    int64_t life;
    struct uuid owner = k->owner;
    TRY(search_index_life(index, &life));
    if (k->life != life) {
        forget(k);
        k->owner = owner;
        k->life = life;
    }
    k->used_ms = clock_monotonic_ms();
    TRY(learn_words(s, k, index));
    return read_epoch(k, index);
}

/* Its place, locked; what was used longest ago makes room. */
static struct kept *take_kept(struct search_similar *s, struct uuid owner)
{
    struct kept *k = NULL;
    mutex_lock(&s->mutex);
    for (size_t i = 0; i < OWNERS_KEPT; i++)
        if (uuid_eq(s->kept[i].owner, owner))
            k = &s->kept[i];
    for (size_t i = 0; i < OWNERS_KEPT && !k; i++)
        if (uuid_is_nil(s->kept[i].owner))
            k = &s->kept[i];
    for (size_t i = 1; i < OWNERS_KEPT && !k; i++)
        if (s->kept[i].used_ms < s->kept[0].used_ms)
            k = &s->kept[i];
    k = k ? k : &s->kept[0];
    mutex_lock(&k->mutex);
    if (!uuid_eq(k->owner, owner)) {
        forget(k);
        k->owner = owner;
    }
    mutex_unlock(&s->mutex);
    return k;
}

static struct kept *take_making(struct search_similar *s, struct uuid owner)
{
    struct kept *k = &s->making;
    if (!uuid_eq(k->owner, owner)) {
        forget(k);
        k->owner = owner;
    }
    return k;
}

static void give_kept(struct kept **k)
{
    if (*k)
        mutex_unlock(&(*k)->mutex);
}

/* --- a document's words in the space ----------------------------------------------------------------- */

static err_t rows_in(struct arena *a, struct kept *k, struct str words,
                     struct search_word_rows **ret, size_t *ret_count)
{
    struct search_walk walk = search_walk(words);
    struct search_word_at at;
    struct search_word_rows *rows = ARENA_ARRAY(a, struct search_word_rows, words.n + 1);
    size_t count = 0;
    bool said = false; /* what stands aside counts where nothing was said */
    if (!rows)
        return arena_err(a);
    while (search_walk_next(&walk, &at) && !(at.aside && said)) {
        struct search_word_rows is = rows_of(k, at.word);
        said |= !at.aside;
        if (!at.beside && search_word_in_space(&is))
            rows[count++] = is;
    }
    *ret = rows;
    *ret_count = count;
    return OK;
}

/* --- the thread: epochs and vectors --------------------------------------------------------------------- */

static bool stopping(struct search_similar *s)
{
    mutex_lock(&s->mutex);
    bool yes = s->stopping;
    mutex_unlock(&s->mutex);
    return yes;
}

static err_t put_epoch(struct db *index, struct uuid owner, const struct search_epoch_row *row)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, index));
    TRY(search_index_epoch_put(index, owner, row));
    return db_txn_commit(&tx);
}

static err_t new_epoch(struct search_similar *s, struct kept *k, struct db *index,
                       int64_t documents)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct search_doc_words *docs;
    struct search_word_rows *rows;
    size_t count, n;
    arena_init(&a, MIB(512));
    struct search_mean *mean = ARENA_NEW(&a, struct search_mean);
    struct search_epoch *epoch = ARENA_NEW(&a, struct search_epoch);
    if (!mean || !epoch)
        return arena_err(&a);
    search_mean_init(mean);
    TRY(search_index_docs_sample(index, &a, k->owner, 1 + documents / SAMPLE_MAX, SAMPLE_MAX, &docs,
                                 &count));
    for (size_t i = 0; i < count; i++) {
        TRY(rows_in(&a, k, docs[i].words, &rows, &n));
        search_mean_add(mean, &s->space, rows, n);
    }
    *epoch = (struct search_epoch){ .number = k->number + 1, .messages = documents };
    search_mean_end(mean, &s->space, epoch);
    struct search_epoch_row row = { .number = epoch->number,
                                    .epoch = search_epoch_write(&a, epoch) };
    TRY(arena_err(&a));
    return put_epoch(index, k->owner, &row);
}

/* The next documents get theirs. *ret_count: how many there were. */
static err_t make_some(struct search_similar *s, struct kept *k, struct db *index,
                       struct search_epoch_row *row, size_t *ret_count)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct search_doc_words *docs;
    struct search_word_rows *rows;
    size_t n;
    arena_init(&a, MIB(512));
    TRY(search_index_docs_behind(index, &a, k->owner, row->upto, AT_ONCE, &docs, ret_count));
    struct str *made = ARENA_ARRAY(&a, struct str, *ret_count + 1);
    struct search_vector *v = ARENA_NEW(&a, struct search_vector);
    if (!made || !v)
        return arena_err(&a);
    for (size_t i = 0; i < *ret_count; i++) {
        TRY(rows_in(&a, k, docs[i].words, &rows, &n));
        search_message_vector(&s->space, &k->epoch, rows, n, v);
        made[i] = search_vector_write(&a, v, s->space.bytes);
    }
    TRY(arena_err(&a));
    bool whole = row->whole || *ret_count < AT_ONCE;
    if (!*ret_count && whole == row->whole)
        return OK;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, index));
    for (size_t i = 0; i < *ret_count; i++)
        TRY(search_index_vector_put(index, k->owner, docs[i].doc, row->number, made[i]));
    row->upto = *ret_count ? docs[*ret_count - 1].doc : row->upto;
    row->whole = whole;
    TRY(search_index_epoch_put(index, k->owner, row));
    return db_txn_commit(&tx);
}

/* Another mean is made while an archive is small and grows, or where the tables are others. */
static bool is_due(const struct search_similar *s, const struct kept *k, int64_t documents)
{
    return !k->number || !search_epoch_fits(&k->epoch, &s->space) ||
           (k->epoch.messages < STEADY_DOCUMENTS && documents >= 2 * k->epoch.messages);
}

static err_t serve_owner(struct search_similar *s, struct db *index, struct uuid owner)
{
    struct search_statistics statistics;
    struct search_epoch_row row;
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, MIB(1));
    size_t count = AT_ONCE;
    while (count == AT_ONCE && !stopping(s)) {
        struct kept *k = take_making(s, owner);
        TRY(search_index_statistics(index, owner, &statistics));
        TRY(refresh(s, k, index));
        if (is_due(s, k, statistics.documents)) {
            TRY(new_epoch(s, k, index, statistics.documents));
            TRY(read_epoch(k, index));
        }
        if (!k->number)
            return OK; /* it has gone meanwhile */
        arena_reset(&a);
        TRY(search_index_epoch(index, &a, owner, &row));
        TRY(make_some(s, k, index, &row, &count));
    }
    return OK;
}

static err_t serve_all(struct search_similar *s)
{
    struct db *index;
    struct uuid after = { { 0 } };
    size_t count = OWNERS_AT_ONCE;
    err_t e = db_connect(s->app->index, &index);
    if (e != OK)
        return e;
    db_set_patience(index, DB_FOR_WORK);
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, MIB(1));
    while (e == OK && count == OWNERS_AT_ONCE && !stopping(s)) {
        struct uuid *owners;
        arena_reset(&a);
        e = search_index_owners(index, &a, after, OWNERS_AT_ONCE, &owners, &count);
        for (size_t i = 0; e == OK && i < count && !stopping(s); i++) {
            e = serve_owner(s, index, owners[i]);
            after = owners[i];
        }
    }
    forget(&s->making);
    db_disconnect(index);
    return e;
}

/* Until there is something to look at. False: the end. */
static bool wait_for_work(struct search_similar *s)
{
    mutex_lock(&s->mutex);
    while (!s->stopping && (!s->ready || !s->looks))
        cond_wait(&s->cond, &s->mutex);
    int64_t wait_ms = s->looks == LOOKS ? SETTLE_MS : LOOK_AGAIN_MS;
    s->looks -= s->looks > 0;
    if (!s->stopping)
        UNUSED(cond_wait_ms(&s->cond, &s->mutex, wait_ms));
    bool go_on = !s->stopping;
    mutex_unlock(&s->mutex);
    return go_on;
}

static void run(void *arg)
{
    struct search_similar *s = arg;
    thread_is_in_no_hurry();
    while (wait_for_work(s)) {
        err_clear();
        err_t e = serve_all(s);
        if (e != OK && e != E_REBUILDING && e != E_STOPPING)
            log_at(LOG_WARN, "search.similar_failed", LZ("code", err_code(e)),
                   LZ("detail", err_log_text()));
    }
}

static void tables_are_there(void *context, struct search_background *b)
{
    struct search_similar *s = context;
    const struct search_table *glosses, *bigrams;
    search_background_tables(b, &glosses, &bigrams);
    mutex_lock(&s->mutex);
    search_space_init(&s->space, glosses, bigrams, NULL);
    s->ready = s->space.bytes > 0;
    s->looks = LOOKS;
    cond_broadcast(&s->cond);
    mutex_unlock(&s->mutex);
}

void search_similar_wake(struct search_similar *s)
{
    if (!s)
        return;
    mutex_lock(&s->mutex);
    s->looks = LOOKS;
    cond_broadcast(&s->cond);
    mutex_unlock(&s->mutex);
}

static bool is_ready(struct search_similar *s)
{
    mutex_lock(&s->mutex);
    bool yes = s->ready;
    mutex_unlock(&s->mutex);
    return yes;
}

/* Where the tables lie; NULL: they are not wanted. */
static const char *folder_of(struct app *app, struct arena *a)
{
    const struct settings *settings = app->settings; /* NULL in unit tests */
    if (!settings || str_eq(settings->similar_words, S("off")))
        return NULL;
    return settings->similar_words.n ? str_cstr(a, settings->similar_words)
                                     : str_cstr(a, str_fmt(a, "%s/similar", app->data_dir));
}

err_t search_similar_start(struct app *app, struct search_similar **ret)
{
    struct arena arena;
    arena_init(&arena, KIB(256));
    struct search_similar *s = ARENA_NEW(&arena, struct search_similar);
    const char *folder = folder_of(app, &arena);
    if (!s || arena_err(&arena) != OK) {
        err_t e = arena_err(&arena);
        arena_free(&arena);
        return e;
    }
    s->app = app;
    mutex_init(&s->mutex);
    cond_init(&s->cond);
    for (size_t i = 0; i < OWNERS_KEPT; i++) {
        mutex_init(&s->kept[i].mutex);
        forget(&s->kept[i]);
    }
    forget(&s->making);
    s->arena = arena;
    err_t e = thread_start(&s->thread, "similar", run, s);
    if (e == OK)
        e = search_background_start(folder, NULL, tables_are_there, s, &s->background);
    if (e != OK) {
        search_similar_stop(s);
        return e;
    }
    *ret = s;
    return OK;
}

void search_similar_stop(struct search_similar *s)
{
    if (!s)
        return;
    mutex_lock(&s->mutex);
    s->stopping = true;
    cond_broadcast(&s->cond);
    mutex_unlock(&s->mutex);
    thread_join(&s->thread);
    search_background_stop(s->background);
    for (size_t i = 0; i < OWNERS_KEPT; i++) {
        forget(&s->kept[i]);
        arena_free(&s->kept[i].arena);
        mutex_free(&s->kept[i].mutex);
    }
    forget(&s->making);
    arena_free(&s->making.arena);
    cond_free(&s->cond);
    mutex_free(&s->mutex);
    struct arena arena = s->arena;
    arena_free(&arena);
}

/* --- in a search -------------------------------------------------------------------------------------------- */

static struct search_similar *of_run(const struct search_run *r)
{
    struct search_room *room = r->app ? app_room(r->app, "search") : NULL; /* fuzzing has no app */
    return room ? room->similar : NULL;
}

/* The tables know English stems. */
static size_t english(const struct search_languages *l)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->list[i] == SEARCH_ENGLISH)
            return i;
    return SEARCH_STEMS_MAX;
}

/* The rows of the words that rank, and of all that was typed. Gives how many of the former there are. */
static size_t query_rows(struct search_run *r, const struct search_space *space, size_t language,
                         struct search_word_rows *all, size_t room, size_t *ret_count)
{
    size_t count = 0, ranked = 0;
    for (size_t i = 0; i < r->rank.word_count; i++)
        r->rank.words[i].rows = (struct search_word_rows){ { -1, -1, -1 } };
    for (size_t t = 0; t < r->query.count; t++) {
        const struct search_term *term = &r->query.terms[t];
        for (size_t i = 0; i < term->count && term->ranked && !term->beside && count < room; i++) {
            struct search_word_rows rows =
                search_space_word(space, term->tokens[i].stems[language]);
            size_t w = term->phrase ? SIZE_MAX : r->rank.word_of[t];
            if (!search_word_in_space(&rows))
                continue;
            all[count++] = rows;
            if (w != SIZE_MAX && (r->rank.ranked >> w & 1) && !term->prefix) {
                r->rank.words[w].rows = rows;
                ranked++;
            }
        }
    }
    *ret_count = count;
    return ranked;
}

static err_t begin_source(struct search_run *r, struct search_similar *s, size_t source,
                          const struct search_word_rows *words, size_t count)
{
    struct search_similar_part *p = &r->similar[source];
    CLEANUP(give_kept) struct kept *k = take_kept(s, r->sources.list[source].owner);
    TRY(refresh(s, k, r->index));
    if (!k->number || !k->whole || !search_epoch_fits(&k->epoch, &s->space))
        return OK;
    p->query = ARENA_NEW(r->a, struct search_vector);
    if (!p->query)
        return arena_err(r->a);
    search_message_vector(&s->space, &k->epoch, words, count, p->query);
    p->number = k->number;
    p->usable = p->query->scale > 0;
    return OK;
}

err_t search_similar_begin(struct search_run *r)
{
    enum { WORDS_MAX = 512 };
    struct search_similar *s = of_run(r);
    size_t language = english(&r->query.languages), count;
    r->similar = ARENA_ARRAY(r->a, struct search_similar_part, r->sources.count + 1);
    struct search_word_rows *words = ARENA_ARRAY(r->a, struct search_word_rows, WORDS_MAX);
    if (!r->similar || !words)
        return arena_err(r->a);
    if (!s || language == SEARCH_STEMS_MAX || !r->sources.count || !is_ready(s) ||
        !query_rows(r, &s->space, language, words, WORDS_MAX, &count))
        return OK;
    for (size_t i = 0; i < r->sources.count; i++)
        TRY(begin_source(r, s, i, words, count));
    if (!r->similar[0].usable)
        return OK; /* the first is the reader's own */
    r->space = &s->space;
    r->rank.column = RANK_BACKGROUND;
    return OK;
}

bool search_similar_knows(const struct search_run *r, const struct search_typed *word)
{
    struct search_similar *s = of_run(r);
    size_t language = english(&r->query.languages);
    if (!s || language == SEARCH_STEMS_MAX || !is_ready(s))
        return false;
    struct search_word_rows rows = search_space_word(&s->space, word->stems[language]);
    return search_word_in_space(&rows);
}

/* --- the nearest of all ------------------------------------------------------------------------------------- */

static err_t load_near(struct search_similar *s, struct kept *k, struct db *index)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    size_t count = LOADED_AT_ONCE;
    arena_init(&a, MIB(64));
    if (k->near &&
        (k->near_number != k->number || search_near_holes(k->near) > search_near_live(k->near))) {
        search_near_free(k->near);
        k->near = NULL;
    }
    if (!k->near) {
        TRY(search_near_new(s->space.bytes, MIB(1024), &k->near));
        k->near_number = k->number;
        k->near_doc = 0;
    }
    struct search_vector *v = ARENA_NEW(&a, struct search_vector);
    while (v && count == LOADED_AT_ONCE) {
        CLEANUP(arena_free) struct arena rows_arena = { 0 };
        struct search_vector_row *rows;
        arena_init(&rows_arena, MIB(64));
        TRY(search_index_vectors_behind(index, &rows_arena, k->owner, k->near_doc, k->number,
                                        LOADED_AT_ONCE, &rows, &count));
        for (size_t i = 0; i < count; i++) {
            struct search_near_item item = { .id = rows[i].id,
                                             .parent = rows[i].parent_id,
                                             .created_ms = rows[i].created_ms,
                                             .meta = (uint32_t)rows[i].doc };
            k->near_doc = rows[i].doc;
            if (search_vector_read(rows[i].vector, s->space.bytes, v))
                TRY(search_near_put(k->near, &item, v));
        }
    }
    return arena_err(&a);
}

err_t search_similar_nearest(struct search_run *r, size_t source, size_t limit,
                             struct search_row **ret, size_t *ret_count)
{
    struct search_similar *s = of_run(r);
    const struct search_similar_part *p = &r->similar[source];
    *ret_count = 0;
    if (!r->space || !p->usable)
        return OK;
    struct search_near_hit *hits = ARENA_ARRAY(r->a, struct search_near_hit, limit);
    int64_t *docs = ARENA_ARRAY(r->a, int64_t, limit);
    size_t count = 0;
    if (!hits || !docs)
        return arena_err(r->a);
    CLEANUP(give_kept) struct kept *k = take_kept(s, r->sources.list[source].owner);
    if (k->number != p->number) /* another took its place meanwhile */
        return OK;
    TRY(load_near(s, k, r->index));
    count = search_near_scan(k->near, p->query, NULL, NULL, hits, limit);
    for (size_t i = 0; i < count; i++)
        docs[i] = hits[i].item->meta;
    return search_index_rows(r->index, r->a, k->owner, docs, count, ret, ret_count);
}

/* --- what candidates are worth ---------------------------------------------------------------------------------- */

static int by_doc(const void *x, const void *y)
{
    const struct search_vector_row *a = x, *b = y;
    return a->doc < b->doc ? -1 : a->doc > b->doc;
}

static err_t read_cosines(struct search_run *r, size_t source, struct rank_candidate *list,
                          size_t count)
{
    const struct search_similar_part *p = &r->similar[source];
    int64_t *docs = ARENA_ARRAY(r->a, int64_t, count + 1);
    struct search_vector *v = ARENA_NEW(r->a, struct search_vector);
    struct search_vector_row *rows;
    size_t n = 0, found;
    if (!docs || !v)
        return arena_err(r->a);
    for (size_t i = 0; i < count; i++)
        if (list[i].source == &r->ranked[source])
            docs[n++] = list[i].row->doc;
    if (!n)
        return OK;
    TRY(search_index_vectors(r->index, r->a, r->sources.list[source].owner, docs, n, p->number,
                             &rows, &found));
    if (found)
        qsort(rows, found, sizeof *rows, by_doc);
    for (size_t i = 0; i < count; i++) {
        struct search_vector_row key = { .doc = list[i].row->doc };
        if (list[i].source != &r->ranked[source])
            continue;
        const struct search_vector_row *is =
            found ? bsearch(&key, rows, found, sizeof *rows, by_doc) : NULL;
        if (!is || !search_vector_read(is->vector, r->space->bytes, v))
            continue;
        list[i].has_vector = true;
        list[i].cosine = (double)search_vector_cosine(p->query, v, r->space->bytes);
    }
    return OK;
}

err_t search_similar_measure(struct search_run *r, struct rank_candidate *list, size_t count)
{
    if (!r->space)
        return OK;
    for (size_t s = 0; s < r->sources.count; s++) {
        CLEANUP(arena_free) struct arena scratch = { 0 };
        arena_init(&scratch, MIB(256));
        if (!r->similar[s].usable)
            continue;
        TRY(read_cosines(r, s, list, count));
        CLEANUP(give_kept) struct kept *k = take_kept(of_run(r), r->sources.list[s].owner);
        TRY(rank_soft(&scratch, &r->rank, r->space, &r->ranked[s], rows_of, k, list, count));
    }
    return OK;
}
