#include "archive/archive.h"
#include "base/limits.h"
#include "hub/hub.h"
#include "hub/sse.h"
#include "imports/imports_inside.h"
#include "imports/imports_run.h"
#include "ops/ops.h"
#include "os/entropy.h"
#include "os/file.h"

/* --- beginning ------------------------------------------------------------------------------------------------ */

struct start_query {
    struct str provider, account, name, path;
    bool dry_run;
};
static const struct field START_QUERY[] = {
    FIELD(start_query, provider, FIELD_STR, false, 1, 40, "take only this provider's"),
    FIELD(start_query, account, FIELD_STR, false, 1, 200,
          "which of several accounts at the provider, instead of what the files say"),
    FIELD(start_query, dry_run, FIELD_BOOL, false, 0, 0,
          "report what would come of it; store nothing"),
    FIELD(start_query, name, FIELD_STR, false, 1, 255, "the name of a file that is the whole body"),
    FIELD(start_query, path, FIELD_STR, false, 1, 4096,
          "over the local socket: a file or folder of this machine, instead of a body"),
};

struct uploads_body {
    struct str uploads, provider, account, label;
    bool dry_run;
};
static const struct field UPLOADS_BODY[] = {
    FIELD(uploads_body, uploads, FIELD_STR, true, 36, KIB(400), "ids, parted by commas"),
    FIELD(uploads_body, provider, FIELD_STR, false, 1, 40, "take only this provider's"),
    FIELD(uploads_body, account, FIELD_STR, false, 1, 200,
          "which of several accounts at the provider, instead of what the files say"),
    FIELD(uploads_body, label, FIELD_STR, false, 1, 255, "what to call it"),
    FIELD(uploads_body, dry_run, FIELD_BOOL, false, 0, 0,
          "report what would come of it; store nothing"),
};

static struct str last_part(struct str path)
{
    while (path.n > 1 && path.s[path.n - 1] == '/')
        path.n--;
    for (size_t i = path.n; i > 0; i--)
        if (path.s[i - 1] == '/')
            return str_sub(path, i, path.n);
    return path;
}

static err_t start_path(struct req *rq, struct import_order *order, struct str path,
                        struct uuid *ret_id)
{
    char *z;
    if (!rq->local)
        return err_note(E_FORBIDDEN, "path",
                        "only commands on the server's own machine may name a path; send the file");
    if (str_to_cstr(rq->arena, path, &z) != OK || path.s[0] != '/')
        return err_note(E_INVALID, "path", "an absolute path is wanted");
    order->path = path;
    order->label = last_part(path);
    order->way = "path";
    return import_start(rq->app, rq->db, rq->arena, order, rq->now_ms, ret_id);
}

/* Into a folder of ours, which goes again where there is no import of it. */
static err_t start_received(struct req *rq, struct import_order *order, struct str name,
                            struct str uploads, struct uuid *ret_id)
{
    TRY(import_folder_make(rq->app, rq->arena, order->owner_id, "imports", uuid_new(),
                           &order->path));
    char *folder =
        str_cstr(rq->arena, str_fmt(rq->arena, "%s/%.*s", rq->app->data_dir, STR_ARG(order->path)));
    struct str label = STR_NONE;
    if (!folder)
        return arena_err(rq->arena);
    order->way = "upload";
    err_t e = uploads.n ? uploads_link(rq->app, rq->db, rq->arena, order->owner_id, uploads, folder,
                                       &label)
                        : import_receive(rq, folder, name, &label);
    if (!order->label.n)
        order->label = label;
    if (e == OK)
        e = import_start(rq->app, rq->db, rq->arena, order, rq->now_ms, ret_id);
    if (e != OK && e != E_UNCLEAR) {
        struct err_detail detail = *err_detail();
        folder_remove(folder);
        err_restore(&detail);
    }
    return e;
}

static err_t imports_post(struct req *rq, struct reply *rp)
{
    struct start_query q = { 0 };
    struct uuid id;
    TRY(req_query_fields(rq, &q));
    struct import_order order = { .owner_id = rq->caller.user_id,
                                  .provider = q.provider,
                                  .account = q.account,
                                  .dry_run = q.dry_run };
    TRY(q.path.n ? start_path(rq, &order, q.path, &id)
                 : start_received(rq, &order, q.name, STR_NONE, &id));
    reply_accepted(rp, id);
    return OK;
}

static err_t uploads_import(struct req *rq, struct reply *rp)
{
    struct uploads_body b = { 0 };
    struct uuid id;
    TRY(req_body(rq, &b));
    struct import_order order = { .owner_id = rq->caller.user_id,
                                  .provider = b.provider,
                                  .account = b.account,
                                  .label = b.label,
                                  .dry_run = b.dry_run };
    TRY(start_received(rq, &order, STR_NONE, b.uploads, &id));
    TRY(uploads_drop(rq->app, rq->db, rq->arena, order.owner_id, b.uploads));
    reply_accepted(rp, id);
    return OK;
}

/* --- one of them ------------------------------------------------------------------------------------------------ */

static err_t find(struct req *rq, struct import_row *ret)
{
    struct uuid id;
    TRY(req_param_uuid(rq, "id", &id));
    return import_get(rq->db, rq->arena, rq->caller.user_id, id, ret);
}

static err_t import_get_one(struct req *rq, struct reply *rp)
{
    struct import_row row;
    TRY(find(rq, &row));
    return import_write(rq->app, rq->db, rq->arena, rq->caller.user_id, &row, reply_json(rp));
}

static err_t cancel_post(struct req *rq, struct reply *rp)
{
    struct import_row row;
    TRY(find(rq, &row));
    TRY(job_cancel(rq->app, rq->db, rq->caller.user_id, row.id));
    reply_accepted(rp, row.id);
    return OK;
}

static err_t take_post(struct req *rq, struct reply *rp)
{
    struct uuid id, made;
    TRY(req_param_uuid(rq, "id", &id));
    TRY(import_take(rq->app, rq->db, rq->arena, rq->caller.user_id, id, rq->now_ms, &made));
    reply_accepted(rp, made);
    return OK;
}

static err_t undo_post(struct req *rq, struct reply *rp)
{
    struct uuid id;
    TRY(req_param_uuid(rq, "id", &id));
    TRY(import_undo(rq->app, rq->db, rq->arena, rq->caller.user_id, id, rq->now_ms));
    reply_accepted(rp, id);
    return OK;
}

static err_t import_delete_one(struct req *rq, struct reply *rp)
{
    struct uuid id;
    TRY(req_param_uuid(rq, "id", &id));
    TRY(import_delete(rq->app, rq->db, rq->arena, rq->caller.user_id, id));
    reply_status(rp, 204);
    return OK;
}

/* --- lists --------------------------------------------------------------------------------------------------------- */

struct list_query {
    struct str cursor;
    int64_t limit;
};
static const struct field LIST_QUERY[] = {
    FIELD(list_query, cursor, FIELD_STR, false, 1, 200, "where the page before ended"),
    FIELD(list_query, limit, FIELD_I64, false, 1, PAGE_ITEMS_MAX, "items on a page"),
};

struct list_cursor {
    int64_t created_ms;
    struct uuid id;
};

static err_t imports_get(struct req *rq, struct reply *rp)
{
    struct list_query q = { .limit = PAGE_ITEMS_DEFAULT };
    struct list_cursor at = { .created_ms = INT64_MAX };
    struct import_row *rows;
    struct str next = STR_NONE;
    size_t count;
    TRY(req_query_fields(rq, &q));
    if (q.cursor.n)
        TRY(cursor_read(rq->arena, q.cursor, &at, sizeof at));
    TRY(import_store_list(rq->db, rq->arena, rq->caller.user_id, at.created_ms, at.id,
                          (size_t)q.limit + 1, &rows, &count));
    size_t shown = count > (size_t)q.limit ? (size_t)q.limit : count;
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kz(o, "items");
    jo_array(o);
    for (size_t i = 0; i < shown; i++)
        TRY(import_write(rq->app, rq->db, rq->arena, rq->caller.user_id, &rows[i], o));
    jo_end(o);
    if (shown < count) {
        memset(&at, 0, sizeof at);
        at.created_ms = rows[shown - 1].created_ms;
        at.id = rows[shown - 1].id;
        next = cursor_encode(rq->arena, str_of((const char *)&at, sizeof at));
    }
    jo_kstr(o, "next_cursor", next);
    jo_end(o);
    return OK;
}

struct items_query {
    struct str cursor, outcome;
    int64_t limit;
};
static const struct field ITEMS_QUERY[] = {
    FIELD(items_query, cursor, FIELD_STR, false, 1, 200, "where the page before ended"),
    FIELD(items_query, limit, FIELD_I64, false, 1, PAGE_ITEMS_MAX, "items on a page"),
    FIELD(items_query, outcome, FIELD_STR, false, 1, 20,
          "new, changed, unchanged, skipped, failed, undone or kept"),
};

static void write_item(struct json_out *o, const struct import_item *i)
{
    jo_object(o);
    jo_ki64(o, "number", i->number);
    jo_kstr(o, "outcome", i->outcome);
    jo_kstr(o, "file", i->entry);
    if (i->place)
        jo_ki64(o, "place", i->place);
    else
        jo_knull(o, "place");
    if (uuid_is_nil(i->conversation_id))
        jo_knull(o, "conversation_id");
    else
        jo_kuuid(o, "conversation_id", i->conversation_id);
    jo_kstr(o, "title", i->title);
    jo_kstr(o, "reason_code", i->reason_code);
    jo_kstr(o, "reason", i->reason);
    jo_end(o);
}

static err_t items_get(struct req *rq, struct reply *rp)
{
    struct items_query q = { .limit = PAGE_ITEMS_DEFAULT };
    struct import_row row;
    struct import_item *items;
    struct str next = STR_NONE;
    int64_t after = 0;
    size_t count;
    TRY(req_query_fields(rq, &q));
    if (q.cursor.n)
        TRY(cursor_read(rq->arena, q.cursor, &after, sizeof after));
    TRY(find(rq, &row));
    TRY(import_store_items(rq->db, rq->arena, rq->caller.user_id, row.id, q.outcome, after,
                           (size_t)q.limit + 1, &items, &count));
    size_t shown = count > (size_t)q.limit ? (size_t)q.limit : count;
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kz(o, "items");
    jo_array(o);
    for (size_t i = 0; i < shown; i++)
        write_item(o, &items[i]);
    jo_end(o);
    if (shown < count)
        next = cursor_encode(rq->arena,
                             str_of((const char *)&items[shown - 1].number, sizeof(int64_t)));
    jo_kstr(o, "next_cursor", next);
    jo_end(o);
    return OK;
}

/* --- events ---------------------------------------------------------------------------------------------------------- */

static err_t check_events(struct app *app, struct db *db, struct arena *a, const struct caller *who,
                          struct str topic)
{
    struct uuid id;
    struct import_row row;
    UNUSED(app);
    TRY(uuid_parse(str_sub(topic, sizeof "import:" - 1, topic.n), &id));
    return import_get(db, a, who->user_id, id, &row);
}

static err_t import_events(struct req *rq, struct reply *rp)
{
    struct event_stream e = { .name = "progress",
                              .withdrawn = hub_withdrawals(hub_of(rq->app)),
                              .check = check_events };
    char id[UUID_TEXT_BYTES + 1];
    struct import_row row;
    struct json_out o;
    struct buf b;
    TRY(find(rq, &row));
    buf_init(&b, rq->arena, KIB(64));
    jo_init(&o, &b);
    TRY(import_write(rq->app, rq->db, rq->arena, rq->caller.user_id, &row, &o));
    TRY(buf_err(&b));
    uuid_text(row.id, id);
    e.topic = str_fmt(rq->arena, "import:%s", id);
    e.first = buf_str(&b);
    e.last = !str_eq(row.state, S("open")) && !str_eq(row.state, S("undoing"));
    return hub_events(rq, rp, &e);
}

/* --- what it all takes --------------------------------------------------------------------------------------------------- */

static int64_t write_kinds(struct json_out *o, const struct archive_storage *kinds, size_t count)
{
    int64_t bytes = 0;
    jo_kz(o, "kinds");
    jo_array(o);
    for (size_t i = 0; i < count; i++) {
        jo_object(o);
        jo_kstr(o, "kind", kinds[i].kind);
        jo_ki64(o, "count", kinds[i].count);
        jo_ki64(o, "bytes", kinds[i].bytes);
        jo_end(o);
        bytes += kinds[i].bytes;
    }
    jo_end(o);
    return bytes;
}

static void write_of_imports(struct json_out *o, const struct import_storage *imports, size_t count)
{
    jo_kz(o, "imports");
    jo_array(o);
    for (size_t i = 0; i < count; i++) {
        jo_object(o);
        jo_kuuid(o, "id", imports[i].id);
        jo_kstr(o, "label", imports[i].label);
        jo_ktime(o, "created_at", imports[i].created_ms);
        jo_ki64(o, "conversations", imports[i].conversations);
        jo_ki64(o, "text_bytes", imports[i].text_bytes);
        jo_ki64(o, "media_bytes", imports[i].media_bytes);
        jo_end(o);
    }
    jo_end(o);
}

static err_t storage_get(struct req *rq, struct reply *rp)
{
    struct archive_storage *kinds;
    struct import_storage *imports;
    size_t kind_count, import_count;
    struct uuid owner = rq->caller.user_id;
    TRY(archive_storage(rq->db, rq->arena, owner, &kinds, &kind_count));
    TRY(import_store_storage(rq->db, rq->arena, owner, IMPORTS_LISTED_MAX, &imports,
                             &import_count));
    struct json_out *o = reply_json(rp);
    jo_object(o);
    int64_t bytes = write_kinds(o, kinds, kind_count);
    write_of_imports(o, imports, import_count);
    jo_ki64(o, "bytes", bytes);
    jo_end(o);
    return OK;
}

/* --- the room ---------------------------------------------------------------------------------------------------------------- */

static err_t imports_forget(struct app *app, struct db *db, struct uuid account)
{
    static const char *const FOLDERS[] = { "imports", "uploads" };
    CLEANUP(arena_free) struct arena a = { 0 };
    char of[UUID_TEXT_BYTES + 1];
    arena_init(&a, KIB(64));
    uuid_text(account, of);
    TRY(import_store_forget(db, account));
    for (size_t i = 0; i < COUNTOF(FOLDERS); i++) {
        char *path = str_cstr(&a, str_fmt(&a, "%s/%s/%s", app->data_dir, FOLDERS[i], of));
        if (!path)
            return arena_err(&a);
        folder_remove(path);
    }
    return OK;
}

static err_t imports_init(struct app *app)
{
    UNUSED(app);
    return imports_schemas();
}

static err_t imports_start(struct app *app)
{
    struct imports_watch *w = NULL;
    if (app->settings->import_folder.n)
        TRY(imports_watch_start(app, &w));
    *app_room_state(app, &imports_module) = w;
    return OK;
}

static void imports_stop(struct app *app)
{
    void **state = app_room_state(app, &imports_module);
    imports_watch_stop(*state);
    *state = NULL;
}

#define REF(name) "{\"$ref\":\"#/components/schemas/" name "\"}"
#define ID_SCHEMA                                                                             \
    "{\"type\":\"object\",\"required\":[\"id\"],\"properties\":{\"id\":{\"type\":\"string\"," \
    "\"format\":\"uuid\"}}}"

static const struct route ROUTES[] = {
    { HTTP_POST, "/api/v1/imports", imports_post, AUTH_USER, RATE_WRITE, IMPORT_BODY_BYTES_MAX,
      RUN_WORKER, SCOPE_WRITE,
      .summary = "Import an export, a page, a zip of such: as the body, or files as form data",
      .query = START_QUERY, .query_count = COUNTOF(START_QUERY), .reply_schema = ID_SCHEMA,
      .success = 202, .body_allowed = import_bytes_allowed },
    { HTTP_GET, "/api/v1/imports", imports_get, AUTH_USER, RATE_READ, 0, RUN_WORKER, SCOPE_READ,
      .summary = "The caller's imports, newest first", .query = LIST_QUERY,
      .query_count = COUNTOF(LIST_QUERY), .reply_schema = REF("ImportPage") },
    { HTTP_GET, "/api/v1/imports/{id}", import_get_one, AUTH_USER, RATE_READ, 0, RUN_WORKER,
      SCOPE_READ, .summary = "One import", .reply_schema = REF("Import") },
    { HTTP_GET, "/api/v1/imports/{id}/items", items_get, AUTH_USER, RATE_READ, 0, RUN_WORKER,
      SCOPE_READ, .summary = "What came of each part of an import, with the reasons",
      .query = ITEMS_QUERY, .query_count = COUNTOF(ITEMS_QUERY),
      .reply_schema = REF("ImportItemPage") },
    { HTTP_GET, "/api/v1/imports/{id}/events", import_events, AUTH_USER, RATE_READ, 0, RUN_WORKER,
      SCOPE_READ, .summary = "Progress of an import as server-sent events" },
    { HTTP_POST, "/api/v1/imports/{id}/cancel", cancel_post, AUTH_USER, RATE_WRITE, 0, RUN_WORKER,
      SCOPE_WRITE, .summary = "Cancel an import; what came in until then stays",
      .reply_schema = ID_SCHEMA, .success = 202 },
    { HTTP_POST, "/api/v1/imports/{id}/take", take_post, AUTH_USER, RATE_WRITE, 0, RUN_WORKER,
      SCOPE_WRITE, .summary = "After a dry run: import the same in earnest",
      .reply_schema = ID_SCHEMA, .success = 202 },
    { HTTP_POST, "/api/v1/imports/{id}/undo", undo_post, AUTH_USER, RATE_WRITE, 0, RUN_WORKER,
      SCOPE_WRITE,
      .summary = "Undo an import: what it made goes to the trash, what it changed goes back",
      .reply_schema = ID_SCHEMA, .success = 202 },
    { HTTP_DELETE, "/api/v1/imports/{id}", import_delete_one, AUTH_USER, RATE_WRITE, 0, RUN_WORKER,
      SCOPE_WRITE, .summary = "Delete an import's report; what came in stays", .success = 204 },
    { HTTP_POST, "/api/v1/uploads", upload_post, AUTH_USER, RATE_WRITE, 0, RUN_WORKER, SCOPE_WRITE,
      .summary = "Begin a resumable upload (tus 1.0.0)", .reply_schema = ID_SCHEMA,
      .success = 201 },
    { HTTP_POST, "/api/v1/uploads/import", uploads_import, AUTH_USER, RATE_WRITE, KIB(410),
      RUN_WORKER, SCOPE_WRITE, .summary = "Import what was uploaded", .body = UPLOADS_BODY,
      .body_count = COUNTOF(UPLOADS_BODY), .reply_schema = ID_SCHEMA, .success = 202 },
    { HTTP_GET, "/api/v1/uploads/{id}", upload_get, AUTH_USER, RATE_READ, 0, RUN_WORKER, SCOPE_READ,
      .summary = "How far an upload is (tus: HEAD)", .reply_schema = REF("Upload") },
    { HTTP_PATCH, "/api/v1/uploads/{id}", upload_patch, AUTH_USER, RATE_NONE, UPLOAD_PIECE_BYTES,
      RUN_WORKER, SCOPE_WRITE, .summary = "The next piece of an upload (tus)", .success = 204,
      .takes_cut = true },
    { HTTP_DELETE, "/api/v1/uploads/{id}", upload_delete, AUTH_USER, RATE_WRITE, 0, RUN_WORKER,
      SCOPE_WRITE, .summary = "Give an upload up (tus)", .success = 204 },
    { HTTP_GET, "/api/v1/storage", storage_get, AUTH_USER, RATE_SEARCH, 0, RUN_WORKER, SCOPE_READ,
      .summary = "What the caller's archive takes, by kind and by import",
      .reply_schema = REF("Storage") },
};

static const struct job_kind JOBS[] = {
    { .name = "import",
      .parallel = 2,
      .attempts_max = 20,
      .lease_ms = 60000,
      .run = import_run_job,
      .failed = import_job_failed,
      .write = import_job_write },
    { .name = "import_undo",
      .parallel = 2,
      .attempts_max = 20,
      .lease_ms = 60000,
      .run = import_undo_job,
      .failed = import_undo_failed,
      .write = import_undo_write },
};

/* For the sockets' topic import:<id>. */
static err_t import_exists(struct app *app, struct db *db, struct uuid owner, struct uuid id)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct import_row row;
    UNUSED(app);
    arena_init(&a, MIB(1));
    return import_get(db, &a, owner, id, &row);
}

static const struct op_consumer CONSUMERS[] = { { .name = "imports", .consume = imports_consume } };
static const struct entity ENTITIES[] = { { .name = "import", .exists = import_exists } };

const struct module imports_module = {
    .name = "imports",
    .init = imports_init,
    .start = imports_start,
    .stop = imports_stop,
    .forget = imports_forget,
    .sweep = imports_sweep,
    .routes = ROUTES,
    .route_count = COUNTOF(ROUTES),
    .consumers = CONSUMERS,
    .consumer_count = COUNTOF(CONSUMERS),
    .jobs = JOBS,
    .job_count = COUNTOF(JOBS),
    .entities = ENTITIES,
    .entity_count = COUNTOF(ENTITIES),
};
