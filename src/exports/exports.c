/* The walk: one conversation after the other out of the rows, into the form, to the client. */
#include "exports/exports.h"

#include "base/compress.h"
#include "base/encode.h"
#include "capture/capture.h"
#include "exports/inside.h"

enum {
    TRIES =
        4, /* to read a conversation that changes meanwhile (PostgreSQL) as it stood at one moment */
    MEDIA_LISTED_MAX = 10000,
    VERSIONS_MAX = 100000,
    EVIDENCE_MAX = 1000,
};

struct tour {
    const struct export_order *order;
    struct db *db;
    struct sink *out;
    struct arena keep;   /* as long as the tour: names, what was written already */
    struct arena one;    /* one conversation */
    struct buf text;     /* what goes out next: a page, a part of lines */
    struct buf notes;    /* annotations: the same */
    struct buf manifest; /* its members so far, as JSON without brackets */
    struct buf index;    /* the list of pages */
    struct zip_out zip;
    struct names names;
    struct map written; /* media: by owner and hash, with the name that they have */
    struct whole whole;
    size_t conversations, parts, note_parts;
    struct buf gone, missing; /* JSON, parted by commas */
    bool zipped, inside;      /* pictures go into the page, as data */
    size_t inside_bytes;
    err_t media_err; /* of a callback that gives none */
};

/* --- members ------------------------------------------------------------------------------------- */

static err_t to_sink(void *context, struct str bytes)
{
    struct tour *r = context;
    return sink_put(r->out, bytes);
}

static void comma(struct buf *b)
{
    if (b->n)
        buf_put(b, S(",\n  "));
}

/* A member of the zip; in the archive form it is told of in the manifest. known: its hash, where somebody has it; else NULL. */
static err_t add(struct tour *r, struct str name, struct str bytes, bool pack,
                 const struct sha256 *known)
{
    TRY(zip_out_add(&r->zip, name, bytes, pack));
    if (r->order->form != EXPORT_ARCHIVE)
        return OK;
    struct json_out o;
    comma(&r->manifest);
    jo_init(&o, &r->manifest);
    jo_object(&o);
    jo_kstr(&o, "name", name);
    jo_ki64(&o, "bytes", (int64_t)bytes.n);
    jo_kstr(&o, "sha256", sha256_hex(&r->one, known ? *known : sha256_of(bytes)));
    jo_end(&o);
    return buf_err(&r->manifest);
}

static err_t add_part(struct tour *r, const char *folder, size_t *number, struct buf *text)
{
    if (!text->n)
        return OK;
    struct str name = str_fmt(&r->one, "%s/%05zu.jsonl", folder, ++*number);
    TRY(add(r, name, buf_str(text), true, NULL));
    buf_clear(text);
    return OK;
}

/* --- pictures and files ------------------------------------------------------------------------------ */

static err_t say_missing(struct tour *r, struct str name, const char *why)
{
    struct json_out o;
    comma(&r->missing);
    jo_init(&o, &r->missing);
    jo_object(&o);
    jo_kstr(&o, "name", name);
    jo_kuuid(&o, "conversation_id", r->whole.row.id);
    jo_kstr(&o, "reason", str_from(why));
    jo_end(&o);
    return buf_err(&r->missing);
}

struct stored { /* of r->written */
    struct str name, type;
};

/* A blob as a member, once. *ret NULL: its bytes are not there, which the manifest says. */
static err_t add_blob(struct tour *r, struct uuid owner, struct sha256 h, struct str name,
                      struct str type, bool pack, const struct stored **ret)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct str bytes;
    char *k = arena_bytes(&r->keep, sizeof owner.b + sizeof h.b);
    if (!k)
        return arena_err(&r->keep);
    memcpy(k, owner.b, sizeof owner.b);
    memcpy(k + sizeof owner.b, h.b, sizeof h.b);
    struct str key = str_of(k, sizeof owner.b + sizeof h.b);
    *ret = map_get(&r->written, key);
    if (*ret)
        return OK;
    arena_init(&a, EXPORT_MEDIA_BYTES_MAX + MIB(1));
    err_t e = blob_read(r->order->app->blobs, &a, owner, h, EXPORT_MEDIA_BYTES_MAX, &bytes);
    if (e == E_BUSY)
        return e;
    if (e != OK)
        return say_missing(r, name, e == E_NOT_FOUND ? "not in the store" : err_title(e));
    TRY(add(r, name, bytes, pack, &h));
    struct stored *s = ARENA_NEW(&r->keep, struct stored);
    if (!s)
        return arena_err(&r->keep);
    *s = (struct stored){ str_dup(&r->keep, name), str_dup(&r->keep, type) };
    TRY(map_put(&r->written, key, s));
    *ret = s;
    return arena_err(&r->keep);
}

static bool packs(struct str type)
{
    return str_starts(type, S("text/")) || str_ends(type, S("json")) || str_ends(type, S("xml"));
}

static struct str as_data(struct tour *r, struct str type, struct str bytes)
{
    struct str text = base64_encode(&r->one, bytes);
    return str_fmt(&r->one, "data:%.*s;base64,%.*s", STR_ARG(type), STR_ARG(text));
}

static err_t place(struct tour *r, struct str hex, struct str *ret, struct str *ret_type)
{
    struct sha256 h;
    struct str bytes;
    const struct stored *s = NULL;
    struct uuid owner = r->order->selection.items[r->conversations].owner;
    if (!sha256_parse(hex, &h))
        return E_NOT_FOUND;
    TRY(archive_media_type(r->db, &r->one, owner, r->whole.row.id, h, ret_type));
    if (r->zipped) {
        struct str name =
            str_fmt(&r->one, "media/%.*s%.*s", STR_ARG(hex), STR_ARG(name_ending(*ret_type)));
        TRY(add_blob(r, owner, h, name, *ret_type, packs(*ret_type), &s));
        *ret = s ? s->name : STR_NONE;
        return s ? OK : E_NOT_FOUND;
    }
    if (!r->inside)
        return E_NOT_FOUND;
    TRY(blob_read(r->order->app->blobs, &r->one, owner, h,
                  EXPORT_INLINE_BYTES_MAX - r->inside_bytes, &bytes));
    r->inside_bytes += bytes.n;
    *ret = as_data(r, *ret_type, bytes);
    return arena_err(&r->one);
}

/* For the pages. What cannot be had is not there; what ends everything is kept in media_err. */
static struct str find_media(void *context, struct str hex, struct str *ret_type)
{
    struct tour *r = context;
    struct str name;
    *ret_type = STR_NONE;
    if (!hex.n || r->order->no_media)
        return STR_NONE;
    err_t e = place(r, hex, &name, ret_type);
    if (e == OK)
        return name;
    if (e != E_NOT_FOUND && e != E_LIMIT && e != E_CORRUPT && r->media_err == OK)
        r->media_err = e;
    return STR_NONE;
}

/* --- one conversation ----------------------------------------------------------------------------------- */

static err_t read_once(struct tour *r, const struct export_item *item, bool all)
{
    struct archive_conversation after; /* its state alone */
    struct whole *w = &r->whole;
    TRY(archive_get(r->db, &r->one, item->owner, item->id, &w->row));
    TRY(archive_messages(r->db, &r->one, item->owner, item->id, all, -1,
                         CONVERSATION_MESSAGES_MAX * 2, &w->messages, &w->count));
    TRY(archive_get_state(r->db, &r->one, item->owner, item->id, &after));
    return after.version == w->row.version && after.captured_ms == w->row.captured_ms ? OK : E_BUSY;
}

/* As it stood at one moment: SQLite shows one to reads that belong together, with PostgreSQL it is read again. */
static err_t read_whole(struct tour *r, const struct export_item *item, bool all)
{
    err_t e = E_BUSY;
    for (int i = 0; i < TRIES && e == E_BUSY; i++) {
        arena_reset(&r->one);
        db_reads_begin(r->db);
        e = read_once(r, item, all);
        db_reads_end(r->db);
    }
    return e;
}

static bool is_own(const struct tour *r, const struct export_item *item)
{
    return uuid_eq(item->owner, r->order->caller);
}

static err_t write_line(struct tour *r, const struct export_item *item)
{
    struct json_out o;
    jo_init(&o, &r->text);
    TRY(normal_write(&o, &r->one, &r->whole, is_own(r, item)));
    buf_putc(&r->text, '\n');
    return buf_err(&r->text);
}

static err_t write_annotations(struct tour *r, const struct export_item *item)
{
    struct annotations n = { .whole = &r->whole };
    struct json_out o;
    if (!is_own(r, item))
        return OK;
    TRY(archive_versions(r->db, &r->one, item->owner, item->id, (struct uuid){ { 0 } }, 0,
                         VERSIONS_MAX, &n.versions, &n.version_count));
    if (!annotations_any(&n))
        return OK;
    jo_init(&o, &r->notes);
    TRY(annotations_write(&o, &r->one, &n));
    buf_putc(&r->notes, '\n');
    return buf_err(&r->notes);
}

static err_t add_media(struct tour *r, const struct export_item *item)
{
    struct archive_media_row *rows;
    size_t count;
    if (r->order->no_media)
        return OK;
    TRY(archive_media_list(r->db, &r->one, item->owner, item->id, MEDIA_LISTED_MAX, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        const struct stored *s;
        struct sha256 h;
        memcpy(h.b, rows[i].sha256.s, sizeof h.b);
        struct str name = str_fmt(&r->one, "media/%.*s%.*s", STR_ARG(sha256_hex(&r->one, h)),
                                  STR_ARG(name_ending(rows[i].media_type)));
        TRY(add_blob(r, item->owner, h, name, rows[i].media_type, packs(rows[i].media_type), &s));
    }
    return OK;
}

static err_t add_evidence(struct tour *r, const struct export_item *item)
{
    struct capture_evidence_row *rows;
    size_t count;
    if (!r->order->evidence || !is_own(r, item))
        return OK;
    TRY(capture_evidence_of_conversation(r->db, &r->one, item->owner, item->id, EVIDENCE_MAX, &rows,
                                         &count));
    for (size_t i = 0; i < count; i++) {
        const struct stored *s;
        struct sha256 h;
        struct str id = uuid_str(&r->one, rows[i].capture_id), kind = rows[i].kind;
        bool picture = str_eq(kind, S("screenshot")), page = str_eq(kind, S("html"));
        memcpy(h.b, rows[i].sha256.s, sizeof h.b);
        struct str name = str_fmt(&r->one, "evidence/%.*s/%.*s%s", STR_ARG(id), STR_ARG(kind),
                                  picture ? ".png"
                                  : page  ? ".html.txt"
                                          : ".json");
        TRY(add_blob(r, item->owner, h, name, STR_NONE, !picture, &s));
    }
    return OK;
}

static err_t archive_one(struct tour *r, const struct export_item *item)
{
    TRY(write_line(r, item));
    TRY(write_annotations(r, item));
    TRY(add_media(r, item));
    TRY(add_evidence(r, item));
    if (r->text.n >= EXPORT_PART_BYTES)
        TRY(add_part(r, "conversations", &r->parts, &r->text));
    if (r->notes.n >= EXPORT_PART_BYTES)
        TRY(add_part(r, "annotations", &r->note_parts, &r->notes));
    return OK;
}

/* "2026-01-23 A title": they stand in the order of their days. */
static err_t name_page(struct tour *r, const char *ending, struct str *ret)
{
    const struct archive_conversation *c = &r->whole.row;
    char time[TIME_TEXT_BYTES + 1];
    int64_t ms = c->created_ms == TIME_NONE ? c->captured_ms : c->created_ms;
    struct str title = name_safe(&r->one, c->title), name;
    if (ms != TIME_NONE && time_text(ms, time))
        title = str_fmt(&r->one, "%.10s %.*s", time, STR_ARG(title));
    TRY(names_unique(&r->names, title, &name));
    *ret = str_cat(&r->one, name, str_from(ending));
    return arena_err(&r->one);
}

static err_t page_one(struct tour *r)
{
    bool html = r->order->form == EXPORT_HTML;
    struct media_names media = { find_media, r };
    struct str name;
    buf_clear(&r->text);
    TRY(html ? page_write(&r->text, &r->one, &r->whole, &media)
             : markdown_write(&r->text, &r->one, &r->whole, &media));
    TRY(r->media_err);
    if (!r->zipped)
        return sink_put(r->out, buf_str(&r->text));
    TRY(name_page(r, html ? ".html" : ".md", &name));
    TRY(add(r, name, buf_str(&r->text), true, NULL));
    if (html)
        page_index_line(&r->index, percent_encode(&r->one, name), &r->whole.row);
    return buf_err(&r->index);
}

static err_t one(struct tour *r, const struct export_item *item)
{
    bool all = r->order->form == EXPORT_JSONL || r->order->form == EXPORT_ARCHIVE;
    err_t e = read_whole(r, item, all);
    if (e == E_NOT_FOUND) { /* deleted a moment ago */
        struct json_out o;
        comma(&r->gone);
        jo_init(&o, &r->gone);
        struct str id = uuid_str(&r->one, item->id);
        jo_str(&o, id);
        return buf_err(&r->gone);
    }
    TRY(e);
    if (r->order->form == EXPORT_ARCHIVE)
        return archive_one(r, item);
    if (r->order->form != EXPORT_JSONL)
        return page_one(r);
    buf_clear(&r->text);
    TRY(write_line(r, item));
    return sink_put(r->out, buf_str(&r->text));
}

/* --- the whole ------------------------------------------------------------------------------------------- */

static void put_list(struct buf *b, const char *key, const struct buf *items)
{
    buf_putf(b, ",\n \"%s\": [", key);
    if (items->n)
        buf_put(b, S("\n  "));
    buf_put(b, buf_str(items));
    buf_put(b, S("]"));
}

static err_t add_manifest(struct tour *r, size_t count)
{
    struct buf b;
    struct json_out o;
    char time[TIME_TEXT_BYTES + 1];
    const struct export_order *order = r->order;
    buf_init(&b, NULL, MIB(1024));
    time_text(order->now_ms, time);
    buf_put(&b, S("{\"format\": \"vivim.export/1\",\n \"of\": "));
    jo_init(&o, &b);
    jo_object(&o);
    jo_kstr(&o, "account", order->handle);
    jo_kstr(&o, "q", order->by.q);
    jo_kbool(&o, "all", order->by.all);
    jo_kbool(&o, "evidence", order->evidence);
    jo_kbool(&o, "media", !order->no_media);
    jo_end(&o);
    buf_putf(&b, ",\n \"made_at\": \"%s\",\n \"conversations\": %zu", time, count);
    put_list(&b, "gone", &r->gone);
    put_list(&b, "missing", &r->missing);
    put_list(&b, "members", &r->manifest);
    buf_put(&b, S("}\n"));
    err_t e = buf_err(&b);
    if (e == OK)
        e = zip_out_add(&r->zip, S("manifest.json"), buf_str(&b), true);
    buf_free(&b);
    return e;
}

static err_t finish(struct tour *r, size_t gone)
{
    if (r->order->form == EXPORT_ARCHIVE) {
        TRY(add_part(r, "conversations", &r->parts, &r->text));
        TRY(add_part(r, "annotations", &r->note_parts, &r->notes));
        TRY(add_manifest(r, r->order->selection.count - gone));
    } else if (r->order->form == EXPORT_HTML) {
        struct buf *b = &r->text;
        buf_clear(b);
        page_index_begin(b, r->order->selection.count - gone);
        buf_put(b, buf_str(&r->index));
        page_index_end(b);
        TRY(buf_err(b));
        TRY(zip_out_add(&r->zip, S("index.html"), buf_str(b), true));
    }
    return zip_out_end(&r->zip);
}

static err_t walk(struct tour *r)
{
    const struct selection *s = &r->order->selection;
    size_t gone = 0;
    for (r->conversations = 0; r->conversations < s->count; r->conversations++) {
        size_t before = r->gone.n;
        TRY(one(r, &s->items[r->conversations]));
        gone += r->gone.n > before;
    }
    return r->zipped ? finish(r, gone) : OK;
}

static void tour_free(struct tour *r)
{
    struct buf *const all[] = {
        &r->text, &r->notes, &r->manifest, &r->index, &r->gone, &r->missing
    };
    for (size_t i = 0; i < COUNTOF(all); i++)
        buf_free(all[i]);
    arena_free(&r->one);
    arena_free(&r->keep);
    zip_out_free(&r->zip);
}

err_t export_produce(struct db *db, struct arena *a, struct sink *out, void *arg)
{
    const struct export_order *order = arg;
    UNUSED(a);
    CLEANUP(tour_free) struct tour r = { .order = order, .db = db, .out = out };
    if (!db)
        return E_STORE;
    r.zipped = order->form == EXPORT_ARCHIVE || (order->form != EXPORT_JSONL && !order->one);
    r.inside = order->form == EXPORT_HTML;
    arena_init(&r.keep, EXPORT_TEXT_BYTES_MAX);
    arena_init(&r.one, EXPORT_TEXT_BYTES_MAX);
    buf_init(&r.text, NULL, EXPORT_TEXT_BYTES_MAX);
    buf_init(&r.notes, NULL, EXPORT_TEXT_BYTES_MAX);
    buf_init(&r.manifest, NULL, EXPORT_TEXT_BYTES_MAX);
    buf_init(&r.index, NULL, EXPORT_TEXT_BYTES_MAX);
    buf_init(&r.gone, NULL, EXPORT_TEXT_BYTES_MAX);
    buf_init(&r.missing, NULL, EXPORT_TEXT_BYTES_MAX);
    names_init(&r.names, &r.keep);
    map_init(&r.written, &r.keep);
    if (r.zipped)
        TRY(zip_out_init(&r.zip, to_sink, &r, order->now_ms));
    return walk(&r);
}
