/* Google's record of activity names no conversations, only what was asked and answered when: the pieces of one day become one
 * conversation, which says so (finding "grouped"). Private to imports. */
#ifndef VIVIM_IMPORTS_DAYS_H
#define VIVIM_IMPORTS_DAYS_H

#include "base/map.h"
#include "imports/source.h"

enum { ACTIVITY_FILES_MAX = 32 };

struct activity {      /* one question with its answer */
    int64_t at_ms;     /* TIME_NONE: its time could not be read … */
    struct str day;    /* … "2026-07-26"; or the date as it stands there */
    struct str asked;  /* STR_NONE: nothing */
    struct str answer; /* HTML; STR_NONE: none */
    struct str files[ACTIVITY_FILES_MAX];
    size_t file_count;
    struct activity *before; /* the one that was read before it, of the same day */
};

/* The days of a file, one after the other; memory is that of the largest. */
struct days {
    struct map seen;          /* given already, by name */
    struct arena day, one;    /* what is gathered; what was read last */
    struct activity *last;    /* … of the day, the latest read */
    struct activity *waiting; /* the first of the next day, in `one` */
    bool ended;
};
void days_init(struct days *d, struct arena *of_source);
void days_free(struct days *d); /* for CLEANUP; accepts a zeroed one */

/* The next day's conversation, in `a`. `read` gives the next piece in the arena that it is handed, or E_NOT_FOUND at the end; other
 * errors of it are passed on, and the day goes on with the next call. Pieces stand in the order of their times; equal and
 * unknown ones in the order opposite to the file's, which begins with the newest.
 * E_NOT_FOUND: there are no more days; E_LIMIT, E_BUSY. */
NODISCARD err_t days_next(struct days *d, struct arena *a,
                          err_t (*read)(void *context, struct arena *a, struct activity **ret),
                          void *context, struct conversation *ret);

/* What was asked, from the title of an activity: without the word in front that says what was done. */
struct str days_question(struct str title);

#endif
