#include "imports/source.h"

#include "base/limits.h"
#include "imports/formats/formats.h"
#include "imports/head.h"

/* What knows more of a file stands before what knows less. */
const struct source_format *const SOURCE_FORMATS[] = { &FORMAT_PAGE, &FORMAT_JSON, NULL };

/* --- the first bytes, and then all from the first ------------------------------------------------------------------------ */

/* Gives the head again, then what stands behind it. */
struct again {
    struct reader reader;
    struct str head;
    struct reader *rest;
};

static err_t read_again(struct reader *r, char *to, size_t max, size_t *ret_n)
{
    struct again *g = (struct again *)r;
    if (!g->head.n)
        return g->rest->read(g->rest, to, max, ret_n);
    size_t n = g->head.n < max ? g->head.n : max;
    memcpy(to, g->head.s, n);
    g->head = str_sub(g->head, n, g->head.n);
    *ret_n = n;
    return OK;
}

static err_t read_head(struct import_source *s)
{
    char *to = arena_bytes(s->arena, SOURCE_HEAD_BYTES);
    struct again *g = ARENA_NEW(s->arena, struct again);
    size_t have = 0, n = 1;
    if (!to || !g)
        return arena_err(s->arena);
    while (have < SOURCE_HEAD_BYTES && n) {
        TRY(s->bytes.reader->read(s->bytes.reader, to + have, SOURCE_HEAD_BYTES - have, &n));
        have += n;
    }
    s->head.bytes = str_of(to, have);
    s->head.whole = have < SOURCE_HEAD_BYTES;
    *g = (struct again){ { read_again }, s->head.bytes, s->bytes.reader };
    s->reader = &g->reader;
    source_head_look(&s->head);
    return OK;
}

/* --- a source -------------------------------------------------------------------------------------------------------------- */

static const struct source_format *format_of(const struct source_head *h)
{
    for (size_t i = 0; SOURCE_FORMATS[i]; i++)
        if (SOURCE_FORMATS[i]->sniff(h))
            return SOURCE_FORMATS[i];
    return NULL;
}

static err_t open_format(struct import_source *s)
{
    TRY(import_bytes_open(s->files, s->entry, &s->bytes));
    TRY(read_head(s));
    const struct source_format *format = format_of(&s->head);
    if (!format)
        return err_note(E_NOT_FOUND, NULL, "nothing in it is a conversation of a known form");
    TRY(format->open ? format->open(s) : OK);
    s->format = format;
    return OK;
}

err_t import_source_open(struct import_source *s, struct arena *a,
                         const struct import_reading *reading, struct import_files *f, size_t entry)
{
    *s = (struct import_source){ .arena = a, .reading = reading, .files = f, .entry = entry };
    err_t e = open_format(s);
    if (e != OK)
        import_bytes_close(&s->bytes);
    return e;
}

err_t import_source_next(struct import_source *s, struct arena *a, struct conversation *ret)
{
    struct str url = s->reading->url;
    TRY(s->format->next(s, a, ret));
    if (!ret->source.kind)
        ret->source.kind = s->format->kind;
    if (url.n)
        ret->source.url = url;
    return OK;
}

void import_source_close(struct import_source *s)
{
    if (s->format && s->format->close)
        s->format->close(s);
    import_bytes_close(&s->bytes);
    *s = (struct import_source){ 0 };
}

err_t import_source_read_entry(struct import_source *s, struct arena *a, size_t entry,
                               size_t max_bytes, struct str *ret)
{
    CLEANUP(import_bytes_close) struct import_bytes bytes = { 0 };
    TRY(import_bytes_open(s->files, entry, &bytes));
    return reader_all(bytes.reader, a, max_bytes, ret);
}
