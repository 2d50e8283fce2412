/* What is kept in memory of some owners: the places of their words in the tables, the own table, the vectors of their documents. */
#include "os/clock.h"
#include "search/similar.h"

/* --- what is kept of an owner ---------------------------------------------------------------------- */

void similar_forget(struct similar_kept *k)
{
    arena_free(&k->arena);
    arena_free(&k->own_arena);
    search_near_free(k->near);
    struct mutex mutex = k->mutex;
    *k = (struct similar_kept){ .mutex = mutex };
    arena_init(&k->arena, MIB(256));
    arena_init(&k->own_arena, 2 * SEARCH_OWN_TABLE_BYTES_MAX);
    search_tally_init(&k->at, &k->arena);
}

static err_t keep_word(struct similar_kept *k, uint32_t word, struct search_word_rows rows)
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

struct search_word_rows similar_rows_of(void *context, uint32_t word)
{
    static const struct search_word_rows NONE = { { -1, -1, -1 } };
    const struct similar_kept *k = context;
    int64_t at = search_tally_get(&k->at, word);
    return at > 0 ? k->rows[at - 1] : NONE;
}

/* Words that have come since. */
err_t similar_learn_words(struct similar_kept *k, struct db *index)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    size_t count = SIMILAR_LOADED_AT_ONCE;
    arena_init(&a, MIB(64));
    while (count == SIMILAR_LOADED_AT_ONCE) {
        struct search_known *known;
        TRY(search_index_words_behind(index, &a, k->owner, k->last_word, SIMILAR_LOADED_AT_ONCE,
                                      &known, &count));
        for (size_t i = 0; i < count; i++) {
            struct search_word_rows rows = search_space_word(&k->space, known[i].text);
            if (search_word_in_space(&rows))
                TRY(keep_word(k, (uint32_t)known[i].word, rows));
            k->last_word = known[i].word;
        }
        arena_reset(&a);
    }
    return OK;
}

/* The places of words are those of other tables from here on. */
static void similar_forget_words(struct similar_kept *k)
{
    arena_reset(&k->arena);
    search_tally_init(&k->at, &k->arena);
    k->rows = NULL;
    k->count = k->room = 0;
    k->last_word = 0;
}

/* bytes "": without an own table. */
err_t similar_use_own(struct search_similar *s, struct similar_kept *k, struct str bytes)
{
    arena_reset(&k->own_arena);
    k->own = (struct search_table){ 0 };
    char *aligned = bytes.n ? arena_alloc(&k->own_arena, bytes.n) : NULL;
    if (bytes.n && !aligned)
        return arena_err(&k->own_arena);
    if (aligned) {
        memcpy(aligned, bytes.s, bytes.n);
        err_t e = search_table_open(str_of(aligned, bytes.n), &k->own);
        if (e != OK && e != E_CORRUPT)
            return e;
        if (e == E_CORRUPT) /* of another version: its epoch fits no more, and another is made */
            err_clear();
    }
    search_space_init(&k->space, s->space.tables[SEARCH_TABLE_GLOSSES],
                      s->space.tables[SEARCH_TABLE_BIGRAMS], k->own.rows ? &k->own : NULL);
    similar_forget_words(k);
    return OK;
}

static err_t read_own(struct search_similar *s, struct similar_kept *k, struct db *index,
                      int64_t number)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct str bytes = S("");
    arena_init(&a, 2 * SEARCH_OWN_TABLE_BYTES_MAX);
    err_t e = number ? search_index_own(index, &a, k->owner, number, &bytes) : OK;
    if (e != OK && e != E_NOT_FOUND)
        return e;
    return similar_use_own(s, k, e == OK ? bytes : S(""));
}

/* `newest`: the one that is made last; else the one that is used. */
static err_t read_epoch(struct search_similar *s, struct similar_kept *k, struct db *index,
                        bool newest)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct search_epoch_row row = { 0 };
    arena_init(&a, MIB(1));
    err_t e = search_index_epoch(index, &a, k->owner, newest, &row);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    k->whole = row.whole;
    k->own_documents = row.own_documents;
    if (k->space.bytes && row.number == k->number && row.own_version == k->own_version)
        return OK;
    k->number = 0;
    TRY(read_own(s, k, index, row.number));
    k->own_version = row.own_version;
    if (row.number &&
        search_epoch_read(row.epoch, &k->epoch) != OK) { /* of another version of this program */
        err_clear();
        k->epoch = (struct search_epoch){ 0 }; /* fits nothing: another is made */
    }
    k->number = row.number;
    return OK;
}

err_t similar_refresh(struct search_similar *s, struct similar_kept *k, struct db *index,
                      bool newest)
{
    int64_t life;
    struct uuid owner = k->owner;
    TRY(search_index_life(index, &life));
    if (k->life != life) {
        similar_forget(k);
        k->owner = owner;
        k->life = life;
    }
    k->used_ms = clock_monotonic_ms();
    TRY(read_epoch(s, k, index, newest));
    return similar_learn_words(k, index);
}

/* Its place, locked; what was used longest ago makes room. */
struct similar_kept *similar_take(struct search_similar *s, struct uuid owner)
{
    struct similar_kept *k = NULL;
    mutex_lock(&s->mutex);
    for (size_t i = 0; i < SIMILAR_KEPT; i++)
        if (uuid_eq(s->kept[i].owner, owner))
            k = &s->kept[i];
    for (size_t i = 0; i < SIMILAR_KEPT && !k; i++)
        if (uuid_is_nil(s->kept[i].owner))
            k = &s->kept[i];
    for (size_t i = 1; i < SIMILAR_KEPT && !k; i++)
        if (s->kept[i].used_ms < s->kept[0].used_ms)
            k = &s->kept[i];
    k = k ? k : &s->kept[0];
    mutex_lock(&k->mutex);
    if (!uuid_eq(k->owner, owner)) {
        similar_forget(k);
        k->owner = owner;
    }
    mutex_unlock(&s->mutex);
    return k;
}

void similar_give(struct similar_kept **k)
{
    if (*k)
        mutex_unlock(&(*k)->mutex);
}

/* --- a document's words in the space ----------------------------------------------------------------- */

err_t similar_rows_in(struct arena *a, struct similar_kept *k, struct str words,
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
        struct search_word_rows is = similar_rows_of(k, at.word);
        said |= !at.aside;
        if (!at.beside && search_word_in_space(&is))
            rows[count++] = is;
    }
    *ret = rows;
    *ret_count = count;
    return OK;
}
