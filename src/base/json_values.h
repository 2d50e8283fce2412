/* JSON text that is too large to hold, one value at a time: the elements of an array, those of named lists in an object, or
 * values that follow one another (JSON Lines). Memory is that of the largest value.
 *
 * It finds where values end and no more; json_parse says of each whether it is one. So what is wrong inside a value costs
 * that value alone, and what breaks the whole (a file that was cut) costs only what stands behind. */
#ifndef VIVIM_BASE_JSON_VALUES_H
#define VIVIM_BASE_JSON_VALUES_H

#include "base/buf.h"
#include "base/reader.h"

enum json_values_in {
    JSON_VALUES_TOP,    /* before the first byte */
    JSON_VALUES_ARRAY,  /* between elements of the top array, or of a list */
    JSON_VALUES_OBJECT, /* between members of the top object */
    JSON_VALUES_LINES,  /* a value has ended and another follows: one on each line */
    JSON_VALUES_END,
};

struct json_values {
    struct reader *from;
    const char *const *lists; /* names, NULL-ended; not owned */
    struct buf window;
    size_t value_bytes_max;
    size_t
        begin; /* in the window: of the value that was given, or is looked through; what stands before may go */
    size_t at;     /* … looked at so far */
    size_t place;  /* of the value given last: in its list or, in lines, its line; from 1 */
    uint64_t base; /* the window's first byte in the text */
    enum json_values_in in;
    bool ended;   /* the source gives no more */
    bool listed;  /* inside the top object, behind its first member */
    bool too_big; /* the value is over the limit: looked through, not kept */
    struct str list;
    /* Of the value that is looked through: */
    int64_t depth;
    bool in_string, odd; /* odd: an odd number of backslashes stands before `at` */
};

/* from            lives as long as `v`
 * lists_or_null   names of members of a top object whose arrays are given element by element, while its other members are
 *                 passed over; NULL: a top object is one value
 * value_bytes_max of one value; 1 .. SIZE_MAX / 4 */
void json_values_init(struct json_values *v, struct reader *from, const char *const *lists_or_null,
                      size_t value_bytes_max);
void json_values_free(struct json_values *v); /* for CLEANUP; accepts a zeroed one */

/* The text that was given last is not needed any more: what a large one took is given back before the next one is looked for. */
void json_values_forget(struct json_values *v);

/* The next value's text, a view until the next call; *ret_list: the name of the list it stands in, STR_NONE for others.
 * v->place says where it stands.
 *
 * E_NOT_FOUND: there are no more. E_LIMIT: this one has more than value_bytes_max bytes; the next call goes on behind it.
 * E_BAD_JSON: the text breaks off or is none, with the byte; nothing follows. The source's own errors; E_BUSY. */
NODISCARD err_t json_values_next(struct json_values *v, struct str *ret_text, struct str *ret_list);

#endif
