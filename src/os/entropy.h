/* Random bytes of the kernel (getrandom), replaceable in tests. Aborts when there are none: nothing safe can go on. */
#ifndef VIVIM_OS_ENTROPY_H
#define VIVIM_OS_ENTROPY_H

#include "base/uuid.h"

void entropy_fill(void *p, size_t n);
/* A new UUIDv7 from the wall clock; ids of one process never go back, also within one millisecond. */
struct uuid uuid_new(void);
/* `bytes` random bytes (at most 64) as base64url text in the arena: tokens, session ids. */
struct str entropy_token(struct arena *a, size_t bytes);

/* Tests: a reproducible stream from a seed; 0 returns to the kernel's. */
void entropy_fake(uint64_t seed);

#endif
