/* What the tests of base share: cmocka with its headers, and comparison of views. */
#ifndef VIVIM_TEST_BASE_CHECK_H
#define VIVIM_TEST_BASE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/str.h"

/* Equal bytes; the message shows both. */
#define assert_str(got, want)                                                       \
    do {                                                                            \
        struct str got_ = (got), want_ = str_from(want);                            \
        if (!str_eq(got_, want_))                                                   \
            fail_msg("got \"%.*s\", want \"%.*s\"", STR_ARG(got_), STR_ARG(want_)); \
    } while (0)

#define TEST_ARENA(name)                   \
    CLEANUP(arena_free) struct arena name; \
    arena_init(&name, MIB(64))

#endif
