/* What the tests of imports share: all that a path gives, as text. */
#ifndef VIVIM_TEST_IMPORTS_TOLD_H
#define VIVIM_TEST_IMPORTS_TOLD_H

#include "archive/check.h"
#include "imports/source.h"

static inline void put_media(struct buf *b, const struct import_source *s)
{
    for (size_t i = 0; i < s->media_count; i++) {
        const struct import_media *m = &s->media[i];
        struct str entry = m->base64.n            ? S("in itself")
                           : m->entry == SIZE_MAX ? S("none")
                                                  : s->files->entries[m->entry].name;
        buf_putf(b, "  media %zu.%zu = %.*s", m->message, m->block, STR_ARG(entry));
        if (m->name.n)
            buf_putf(b, " (%.*s)", STR_ARG(m->name));
        buf_putc(b, '\n');
    }
}

static inline void put_conversation(struct buf *b, struct arena *a, const struct conversation *c)
{
    buf_putf(b, "== %s %s %.*s", c->provider, c->source.kind, STR_ARG(c->source.id));
    if (c->title.n)
        buf_putf(b, " \"%.*s\"", STR_ARG(c->title));
    if (c->model.n)
        buf_putf(b, " %.*s", STR_ARG(c->model));
    if (c->created_ms != TIME_NONE)
        buf_putf(b, " %.*s", STR_ARG(time_str(a, c->created_ms)));
    if (c->source.url.n)
        buf_putf(b, " <%.*s>", STR_ARG(c->source.url));
    buf_putc(b, '\n');
    buf_put(b, told(a, c));
    for (size_t i = 0; i < c->finding_count; i++)
        buf_putf(b, "  found %s: %.*s\n", finding_name(c->findings[i].code),
                 STR_ARG(c->findings[i].detail));
}

static inline void put_error(struct buf *b, err_t e, size_t place)
{
    buf_putf(b, "  %zu: %s: %s\n", place, err_code(e), err_detail()->text);
    err_clear();
}

static inline void put_entry(struct buf *b, struct import_files *f, size_t entry)
{
    CLEANUP(arena_free) struct arena of_source = { 0 }, a = { 0 };
    CLEANUP(import_source_close) struct import_source s = { 0 };
    const struct import_reading reading = { 0 };
    struct conversation c;
    arena_init(&of_source, MIB(256));
    arena_init(&a, MIB(256));
    err_t e = import_source_open(&s, &of_source, &reading, f, entry);
    if (e == E_NOT_FOUND)
        return;
    buf_putf(b, "-- %.*s%s%s\n", STR_ARG(f->entries[entry].name), s.format ? ": " : "",
             s.format ? s.format->name : "");
    if (e != OK)
        put_error(b, e, 0);
    for (int i = 0; e == OK && i < 10000; i++, arena_reset(&a)) {
        e = import_source_next(&s, &a, &c);
        if (e == OK) {
            put_conversation(b, &a, &c);
            put_media(b, &s);
        } else if (e != E_NOT_FOUND) {
            put_error(b, e, s.place);
            e = OK;
        }
    }
    err_clear();
}

/* Each entry that is a source: its name and format, its conversations with findings and media, and what went wrong. */
static inline struct str told_path(struct arena *a, const char *path)
{
    CLEANUP(import_files_close) struct import_files f = { 0 };
    struct buf b;
    buf_init(&b, a, MIB(64));
    err_t e = import_files_open(&f, a, path);
    if (e != OK)
        put_error(&b, e, 0);
    for (size_t i = 0; e == OK && i < f.count; i++)
        put_entry(&b, &f, i);
    assert_int_equal(buf_err(&b), OK);
    return buf_str(&b);
}

#endif
