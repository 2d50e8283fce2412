/* Products of int8 vectors: exact integers, so every machine gives the same. The one side is widened once to int16 and met by
 * many: then a step of AVX2 is one widening load, one multiply-add of pairs, one add for sixteen bytes. Private to
 * search/vectors. */
#ifndef VIVIM_SEARCH_VECTORS_BYTES_DOT_H
#define VIVIM_SEARCH_VECTORS_BYTES_DOT_H

#include "base/base.h"

/* n is a multiple of 16 here and below, at most SEARCH_VECTOR_BYTES_MAX: the sum cannot overflow. */
static inline void bytes_widen(const int8_t *from, size_t n, int16_t *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (int16_t)from[i]; /* with its sign */
}

int32_t bytes_dot(const int16_t *wide, const int8_t *v, size_t n);
/* The same of `count` vectors that stand behind each other, each `stride` bytes after the one before. */
void bytes_dot_many(const int16_t *wide, const int8_t *v, size_t n, size_t stride, size_t count,
                    int32_t *ret);
/* What makes it a unit vector; 0 of nothing. */
float bytes_scale(const int8_t *v, size_t n);
/* Without AVX2 or SSE2: what the others are held against. */
int32_t bytes_dot_plain(const int16_t *wide, const int8_t *v, size_t n);

#endif
