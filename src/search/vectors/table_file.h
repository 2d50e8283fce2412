/* How a table lies in bytes. Private to search/vectors (and its tests). */
#ifndef VIVIM_SEARCH_VECTORS_TABLE_FILE_H
#define VIVIM_SEARCH_VECTORS_TABLE_FILE_H

#include "search/vectors/table_make.h"

#define TABLE_MAGIC "vivimsw"

/* Counted up whenever the same sources would give other vectors: tables of another version are made again. */
enum { TABLE_VERSION = 2 };

struct table_head {
    char magic[8];
    uint32_t version, kind;
    struct search_table_id id;
    uint32_t rows, dims, stride, words_bytes;
    uint8_t sum[32]; /* SHA-256 of what stands before it and of what follows the head */
};
_Static_assert(sizeof(struct table_head) == 80, "without gaps, and a multiple of 16");

void table_sum(struct str bytes, uint8_t ret[32]);
/* To int8, the largest becoming 127; the scale that takes it back. */
float bytes_quantise(const float *from, size_t n, int8_t *to);

#endif
