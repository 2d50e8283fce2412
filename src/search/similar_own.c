/* The corpus of an owner's own table: the words of its documents out of the index, in order. */
#include "search/inside.h"

enum {
    WORDS_MAX = 5000000, /* of more every so many-th document: they say no more */
    DOCS_AT_ONCE = 200,
    KNOWN_AT_ONCE = 2000,
};

struct own_corpus {
    struct db *index;
    struct uuid owner;
    struct arena arena, page; /* numbers of words; documents and a stem at a time */
    struct search_tally ids;  /* number -> id + 1 */
    uint32_t *numbers;        /* of each id, ascending */
    size_t count, room;
    int64_t step, doc;
    struct search_doc_words *docs;
    size_t doc_count, at;
    uint32_t *words;
    size_t word_room;
};

static err_t add_number(struct own_corpus *c, int64_t number)
{
    if (c->count == c->room) {
        size_t room = c->room ? c->room * 2 : 8192;
        uint32_t *numbers = ARENA_ARRAY(&c->arena, uint32_t, room);
        if (!numbers)
            return arena_err(&c->arena);
        if (c->count)
            memcpy(numbers, c->numbers, c->count * sizeof *numbers);
        c->numbers = numbers;
        c->room = room;
    }
    c->numbers[c->count++] = (uint32_t)number;
    return search_tally_add(&c->ids, (uint32_t)number, (int64_t)c->count);
}

static err_t read_numbers(struct own_corpus *c)
{
    size_t count = KNOWN_AT_ONCE;
    int64_t last = 0;
    while (count == KNOWN_AT_ONCE) {
        struct search_known *known;
        arena_reset(&c->page);
        TRY(search_index_words_behind(c->index, &c->page, c->owner, last, KNOWN_AT_ONCE, &known,
                                      &count));
        for (size_t i = 0; i < count && c->count < SEARCH_WORD_IDS_MAX; i++) {
            TRY(add_number(c, known[i].word));
            last = known[i].word;
        }
        if (c->count == SEARCH_WORD_IDS_MAX)
            return OK;
    }
    return OK;
}

static err_t rewind_corpus(void *context)
{
    struct own_corpus *c = context;
    c->doc = 0;
    c->doc_count = c->at = 0;
    return OK;
}

/* What was said, and of what nobody said nothing; words that have come since the beginning are left out. */
static err_t take_words(struct own_corpus *c, struct str row, size_t *ret)
{
    struct search_walk walk = search_walk(row);
    struct search_word_at at;
    size_t count = 0;
    if (row.n > c->word_room) {
        c->words = ARENA_ARRAY(&c->arena, uint32_t, 2 * row.n);
        if (!c->words)
            return arena_err(&c->arena);
        c->word_room = 2 * row.n;
    }
    while (search_walk_next(&walk, &at)) {
        int64_t id = at.beside || at.aside ? 0 : search_tally_get(&c->ids, at.word);
        if (id > 0)
            c->words[count++] = (uint32_t)(id - 1);
    }
    *ret = count;
    return OK;
}

static err_t next_text(void *context, struct search_sequence *ret, bool *ret_more)
{
    struct own_corpus *c = context;
    size_t count = 0;
    while (true) {
        if (c->at == c->doc_count) {
            arena_reset(&c->page);
            TRY(search_index_docs_behind(c->index, &c->page, c->owner, c->doc, DOCS_AT_ONCE,
                                         &c->docs, &c->doc_count));
            c->at = 0;
        }
        if (!c->doc_count) {
            *ret = (struct search_sequence){ 0 };
            *ret_more = false;
            return OK;
        }
        const struct search_doc_words *doc = &c->docs[c->at++];
        c->doc = doc->doc;
        if (doc->doc % c->step)
            continue;
        TRY(take_words(c, doc->words, &count));
        *ret = (struct search_sequence){ c->words, count };
        *ret_more = true;
        return OK;
    }
}

static err_t stem_of(void *context, uint32_t id, struct str *ret)
{
    struct own_corpus *c = context;
    arena_reset(&c->page);
    err_t e = search_index_word_text(c->index, &c->page, c->owner, c->numbers[id], ret);
    if (e == E_NOT_FOUND) /* it has gone meanwhile; the next table knows */
        *ret = str_fmt(&c->page, "\x01%u", c->numbers[id]);
    return e == E_NOT_FOUND ? arena_err(&c->page) : e;
}

static err_t make(struct own_corpus *c, struct arena *a, const struct search_check *check,
                  struct str *ret)
{
    TRY(read_numbers(c));
    *ret = S("");
    if (!c->count)
        return OK;
    const struct search_corpus corpus = { c, (uint32_t)c->count, rewind_corpus, next_text,
                                          stem_of };
    TRY(search_own_table_make(a, &corpus, check, ret));
    if (!ret->n)
        *ret = S("");
    return OK;
}

err_t search_own_make(struct arena *a, struct db *index, struct uuid owner,
                      const struct search_statistics *of, const struct search_check *check,
                      struct str *ret)
{
    struct own_corpus c = { .index = index, .owner = owner, .step = 1 + of->words / WORDS_MAX };
    arena_init(&c.arena, MIB(256));
    arena_init(&c.page, MIB(512));
    search_tally_init(&c.ids, &c.arena);
    err_t e = make(&c, a, check, ret);
    arena_free(&c.arena);
    arena_free(&c.page);
    return e;
}
