#include "base/limits.h"
#include "capture/capture_job.h"
#include "capture/capture_room.h"
#include "capture/capture_store.h"
#include "capture/doctor.h"
#include "hub/hub.h"
#include "hub/sse.h"
#include "ops/ops.h"

/* --- handlers ----------------------------------------------------------------------------------- */

struct start_body {
    struct str url;
    bool any_host;
};

static const struct field START_BODY[] = {
    FIELD(start_body, url, FIELD_STR, true, 1, 4096, "the share link of a conversation"),
    FIELD(start_body, any_host, FIELD_BOOL, false, 0, 0,
          "a page of no known provider is meant: look for a conversation in it"),
};

static err_t captures_post(struct req *rq, struct reply *rp)
{
    struct start_body body = { 0 };
    struct uuid id;
    TRY(req_body(rq, &body));
    TRY(capture_start(rq->app, rq->db, rq->arena, rq->caller.user_id, body.url, body.any_host,
                      rq->now_ms, &id));
    reply_accepted(rp, id);
    return OK;
}

static err_t find_job(struct req *rq, struct str kind, struct job_row *ret)
{
    struct uuid id;
    TRY(req_param_uuid(rq, "id", &id));
    TRY(job_get(rq->app, rq->db, rq->arena, rq->caller.user_id, id, ret));
    return str_eq(ret->kind, kind) ? OK : E_NOT_FOUND;
}

static err_t capture_get_one(struct req *rq, struct reply *rp)
{
    struct job_row job;
    TRY(find_job(rq, S("capture"), &job));
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
    TRY(find_job(rq, S("capture"), &job));
    TRY(job_cancel(rq->app, rq->db, rq->caller.user_id, job.id));
    reply_accepted(rp, job.id);
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
    TRY(find_job(rq, S("capture"), &job));
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

/* --- how captures go -------------------------------------------------------------------------------- */

static err_t doctor_get(struct req *rq, struct reply *rp)
{
    return doctor_write(rq->app, rq->db, rq->arena, rq->now_ms, reply_json(rp));
}

/* --- reading the evidence again ------------------------------------------------------------------------ */

struct reread_body {
    struct str provider;
    bool write;
};

static const struct field REREAD_BODY[] = {
    FIELD(reread_body, provider, FIELD_STR, false, 1, 40, "only this provider's"),
    FIELD(reread_body, write, FIELD_BOOL, false, 0, 0,
          "store what is better; else it is only said what would be"),
};

static err_t reread_post(struct req *rq, struct reply *rp)
{
    struct reread_body body = { .provider = STR_NONE };
    struct uuid id;
    TRY(req_body(rq, &body));
    TRY(reread_start(rq->app, rq->db, rq->arena, rq->caller.user_id, body.provider, body.write,
                     rq->now_ms, &id));
    reply_accepted(rp, id);
    return OK;
}

static err_t reread_get(struct req *rq, struct reply *rp)
{
    struct job_row job;
    TRY(find_job(rq, S("reextract"), &job));
    return reread_job_write(rq->app, rq->db, rq->arena, &job, reply_json(rp));
}

static err_t reread_delete(struct req *rq, struct reply *rp)
{
    struct job_row job;
    TRY(find_job(rq, S("reextract"), &job));
    TRY(job_cancel(rq->app, rq->db, rq->caller.user_id, job.id));
    reply_accepted(rp, job.id);
    return OK;
}

struct items_query {
    struct str cursor, finding;
    int64_t limit;
};

static const struct field ITEMS_QUERY[] = {
    FIELD(items_query, cursor, FIELD_STR, false, 1, 200, "where the page before ended"),
    FIELD(items_query, limit, FIELD_I64, false, 1, PAGE_ITEMS_MAX, "items on a page"),
    FIELD(items_query, finding, FIELD_STR, false, 1, 20,
          "only these: new, better, changed, unchanged, poorer, unreadable, failed"),
};

static void write_measure(struct json_out *o, const char *key, int64_t messages, int64_t words,
                          int64_t warnings)
{
    jo_kz(o, key);
    jo_object(o);
    jo_ki64(o, "messages", messages);
    jo_ki64(o, "words", words);
    jo_ki64(o, "warnings", warnings);
    jo_end(o);
}

static void write_reread(struct json_out *o, const struct reread_row *r)
{
    jo_object(o);
    jo_kuuid(o, "capture_id", r->capture_id);
    if (uuid_is_nil(r->conversation_id))
        jo_knull(o, "conversation_id");
    else
        jo_kuuid(o, "conversation_id", r->conversation_id);
    jo_kstr(o, "provider", r->provider);
    jo_kstr(o, "title", r->title);
    jo_kstr(o, "finding", r->finding);
    jo_kstr(o, "detail", r->detail);
    write_measure(o, "before", r->messages_before, r->words_before, r->warnings_before);
    write_measure(o, "after", r->messages_after, r->words_after, r->warnings_after);
    jo_end(o);
}

static err_t reread_items_get(struct req *rq, struct reply *rp)
{
    struct items_query q = { .limit = PAGE_ITEMS_DEFAULT };
    struct uuid after = { { 0 } };
    struct job_row job;
    struct reread_row *rows;
    size_t count;
    TRY(req_query_fields(rq, &q));
    if (q.finding.n && !reread_finding_is(q.finding))
        return err_note(E_INVALID, "finding", "there is no such finding");
    if (q.cursor.n)
        TRY(cursor_read(rq->arena, q.cursor, &after, sizeof after));
    TRY(find_job(rq, S("reextract"), &job));
    size_t limit = (size_t)q.limit;
    TRY(capture_store_rereads(rq->db, rq->arena, rq->caller.user_id, job.id,
                              q.finding.n ? q.finding : STR_NONE, after, limit + 1, &rows, &count));
    size_t shown = count > limit ? limit : count;
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kz(o, "items");
    jo_array(o);
    for (size_t i = 0; i < shown; i++)
        write_reread(o, &rows[i]);
    jo_end(o);
    struct str next = STR_NONE;
    if (shown < count)
        next = cursor_encode(
            rq->arena, str_of((const char *)&rows[shown - 1].capture_id, sizeof(struct uuid)));
    jo_kstr(o, "next_cursor", next);
    jo_end(o);
    return OK;
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
    "\"progress\",\"position\",\"outcome\",\"conversation_id\",\"result\",\"error\","
    "\"created_at\",\"updated_at\"],\"properties\":{\"id\":{\"type\":\"string\",\"format\":"
    "\"uuid\"},\"url\":{\"type\":\"string\"},\"provider\":{\"type\":\"string\"},"
    "\"status\":{\"enum\":[\"queued\",\"running\",\"done\",\"failed\",\"cancelled\"]},\"phase\":{"
    "\"type\":\"string\"},"
    "\"progress\":{\"type\":\"object\",\"required\":[\"done\",\"total\"],\"properties\":{\"done\":{"
    "\"type\":[\"integer\",\"null\"]},\"total\":{\"type\":[\"integer\",\"null\"]}}},"
    "\"position\":{\"type\":[\"integer\",\"null\"]},\"outcome\":{\"type\":[\"string\",\"null\"]},"
    "\"conversation_id\":{\"type\":[\"string\",\"null\"],\"format\":\"uuid\"},"
    "\"result\":{\"type\":[\"object\",\"null\"],\"required\":[\"change\",\"words\",\"title\","
    "\"messages_new\",\"messages_changed\",\"message_count\"],\"properties\":{\"change\":{\"enum\":"
    "[\"new\",\"updated\",\"unchanged\"]},\"words\":{\"type\":\"string\"},\"title\":{\"type\":"
    "[\"string\",\"null\"]},\"messages_new\":{\"type\":\"integer\"},\"messages_changed\":{\"type\":"
    "\"integer\"},\"message_count\":{\"type\":\"integer\"}}},"
    "\"error\":{\"type\":[\"object\",\"null\"],\"properties\":{\"code\":{\"type\":\"string\"},"
    "\"detail\":{\"type\":[\"string\",\"null\"]}}},"
    "\"created_at\":{\"type\":\"string\",\"format\":\"date-time\"},\"updated_at\":{\"type\":"
    "\"string\",\"format\":\"date-time\"}}}";
static const char PAGE_SCHEMA[] = "{\"type\":\"object\",\"required\":[\"items\",\"next_cursor\"],"
                                  "\"properties\":{\"items\":{\"type\":\"array\",\"items\":"
                                  "{\"$ref\":\"#/components/schemas/"
                                  "Capture\"}},\"next_cursor\":{\"type\":[\"string\",\"null\"]}}}";

#define COUNT_SCHEMA "{\"type\":\"integer\",\"minimum\":0}"
#define TEXT_SCHEMA  "{\"type\":[\"string\",\"null\"]}"
#define SHARE_SCHEMA "{\"type\":[\"number\",\"null\"],\"minimum\":0,\"maximum\":1}"

static const char TALLY_SCHEMA[] =
    "{\"type\":\"object\",\"required\":[\"outcome\",\"strategy\",\"recipe\",\"captures\","
    "\"lately\","
    "\"last_at\"],\"properties\":{\"outcome\":{\"type\":\"string\"},\"strategy\":" TEXT_SCHEMA
    ",\"recipe\":" TEXT_SCHEMA ",\"captures\":" COUNT_SCHEMA ",\"lately\":" COUNT_SCHEMA
    ",\"last_at\":{\"type\":\"string\",\"format\":\"date-time\"}}}";
#define TALLY_OR_NULL \
    "{\"anyOf\":[{\"$ref\":\"#/components/schemas/CaptureTally\"},{\"type\":\"null\"}]}"
static const char DOCTOR_SCHEMA[] =
    "{\"type\":\"object\",\"required\":[\"browser\",\"days\",\"providers\"],\"properties\":{"
    "\"browser\":{"
    "\"type\":\"object\",\"required\":[\"path\",\"version\",\"problem\"],\"properties\":{"
    "\"path\":" TEXT_SCHEMA ",\"version\":" TEXT_SCHEMA ",\"problem\":" TEXT_SCHEMA
    "}},\"days\":" COUNT_SCHEMA ",\"providers\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
    "\"required\":[\"provider\",\"label\","
    "\"recipe\",\"state\",\"advice\",\"captures\",\"lately\",\"failures\",\"format_changed\","
    "\"last\","
    "\"works\",\"outcomes\"],\"properties\":{\"provider\":{\"type\":\"string\"},\"label\":{"
    "\"type\":\"string\"},"
    "\"recipe\":" TEXT_SCHEMA
    ",\"state\":{\"enum\":[\"well\",\"watch\",\"failing\",\"drift\",\"quiet\","
    "\"unused\"]},\"advice\":{\"type\":\"string\"},\"captures\":" COUNT_SCHEMA
    ",\"lately\":" COUNT_SCHEMA ",\"failures\":" SHARE_SCHEMA ",\"format_changed\":" SHARE_SCHEMA
    ",\"last\":" TALLY_OR_NULL ",\"works\":" TALLY_OR_NULL
    ",\"outcomes\":{\"type\":\"array\",\"items\":{\"$ref\":"
    "\"#/components/schemas/CaptureTally\"}}}}}}}";
static const char REREAD_SCHEMA[] =
    "{\"type\":\"object\",\"required\":[\"id\",\"provider\",\"write\",\"status\",\"phase\","
    "\"progress\","
    "\"position\",\"error\",\"created_at\",\"updated_at\",\"findings\"],\"properties\":{\"id\":{"
    "\"type\":"
    "\"string\",\"format\":\"uuid\"},\"provider\":" TEXT_SCHEMA ",\"write\":{\"type\":\"boolean\"},"
    "\"status\":{\"enum\":[\"queued\",\"running\",\"done\",\"failed\",\"cancelled\"]},\"phase\":{"
    "\"type\":"
    "\"string\"},\"progress\":{\"type\":\"object\",\"required\":[\"done\",\"total\"],"
    "\"properties\":{\"done\":{"
    "\"type\":[\"integer\",\"null\"]},\"total\":{\"type\":[\"integer\",\"null\"]}}},\"position\":{"
    "\"type\":"
    "[\"integer\",\"null\"]},\"error\":{\"type\":[\"object\",\"null\"],\"properties\":{\"code\":{"
    "\"type\":"
    "\"string\"},\"detail\":" TEXT_SCHEMA
    "}},\"created_at\":{\"type\":\"string\",\"format\":\"date-time\"},"
    "\"updated_at\":{\"type\":\"string\",\"format\":\"date-time\"},\"findings\":{\"type\":"
    "\"object\","
    "\"additionalProperties\":" COUNT_SCHEMA "}}}";
#define MEASURE_SCHEMA                                                                         \
    "{\"type\":\"object\",\"required\":[\"messages\",\"words\",\"warnings\"],\"properties\":{" \
    "\"messages\":" COUNT_SCHEMA ",\"words\":" COUNT_SCHEMA ",\"warnings\":" COUNT_SCHEMA "}}"
static const char REREAD_ITEMS_SCHEMA[] =
    "{\"type\":\"object\",\"required\":[\"items\",\"next_cursor\"],\"properties\":{\"items\":{"
    "\"type\":"
    "\"array\",\"items\":{\"type\":\"object\",\"required\":[\"capture_id\",\"conversation_id\","
    "\"provider\","
    "\"title\",\"finding\",\"detail\",\"before\",\"after\"],\"properties\":{\"capture_id\":{"
    "\"type\":\"string\","
    "\"format\":\"uuid\"},\"conversation_id\":{\"type\":[\"string\",\"null\"],\"format\":\"uuid\"},"
    "\"provider\":{\"type\":\"string\"},\"title\":" TEXT_SCHEMA
    ",\"finding\":{\"enum\":[\"new\",\"better\","
    "\"changed\",\"unchanged\",\"poorer\",\"unreadable\",\"failed\"]},\"detail\":" TEXT_SCHEMA
    ",\"before\":" MEASURE_SCHEMA ",\"after\":" MEASURE_SCHEMA "}}},\"next_cursor\":" TEXT_SCHEMA
    "}}";

static err_t capture_init(struct app *app)
{
    struct capture_room *room;
    http_schema("Capture", CAPTURE_SCHEMA);
    http_schema("CapturePage", PAGE_SCHEMA);
    http_schema("CaptureTally", TALLY_SCHEMA);
    http_schema("CaptureDoctor", DOCTOR_SCHEMA);
    http_schema("Reextraction", REREAD_SCHEMA);
    http_schema("ReextractionItemPage", REREAD_ITEMS_SCHEMA);
    http_metrics_add(doctor_metrics, app);
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
    { HTTP_GET, "/api/v1/capture-doctor", doctor_get, AUTH_ADMIN, RATE_READ, 0, RUN_WORKER,
      SCOPE_ADMIN, .summary = "How captures go: the browser, and each provider's outcomes",
      .reply_schema = "{\"$ref\":\"#/components/schemas/CaptureDoctor\"}" },
    { HTTP_POST, "/api/v1/reextractions", reread_post, AUTH_USER, RATE_WRITE, KIB(1), RUN_WORKER,
      SCOPE_CAPTURE, .summary = "Read the kept evidence of captures again with the code of today",
      .body = REREAD_BODY, .body_count = COUNTOF(REREAD_BODY), .reply_schema = ID_SCHEMA,
      .success = 202 },
    { HTTP_GET, "/api/v1/reextractions/{id}", reread_get, AUTH_USER, RATE_READ, 0, RUN_WORKER,
      SCOPE_READ, .summary = "How far it is, and what it found",
      .reply_schema = "{\"$ref\":\"#/components/schemas/Reextraction\"}" },
    { HTTP_GET, "/api/v1/reextractions/{id}/items", reread_items_get, AUTH_USER, RATE_READ, 0,
      RUN_WORKER, SCOPE_READ, .summary = "What it found of each capture", .query = ITEMS_QUERY,
      .query_count = COUNTOF(ITEMS_QUERY),
      .reply_schema = "{\"$ref\":\"#/components/schemas/ReextractionItemPage\"}" },
    { HTTP_DELETE, "/api/v1/reextractions/{id}", reread_delete, AUTH_USER, RATE_WRITE, 0,
      RUN_WORKER, SCOPE_CAPTURE, .summary = "Cancel it", .reply_schema = ID_SCHEMA,
      .success = 202 },
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
    { .name = "reextract",
      .parallel = 1,
      .attempts_max = 20,
      .lease_ms = 30000,
      .run = reread_run,
      .write = reread_job_write },
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
    .sweep = doctor_sweep,
    .routes = ROUTES,
    .route_count = COUNTOF(ROUTES),
    .consumers = CONSUMERS,
    .consumer_count = COUNTOF(CONSUMERS),
    .jobs = JOBS,
    .job_count = COUNTOF(JOBS),
    .entities = ENTITIES,
    .entity_count = COUNTOF(ENTITIES),
};
