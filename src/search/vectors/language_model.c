/* Reading a language model (language_model.h). */
#include "search/vectors/language_model.h"

#include <math.h>

enum {
    ORDER_MIN = 3,
    ORDER_MAX = 5,
    LEVELS = 65536,
    ONE_BYTES = 12,
    LEVEL_BITS = 16, /* of a likelihood, and of a back-off */
    WORDS_MAX = 1 << 20,
    GRAMS_MAX = 1 << 25, /* of one order: what its readers can address */
};
static const char MAGIC[] = "Trie Language Model";

static uint32_t u32_at(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static double likelihood_at(const char *p)
{
    float v;
    memcpy(&v, p, sizeof v);
    double e = (double)v * log(1.0001);
    return e < 0 ? exp(e) : e >= 0 ? 1 : 0; /* not a number: 0 */
}

static unsigned bits_for(uint32_t most)
{
    unsigned n = 0;
    for (; most; most >>= 1)
        n++;
    return n;
}

/* Up to 25 bits. What is packed has eight bytes to spare at its end. */
static uint32_t bits_at(const char *from, size_t bit, unsigned count)
{
    uint64_t v;
    memcpy(&v, from + bit / 8, sizeof v);
    return (uint32_t)(v >> bit % 8 & ((UINT64_C(1) << count) - 1));
}

static size_t packed_bytes(size_t count, unsigned bits)
{
    return ((count + 1) * bits + 7) / 8 + sizeof(uint64_t);
}

struct layout {
    unsigned order;
    uint32_t counts[ORDER_MAX];
    size_t levels, ones, twos, text; /* where each begins */
};

static bool read_layout(struct str bytes, struct layout *l)
{
    size_t at = sizeof MAGIC - 1;
    if (!str_starts(bytes, str_of(MAGIC, at)) || bytes.n < at + 1 + ORDER_MAX * 4 + 4)
        return false;
    l->order = (uint8_t)bytes.s[at++];
    if (l->order < ORDER_MIN || l->order > ORDER_MAX)
        return false;
    for (unsigned i = 0; i < l->order; i++, at += 4) {
        l->counts[i] = u32_at(bytes.s + at);
        if (!l->counts[i] || l->counts[i] >= (i ? GRAMS_MAX : WORDS_MAX))
            return false;
    }
    l->levels = at + 4;
    l->ones = l->levels + ((l->order - 2) * 2 + 1) * LEVELS * sizeof(float);
    l->twos = l->ones + (l->counts[0] + (size_t)1) * ONE_BYTES;
    l->text = l->twos;
    for (unsigned i = 1; i < l->order; i++) {
        unsigned bits = bits_for(l->counts[0]) + LEVEL_BITS;
        if (i < l->order - 1)
            bits += LEVEL_BITS + bits_for(l->counts[i + 1]);
        l->text += packed_bytes(l->counts[i], bits);
    }
    return l->text + 4 <= bytes.n && u32_at(bytes.s + l->text) == bytes.n - l->text - 4;
}

static err_t read_words(struct arena *a, struct str rest, struct language_model *m)
{
    m->text = ARENA_ARRAY(a, struct str, m->words);
    if (!m->text)
        return arena_err(a);
    for (size_t i = 0; i < m->words; i++)
        if (!str_cut(&rest, 0, &m->text[i]) || !rest.s)
            return E_CORRUPT;
    return rest.n ? E_CORRUPT : OK;
}

static bool ranges_ok(const struct language_model *m)
{
    size_t from, to;
    for (size_t i = 0; i < m->words; i++) {
        language_model_range(m, i, &from, &to);
        if (from > to || to > m->pairs)
            return false;
    }
    return true;
}

err_t language_model_open(struct arena *a, struct str bytes, struct language_model *ret)
{
    struct layout l;
    if (!read_layout(bytes, &l))
        return err_note(E_CORRUPT, NULL, "this is no language model of a known form");
    struct language_model m = { .words = l.counts[0],
                                .pairs = l.counts[1],
                                .ones = bytes.s + l.ones,
                                .levels = bytes.s + l.levels,
                                .twos = bytes.s + l.twos,
                                .word_bits = bits_for(l.counts[0]) };
    m.pair_bits = m.word_bits + 2 * LEVEL_BITS + bits_for(l.counts[2]);
    err_t e = read_words(a, str_sub(bytes, l.text + 4, bytes.n), &m);
    if (e == E_CORRUPT || (e == OK && !ranges_ok(&m)))
        return err_note(E_CORRUPT, NULL, "a language model contradicts itself");
    TRY(e);
    *ret = m;
    return OK;
}

double language_model_word(const struct language_model *m, size_t word)
{
    return likelihood_at(m->ones + word * ONE_BYTES);
}

void language_model_range(const struct language_model *m, size_t second, size_t *ret_from,
                          size_t *ret_to)
{
    *ret_from = u32_at(m->ones + second * ONE_BYTES + 8);
    *ret_to = u32_at(m->ones + (second + 1) * ONE_BYTES + 8);
}

bool language_model_pair(const struct language_model *m, size_t second, size_t at,
                         struct language_pair *ret)
{
    size_t bit = at * m->pair_bits;
    uint32_t first = bits_at(m->twos, bit, m->word_bits);
    uint32_t level = bits_at(m->twos, bit + m->word_bits + LEVEL_BITS, LEVEL_BITS);
    if (first >= m->words)
        return false;
    *ret =
        (struct language_pair){ first, second, likelihood_at(m->levels + level * sizeof(float)) };
    return true;
}
