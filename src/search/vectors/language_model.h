/* A statistical language model of CMU Sphinx in its binary form: how likely a word is, and after which other one. Private to
 * search/vectors (and its tests).
 *
 * The form, as sphinxbase's readers and writers have it (little-endian, no padding):
 *
 *   "Trie Language Model"   order: 1 byte   counts of 1-, 2-, … grams: 4 bytes each   4 bytes
 *   for orders 2 .. n-1: 65,536 floats of likelihoods and 65,536 of back-off weights; for order n: likelihoods alone
 *   1-grams: likelihood (float), back-off (float), first 2-gram (4 bytes); one more at the end
 *   arrays of orders 2 .. n, packed in bits from the lowest up: word | back-off 16 | likelihood 16 | first of the next order
 *   bytes of the words (4 bytes), the words, each with a zero behind it
 *
 * Likelihoods are logarithms to the base 1.0001. The 2-grams below a word have it as their second word.
 * We read it ourselves: the library has no way to walk pairs (asking for each of 6e8 takes a minute), and its text form ends in
 * an assertion on Debian's model. */
#ifndef VIVIM_SEARCH_VECTORS_LANGUAGE_MODEL_H
#define VIVIM_SEARCH_VECTORS_LANGUAGE_MODEL_H

#include "base/str.h"

struct language_model { /* views into its bytes */
    size_t words, pairs;
    struct str *text;              /* of each word; in the arena */
    const char *ones;              /* 1-grams */
    const char *levels;            /* likelihoods of 2-grams */
    const char *twos;              /* 2-grams … */
    unsigned word_bits, pair_bits; /* … of so many bits each, the word's first */
};

/* E_CORRUPT: not such a file, of order 2 or more than 5, or cut short. Everything that the functions below read is checked here. */
NODISCARD err_t language_model_open(struct arena *a, struct str bytes, struct language_model *ret);
double language_model_word(const struct language_model *m, size_t word); /* 0..1 */

struct language_pair {
    size_t first, second;
    double likelihood; /* of the second after the first, 0..1 */
};
/* The pairs with this second word are those from .. to - 1. */
void language_model_range(const struct language_model *m, size_t second, size_t *ret_from,
                          size_t *ret_to);
/* False: it names a word that is none. */
bool language_model_pair(const struct language_model *m, size_t second, size_t at,
                         struct language_pair *ret);

#endif
