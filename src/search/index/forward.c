/* Words as bytes: numbers in groups of seven bits, the lowest first, the high bit on all but the last. No word has the number 0: it
 * stands where what was said ends and what stands aside begins. */
#include "search/index/index.h"

enum { FORM = 1, BESIDE = 2, FLAG_BITS = 2, VARINT_BYTES_MAX = 10 };

static void put_number(struct buf *b, uint64_t n)
{
    char bytes[VARINT_BYTES_MAX];
    size_t count = 0;
    for (; n >= 0x80; n >>= 7)
        bytes[count++] = (char)(n | 0x80);
    bytes[count++] = (char)n;
    buf_put(b, str_of(bytes, count));
}

/* False: the bytes end, or it is no number. */
static inline bool take_number(const uint8_t **at, const uint8_t *end, uint64_t *ret)
{
    uint64_t n = 0;
    for (unsigned shift = 0; *at < end && shift < 63; shift += 7) {
        uint8_t byte = *(*at)++;
        n |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *ret = n;
            return true;
        }
    }
    return false;
}

static const uint8_t *bytes_of(struct str s)
{
    return (const uint8_t *)s.s;
}

struct search_walk search_walk(struct str words)
{
    return (struct search_walk){ .at = bytes_of(words), .end = bytes_of(words) + words.n };
}

bool search_walk_next(struct search_walk *w, struct search_word_at *ret)
{
    uint64_t n, form = 0;
    if (w->at < w->end && !*w->at) {
        w->aside = true;
        w->at++;
    }
    if (w->at == w->end)
        return false;
    if (!take_number(&w->at, w->end, &n) || n >> FLAG_BITS > UINT32_MAX ||
        ((n & FORM) && !take_number(&w->at, w->end, &form)) || form > UINT32_MAX) {
        w->damaged = true;
        w->at = w->end;
        return false;
    }
    *ret = (struct search_word_at){ .word = (uint32_t)(n >> FLAG_BITS),
                                    .form = (uint32_t)form,
                                    .beside = (n & BESIDE) != 0,
                                    .aside = w->aside };
    return true;
}

void search_words_put(struct buf *b, struct search_word_at w)
{
    put_number(b, (uint64_t)w.word << FLAG_BITS | (w.beside ? BESIDE : 0) | (w.form ? FORM : 0));
    if (w.form)
        put_number(b, w.form);
}

void search_words_put_aside(struct buf *b)
{
    put_number(b, 0);
}

struct search_shares search_shares(struct str words)
{
    return (struct search_shares){ .at = bytes_of(words), .end = bytes_of(words) + words.n };
}

bool search_shares_next(struct search_shares *w, struct search_share *ret)
{
    uint64_t step, count;
    if (w->at == w->end)
        return false;
    if (!take_number(&w->at, w->end, &step) || !take_number(&w->at, w->end, &count) ||
        step > UINT32_MAX - w->last || count > UINT32_MAX) {
        w->damaged = true;
        w->at = w->end;
        return false;
    }
    w->last += (uint32_t)step;
    *ret = (struct search_share){ .word = w->last, .count = (uint32_t)count };
    return true;
}

void search_shares_put(struct buf *b, uint32_t last, struct search_share s)
{
    put_number(b, s.word - last);
    put_number(b, s.count);
}

/* --- counting ---------------------------------------------------------------------------------- */

enum { TALLY_ROOM_FIRST = 256 };

static size_t slot_of(const struct search_tally *t, uint32_t key)
{
    size_t at = (key * UINT32_C(2654435761)) & (t->room - 1); /* Knuth's multiplicative hash */
    while (t->keys[at] && t->keys[at] != key)
        at = (at + 1) & (t->room - 1);
    return at;
}

void search_tally_init(struct search_tally *t, struct arena *a)
{
    *t = (struct search_tally){ .arena = a };
}

static err_t grow(struct search_tally *t)
{
    struct search_tally to = { .arena = t->arena,
                               .room = t->room ? t->room * 2 : TALLY_ROOM_FIRST };
    to.keys = ARENA_ARRAY(t->arena, uint32_t, to.room);
    to.counts = ARENA_ARRAY(t->arena, int64_t, to.room);
    if (!to.keys || !to.counts)
        return arena_err(t->arena);
    for (size_t i = 0; i < t->room; i++) {
        if (!t->keys[i])
            continue;
        size_t at = slot_of(&to, t->keys[i]);
        to.keys[at] = t->keys[i];
        to.counts[at] = t->counts[i];
    }
    to.count = t->count;
    *t = to;
    return OK;
}

err_t search_tally_add(struct search_tally *t, uint32_t key, int64_t n)
{
    assert(key > 0);
    if (t->count * 2 >= t->room)
        TRY(grow(t));
    size_t at = slot_of(t, key);
    t->count += !t->keys[at];
    t->keys[at] = key;
    t->counts[at] += n;
    return OK;
}

int64_t search_tally_get(const struct search_tally *t, uint32_t key)
{
    return t->room && key ? t->counts[slot_of(t, key)] : 0;
}
