#include "archive/archive.h"
#include "archive/archive_entities.h"
#include "archive/archive_sample.h"
#include "archive/archive_schemas.h"
#include "archive/archive_sources_http.h"
#include "archive/archive_store.h"
#include "archive/archive_write.h"
#include "base/limits.h"
#include "sharing/sharing.h"

enum { TAG_BYTES_MAX = 64 };

/* --- JSON ------------------------------------------------------------------------------- */

static void write_raw(struct json_out *o, const char *key, struct str json)
{
    jo_kz(o, key);
    jo_raw(o, json);
}

static void write_fields(struct json_out *o, const struct archive_conversation *c)
{
    jo_kuuid(o, "id", c->id);
    jo_kstr(o, "provider", c->provider);
    jo_kstr(o, "title", c->title);
    jo_kstr(o, "model", c->model);
    jo_ki64(o, "message_count", c->message_count);
    jo_kstr(o, "source_url", c->source_url);
    jo_ki64(o, "version", c->version);
    jo_ktime(o, "created_at", c->created_ms);
    jo_ktime(o, "updated_at", c->updated_ms);
    jo_ktime(o, "captured_at", c->captured_ms);
}

/* What the caller may do with it, and whose it is where it is another's. */
static void write_access(struct json_out *o, const char *role, struct str shared_by)
{
    jo_kstr(o, "role", str_from(role));
    if (shared_by.s)
        jo_kstr(o, "shared_by", shared_by);
}

static void write_conversation(struct json_out *o, const struct archive_conversation *c,
                               const struct access *access)
{
    jo_object(o);
    write_fields(o, c);
    write_access(o, sharing_role_name(access->role), access->shared_by);
    bool own = access->role ==
               SHARE_OWNER; /* the owner's account and folders are nobody else's business */
    jo_kz(o, "source");
    jo_object(o);
    jo_kstr(o, "kind", c->source_kind);
    jo_kstr(o, "url", c->source_url);
    jo_kstr(o, "id", c->origin_id);
    jo_kstr(o, "account", own ? c->account : STR_NONE);
    jo_kstr(o, "strategy", c->strategy);
    jo_kstr(o, "recipe", c->recipe);
    jo_ktime(o, "captured_at", c->captured_ms);
    jo_end(o);
    struct context context = { c->context_cwd, c->context_branch, c->context_tool };
    jo_kz(o, "context");
    context_write(o, own ? &context : &(struct context){ .cwd = STR_NONE });
    jo_kstr(o, "hash", c->hash);
    jo_kstr(o, "outcome", c->outcome);
    write_raw(o, "findings", c->findings);
    jo_end(o);
}

static void write_message(struct json_out *o, const struct archive_message *m)
{
    jo_object(o);
    JO_KEY(o, "id");
    jo_uuid(o, m->id);
    JO_KEY(o, "parent_id");
    if (uuid_is_nil(m->parent_id))
        jo_null(o);
    else
        jo_uuid(o, m->parent_id);
    JO_KEY(o, "provider_id");
    jo_str(o, m->origin_id);
    JO_KEY(o, "position");
    jo_i64(o, m->position);
    JO_KEY(o, "role");
    jo_str(o, m->role);
    JO_KEY(o, "author");
    jo_str(o, m->author);
    JO_KEY(o, "model");
    jo_str(o, m->model);
    JO_KEY(o, "created_at");
    jo_time(o, m->created_ms);
    JO_KEY(o, "hidden");
    jo_bool(o, m->hidden);
    JO_KEY(o, "on_path");
    jo_bool(o, m->on_path);
    JO_KEY(o, "version");
    jo_i64(o, m->version);
    JO_KEY(o, "source_id");
    if (uuid_is_nil(m->source_id))
        jo_null(o);
    else
        jo_uuid(o, m->source_id);
    JO_KEY(o, "blocks");
    jo_raw(o, m->blocks);
    JO_KEY(o, "hash");
    jo_str(o, m->hash);
    jo_end(o);
}

/* Strong tag: the version counts changes, the time of the last capture is in the body too, and so is the role. */
struct str archive_tag(struct arena *a, const struct archive_conversation *c, const char *role)
{
    struct buf b;
    buf_init(&b, a, TAG_BYTES_MAX);
    (void)!buf_reserve(&b, TAG_BYTES_MAX);
    buf_put_i64(&b, c->version);
    buf_putc(&b, '-');
    buf_put_i64(&b, c->captured_ms);
    buf_putc(&b, '-');
    buf_put(&b, str_from(role));
    return buf_str(&b);
}

static struct str conversation_tag(struct arena *a, const struct archive_conversation *c,
                                   const struct access *access)
{
    return archive_tag(a, c, sharing_role_name(access->role));
}

typedef err_t (*get_fn)(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                        struct archive_conversation *ret);

/* Whose conversation the caller means by {id}: its own, or one that is shared with it for this action. */
static err_t find(struct req *rq, enum share_action action, get_fn get, struct access *ret_access,
                  struct archive_conversation *ret)
{
    struct uuid id;
    TRY(req_param_uuid(rq, "id", &id));
    *ret_access = sharing_own(rq->caller.user_id);
    err_t e = get(rq->db, rq->arena, rq->caller.user_id, id, ret);
    if (e != E_NOT_FOUND)
        return e;
    TRY(sharing_access(rq->app, rq->db, rq->arena, rq->caller.user_id, ARCHIVE_CONVERSATION, id,
                       action, ret_access));
    return get(rq->db, rq->arena, ret_access->owner_id, id, ret);
}

/* --- conversations ------------------------------------------------------------------------ */

struct list_query {
    struct str cursor, provider;
    int64_t limit;
    bool shared;
};

static const struct field LIST_QUERY[] = {
    FIELD(list_query, cursor, FIELD_STR, false, 1, 200, "where the page before ended"),
    FIELD(list_query, limit, FIELD_I64, false, 1, PAGE_ITEMS_MAX, "items on a page"),
    FIELD(list_query, provider, FIELD_STR, false, 1, 40, "only this provider's"),
    FIELD(list_query, shared, FIELD_BOOL, false, 0, 0,
          "instead: those that others share with the caller, newest grant first"),
};

/* The last item that was shown: when it was captured, or when its grant was given. */
struct list_cursor {
    int64_t ms;
    struct uuid id;
};

static err_t list_after(struct arena *a, const struct list_query *q, struct list_cursor *ret)
{
    *ret = (struct list_cursor){ .ms = INT64_MAX };
    return q->cursor.n ? cursor_read(a, q->cursor, ret, sizeof *ret) : OK;
}

static void write_next(struct json_out *o, struct arena *a, bool more, int64_t ms, struct uuid id)
{
    struct list_cursor at;
    memset(&at, 0, sizeof at); /* gaps too: its bytes are what is encoded */
    at.ms = ms;
    at.id = id;
    jo_kstr(o, "next_cursor",
            more ? cursor_encode(a, str_of((const char *)&at, sizeof at)) : STR_NONE);
}

/* Of others, as far as they are there. */
static err_t list_shared(struct req *rq, struct reply *rp, const struct list_query *q)
{
    struct list_cursor at;
    struct grant *grants;
    size_t count, limit = (size_t)q->limit;
    TRY(list_after(rq->arena, q, &at));
    TRY(sharing_shared_with(rq->db, rq->arena, rq->caller.user_id, "conversation",
                            &(struct sharing_page){ at.ms, at.id, limit + 1 }, &grants, &count));
    size_t shown = count > limit ? limit : count;
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kz(o, "items");
    jo_array(o);
    for (size_t i = 0; i < shown; i++) {
        struct archive_conversation c;
        err_t e = archive_get(rq->db, rq->arena, grants[i].owner_id, grants[i].entity_id, &c);
        if (e == E_NOT_FOUND)
            continue; /* its grants go a moment after it */
        TRY(e);
        jo_object(o);
        write_fields(o, &c);
        write_access(o, str_cstr(rq->arena, grants[i].role), grants[i].handle);
        jo_end(o);
    }
    jo_end(o);
    const struct grant *last = shown ? &grants[shown - 1] : &(struct grant){ 0 };
    write_next(o, rq->arena, shown < count, last->created_ms, last->entity_id);
    jo_end(o);
    return OK;
}

static err_t list_own(struct req *rq, struct reply *rp, const struct list_query *q)
{
    struct list_cursor at;
    struct archive_conversation *rows;
    size_t count, limit = (size_t)q->limit;
    TRY(list_after(rq->arena, q, &at));
    struct archive_page page = {
        .before_ms = at.ms, .before_id = at.id, .provider = q->provider, .limit = limit + 1
    };
    TRY(archive_list(rq->db, rq->arena, rq->caller.user_id, &page, &rows, &count));
    size_t shown = count > limit ? limit : count;
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kz(o, "items");
    jo_array(o);
    for (size_t i = 0; i < shown; i++) {
        jo_object(o);
        write_fields(o, &rows[i]);
        write_access(o, sharing_role_name(SHARE_OWNER), STR_NONE);
        jo_end(o);
    }
    jo_end(o);
    const struct archive_conversation *last =
        shown ? &rows[shown - 1] : &(struct archive_conversation){ 0 };
    write_next(o, rq->arena, shown < count, last->captured_ms, last->id);
    jo_end(o);
    return OK;
}

static err_t list_get(struct req *rq, struct reply *rp)
{
    struct list_query q = { .limit = PAGE_ITEMS_DEFAULT };
    TRY(req_query_fields(rq, &q));
    return q.shared ? list_shared(rq, rp, &q) : list_own(rq, rp, &q);
}

static err_t conversation_get(struct req *rq, struct reply *rp)
{
    struct access access;
    struct archive_conversation c;
    TRY(find(rq, SHARE_READ, archive_get, &access, &c));
    if (!reply_etag(rq, rp, conversation_tag(rq->arena, &c, &access)))
        write_conversation(reply_json(rp), &c, &access);
    return OK;
}

/* Only with If-Match does the change stand on the version that was looked at. */
static struct entity_change change_of(struct req *rq, enum change_kind kind,
                                      const struct access *access,
                                      const struct archive_conversation *c)
{
    return (struct entity_change){ .kind = kind,
                                   .owner_id = access->owner_id,
                                   .id = c->id,
                                   .actor_id = rq->caller.user_id,
                                   .version = req_header(rq, S("if-match")).n ? c->version : 0,
                                   .now_ms = rq->now_ms };
}

static err_t conversation_patch(struct req *rq, struct reply *rp)
{
    struct access access;
    struct json fields;
    struct archive_conversation c;
    TRY(req_json(rq, &fields));
    TRY(find(rq, SHARE_WRITE, archive_get_state, &access, &c));
    TRY(req_if_match(rq, conversation_tag(rq->arena, &c, &access)));
    struct entity_change change = change_of(rq, CHANGE_UPDATE, &access, &c);
    change.fields = fields;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(entity_change_begin(rq->app, rq->db, rq->arena, ARCHIVE_CONVERSATION, &change, &tx,
                            &c.version));
    TRY(archive_get(rq->db, rq->arena, access.owner_id, c.id, &c));
    TRY(db_txn_commit(&tx));
    if (!reply_etag(rq, rp, conversation_tag(rq->arena, &c, &access)))
        write_conversation(reply_json(rp), &c, &access);
    return OK;
}

static err_t conversation_delete(struct req *rq, struct reply *rp)
{
    struct access access;
    struct archive_conversation c;
    TRY(find(rq, SHARE_ADMINISTER, archive_get_state, &access, &c));
    TRY(req_if_match(rq, conversation_tag(rq->arena, &c, &access)));
    struct entity_change change = change_of(rq, CHANGE_DELETE, &access, &c);
    TRY(entity_change(rq->app, rq->db, rq->arena, ARCHIVE_CONVERSATION, &change, &c.version));
    reply_status(rp, 204);
    return OK;
}

/* --- messages -------------------------------------------------------------------------------- */

struct messages_query {
    struct str cursor;
    int64_t limit;
    bool all;
};

static const struct field MESSAGES_QUERY[] = {
    FIELD(messages_query, cursor, FIELD_STR, false, 1, 200, "where the page before ended"),
    FIELD(messages_query, limit, FIELD_I64, false, 1, PAGE_ITEMS_MAX, "items on a page"),
    FIELD(messages_query, all, FIELD_BOOL, false, 0, 1, "hidden messages and side branches too"),
};

/* Room for all of them at once: a buffer that grows copies what it has each time. */
static void make_room(struct buf *b, const struct archive_message *rows, size_t count)
{
    enum { OF_ITS_OWN = 450 }; /* its keys, ids and times */
    size_t bytes = OF_ITS_OWN;
    for (size_t i = 0; i < count; i++)
        bytes += OF_ITS_OWN + rows[i].blocks.n + rows[i].origin_id.n + rows[i].hash.n;
    if (bytes <= b->max_bytes)
        (void)!buf_reserve(b, bytes);
}

static void write_messages(struct req *rq, struct reply *rp, const struct archive_message *rows,
                           size_t count, size_t limit)
{
    size_t shown = count > limit ? limit : count;
    struct json_out *o = reply_json(rp);
    make_room(o->buf, rows, shown);
    jo_object(o);
    jo_kz(o, "items");
    jo_array(o);
    for (size_t i = 0; i < shown; i++)
        write_message(o, &rows[i]);
    jo_end(o);
    struct str next = STR_NONE;
    if (shown < count)
        next = cursor_encode(rq->arena,
                             str_of((const char *)&rows[shown - 1].position, sizeof(int64_t)));
    jo_kstr(o, "next_cursor", next);
    jo_end(o);
}

/* All that a page of messages depends on. */
static struct str page_key(struct arena *a, const struct access *access,
                           const struct archive_conversation *c, const struct messages_query *q,
                           int64_t after)
{
    struct {
        struct uuid owner, id;
        int64_t version, captured_ms, role, limit, after, all;
    } key = { access->owner_id, c->id,    c->version, c->captured_ms,
              access->role,     q->limit, after,      q->all };
    return str_dup(a, str_of((const char *)&key, sizeof key));
}

static err_t messages_get(struct req *rq, struct reply *rp)
{
    struct access access;
    struct messages_query q = { .limit = PAGE_ITEMS_DEFAULT };
    struct archive_conversation c;
    int64_t after = -1;
    TRY(req_query_fields(rq, &q));
    if (q.cursor.n)
        TRY(cursor_read(rq->arena, q.cursor, &after, sizeof after));
    TRY(find(rq, SHARE_READ, archive_get_state, &access, &c));
    if (reply_etag(rq, rp, conversation_tag(rq->arena, &c, &access)))
        return OK;
    struct str key = page_key(rq->arena, &access, &c, &q, after);
    if (!key.s || reply_page(rq, rp, key))
        return arena_err(rq->arena);
    struct archive_message *rows;
    size_t count;
    TRY(archive_messages(rq->db, rq->arena, access.owner_id, c.id, q.all, after,
                         (size_t)q.limit + 1, &rows, &count));
    write_messages(rq, rp, rows, count, (size_t)q.limit);
    return OK;
}

static bool is_shown(struct str media_type)
{
    return (str_starts(media_type, S("image/")) && !str_eq(media_type, S("image/svg+xml"))) ||
           str_starts(media_type, S("audio/")) || str_starts(media_type, S("video/"));
}

static err_t media_get(struct req *rq, struct reply *rp)
{
    struct access access;
    struct archive_conversation c;
    struct str bytes, media_type;
    struct sha256 h;
    TRY(find(rq, SHARE_READ, archive_get_state, &access, &c));
    struct str hex = req_param(rq, "sha256");
    if (!sha256_parse(hex, &h))
        return E_NOT_FOUND;
    TRY(archive_media_type(rq->db, rq->arena, access.owner_id, c.id, h, &media_type));
    bool known = reply_etag(rq, rp, hex);
    if (!known) {
        TRY(blob_read(rq->blobs, rq->arena, access.owner_id, h, MIB(32), &bytes));
        /* What came from outside never runs in our origin: pictures, sound and films are shown, anything else is saved. */
        reply_header(rp, "Content-Security-Policy", S("default-src 'none'; sandbox"));
        reply_header(rp, "Content-Disposition",
                     is_shown(media_type) ? S("inline") : S("attachment"));
        TRY(reply_ranged(rq, rp, media_type, bytes, hex));
    }
    reply_header(rp, "Cache-Control", S("private, max-age=31536000, immutable"));
    return OK;
}

/* --- the trash ------------------------------------------------------------------------------------- */

struct trash_query {
    struct str cursor;
    int64_t limit;
};

static const struct field TRASH_QUERY[] = {
    FIELD(trash_query, cursor, FIELD_STR, false, 1, 200, "where the page before ended"),
    FIELD(trash_query, limit, FIELD_I64, false, 1, PAGE_ITEMS_MAX, "items on a page"),
};

static err_t trash_get(struct req *rq, struct reply *rp)
{
    struct trash_query q = { .limit = PAGE_ITEMS_DEFAULT };
    struct list_cursor at = { .ms = INT64_MAX };
    struct archive_conversation *rows;
    size_t count;
    TRY(req_query_fields(rq, &q));
    if (q.cursor.n)
        TRY(cursor_read(rq->arena, q.cursor, &at, sizeof at));
    struct archive_page page = { .before_ms = at.ms,
                                 .before_id = at.id,
                                 .limit = (size_t)q.limit + 1 };
    TRY(archive_list_trashed(rq->db, rq->arena, rq->caller.user_id, &page, &rows, &count));
    size_t shown = count > (size_t)q.limit ? (size_t)q.limit : count;
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kz(o, "items");
    jo_array(o);
    for (size_t i = 0; i < shown; i++) {
        jo_object(o);
        write_fields(o, &rows[i]);
        write_access(o, sharing_role_name(SHARE_OWNER), STR_NONE);
        jo_ktime(o, "trashed_at", rows[i].trashed_ms);
        jo_ktime(o, "deleted_at", rows[i].trashed_ms + TRASH_KEEP_MS);
        jo_end(o);
    }
    jo_end(o);
    const struct archive_conversation *last =
        shown ? &rows[shown - 1] : &(struct archive_conversation){ 0 };
    write_next(o, rq->arena, shown < count, last->trashed_ms, last->id);
    jo_end(o);
    return OK;
}

static err_t trash_restore(struct req *rq, struct reply *rp)
{
    struct uuid id;
    int64_t version;
    TRY(req_param_uuid(rq, "id", &id));
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, rq->db));
    TRY(archive_restore(rq->db, rq->arena, rq->caller.user_id, id, rq->now_ms, &version));
    TRY(db_txn_commit(&tx));
    reply_status(rp, 204);
    return OK;
}

static err_t trash_delete(struct req *rq, struct reply *rp)
{
    struct uuid id;
    TRY(req_param_uuid(rq, "id", &id));
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, rq->db));
    TRY(archive_delete_trashed(rq->db, rq->arena, rq->caller.user_id, id, rq->now_ms));
    TRY(db_txn_commit(&tx));
    reply_status(rp, 204);
    return OK;
}

/* --- the sample archive ------------------------------------------------------------------------ */

static err_t sample_change(struct req *rq, struct reply *rp, const char *what,
                           err_t (*change)(struct db *, struct uuid, int64_t, size_t *))
{
    size_t count;
    TRY(change(rq->db, rq->caller.user_id, rq->now_ms, &count));
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_ki64(o, what, (int64_t)count);
    jo_end(o);
    return OK;
}

static err_t sample_post(struct req *rq, struct reply *rp)
{
    return sample_change(rq, rp, "added", archive_sample_add);
}

static err_t sample_delete(struct req *rq, struct reply *rp)
{
    return sample_change(rq, rp, "removed", archive_sample_remove);
}

/* --- the room ------------------------------------------------------------------------------------ */

/* With its files. */
static err_t archive_forget(struct app *app, struct db *db, struct uuid account)
{
    TRY(archive_store_forget(db, account));
    return blob_forget(app->blobs, account);
}

#define REF(name) "{\"$ref\":\"#/components/schemas/" name "\"}"

static const struct route ROUTES[] = {
    { HTTP_GET, "/api/v1/conversations", list_get, AUTH_USER, RATE_READ, 0, RUN_INLINE, SCOPE_READ,
      .summary = "The caller's conversations, newest capture first", .query = LIST_QUERY,
      .query_count = COUNTOF(LIST_QUERY), .reply_schema = REF("ConversationPage") },
    { HTTP_GET, "/api/v1/conversations/{id}", conversation_get, AUTH_USER, RATE_READ, 0, RUN_INLINE,
      SCOPE_READ, .summary = "One conversation without its messages",
      .reply_schema = REF("Conversation") },
    { HTTP_PATCH, "/api/v1/conversations/{id}", conversation_patch, AUTH_USER, RATE_WRITE, KIB(8),
      RUN_WRITE, SCOPE_WRITE, .summary = "Rename a conversation",
      .body = ARCHIVE_CONVERSATION_FIELDS, .body_count = ARCHIVE_CONVERSATION_FIELD_COUNT,
      .reply_schema = REF("Conversation") },
    { HTTP_DELETE, "/api/v1/conversations/{id}", conversation_delete, AUTH_USER, RATE_WRITE, 0,
      RUN_WRITE, SCOPE_WRITE, .summary = "Delete a conversation for good", .success = 204 },
    { HTTP_GET, "/api/v1/conversations/{id}/messages", messages_get, AUTH_USER, RATE_READ, 0,
      RUN_INLINE, SCOPE_READ, .summary = "Messages in reading order", .query = MESSAGES_QUERY,
      .query_count = COUNTOF(MESSAGES_QUERY), .reply_schema = REF("MessagePage") },
    { HTTP_GET, "/api/v1/conversations/{id}/media/{sha256}", media_get, AUTH_USER, RATE_READ, 0,
      RUN_WORKER, SCOPE_READ, .summary = "A stored picture or file of a conversation" },
    { HTTP_GET, "/api/v1/conversations/{id}/sources", archive_sources_get, AUTH_USER, RATE_READ, 0,
      RUN_INLINE, SCOPE_READ,
      .summary = "Where a conversation of the caller's comes from: links, exports, files",
      .reply_schema = REF("SourcePage") },
    { HTTP_GET, "/api/v1/conversations/{id}/versions", archive_versions_get, AUTH_USER, RATE_READ,
      0, RUN_INLINE, SCOPE_READ,
      .summary = "What its messages said before, and where that came from",
      .query = ARCHIVE_VERSIONS_QUERY, .query_count = COUNTOF(ARCHIVE_VERSIONS_QUERY),
      .reply_schema = REF("VersionPage") },
    { HTTP_POST, "/api/v1/conversations/{id}/split", archive_split_post, AUTH_USER, RATE_WRITE,
      KIB(1), RUN_WORKER, SCOPE_WRITE,
      .summary = "These are two conversations: make what comes from one source its own",
      .body = ARCHIVE_SPLIT_BODY, .body_count = COUNTOF(ARCHIVE_SPLIT_BODY), .success = 201,
      .reply_schema = "{\"type\":\"object\",\"required\":[\"id\"],\"properties\":{\"id\":{"
                      "\"type\":\"string\",\"format\":\"uuid\"}}}" },
    { HTTP_GET, "/api/v1/trash", trash_get, AUTH_USER, RATE_READ, 0, RUN_INLINE, SCOPE_READ,
      .summary = "What is in the caller's trash, last thrown away first", .query = TRASH_QUERY,
      .query_count = COUNTOF(TRASH_QUERY), .reply_schema = REF("TrashPage") },
    { HTTP_POST, "/api/v1/trash/{id}/restore", trash_restore, AUTH_USER, RATE_WRITE, 0, RUN_WORKER,
      SCOPE_WRITE, .summary = "Take a conversation out of the trash", .success = 204 },
    { HTTP_DELETE, "/api/v1/trash/{id}", trash_delete, AUTH_USER, RATE_WRITE, 0, RUN_WORKER,
      SCOPE_WRITE, .summary = "Delete what is in the trash for good, now", .success = 204 },
    { HTTP_POST, "/api/v1/sample", sample_post, AUTH_USER, RATE_WRITE, 0, RUN_WORKER, SCOPE_WRITE,
      .summary = "Add the made-up sample archive",
      .reply_schema = "{\"type\":\"object\",\"required\":[\"added\"],\"properties\":{\"added\":{"
                      "\"type\":\"integer\"}}}" },
    { HTTP_DELETE, "/api/v1/sample", sample_delete, AUTH_USER, RATE_WRITE, 0, RUN_WORKER,
      SCOPE_WRITE, .summary = "Remove the sample archive",
      .reply_schema = "{\"type\":\"object\",\"required\":[\"removed\"],\"properties\":{\"removed\":"
                      "{\"type\":\"integer\"}}}" },
};

const struct module archive_module = {
    .name = "archive",
    .init = archive_schemas,
    .forget = archive_forget,
    .sweep = archive_sweep,
    .names_blob = archive_store_names_blob,
    .routes = ROUTES,
    .route_count = COUNTOF(ROUTES),
    .entities = ARCHIVE_ENTITIES,
    .entity_count = ARCHIVE_ENTITY_COUNT,
};
