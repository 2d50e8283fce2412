/* GET /api/v1/search, and the room. */
#include "base/double.h"
#include "os/clock.h"
#include "search/inside.h"

struct search_args {
    struct str q, cursor;
    int64_t limit;
};

static const struct field SEARCH_FIELDS[] = {
    FIELD(search_args, q, FIELD_STR, true, 1, SEARCH_QUERY_BYTES_MAX,
          "words (AND), \"a phrase\", -without, begin*, provider:, role:, before:, after:"),
    FIELD(search_args, limit, FIELD_I64, false, 1, PAGE_ITEMS_MAX, "results on a page"),
    FIELD(search_args, cursor, FIELD_STR, false, 1, 200, "next_cursor of the page before"),
};

static const char SEARCH_SCHEMA[] =
    "{\"type\":\"object\",\"required\":[\"items\",\"next_cursor\",\"took_ms\"],\"properties\":{"
    "\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"kind\",\"id\","
    "\"snippet\",\"highlights\","
    "\"score\",\"source\"],\"properties\":{"
    "\"kind\":{\"type\":\"string\"},\"id\":{\"type\":\"string\",\"format\":\"uuid\"},"
    "\"conversation_id\":{\"type\":[\"string\",\"null\"]},\"message_id\":{\"type\":[\"string\","
    "\"null\"]},"
    "\"title\":{\"type\":[\"string\",\"null\"]},\"snippet\":{\"type\":\"string\"},"
    "\"highlights\":{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":"
    "\"integer\"},\"minItems\":2,"
    "\"maxItems\":2}},"
    "\"score\":{\"type\":\"number\"},\"source\":{\"type\":\"string\"},\"role\":{\"type\":["
    "\"string\",\"null\"]},"
    "\"provider\":{\"type\":[\"string\",\"null\"]},\"created_at\":{\"type\":[\"string\",\"null\"]}}"
    "}},"
    "\"next_cursor\":{\"type\":[\"string\",\"null\"]},\"took_ms\":{\"type\":\"number\"}}}";

static void write_id(struct json_out *o, const char *key, struct uuid id)
{
    if (uuid_is_nil(id))
        jo_knull(o, key);
    else
        jo_kuuid(o, key, id);
}

static void write_result(struct json_out *o, const struct search_result *r)
{
    jo_object(o);
    jo_kstr(o, "kind", r->kind);
    jo_kuuid(o, "id", r->id);
    write_id(o, "conversation_id", r->conversation_id);
    write_id(o, "message_id", r->message_id);
    jo_kstr(o, "title", r->title);
    jo_kstr(o, "snippet", r->snippet);
    jo_kz(o, "highlights");
    jo_array(o);
    for (size_t i = 0; i < r->highlight_count; i++) {
        jo_array(o);
        jo_i64(o, r->highlights[i].start);
        jo_i64(o, r->highlights[i].length);
        jo_end(o);
    }
    jo_end(o);
    jo_kf64(o, "score", r->score);
    jo_kstr(o, "source", str_from(r->source));
    jo_kstr(o, "role", r->role);
    jo_kstr(o, "provider", r->provider);
    jo_ktime(o, "created_at", r->created_ms);
    jo_end(o);
}

static void write_page(struct json_out *o, struct arena *a, const struct search_page *page,
                       int64_t took_us)
{
    jo_object(o);
    jo_kz(o, "items");
    jo_array(o);
    for (size_t i = 0; i < page->count; i++)
        write_result(o, &page->items[i]);
    jo_end(o);
    struct str next = str_of((const char *)&page->next, sizeof page->next);
    jo_kstr(o, "next_cursor", page->more ? cursor_encode(a, next) : STR_NONE);
    jo_kf64(o, "took_ms", (double)took_us / 1000);
    jo_end(o);
}

static err_t search_get(struct req *rq, struct reply *rp)
{
    int64_t began_us = clock_monotonic_us();
    struct search_args args = { .limit = PAGE_ITEMS_DEFAULT };
    struct search_place from;
    struct search_page page;
    TRY(req_query_fields(rq, &args));
    if (args.cursor.s)
        TRY(cursor_read(rq->arena, args.cursor, &from, sizeof from));
    TRY(search_query(rq->app, rq->db, rq->arena, rq->caller.user_id, args.q,
                     args.cursor.s ? &from : NULL, (size_t)args.limit, &page));
    write_page(reply_json(rp), rq->arena, &page, clock_monotonic_us() - began_us);
    return OK;
}

static const struct route ROUTES[] = {
    {
        .method = HTTP_GET,
        .path = "/api/v1/search",
        .handler = search_get,
        .auth = AUTH_USER,
        .rate = RATE_SEARCH,
        .run = RUN_WORKER,
        .scope = SCOPE_READ,
        .summary = "Find what was said by its words",
        .query = SEARCH_FIELDS,
        .query_count = COUNTOF(SEARCH_FIELDS),
        .reply_schema = SEARCH_SCHEMA,
    },
};

static err_t search_init(struct app *app)
{
    struct search_room *room;
    TRY(search_room_new(&room));
    *app_room_state(app, &search_module) = room;
    return OK;
}

static void search_stop(struct app *app)
{
    void **state = app_room_state(app, &search_module);
    search_room_free(*state);
    *state = NULL;
}

const struct module search_module = {
    .name = "search",
    .init = search_init,
    .stop = search_stop,
    .scrub = search_store_compact,
    .routes = ROUTES,
    .route_count = COUNTOF(ROUTES),
    .consumers = SEARCH_CONSUMERS,
    .consumer_count = SEARCH_CONSUMER_COUNT,
};
