#include "imports/lines.h"

#include "base/limits.h"

enum { PIECE_BYTES = 256 * 1024 };

void lines_init(struct lines *l, struct reader *from, size_t line_bytes_max)
{
    assert(line_bytes_max >= 1 && line_bytes_max <= SIZE_MAX / 4);
    *l = (struct lines){ .from = from, .line_bytes_max = line_bytes_max };
    buf_init(&l->window, NULL, line_bytes_max + 2 * PIECE_BYTES);
}

void lines_free(struct lines *l)
{
    buf_free(&l->window);
}

/* More bytes behind those of the window; what stands before `at` is forgotten only here, so that short lines move nothing. */
static err_t more(struct lines *l)
{
    size_t n;
    buf_consume(&l->window, l->at);
    l->at = 0;
    char *to = buf_reserve(&l->window, PIECE_BYTES);
    if (!to)
        return buf_err(&l->window);
    TRY(l->from->read(l->from, to, PIECE_BYTES, &n));
    l->window.n += n;
    l->ended = n == 0;
    return OK;
}

/* The line that begins at `at`, however long: *ret_too_long, and then no more than its end is there. */
static err_t take(struct lines *l, struct str *ret, bool *ret_too_long)
{
    size_t looked = 0;
    const char *end;
    *ret_too_long = false;
    while (!(end = l->at + looked < l->window.n
                       ? memchr(l->window.s + l->at + looked, '\n', l->window.n - l->at - looked)
                       : NULL) &&
           !l->ended) {
        looked = l->window.n - l->at;
        if (looked > l->line_bytes_max) {
            *ret_too_long = true;
            l->at = l->window.n;
            looked = 0;
        }
        TRY(more(l));
    }
    size_t to = end ? (size_t)(end - l->window.s) : l->window.n;
    *ret = str_sub(buf_str(&l->window), l->at, to);
    *ret_too_long |= ret->n > l->line_bytes_max;
    if (end || ret->n) { /* behind the last line's end there is none */
        l->whole = end != NULL;
        l->place++;
    }
    l->at = end ? to + 1 : to;
    return OK;
}

err_t lines_next(struct lines *l, struct str *ret)
{
    for (;;) {
        struct str line;
        bool too_long;
        if (l->ended && l->at == l->window.n)
            return E_NOT_FOUND;
        TRY(take(l, &line, &too_long));
        if (too_long)
            return err_note(E_LIMIT, NULL, "line %zu has more than %zu bytes", l->place,
                            l->line_bytes_max);
        line = str_trim(line);
        if (line.n) {
            *ret = line;
            return OK;
        }
    }
}
