/* The words every file of VIVIM uses: views of text, errors, and the few macros.
 *
 * `base/` holds what needs no I/O: memory, text, numbers, encodings, hashes, signatures, JSON.
 * It knows nothing of rooms, requests or databases, keeps no global state (but the error
 * detail of the thread, err.h, and the log's sink, log.h), and everything in it has a bound.
 */
#ifndef VIVIM_BASE_BASE_H
#define VIVIM_BASE_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define NODISCARD         __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define CLEANUP(fn)       __attribute__((cleanup(fn)))
#define COUNTOF(a)        (sizeof(a) / sizeof((a)[0]))
#define UNUSED(x)         ((void)(x))

/* Pass an error up. The only macro that hides a `return`. */
#define TRY(expr)                                \
    do {                                         \
        err_t try_err_ = (expr);                 \
        if (__builtin_expect(try_err_ != OK, 0)) \
            return try_err_;                     \
    } while (0)

#endif
