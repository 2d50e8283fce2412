/* Files that are part of the program: made into arrays at build time by tools/embed.c. */
#ifndef VIVIM_BASE_EMBEDDED_H
#define VIVIM_BASE_EMBEDDED_H

#include "base/str.h"

struct embedded_file {
    const char *name; /* as it was given to the tool, without its folder; NULL ends a list */
    const unsigned char *bytes;
    size_t n;
    const char *tag; /* differs where the bytes do: 16 hexadecimal digits (64-bit FNV-1a) */
};

static inline struct str embedded_bytes(const struct embedded_file *f)
{
    return str_of((const char *)f->bytes, f->n);
}

#endif
