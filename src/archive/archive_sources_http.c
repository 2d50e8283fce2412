#include "archive/archive_sources_http.h"

#include "archive/archive_entities.h"
#include "base/limits.h"
#include "sharing/sharing.h"

/* The caller's own conversation. For who it is shared with there is no such thing. */
static err_t find_own(struct req *rq, struct archive_conversation *ret)
{
    struct uuid id;
    TRY(req_param_uuid(rq, "id", &id));
    return archive_get(rq->db, rq->arena, rq->caller.user_id, id, ret);
}

static void write_source(struct json_out *o, const struct archive_source *s)
{
    jo_object(o);
    jo_kuuid(o, "id", s->id);
    jo_kstr(o, "kind", s->source_kind);
    jo_kstr(o, "url", s->source_url);
    jo_kstr(o, "provider_id", s->origin_id);
    jo_kstr(o, "account", s->account.n ? s->account : STR_NONE);
    jo_kstr(o, "strategy", s->strategy);
    jo_kstr(o, "recipe", s->recipe);
    jo_kstr(o, "outcome", s->outcome);
    jo_ktime(o, "first_captured_at", s->first_ms);
    jo_ktime(o, "captured_at", s->captured_ms);
    jo_end(o);
}

err_t archive_sources_get(struct req *rq, struct reply *rp)
{
    struct archive_conversation c;
    struct archive_source *list;
    size_t count;
    TRY(find_own(rq, &c));
    TRY(archive_sources(rq->db, rq->arena, rq->caller.user_id, c.id, &list, &count));
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kz(o, "items");
    jo_array(o);
    for (size_t i = 0; i < count; i++)
        write_source(o, &list[i]);
    jo_end(o);
    jo_knull(o, "next_cursor");
    jo_end(o);
    return OK;
}

/* --- earlier wordings ------------------------------------------------------------------------------ */

struct versions_query {
    struct str cursor;
    int64_t limit;
};

const struct field ARCHIVE_VERSIONS_QUERY[2] = {
    FIELD(versions_query, cursor, FIELD_STR, false, 1, 200, "where the page before ended"),
    FIELD(versions_query, limit, FIELD_I64, false, 1, PAGE_ITEMS_MAX, "items on a page"),
};

struct versions_cursor {
    struct uuid message;
    int64_t version;
};

static void write_version(struct json_out *o, const struct archive_version *v)
{
    jo_object(o);
    jo_kuuid(o, "message_id", v->message_id);
    jo_ki64(o, "version", v->version);
    if (uuid_is_nil(v->source_id))
        jo_knull(o, "source_id");
    else
        jo_kuuid(o, "source_id", v->source_id);
    jo_ktime(o, "replaced_at", v->replaced_ms);
    jo_kz(o, "blocks");
    jo_raw(o, v->blocks);
    jo_kstr(o, "hash", v->hash);
    jo_end(o);
}

err_t archive_versions_get(struct req *rq, struct reply *rp)
{
    struct archive_conversation c;
    struct versions_query q = { .limit = PAGE_ITEMS_DEFAULT };
    struct versions_cursor at = { 0 };
    struct archive_version *rows;
    size_t count;
    TRY(req_query_fields(rq, &q));
    if (q.cursor.n)
        TRY(cursor_read(rq->arena, q.cursor, &at, sizeof at));
    TRY(find_own(rq, &c));
    size_t limit = (size_t)q.limit;
    TRY(archive_versions(rq->db, rq->arena, rq->caller.user_id, c.id, at.message, at.version,
                         limit + 1, &rows, &count));
    size_t shown = count > limit ? limit : count;
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kz(o, "items");
    jo_array(o);
    for (size_t i = 0; i < shown; i++)
        write_version(o, &rows[i]);
    jo_end(o);
    struct str next = STR_NONE;
    if (shown < count) {
        at = (struct versions_cursor){ rows[shown - 1].message_id, rows[shown - 1].version };
        next = cursor_encode(rq->arena, str_of((const char *)&at, sizeof at));
    }
    jo_kstr(o, "next_cursor", next);
    jo_end(o);
    return OK;
}

/* --- these are two -------------------------------------------------------------------------------------- */

struct split_body {
    struct uuid source_id;
};

const struct field ARCHIVE_SPLIT_BODY[1] = {
    FIELD(split_body, source_id, FIELD_UUID, true, 0, 0,
          "the source whose conversation is another one"),
};

err_t archive_split_post(struct req *rq, struct reply *rp)
{
    struct archive_conversation c;
    struct split_body body = { 0 };
    struct uuid id;
    TRY(req_body(rq, &body));
    TRY(find_own(rq, &c));
    TRY(req_if_match(rq, archive_tag(rq->arena, &c, sharing_role_name(SHARE_OWNER))));
    int64_t version = req_header(rq, S("if-match")).n ? c.version : 0;
    TRY(archive_split(rq->db, rq->arena, rq->caller.user_id, c.id, body.source_id, version,
                      rq->now_ms, &id));
    reply_status(rp, 201);
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kuuid(o, "id", id);
    jo_end(o);
    return OK;
}
