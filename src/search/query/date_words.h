/* The words that dates are made of, in six languages. Private to dates.c (and its tests). */
#ifndef VIVIM_SEARCH_QUERY_DATE_WORDS_H
#define VIVIM_SEARCH_QUERY_DATE_WORDS_H

#include "search/words/words.h"

enum date_word {
    DATE_MONTH,         /* value 1 .. 12 */
    DATE_MONTH_WEAK,    /* the same, of a word or name that means other things too: may, Jan */
    DATE_WEEKDAY,       /* 1 (Monday) .. 7 */
    DATE_WEEKDAY_FEIRA, /* the same, if "feira" follows */
    DATE_SEASON,        /* 0 (spring) .. 3 */
    DATE_UNIT,          /* enum date_span */
    DATE_DAY_WORD,      /* days from today: 0, -1, -2 */
    DATE_BEFORE_THAT,   /* before a day word: one day earlier ("avant-hier", "l'altro ieri") */
    DATE_LAST, /* last, past, vergangene, dernier, pasado: before or behind what it names */
    DATE_THIS,
    DATE_AGO,        /* behind a number of units */
    DATE_AGO_BEFORE, /* before it: vor, hace; the `a` of "il y a" */
    DATE_NUMBER,     /* 1 .. 12 */
    DATE_FIRST,      /* of a month: premier, primero */
    DATE_OF,         /* between day, month and year, and articles: says nothing */
    DATE_PLACE,      /* in, on, during, since: what follows is a time (or a place) */
    DATE_YEAR_WORD,  /* before the number of a year: also a unit */
};

enum date_span { SPAN_DAY, SPAN_WEEK, SPAN_WEEKEND, SPAN_MONTH, SPAN_QUARTER, SPAN_YEAR };

struct date_word_row {
    const char *words; /* folded, with a space before and behind each */
    enum date_word kind;
    int value;
    uint32_t languages; /* bits */
};
extern const struct date_word_row DATE_WORDS[];
extern const size_t DATE_WORD_ROWS;

#endif
