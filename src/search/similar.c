/* Similar words take part: a thread gives documents their vectors, at the lowest priority, once the tables are there; a search asks what is
 * near. Of some owners the places of their words in the tables and the vectors of their documents are kept in memory. */
#include "search/similar.h"
#include "base/log.h"
#include "ops/ops.h"
#include "os/clock.h"

enum {
    SAMPLE_MAX = 4000,       /* documents of which a mean is made */
    STEADY_DOCUMENTS = 5000, /* of so many a mean is as good as of more */
    AT_ONCE = 200,           /* vectors made in one transaction */
    SETTLE_MS = 200,         /* after a change: more may come */
    LOOK_AGAIN_MS = 3000,    /* … and what was committed later */
    LOOKS = 3,
    OWNERS_AT_ONCE = 100,
    OWN_GROWTH = 5, /* the own table is made again when an archive has grown by a part of so many */
};

/* --- the thread: epochs and vectors --------------------------------------------------------------------- */

static struct similar_kept *take_making(struct search_similar *s, struct uuid owner)
{
    struct similar_kept *k = &s->making;
    if (!uuid_eq(k->owner, owner)) {
        similar_forget(k);
        k->owner = owner;
    }
    return k;
}

static bool stopping(struct search_similar *s)
{
    mutex_lock(&s->mutex);
    bool yes = s->stopping;
    mutex_unlock(&s->mutex);
    return yes;
}

/* A word may have gone from the index while its table was made. */
static err_t only_known(struct db *index, struct arena *a, struct uuid owner,
                        const struct search_table *own, struct str *bytes)
{
    struct str *words = ARENA_ARRAY(a, struct str, own->rows);
    struct search_known *known;
    size_t count, gone = 0;
    if (!words)
        return arena_err(a);
    for (size_t i = 0; i < own->rows; i++)
        words[i] = search_table_word(own, i);
    TRY(search_index_stems(index, a, owner, words, own->rows, &known, &count));
    for (size_t i = 0; i < count; i++)
        words[known[i].at] = STR_NONE;
    for (size_t i = 0; i < own->rows; i++)
        if (words[i].n)
            words[gone++] = words[i];
    return gone ? search_table_without(a, own, words, gone, bytes) : OK;
}

static err_t add_epoch(struct similar_kept *k, struct db *index, struct arena *a,
                       const struct search_epoch_row *row, struct str own)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, index));
    if (own.n)
        TRY(only_known(index, a, k->owner, &k->own, &own));
    TRY(search_index_epoch_add(index, k->owner, row, own));
    return db_txn_commit(&tx);
}

static err_t make_mean(struct similar_kept *k, struct db *index, struct arena *a, int64_t documents,
                       struct search_mean *mean)
{
    struct search_doc_words *docs;
    struct search_word_rows *rows;
    size_t count, n;
    search_mean_init(mean);
    TRY(search_index_docs_sample(index, a, k->owner, 1 + documents / SAMPLE_MAX, SAMPLE_MAX, &docs,
                                 &count));
    for (size_t i = 0; i < count; i++) {
        TRY(similar_rows_in(a, k, docs[i].words, &rows, &n));
        search_mean_add(mean, &k->space, rows, n);
    }
    return OK;
}

/* One more, in the space that is kept; `own`: the bytes of its own table. */
static err_t new_epoch(struct similar_kept *k, struct db *index, int64_t documents,
                       int64_t own_documents, struct str own)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, MIB(512));
    struct search_mean *mean = ARENA_NEW(&a, struct search_mean);
    struct search_epoch *epoch = ARENA_NEW(&a, struct search_epoch);
    if (!mean || !epoch)
        return arena_err(&a);
    TRY(make_mean(k, index, &a, documents, mean));
    *epoch = (struct search_epoch){ .number = k->number + 1, .messages = documents };
    search_mean_end(mean, &k->space, epoch);
    struct search_epoch_row row = { .number = epoch->number,
                                    .epoch = search_epoch_write(&a, epoch),
                                    .own_documents = own_documents };
    TRY(arena_err(&a));
    return add_epoch(k, index, &a, &row, own);
}

/* What is older than an epoch that has become whole: it is used from now on. */
static err_t end_older(struct similar_kept *k, struct db *index)
{
    enum { DOCS = 2000 };
    int64_t count = 1;
    while (count) {
        CLEANUP(db_txn_end) struct db_txn tx = { 0 };
        TRY(db_txn_begin(&tx, index));
        TRY(search_index_vectors_end(index, k->owner, k->number, DOCS, &count));
        TRY(search_index_epochs_end(index, k->owner, k->number));
        TRY(db_txn_commit(&tx));
    }
    return OK;
}

/* The next documents get theirs. *ret_count: how many there were. */
static err_t make_some(struct similar_kept *k, struct db *index, struct search_epoch_row *row,
                       size_t *ret_count)
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
        TRY(similar_rows_in(&a, k, docs[i].words, &rows, &n));
        search_message_vector(&k->space, &k->epoch, rows, n, v);
        made[i] = search_vector_write(&a, v, k->space.bytes);
    }
    TRY(arena_err(&a));
    bool whole = row->whole || *ret_count < AT_ONCE, becomes = whole && !row->whole;
    if (!*ret_count && !becomes)
        return OK;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, index));
    for (size_t i = 0; i < *ret_count; i++)
        TRY(search_index_vector_put(index, k->owner, docs[i].doc, row->number, made[i]));
    row->upto = *ret_count ? docs[*ret_count - 1].doc : row->upto;
    row->whole = whole;
    TRY(search_index_epoch_upto(index, k->owner, row));
    TRY(db_txn_commit(&tx));
    return becomes ? end_older(k, index) : OK;
}

/* Another mean is made while an archive is small and grows, or where the tables are others. */
static bool is_due(const struct similar_kept *k, int64_t documents)
{
    return !k->number || !search_epoch_fits(&k->epoch, &k->space) ||
           (k->epoch.messages < STEADY_DOCUMENTS && documents >= 2 * k->epoch.messages);
}

static err_t go_on(void *context)
{
    return stopping(context) ? E_STOPPING : OK;
}

/* An own table is made when the vectors of the background are there, and again when the archive has grown by a fifth. */
static bool own_is_due(const struct similar_kept *k, const struct search_statistics *of)
{
    return k->whole && of->words >= SEARCH_OWN_WORDS_MIN &&
           of->documents >= k->own_documents + (k->own_documents + OWN_GROWTH - 1) / OWN_GROWTH &&
           of->documents > k->own_documents;
}

static err_t make_own(struct search_similar *s, struct similar_kept *k, struct db *index,
                      const struct search_statistics *of)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct search_check check = { go_on, s };
    struct str own;
    arena_init(&a, 2 * SEARCH_OWN_TABLE_BYTES_MAX);
    TRY(search_own_make(&a, index, k->owner, of, &check, &own));
    if (!own.n) {
        CLEANUP(db_txn_end) struct db_txn tx = { 0 };
        TRY(db_txn_begin(&tx, index));
        TRY(search_index_own_none(index, k->owner, k->number, of->documents));
        return db_txn_commit(&tx);
    }
    TRY(similar_use_own(s, k, own));
    TRY(similar_learn_words(k, index));
    return new_epoch(k, index, of->documents, of->documents, own);
}

static err_t renew(struct search_similar *s, struct similar_kept *k, struct db *index,
                   int64_t documents)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct str own = S("");
    arena_init(&a, 2 * SEARCH_OWN_TABLE_BYTES_MAX);
    if (k->number && k->own.rows) /* it goes on with the table that there is */
        TRY(search_index_own(index, &a, k->owner, k->number, &own));
    TRY(new_epoch(k, index, documents, k->own.rows ? k->own_documents : 0, own));
    return similar_refresh(s, k, index, true);
}

static err_t serve_owner(struct search_similar *s, struct db *index, struct uuid owner)
{
    struct search_statistics statistics;
    struct search_epoch_row row;
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, MIB(1));
    bool more = true;
    while (more && !stopping(s)) {
        struct similar_kept *k = take_making(s, owner);
        size_t count;
        TRY(search_index_statistics(index, owner, &statistics));
        TRY(similar_refresh(s, k, index, true));
        if (is_due(k, statistics.documents))
            TRY(renew(s, k, index, statistics.documents));
        if (!k->number)
            return OK; /* it has gone meanwhile */
        arena_reset(&a);
        TRY(search_index_epoch(index, &a, owner, true, &row));
        TRY(make_some(k, index, &row, &count));
        more = count == AT_ONCE;
        if (!more && own_is_due(k, &statistics)) {
            TRY(make_own(s, k, index, &statistics));
            more = true;
        }
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
    similar_forget(&s->making);
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

bool similar_ready(struct search_similar *s)
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
    for (size_t i = 0; i < SIMILAR_KEPT; i++) {
        mutex_init(&s->kept[i].mutex);
        similar_forget(&s->kept[i]);
    }
    similar_forget(&s->making);
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
    for (size_t i = 0; i < SIMILAR_KEPT; i++) {
        similar_forget(&s->kept[i]);
        arena_free(&s->kept[i].arena);
        mutex_free(&s->kept[i].mutex);
    }
    similar_forget(&s->making);
    arena_free(&s->making.arena);
    cond_free(&s->cond);
    mutex_free(&s->mutex);
    struct arena arena = s->arena;
    arena_free(&arena);
}
