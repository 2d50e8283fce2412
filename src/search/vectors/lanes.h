/* Eight floats at once, the same result on every machine: the compiler makes one AVX2 or two SSE2 instructions of each step, and
 * neither set has a fused multiply-add, so the order of rounding is the source's.
 *
 * LANES_KERNEL defines `name` for the machine that it runs on from one always-inlined body: an AVX2 copy and a plain one, chosen
 * at each call (a few ns; the kernels run for microseconds and more). gcc's target_clones would do the same by an ifunc, whose
 * resolver runs before a sanitizer is ready. */
#ifndef VIVIM_SEARCH_VECTORS_LANES_H
#define VIVIM_SEARCH_VECTORS_LANES_H

#include "base/base.h"

typedef float lanes __attribute__((vector_size(32), aligned(4), may_alias));
enum { LANES = 8 };

#define LANES_BODY static inline __attribute__((always_inline))

#if defined(__x86_64__)
#define LANES_KERNEL(name, params, args)                                    \
    __attribute__((target("avx2"))) static void name##_avx2 params          \
    {                                                                       \
        name##_body args;                                                   \
    }                                                                       \
    static void name##_plain params                                         \
    {                                                                       \
        name##_body args;                                                   \
    }                                                                       \
    static void name params                                                 \
    {                                                                       \
        (__builtin_cpu_supports("avx2") ? name##_avx2 : name##_plain) args; \
    }
#else
#define LANES_KERNEL(name, params, args) \
    static void name params              \
    {                                    \
        name##_body args;                \
    }
#endif

/* Macros, for a function that gives a vector would have another ABI with and without AVX. */
#define LANES_AT(p)     (*(const lanes *)(p))
#define LANES_PUT(p, x) (*(lanes *)(p) = (x))

#endif
