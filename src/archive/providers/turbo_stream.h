/* React Router's turbo-stream: state inside a page's HTML as one flat array of references (research/capture.md section 4).
 *
 * Only what is asked for is hydrated, bounded in depth and size. Cycles are legal in the format; here a value inside itself becomes null. */
#ifndef VIVIM_ARCHIVE_TURBO_STREAM_H
#define VIVIM_ARCHIVE_TURBO_STREAM_H

#include "base/json.h"

struct turbo {
    struct json lines; /* an array for each line; together they are the flat array */
    uint32_t *at;      /* by index: where the literal value stands */
    size_t count;
    size_t text_bytes; /* of the lines: about what a value of it will take */
};

/* Find `streamController.enqueue("…")` in a page, put the chunks together, read the lines. Nothing of `html` is referred to afterwards. E_NOT_FOUND: there is none. E_BAD_INPUT, E_LIMIT, E_BUSY. */
NODISCARD err_t turbo_from_html(struct arena *a, struct str html, struct turbo *ret);
NODISCARD err_t turbo_from_text(struct arena *a, struct str text, struct turbo *ret);

/* The index of a member of the object at `index`; -1: there is none. */
int64_t turbo_member(const struct turbo *t, int64_t index, struct str key);
/* Walk the members of the object at `index`: f(context, key, index of the value) until it returns false. */
void turbo_each(const struct turbo *t, int64_t index,
                bool (*f)(void *context, struct str key, int64_t value), void *context);
/* The value at `index` as JSON. E_LIMIT (JSON_BUILD_DEPTH_MAX, JSON_BUILD_BYTES_MAX). */
NODISCARD err_t turbo_hydrate(struct arena *a, const struct turbo *t, int64_t index,
                              struct json *ret);

#endif
