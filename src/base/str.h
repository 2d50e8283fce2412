/* str: a view of bytes. No terminator, not owned. Literals are S("..."); copy into an arena
 * to keep. Unless a function says otherwise the bytes are UTF-8, checked once at the edge. */
#ifndef VIVIM_BASE_STR_H
#define VIVIM_BASE_STR_H

#include <string.h>

#include "base/arena.h"
#include "base/base.h"

struct str {
    const char *s;
    size_t n;
};

#define S(literal) ((struct str){ (literal), sizeof(literal) - 1 })
#define STR_NONE   ((struct str){ NULL, 0 })
#define STR_ARG(x) (int)(x).n, (x).s /* for "%.*s" */

static inline struct str str_from(const char *z) /* NULL gives STR_NONE */
{
    return z ? (struct str){ z, strlen(z) } : STR_NONE;
}
static inline struct str str_of(const char *s, size_t n)
{
    return (struct str){ s, n };
}
static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.s, b.s, a.n) == 0);
}
static inline bool str_empty(struct str a)
{
    return a.n == 0;
}

bool str_eq_nocase(struct str a, struct str b); /* ASCII letters only */
int str_cmp(struct str a, struct str b);        /* by bytes; <0, 0, >0 */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Position of the first `needle` at or after `from`, or s.n when there is none. */
size_t str_find(struct str s, struct str needle, size_t from);
size_t str_find_char(struct str s, char c, size_t from);
struct str str_sub(struct str s, size_t from, size_t to); /* clamped to s */
struct str str_trim(struct str s);                        /* ASCII white space, both ends */
/* Cut `*rest` at the first `sep`: gives what stands before it and leaves what follows.
 * Without a `sep` gives all of it and leaves nothing (rest->s NULL). False once rest->s is NULL; the part is then left alone. */
bool str_cut(struct str *rest, char sep, struct str *ret_part);

/* Numbers: the whole of `s` must be one, in range; no white space, no '+'. E_BAD_INPUT
 * otherwise. */
NODISCARD err_t str_to_i64(struct str s, int64_t *ret);
NODISCARD err_t str_to_u64(struct str s, uint64_t *ret);
NODISCARD err_t str_to_f64(struct str s, double *ret); /* finite decimal notation only */

/* Copies in the arena; on failure STR_NONE (or NULL) and the arena's sticky error. */
struct str str_dup(struct arena *a, struct str s);
/* A zero-terminated copy of our own text: that it holds no zero byte is asserted. NULL: no memory. Text that came
 * from outside, however well it was checked before, goes through str_to_cstr. */
char *str_cstr(struct arena *a, struct str s);
/* The same of foreign text. E_BAD_INPUT without a note: it holds a zero byte, behind which a C string would have lost
 * the rest; the arena's error. */
NODISCARD err_t str_to_cstr(struct arena *a, struct str s, char **ret);
struct str str_lower(struct arena *a, struct str s); /* ASCII letters only */
struct str str_fmt(struct arena *a, const char *format, ...) PRINTF_LIKE(2, 3);
struct str str_cat(struct arena *a, struct str x, struct str y);
struct str str_join(struct arena *a, const struct str *parts, size_t count);

#endif
