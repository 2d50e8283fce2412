/* Dates from inside: the row of words that ways of saying a date look at. Private to dates.c. */
#ifndef VIVIM_SEARCH_QUERY_DATE_ROW_H
#define VIVIM_SEARCH_QUERY_DATE_ROW_H

#include "search/query/date_words.h"
#include "search/query/dates.h"

enum {
    ROW_MAX = 10, /* words that one date may have, and some */
    WORD_BYTES = 20,
    MEANINGS_MAX = 4,
    YEAR_MIN = 1900,
    YEAR_MAX = 2199,
    AGO_MAX = 1000, /* units */
};
#define MINUTE_MS INT64_C(60000)
#define DAY_MS    (24 * 60 * MINUTE_MS)
#define NOW_MAX   (INT64_C(84000) * DAY_MS) /* in 2199 */

struct date_item {
    char text[WORD_BYTES];
    size_t n, start, end;
    int number; /* -1: none. "5th" is 5 */
    size_t digits;
    char before; /* what stands between the last one and this: ' ', '.', '/', '-' … */
    const struct date_word_row *means[MEANINGS_MAX];
    size_t meanings;
};

struct date_row {
    struct date_item words[ROW_MAX];
    size_t count;
    struct search_tokens walk;
    struct date_item next; /* read, and not of this row: something stands between */
    bool has_next;
    size_t last_end;                    /* of the last one read */
    uint32_t languages, weak_languages; /* bits */
    bool month_first;                   /* 5/6/2024 is in May */
    int zone_minutes;
    int64_t today;             /* in days, of the reader */
    int year, month, week_day; /* of today; 1 is Monday */
};

/* The text from byte `from` on. */
void date_row_init(struct date_row *r, struct str text, size_t from, const struct search_clock *c);
void date_row_shift(struct date_row *r); /* without its first word */

/* What stands at place `i`; beyond the end nothing does. */
const struct date_item *date_word_at(const struct date_row *r, size_t i);
const struct date_word_row *date_means(const struct date_row *r, size_t i, enum date_word kind);
bool date_value_at(const struct date_row *r, size_t i, enum date_word kind, int *ret);
bool date_text_is(const struct date_row *r, size_t i, const char *text);
bool date_month_at(const struct date_row *r, size_t i, int *ret); /* also a weak one */
bool date_year_at(const struct date_row *r, size_t i, int *ret);
bool date_day_at(const struct date_row *r, size_t i, int *ret); /* of a month */
bool date_week_day_at(const struct date_row *r, size_t i, int *ret, size_t *ret_used);
bool date_amount_at(const struct date_row *r, size_t i, int *ret); /* "3", "three" */
size_t date_skip_of(const struct date_row *r, size_t i); /* behind articles and the like */

#endif
