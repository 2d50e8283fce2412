/* dates: days, months and spans in words, to moments. Pure; the clock is an input. For a value
 * (before:"last March") and for what a question names ("what did we decide on 5 June?"). English,
 * German, French, Spanish, Portuguese and Italian; only what can mean one thing. */
#ifndef VIVIM_SEARCH_QUERY_DATES_H
#define VIVIM_SEARCH_QUERY_DATES_H

#include "search/words/words.h"

/* From where words like "yesterday" are seen. */
struct search_clock {
    int64_t now_ms;
    int zone_minutes; /* of the reader's local time east of UTC, -18 h .. 18 h (else clamped) */
    /* Decides what words mean that are dates in some languages only (mars, ago; NONE: English), and
     * what 5/6/2024 is: 6 May in English and NONE, 5 June in all others. */
    enum search_language language;
};

enum search_date_unit {
    SEARCH_DATE_DAY,
    SEARCH_DATE_WEEK, /* also a weekend */
    SEARCH_DATE_MONTH,
    SEARCH_DATE_SEASON, /* also a quarter */
    SEARCH_DATE_YEAR,
    SEARCH_DATE_SPAN, /* "the last 10 days" */
};

struct search_date {
    int64_t from_ms, to_ms; /* [from, to), from < to, both on a local midnight */
    enum search_date_unit unit;
    size_t start, end; /* bytes of the text that say it */
    /* Where no year was said ("5 June", "in May"): what was. Else month 0; a whole month: day 0. */
    int month, day;
    int zone_minutes; /* of the midnights */
};

/* All of `value` is one date: "2025-11", "yesterday", "last March", "5.6.2024", "2024". False: it
 * is none. A month or day without a year is the last one that has begun. */
bool search_date_value(struct str value, const struct search_clock *c, struct search_date *ret);

/* The first date that is named in `text` at or after *at, which then stands behind it. What could
 * as well be something else (2024, may, 5/6) only counts where the words around it make it a date
 * ("in 2024", "in May"). False: none. `text`: valid UTF-8. */
bool search_date_in(struct str text, size_t *at, const struct search_clock *c,
                    struct search_date *ret);

/* For what was said at `ms`: a date without a year as it is nearest to that, others as they are. An
 * archive of last year speaks of its own 5 June. */
struct search_date search_date_nearest(const struct search_date *d, int64_t ms);

#endif
