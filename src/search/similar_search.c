/* Similar words in a search: the query in each source's space, the nearest documents, what candidates are worth. */
#include <stdlib.h>

#include "search/similar.h"

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

/* All that was typed, in a space. */
static size_t typed_rows(const struct search_run *r, const struct search_space *space,
                         size_t language, struct search_word_rows *all, size_t room)
{
    size_t count = 0;
    for (size_t t = 0; t < r->query.count; t++) {
        const struct search_term *term = &r->query.terms[t];
        for (size_t i = 0; i < term->count && term->ranked && !term->beside && count < room; i++) {
            all[count] = search_space_word(space, term->tokens[i].stems[language]);
            count += search_word_in_space(&all[count]);
        }
    }
    return count;
}

/* The words that rank. Gives how many of them are in the space. */
static size_t ranked_rows(struct search_run *r, const struct search_space *space, size_t language)
{
    size_t ranked = 0;
    for (size_t i = 0; i < r->rank.word_count; i++)
        r->rank.words[i].rows = (struct search_word_rows){ { -1, -1, -1 } };
    for (size_t t = 0; t < r->query.count; t++) {
        const struct search_term *term = &r->query.terms[t];
        size_t w = term->phrase ? SIZE_MAX : r->rank.word_of[t];
        if (!term->ranked || term->beside || term->prefix || w == SIZE_MAX || !term->count ||
            !(r->rank.ranked >> w & 1))
            continue;
        r->rank.words[w].rows = search_space_word(space, term->tokens->stems[language]);
        ranked += search_word_in_space(&r->rank.words[w].rows);
    }
    return ranked;
}

/* What an own table says is for its owner alone: of another's vectors the background's part is compared. */
static err_t begin_source(struct search_run *r, struct search_similar *s, size_t source,
                          size_t language)
{
    enum { WORDS_MAX = 512 };
    struct search_similar_part *p = &r->similar[source];
    struct uuid owner = r->sources.list[source].owner;
    CLEANUP(similar_give) struct similar_kept *k = similar_take(s, owner);
    TRY(similar_refresh(s, k, r->index, false));
    if (!k->number || !k->whole || !search_epoch_fits(&k->epoch, &k->space))
        return OK;
    p->own = uuid_eq(owner, r->reader);
    const struct search_space *space = p->own ? &k->space : &s->space;
    struct search_word_rows *words = ARENA_ARRAY(r->a, struct search_word_rows, WORDS_MAX);
    p->query = ARENA_NEW(r->a, struct search_vector);
    if (!p->query || !words)
        return arena_err(r->a);
    if (p->own && !ranked_rows(r, space, language))
        return OK;
    search_message_vector(&k->space, &k->epoch, words,
                          typed_rows(r, space, language, words, WORDS_MAX), p->query);
    p->number = k->number;
    p->own_version = k->own_version;
    p->bytes = k->space.bytes;
    p->background = k->space.at[SEARCH_TABLE_OWN];
    p->usable = p->query->scale > 0;
    if (p->own && p->usable)
        r->rank.column = k->own.rows ? RANK_ALL : RANK_BACKGROUND;
    return OK;
}

err_t search_similar_begin(struct search_run *r)
{
    struct search_similar *s = of_run(r);
    size_t language = english(&r->query.languages);
    r->similar = ARENA_ARRAY(r->a, struct search_similar_part, r->sources.count + 1);
    if (!r->similar)
        return arena_err(r->a);
    if (!s || language == SEARCH_STEMS_MAX || !r->sources.count || !similar_ready(s))
        return OK;
    for (size_t i = 0; i < r->sources.count; i++) {
        TRY(begin_source(r, s, i, language));
        if (!r->similar[0].usable)
            return OK; /* the first is the reader's own */
    }
    r->space = &s->space;
    return OK;
}

bool search_similar_knows(const struct search_run *r, const struct search_typed *word)
{
    struct search_similar *s = of_run(r);
    size_t language = english(&r->query.languages);
    if (!s || language == SEARCH_STEMS_MAX || !similar_ready(s))
        return false;
    struct search_word_rows rows = search_space_word(&s->space, word->stems[language]);
    return search_word_in_space(&rows);
}

/* --- the nearest of all ------------------------------------------------------------------------------------- */

static err_t load_near(struct similar_kept *k, struct db *index)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    size_t count = SIMILAR_LOADED_AT_ONCE;
    arena_init(&a, MIB(64));
    if (k->near &&
        (k->near_number != k->number || search_near_holes(k->near) > search_near_live(k->near))) {
        search_near_free(k->near);
        k->near = NULL;
    }
    if (!k->near) {
        TRY(search_near_new(k->space.bytes, k->space.at[SEARCH_TABLE_OWN], MIB(1024), &k->near));
        k->near_number = k->number;
        k->near_doc = 0;
    }
    struct search_vector *v = ARENA_NEW(&a, struct search_vector);
    while (v && count == SIMILAR_LOADED_AT_ONCE) {
        CLEANUP(arena_free) struct arena rows_arena = { 0 };
        struct search_vector_row *rows;
        arena_init(&rows_arena, MIB(64));
        TRY(search_index_vectors_behind(index, &rows_arena, k->owner, k->near_doc, k->number,
                                        SIMILAR_LOADED_AT_ONCE, &rows, &count));
        for (size_t i = 0; i < count; i++) {
            struct search_near_item item = { .id = rows[i].id,
                                             .parent = rows[i].parent_id,
                                             .created_ms = rows[i].created_ms,
                                             .meta = (uint32_t)rows[i].doc };
            k->near_doc = rows[i].doc;
            if (search_vector_read(rows[i].vector, k->space.bytes, v))
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
    CLEANUP(similar_give) struct similar_kept *k = similar_take(s, r->sources.list[source].owner);
    if (k->number != p->number) /* another took its place meanwhile */
        return OK;
    TRY(load_near(k, r->index));
    count = search_near_scan(k->near, p->query, p->own, NULL, NULL, hits, limit);
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
        if (!is || !search_vector_read(is->vector, p->bytes, v))
            continue;
        list[i].has_vector = true;
        list[i].cosine = (double)(p->own ? search_vector_cosine(p->query, v, p->bytes)
                                         : search_vector_cosine_part(p->query, v, p->background));
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
        CLEANUP(similar_give)
        struct similar_kept *k = similar_take(of_run(r), r->sources.list[s].owner);
        bool same =
            k->number == r->similar[s].number && k->own_version == r->similar[s].own_version;
        const struct search_space *space = r->similar[s].own && same ? &k->space : r->space;
        TRY(rank_soft(&scratch, &r->rank, space, &r->ranked[s], similar_rows_of, k, list, count));
    }
    return OK;
}
