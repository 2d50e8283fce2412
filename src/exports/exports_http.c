/* GET /api/v1/exports, and the room. */
#include "exports/inside.h"

struct export_query {
    struct str form, ids, q, media;
    bool all, evidence;
};

static const struct field EXPORT_QUERY[] = {
    FIELD(export_query, form, FIELD_STR, false, 1, 20,
          "jsonl, markdown, html or archive (a zip of all; without this)"),
    FIELD(export_query, ids, FIELD_STR, false, 1, HTTP_TARGET_BYTES_MAX,
          "conversations, parted by commas; also those that others share with the caller"),
    FIELD(export_query, q, FIELD_STR, false, 1, SEARCH_QUERY_BYTES_MAX,
          "instead: those in which this search finds something"),
    FIELD(export_query, all, FIELD_BOOL, false, 0, 1, "instead: all that the caller owns"),
    FIELD(export_query, media, FIELD_STR, false, 1, 10,
          "none: without pictures and files (with them without this)"),
    FIELD(export_query, evidence, FIELD_BOOL, false, 0, 1,
          "archive: with what was kept of captures"),
};

static const struct form {
    const char *name, *one_type, *one_ending; /* one_: of a single conversation */
} FORMS[] = {
    [EXPORT_JSONL] = { "jsonl", "application/jsonl", ".jsonl" },
    [EXPORT_MARKDOWN] = { "markdown", "text/markdown; charset=utf-8", ".md" },
    [EXPORT_HTML] = { "html", "text/html; charset=utf-8", ".html" },
    [EXPORT_ARCHIVE] = { "archive", "application/zip", ".zip" },
};

static void order_free(void *arg)
{
    struct export_order *o = arg;
    struct arena arena = o->arena;
    arena_free(&arena);
}

static err_t form_of(struct str name, enum export_form *ret)
{
    for (size_t i = 0; i < COUNTOF(FORMS); i++)
        if (str_eq(name, str_from(FORMS[i].name))) {
            *ret = (enum export_form)i;
            return OK;
        }
    return err_note(E_INVALID, "form", "an export is jsonl, markdown, html or archive");
}

static err_t fill(struct req *rq, const struct export_query *q, struct export_order *o)
{
    struct arena *a = &o->arena;
    o->app = rq->app;
    o->caller = rq->caller.user_id;
    o->handle = str_dup(a, rq->caller.handle);
    o->by = (struct selected_by){ q->ids, q->q.s ? str_dup(a, q->q) : STR_NONE, q->all };
    o->evidence = q->evidence;
    o->no_media = q->media.s != NULL;
    o->now_ms = rq->now_ms;
    if (q->media.s && !str_eq(q->media, S("none")))
        return err_note(E_INVALID, "media", "media is none, or left out");
    if (q->form.s)
        TRY(form_of(q->form, &o->form));
    if (q->evidence && o->form != EXPORT_ARCHIVE)
        return err_note(E_INVALID, "evidence", "only an archive holds what was kept of captures");
    return selection_make(rq->app, rq->db, a, o->caller, &o->by, &o->selection);
}

/* Pages are one file where there is one; a Markdown page cannot hold its pictures. */
static err_t decide_one(struct req *rq, struct export_order *o, struct archive_conversation *ret)
{
    struct archive_media_row *rows;
    size_t count = 0;
    if (!o->by.ids.s || o->selection.count != 1)
        return OK;
    const struct export_item *item = &o->selection.items[0];
    TRY(archive_get(rq->db, rq->arena, item->owner, item->id, ret));
    if (o->form == EXPORT_MARKDOWN && !o->no_media)
        TRY(archive_media_list(rq->db, rq->arena, item->owner, item->id, 1, &rows, &count));
    o->one = count == 0;
    return OK;
}

/* Of the conversation, or of the account and the day. */
static struct str file_name(struct req *rq, const struct export_order *o,
                            const struct archive_conversation *c)
{
    bool zipped = o->form == EXPORT_ARCHIVE || (o->form != EXPORT_JSONL && !o->one);
    struct str ending = zipped ? S(".zip") : str_from(FORMS[o->form].one_ending);
    char day[TIME_TEXT_BYTES + 1];
    time_text(rq->now_ms, day);
    struct str name = !uuid_is_nil(c->id)
                          ? name_safe(rq->arena, c->title.n ? c->title : S("Untitled"))
                          : str_fmt(rq->arena, "vivim-%.*s-%.10s", STR_ARG(o->handle), day);
    return str_cat(rq->arena, name, ending);
}

static err_t make_order(struct req *rq, const struct export_query *q, struct export_order **ret)
{
    struct arena arena;
    arena_init(&arena, EXPORT_CONVERSATIONS_MAX * sizeof(struct export_item) * 4);
    struct export_order *o = ARENA_NEW(&arena, struct export_order);
    if (!o)
        return arena_err(&arena);
    o->arena = arena;
    o->form = EXPORT_ARCHIVE;
    err_t e = fill(rq, q, o);
    if (e == OK)
        e = arena_err(&o->arena);
    if (e != OK) {
        order_free(o);
        return e;
    }
    *ret = o;
    return OK;
}

static err_t export_get(struct req *rq, struct reply *rp)
{
    struct export_query q = { 0 };
    struct export_order *o;
    struct archive_conversation c = { 0 };
    TRY(req_query_fields(rq, &q));
    TRY(make_order(rq, &q, &o));
    err_t e = decide_one(rq, o, &c);
    struct str name = e == OK ? file_name(rq, o, &c) : STR_NONE;
    if (e == OK)
        e = arena_err(rq->arena);
    if (e != OK) {
        order_free(o);
        return e;
    }
    bool zipped = str_ends(name, S(".zip"));
    reply_header(rp, "Content-Disposition", name_disposition(rq->arena, name));
    reply_header(rp, "Cache-Control", S("private, no-store"));
    /* Opened in a tab of our origin it could do nothing. */
    reply_header(rp, "Content-Security-Policy", S("default-src 'none'; sandbox"));
    struct production p = { export_produce, order_free, o };
    return reply_produced(rq, rp, zipped ? S("application/zip") : str_from(FORMS[o->form].one_type),
                          &p);
}

static err_t size_get(struct req *rq, struct reply *rp)
{
    struct export_query q = { 0 };
    struct export_order *o;
    struct export_size size = { 0 };
    struct archive_conversation c = { 0 };
    TRY(req_query_fields(rq, &q));
    TRY(make_order(rq, &q, &o));
    err_t e = decide_one(rq, o, &c);
    if (e == OK)
        e = export_estimate(rq->db, o, &size);
    order_free(o);
    TRY(e);
    struct json_out *out = reply_json(rp);
    jo_object(out);
    jo_ki64(out, "conversations", size.conversations);
    jo_ki64(out, "messages", size.rows.messages);
    jo_kz(out, "media");
    jo_object(out);
    jo_ki64(out, "count", size.rows.media);
    jo_ki64(out, "bytes", size.rows.media_bytes);
    jo_end(out);
    jo_ki64(out, "bytes", size.bytes);
    jo_end(out);
    return OK;
}

#define NUMBER "{\"type\":\"integer\",\"minimum\":0}"
static const char SIZE_SCHEMA[] =
    "{\"type\":\"object\",\"required\":[\"conversations\",\"messages\",\"media\",\"bytes\"],"
    "\"properties\":{\"conversations\":" NUMBER ",\"messages\":" NUMBER ",\"media\":{\"type\":"
    "\"object\",\"required\":[\"count\",\"bytes\"],\"properties\":{\"count\":" NUMBER
    ",\"bytes\":" NUMBER "}},\"bytes\":" NUMBER "}}";

static const struct route ROUTES[] = {
    { HTTP_GET, "/api/v1/exports", export_get, AUTH_USER, RATE_SEARCH, 0, RUN_WORKER, SCOPE_READ,
      .summary = "Conversations as a file: JSON Lines, Markdown, HTML, or an archive of all",
      .query = EXPORT_QUERY, .query_count = COUNTOF(EXPORT_QUERY) },
    { HTTP_GET, "/api/v1/exports/size", size_get, AUTH_USER, RATE_SEARCH, 0, RUN_WORKER, SCOPE_READ,
      .summary = "How large an export will be, about: from what the rows take, without evidence",
      .query = EXPORT_QUERY, .query_count = COUNTOF(EXPORT_QUERY), .reply_schema = SIZE_SCHEMA },
};

const struct module exports_module = {
    .name = "exports",
    .routes = ROUTES,
    .route_count = COUNTOF(ROUTES),
};
