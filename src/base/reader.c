#include "base/reader.h"

#include "base/buf.h"

enum { PIECE_BYTES = 64 * 1024 };

err_t reader_all(struct reader *r, struct arena *a, size_t max_bytes, struct str *ret)
{
    struct buf b;
    size_t n = 1;
    buf_init(&b, a, max_bytes + PIECE_BYTES);
    while (n) {
        char *to = buf_reserve(&b, PIECE_BYTES);
        if (!to)
            return buf_err(&b);
        TRY(r->read(r, to, PIECE_BYTES, &n));
        b.n += n;
        if (b.n > max_bytes)
            return err_note(E_LIMIT, NULL, "it has more than %zu bytes", max_bytes);
    }
    *ret = buf_str(&b);
    return OK;
}

static err_t read_memory(struct reader *r, char *to, size_t max, size_t *ret_n)
{
    struct memory_reader *m = (struct memory_reader *)r;
    size_t n = m->rest.n < max ? m->rest.n : max;
    if (n)
        memcpy(to, m->rest.s, n);
    m->rest = str_sub(m->rest, n, m->rest.n);
    *ret_n = n;
    return OK;
}

void memory_reader_init(struct memory_reader *m, struct str bytes)
{
    *m = (struct memory_reader){ .reader = { read_memory }, .rest = bytes };
}
