#include "base/limits.h"
#include "capture/capture_job.h"
#include "capture/capture_room.h"
#include "capture/capture_store.h"
#include "hub/hub.h"
#include "hub/sse.h"
#include "ops/ops.h"

/* --- handlers ----------------------------------------------------------------------------------- */

struct start_body {
    struct str url;
};

static const struct field START_BODY[] = {
    FIELD(start_body, url, FIELD_STR, true, 1, 4096, "the share link of a conversation"),
};

static err_t captures_post(struct req *rq, struct reply *rp)
{
    struct start_body body = { 0 };
    struct uuid id;
    TRY(req_body(rq, &body));
    TRY(capture_start(rq->app, rq->db, rq->arena, rq->caller.user_id, body.url, rq->now_ms, &id));
    reply_status(rp, 202);
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kuuid(o, "id", id);
    jo_end(o);
    return OK;
}

static err_t find(struct req *rq, struct job_row *ret)
{
    struct uuid id;
    TRY(req_param_uuid(rq, "id", &id));
    TRY(job_get(rq->app, rq->db, rq->arena, rq->caller.user_id, id, ret));
    return str_eq(ret->kind, S("capture")) ? OK : E_NOT_FOUND;
}

static err_t capture_get_one(struct req *rq, struct reply *rp)
{
    struct job_row job;
    TRY(find(rq, &job));
    return capture_job_write(rq->app, rq->db, rq->arena, &job, reply_json(rp));
}

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

static err_t captures_get(struct req *rq, struct reply *rp)
{
    struct list_query q = { .limit = PAGE_ITEMS_DEFAULT };
    struct list_cursor at = { .created_ms = INT64_MAX };
    struct job_row *jobs;
    size_t count;
    TRY(req_query_fields(rq, &q));
    if (q.cursor.n)
        TRY(cursor_read(rq->arena, q.cursor, &at, sizeof at));
    TRY(job_list(rq->app, rq->db, rq->arena, rq->caller.user_id, "capture", at.created_ms, at.id,
                 (size_t)q.limit + 1, &jobs, &count));
    size_t shown = count > (size_t)q.limit ? (size_t)q.limit : count;
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kz(o, "items");
    jo_array(o);
    for (size_t i = 0; i < shown; i++)
        TRY(capture_job_write(rq->app, rq->db, rq->arena, &jobs[i], o));
    jo_end(o);
    struct str next = STR_NONE;
    if (shown < count) {
        memset(&at, 0, sizeof at);
        at.created_ms = jobs[shown - 1].created_ms;
        at.id = jobs[shown - 1].id;
        next = cursor_encode(rq->arena, str_of((const char *)&at, sizeof at));
    }
    jo_kstr(o, "next_cursor", next);
    jo_end(o);
    return OK;
}

static err_t capture_delete(struct req *rq, struct reply *rp)
{
    struct job_row job;
    TRY(find(rq, &job));
    TRY(job_cancel(rq->app, rq->db, rq->caller.user_id, job.id));
    reply_status(rp, 202);
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kuuid(o, "id", job.id);
    jo_end(o);
    return OK;
}

static err_t get_capture(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                         struct uuid id)
{
    struct job_row job;
    TRY(job_get(app, db, a, owner, id, &job));
    return str_eq(job.kind, S("capture")) ? OK : E_NOT_FOUND;
}

static err_t check_events(struct app *app, struct db *db, struct arena *a, const struct caller *who,
                          struct str topic)
{
    struct uuid id;
    TRY(uuid_parse(str_sub(topic, sizeof "capture:" - 1, topic.n), &id));
    return get_capture(app, db, a, who->user_id, id);
}

static err_t capture_events(struct req *rq, struct reply *rp)
{
    struct event_stream e = { .name = "progress",
                              .withdrawn = hub_withdrawals(hub_of(rq->app)),
                              .check = check_events };
    struct job_row job;
    struct buf b;
    struct json_out o;
    char id[UUID_TEXT_BYTES + 1];
    TRY(find(rq, &job));
    buf_init(&b, rq->arena, KIB(64));
    jo_init(&o, &b);
    TRY(capture_job_write(rq->app, rq->db, rq->arena, &job, &o));
    TRY(buf_err(&b));
    uuid_text(job.id, id);
    e.topic = str_fmt(rq->arena, "capture:%s", id);
    e.first = buf_str(&b);
    e.last = !str_eq(job.status, S("queued")) && !str_eq(job.status, S("running"));
    return hub_events(rq, rp, &e);
}

/* --- the room --------------------------------------------------------------------------------------- */

static err_t capture_forget(struct app *app, struct db *db, struct uuid account)
{
    UNUSED(app);
    return capture_store_forget(db, account);
}

#define ID_SCHEMA                                                                             \
    "{\"type\":\"object\",\"required\":[\"id\"],\"properties\":{\"id\":{\"type\":\"string\"," \
    "\"format\":\"uuid\"}}}"

static const char CAPTURE_SCHEMA[] =
    "{\"type\":\"object\",\"required\":[\"id\",\"url\",\"provider\",\"status\",\"phase\","
    "\"progress\",\"position\",\"outcome\",\"conversation_id\",\"error\","
    "\"created_at\",\"updated_at\"],\"properties\":{\"id\":{\"type\":\"string\",\"format\":"
    "\"uuid\"},\"url\":{\"type\":\"string\"},\"provider\":{\"type\":\"string\"},"
    "\"status\":{\"enum\":[\"queued\",\"running\",\"done\",\"failed\",\"cancelled\"]},\"phase\":{"
    "\"type\":\"string\"},"
    "\"progress\":{\"type\":\"object\",\"required\":[\"done\",\"total\"],\"properties\":{\"done\":{"
    "\"type\":[\"integer\",\"null\"]},\"total\":{\"type\":[\"integer\",\"null\"]}}},"
    "\"position\":{\"type\":[\"integer\",\"null\"]},\"outcome\":{\"type\":[\"string\",\"null\"]},"
    "\"conversation_id\":{\"type\":[\"string\",\"null\"],\"format\":\"uuid\"},"
    "\"error\":{\"type\":[\"object\",\"null\"],\"properties\":{\"code\":{\"type\":\"string\"},"
    "\"detail\":{\"type\":[\"string\",\"null\"]}}},"
    "\"created_at\":{\"type\":\"string\",\"format\":\"date-time\"},\"updated_at\":{\"type\":"
    "\"string\",\"format\":\"date-time\"}}}";
static const char PAGE_SCHEMA[] = "{\"type\":\"object\",\"required\":[\"items\",\"next_cursor\"],"
                                  "\"properties\":{\"items\":{\"type\":\"array\",\"items\":"
                                  "{\"$ref\":\"#/components/schemas/"
                                  "Capture\"}},\"next_cursor\":{\"type\":[\"string\",\"null\"]}}}";

static err_t capture_init(struct app *app)
{
    struct capture_room *room;
    http_schema("Capture", CAPTURE_SCHEMA);
    http_schema("CapturePage", PAGE_SCHEMA);
    TRY(capture_room_new(app, &room));
    *app_room_state(app, &capture_module) = room;
    return OK;
}

static void capture_stop(struct app *app)
{
    void **state = app_room_state(app, &capture_module);
    capture_room_free(*state);
    *state = NULL;
}

static const struct route ROUTES[] = {
    { HTTP_POST, "/api/v1/captures", captures_post, AUTH_USER, RATE_CAPTURE, KIB(16), RUN_WORKER,
      SCOPE_CAPTURE, .summary = "Capture a conversation by its share link", .body = START_BODY,
      .body_count = COUNTOF(START_BODY), .reply_schema = ID_SCHEMA, .success = 202 },
    { HTTP_GET, "/api/v1/captures", captures_get, AUTH_USER, RATE_READ, 0, RUN_WORKER, SCOPE_READ,
      .summary = "The caller's captures, newest first", .query = LIST_QUERY,
      .query_count = COUNTOF(LIST_QUERY),
      .reply_schema = "{\"$ref\":\"#/components/schemas/CapturePage\"}" },
    { HTTP_GET, "/api/v1/captures/{id}", capture_get_one, AUTH_USER, RATE_READ, 0, RUN_WORKER,
      SCOPE_READ, .summary = "One capture",
      .reply_schema = "{\"$ref\":\"#/components/schemas/Capture\"}" },
    { HTTP_DELETE, "/api/v1/captures/{id}", capture_delete, AUTH_USER, RATE_WRITE, 0, RUN_WORKER,
      SCOPE_CAPTURE, .summary = "Cancel a queued or running capture", .reply_schema = ID_SCHEMA,
      .success = 202 },
    { HTTP_GET, "/api/v1/captures/{id}/events", capture_events, AUTH_USER, RATE_READ, 0, RUN_WORKER,
      SCOPE_READ, .summary = "Progress as server-sent events" },
};

static int browser_slots(const struct app *app)
{
    return (int)app->settings->browser_slots;
}

static const struct job_kind JOBS[] = {
    { .name = "capture",
      .parallel_of = browser_slots,
      .attempts_max = 20,
      .lease_ms = 30000,
      .run = capture_run,
      .failed = capture_failed,
      .write = capture_job_write },
};
/* For the sockets' topic capture:<id>. */
static err_t capture_exists(struct app *app, struct db *db, struct uuid owner, struct uuid id)
{
    CLEANUP(arena_free) struct arena a;
    arena_init(&a, MIB(4));
    return get_capture(app, db, &a, owner, id);
}

static const struct op_consumer CONSUMERS[] = { { .name = "capture", .consume = capture_consume } };
static const struct entity ENTITIES[] = { { .name = "capture", .exists = capture_exists } };

const struct module capture_module = {
    .name = "capture",
    .init = capture_init,
    .stop = capture_stop,
    .forget = capture_forget,
    .names_blob = capture_store_names_blob,
    .routes = ROUTES,
    .route_count = COUNTOF(ROUTES),
    .consumers = CONSUMERS,
    .consumer_count = COUNTOF(CONSUMERS),
    .jobs = JOBS,
    .job_count = COUNTOF(JOBS),
    .entities = ENTITIES,
    .entity_count = COUNTOF(ENTITIES),
};
