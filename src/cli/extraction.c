#include "cli/extraction.h"

#include "base/limits.h"

void extraction_init(struct extraction *x, FILE *to)
{
    *x = (struct extraction){ .to = to };
    buf_init(&x->line, NULL, MIB(512));
}

void extraction_free(struct extraction *x)
{
    buf_free(&x->line);
}

/* place: its number in the list or its line; 0: the whole file. */
static void say_skipped(struct extraction *x, struct str file, size_t place, const char *why)
{
    struct json_out o;
    x->skipped++;
    if (place)
        fprintf(stderr, "vivim: skipped %.*s, %zu: %s\n", STR_ARG(file), place, why);
    else
        fprintf(stderr, "vivim: skipped %.*s: %s\n", STR_ARG(file), why);
    if (!x->json)
        return;
    buf_clear(&x->line);
    jo_init(&o, &x->line);
    jo_object(&o);
    jo_kstr(&o, "format", S("vivim.skipped/1"));
    jo_kstr(&o, "file", file);
    if (place)
        jo_ki64(&o, "place", (int64_t)place);
    jo_kstr(&o, "reason", str_from(why));
    jo_end(&o);
    if (buf_err(&x->line) == OK)
        fprintf(x->to, "%.*s\n", STR_ARG(buf_str(&x->line)));
}

static err_t keep_pictures(struct extraction *x, const struct import_source *s,
                           const struct conversation *c)
{
    for (size_t i = 0; x->keep && i < s->media_count; i++) {
        const struct import_media *m = &s->media[i];
        if (m->base64.n)
            TRY(x->keep(x->into, m, c->messages[m->message].blocks[m->block].image.sha256));
    }
    return OK;
}

static err_t put_line(struct extraction *x)
{
    if (x->put)
        return x->put(x->into, buf_str(&x->line));
    return fwrite(x->line.s, 1, x->line.n, x->to) == x->line.n
               ? OK
               : err_note(E_IO, NULL, "writing what was read failed");
}

static err_t write_line(struct extraction *x, const struct import_source *s, struct conversation *c)
{
    CLEANUP(arena_free) struct arena hashing = { 0 }, scratch = { 0 };
    arena_init(&hashing, CONVERSATION_ARENA_BYTES_MAX);
    arena_init(&scratch, CONVERSATION_BYTES_MAX);
    TRY(conversation_hash(&hashing, &scratch, c));
    if (x->wanted && !x->wanted(x->context, c))
        return OK;
    buf_clear(&x->line);
    struct json_out o;
    jo_init(&o, &x->line);
    conversation_write(&o, c);
    buf_putc(&x->line, '\n');
    TRY(buf_err(&x->line));
    TRY(keep_pictures(x, s, c));
    TRY(put_line(x));
    x->given++;
    return OK;
}

static const char *reason(err_t e)
{
    return err_detail()->text[0] ? err_detail()->text : err_title(e);
}

bool extraction_ends(err_t e)
{
    return e == E_BUSY || e == E_CANCELLED || e == E_IO || e == E_FULL;
}

err_t extraction_entry(struct extraction *x, const struct import_reading *reading,
                       struct import_files *f, size_t entry)
{
    CLEANUP(arena_free) struct arena of_source = { 0 }, a = { 0 };
    CLEANUP(import_source_close) struct import_source s = { 0 };
    struct conversation c;
    struct str name = f->entries[entry].name;
    bool alone = !f->folder && !f->zip;
    arena_init(&of_source, JSON_BYTES_MAX * 4);
    arena_init(&a, JSON_BYTES_MAX * 4);
    err_t e = import_source_open(&s, &of_source, reading, f, entry);
    for (; e == OK; arena_reset(&a)) {
        e = import_source_next(&s, &a, &c);
        if (e == OK) {
            TRY(write_line(x, &s, &c));
        } else if (e != E_NOT_FOUND && !extraction_ends(e) && (!alone || s.place)) {
            say_skipped(x, name, s.place, reason(e));
            e = OK;
        }
    }
    if (e == E_NOT_FOUND || extraction_ends(e) || alone)
        return e == E_NOT_FOUND ? OK : e;
    say_skipped(x, name, 0, reason(e));
    return OK;
}
