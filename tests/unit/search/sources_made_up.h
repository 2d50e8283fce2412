/* Small stand-ins for what the Debian packages hold, in their form: explanations of words, and a language model of order 3. */
#ifndef VIVIM_TEST_SEARCH_SOURCES_H
#define VIVIM_TEST_SEARCH_SOURCES_H

#include <math.h>

#include "base/buf.h"
#include "os/file.h"

/* Things of twelve kinds, each explained in ten words of its own: three kinds in English, the others in words of no language. */
static inline const char *kind_word(struct arena *a, uint32_t kind, uint32_t i)
{
    static const char *const WORDS[3][10] = {
        { "vessel", "boiling", "water", "fire", "kitchen", "steam", "lid", "cook", "tea", "heat" },
        { "musical", "instrument", "played", "hands", "sound", "string", "note", "concert", "tune",
          "orchestra" },
        { "tall", "plant", "wood", "green", "leaves", "forest", "root", "branch", "grow", "bark" },
    };
    return kind < 3 ? WORDS[kind][i] : str_cstr(a, str_fmt(a, "word%uof%u", i, kind));
}

static inline void write_glosses(struct arena *a, const char *folder)
{
    static const char *const FILES[] = { "data.adj", "data.adv", "data.noun", "data.verb" };
    uint64_t seed = 3;
    for (size_t file = 0; file < 4; file++) {
        struct buf b;
        buf_init(&b, a, MIB(1));
        buf_put(&b, S("  1 a line of the licence, which is no word | and no explanation\n"));
        for (uint32_t i = 0; i < 360; i++) {
            uint32_t kind = i % 12;
            buf_putf(&b, "%08u 06 n 02 thing%c%u 0 other_thing%u 1 001 @ 0001 n 0000 | a common", i,
                     "abcdefghijkl"[kind], i / 12 % 4, i);
            for (int word = 0; word < 8; word++) {
                seed = seed * 6364136223846793005 + 1442695040888963407;
                buf_putf(&b, " %s", kind_word(a, kind, (uint32_t)(seed >> 33) % 10));
            }
            buf_put(&b, S(" for the house  \n"));
        }
        assert(file_write_atomic(str_cstr(a, str_fmt(a, "%s/%s", folder, FILES[file])), buf_str(&b),
                                 0600) == OK);
    }
}

/* Bits from the lowest up. */
struct bit_writer {
    uint8_t *to;
    size_t at;
};

static inline void put_bits(struct bit_writer *w, uint32_t v, unsigned count)
{
    for (unsigned i = 0; i < count; i++, w->at++)
        w->to[w->at / 8] = (uint8_t)(w->to[w->at / 8] | (v >> i & 1) << w->at % 8);
}

enum { MODEL_WORDS = 16, MODEL_PAIRS = 60, MODEL_TRIPLES = 3, MODEL_LEVELS = 65536 };

/* Word w follows words of its own parity; likelihood 1 / (2 + the pair's number). Each is a logarithm to the base 1.0001. */
static inline float model_log(double p)
{
    return (float)(log(p) / log(1.0001));
}

static inline struct str model_bytes(struct arena *a)
{
    const size_t longest = (MODEL_TRIPLES + 1) * (5 + 16) / 8 + 9;
    const unsigned pair_bits = 5 + 32 + 2;
    struct bit_writer w = { arena_alloc(a, (MODEL_PAIRS + 1) * pair_bits / 8 + 16), 0 };
    uint32_t counts[] = { MODEL_WORDS, MODEL_PAIRS, MODEL_TRIPLES }, first[MODEL_WORDS + 1], n = 0;
    struct buf b, words;
    buf_init(&b, a, MIB(2));
    buf_init(&words, a, KIB(4));
    buf_put(&b, S("Trie Language Model\x03"));
    buf_put(&b, str_of((const char *)counts, sizeof counts));
    buf_put(&b, S("\0\0\0\0"));
    for (int table = 0; table < 3; table++)
        for (int i = 0; i < MODEL_LEVELS; i++) {
            float level = table == 0 ? model_log(1.0 / (2 + i)) : 0;
            buf_put(&b, str_of((const char *)&level, sizeof level));
        }
    for (uint32_t second = 0; second < MODEL_WORDS; second++) {
        first[second] = n;
        for (uint32_t one = second % 2; one < MODEL_WORDS && n < MODEL_PAIRS;
             one += 2 + second % 3 * 2) {
            put_bits(&w, one, 5);
            put_bits(&w, 0, 16);
            put_bits(&w, n, 16);
            put_bits(&w, 0, 2);
            n++;
        }
    }
    first[MODEL_WORDS] = n;
    for (uint32_t i = 0; i <= MODEL_WORDS; i++) {
        float likely[] = { model_log(1.0 / (4 + i)), 0 };
        buf_put(&b, str_of((const char *)likely, sizeof likely));
        buf_put(&b, str_of((const char *)&first[i], 4));
    }
    buf_put(&b, str_of((const char *)w.to, ((MODEL_PAIRS + 1) * pair_bits + 7) / 8 + 8));
    buf_put(&b, str_of(arena_alloc(a, longest + 8), ((MODEL_TRIPLES + 1) * (5 + 16) + 7) / 8 + 8));
    for (int i = 0; i < MODEL_WORDS; i++) {
        buf_putf(&words, i == 0 ? "<s>" : i == 1 ? "don't" : "word%c", 'a' + i);
        buf_putc(&words, 0);
    }
    uint32_t text = (uint32_t)words.n;
    buf_put(&b, str_of((const char *)&text, 4));
    buf_put(&b, buf_str(&words));
    assert(buf_err(&b) == OK);
    return buf_str(&b);
}

#endif
