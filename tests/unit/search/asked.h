/* Queries as they are parsed, in an arena of the test's own: English, at a fixed time. */
#ifndef VIVIM_TEST_SEARCH_ASKED_H
#define VIVIM_TEST_SEARCH_ASKED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "search/query/query.h"

static struct arena a;
static const struct search_languages ENGLISH = { .list = { SEARCH_ENGLISH }, .count = 1 };
static const struct search_clock CLOCK = { .now_ms = INT64_C(1790000000000) }; /* 2026-09-21 */

static int open_arena(void **state)
{
    UNUSED(state);
    arena_init(&a, MIB(256));
    return 0;
}

static int close_arena(void **state)
{
    UNUSED(state);
    arena_free(&a);
    return 0;
}

static struct search_query parsed_while(const char *q, bool typing)
{
    struct search_query out;
    err_t e = search_query_parse(&a, str_from(q), typing, &CLOCK, &ENGLISH, &out);
    if (e != OK)
        fail_msg("%s: %s", q, err_detail()->text);
    return out;
}

static struct search_query parsed(const char *q)
{
    return parsed_while(q, false);
}

#endif
