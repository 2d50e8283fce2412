/* GET and POST /api/v1/search, and the room. */
#include "base/double.h"
#include "os/clock.h"
#include "search/inside.h"

struct search_args {
    struct str q, cursor, conversation, kind, group, sort;
    int64_t limit, zone;
    bool typing, exact, explain;
};

#define SEARCH_ARGS(q_required)                                                                     \
    FIELD(search_args, q, FIELD_STR, q_required, 1, SEARCH_QUERY_BYTES_MAX,                         \
          "as people type it: words, \"a phrase\", -without, OR, ( ), begin*, role:, before: …; " \
          "docs/search.md"),                                                                        \
        FIELD(search_args, conversation, FIELD_STR, false, 36, 36, "only in this one (its id)"),    \
        FIELD(search_args, kind, FIELD_STR, false, 1, 40, "only things of this kind: message …"),   \
        FIELD(search_args, group, FIELD_STR, false, 1, 20,                                          \
              "\"conversation\": groups of results instead of results"),                            \
        FIELD(search_args, sort, FIELD_STR, false, 1, 20,                                           \
              "\"relevance\" (the default) or \"time\": what has all the words, newest first"),     \
        FIELD(search_args, typing, FIELD_BOOL, false, 0, 0,                                         \
              "somebody is still at it: the last word may go on"),                                  \
        FIELD(search_args, exact, FIELD_BOOL, false, 0, 0, "correct no word"),                      \
        FIELD(search_args, explain, FIELD_BOOL, false, 0, 0, "with the parts of each score"),       \
        FIELD(search_args, zone, FIELD_I64, false, -18 * 60, 18 * 60,                               \
              "the reader's time, minutes east of UTC: for dates in words"),                        \
        FIELD(search_args, limit, FIELD_I64, false, 1, PAGE_ITEMS_MAX,                              \
              "results (or groups) on a page"),                                                     \
        FIELD(search_args, cursor, FIELD_STR, false, 1, 200, "next_cursor of the page before")

static const struct field SEARCH_FIELDS_OF[] = { SEARCH_ARGS(true) };

#define RANGES_SCHEMA                                                                     \
    "{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}," \
    "\"minItems\":2,\"maxItems\":2}}"
#define TEXT_SCHEMA "{\"type\":[\"string\",\"null\"]}"
#define ITEM_SCHEMA                                                                               \
    "{\"type\":\"object\",\"required\":[\"kind\",\"id\",\"snippet\",\"highlights\",\"score\","    \
    "\"source\",\"words\",\"aside\"],\"properties\":{"                                            \
    "\"kind\":{\"type\":\"string\"},\"id\":{\"type\":\"string\",\"format\":\"uuid\"},"            \
    "\"conversation_id\":" TEXT_SCHEMA ",\"message_id\":" TEXT_SCHEMA ",\"title\":" TEXT_SCHEMA   \
    ",\"snippet\":{\"type\":\"string\"},\"highlights\":" RANGES_SCHEMA                            \
    ",\"score\":{\"type\":\"number\"},\"source\":{\"type\":\"string\",\"enum\":[\"keyword\","     \
    "\"similar\",\"neighbour\"]},\"found_in\":{\"type\":[\"string\",\"null\"],"                   \
    "\"enum\":[\"thinking\",\"tool\",null]},\"role\":" TEXT_SCHEMA ",\"provider\":" TEXT_SCHEMA   \
    ",\"author\":" TEXT_SCHEMA ",\"like_of\":" TEXT_SCHEMA ",\"like\":" TEXT_SCHEMA               \
    ",\"shared_by\":" TEXT_SCHEMA ",\"created_at\":" TEXT_SCHEMA                                  \
    ",\"words\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"                            \
    "\"aside\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"                             \
    "\"parts\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"name\","        \
    "\"value\","                                                                                  \
    "\"weight\"],\"properties\":{\"name\":{\"type\":\"string\"},\"value\":{\"type\":\"number\"}," \
    "\"weight\":{\"type\":\"number\"}}}}}}"

static const char SEARCH_SCHEMA[] =
    "{\"type\":\"object\",\"required\":[\"items\",\"next_cursor\",\"took_ms\",\"facets\","
    "\"corrections\","
    "\"hints\",\"similar\"],\"properties\":{\"items\":{\"type\":\"array\","
    "\"items\":" ITEM_SCHEMA "},"
    "\"groups\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"count\","
    "\"first\",\"shown\"],"
    "\"properties\":{\"conversation_id\":" TEXT_SCHEMA ",\"title\":" TEXT_SCHEMA
    ",\"provider\":" TEXT_SCHEMA
    ",\"count\":{\"type\":\"integer\"},\"first\":{\"type\":\"integer\"},"
    "\"shown\":{\"type\":\"integer\"}}}},"
    "\"facets\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"name\","
    "\"values\"],"
    "\"properties\":{\"name\":{\"type\":\"string\"},\"values\":{\"type\":\"array\",\"items\":{"
    "\"type\":"
    "\"object\",\"required\":[\"value\",\"count\"],\"properties\":{\"value\":{\"type\":"
    "\"string\"},"
    "\"count\":{\"type\":\"integer\"}}}}}}},"
    "\"corrections\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"from\","
    "\"to\"],"
    "\"properties\":{\"from\":{\"type\":\"string\"},\"to\":{\"type\":\"string\"}}}},"
    "\"hints\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"code\","
    "\"field\","
    "\"detail\"],\"properties\":{\"code\":{\"type\":\"string\"},\"field\":{\"type\":\"string\"}"
    ","
    "\"detail\":{\"type\":\"string\"}}}},"
    "\"similar\":{\"type\":\"boolean\"},"
    "\"next_cursor\":{\"type\":[\"string\",\"null\"]},\"took_ms\":{\"type\":\"number\"}}}";

static void write_id(struct json_out *o, const char *key, struct uuid id)
{
    if (uuid_is_nil(id))
        jo_knull(o, key);
    else
        jo_kuuid(o, key, id);
}

static void write_parts(struct json_out *o, const struct search_result *r)
{
    jo_kz(o, "parts");
    jo_array(o);
    for (size_t i = 0; i < r->part_count; i++) {
        jo_object(o);
        jo_kstr(o, "name", str_from(r->parts[i].name));
        jo_kf64(o, "value", r->parts[i].value);
        jo_kf64(o, "weight", r->parts[i].weight);
        jo_end(o);
    }
    jo_end(o);
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
    jo_kstr(o, "found_in", r->found_in ? str_from(r->found_in) : STR_NONE);
    jo_kstr(o, "role", r->role);
    jo_kstr(o, "provider", r->provider);
    jo_kstr(o, "author", r->author);
    jo_kstr(o, "shared_by", r->shared_by);
    jo_ktime(o, "created_at", r->created_ms);
    jo_kz(o, "words");
    jo_array(o);
    for (size_t i = 0; i < r->word_count; i++)
        jo_str(o, r->words[i]);
    jo_end(o);
    jo_kz(o, "aside");
    jo_array(o);
    for (size_t i = 0; i < r->aside_count; i++)
        jo_str(o, r->aside[i]);
    jo_end(o);
    jo_kstr(o, "like_of", r->like_of);
    jo_kstr(o, "like", r->like);
    if (r->parts)
        write_parts(o, r);
    jo_end(o);
}

static void write_items(struct json_out *o, const struct search_result *items, size_t count)
{
    jo_kz(o, "items");
    jo_array(o);
    for (size_t i = 0; i < count; i++)
        write_result(o, &items[i]);
    jo_end(o);
}

/* Each is a stretch of the items. */
static void write_groups(struct json_out *o, const struct search_page *page)
{
    jo_kz(o, "groups");
    jo_array(o);
    for (size_t i = 0; i < page->group_count; i++) {
        const struct search_group *g = &page->groups[i];
        const struct search_result *first = &page->items[g->first];
        jo_object(o);
        write_id(o, "conversation_id", first->conversation_id);
        jo_kstr(o, "title", first->title);
        jo_kstr(o, "provider", first->provider);
        jo_ki64(o, "count", g->count);
        jo_ki64(o, "first", (int64_t)g->first);
        jo_ki64(o, "shown", (int64_t)g->shown);
        jo_end(o);
    }
    jo_end(o);
}

static void write_facets(struct json_out *o, const struct search_page *page)
{
    jo_kz(o, "facets");
    jo_array(o);
    for (size_t i = 0; i < page->facet_count; i++) {
        const struct search_facet *f = &page->facets[i];
        jo_object(o);
        jo_kstr(o, "name", str_from(f->name));
        jo_kz(o, "values");
        jo_array(o);
        for (size_t k = 0; k < f->count; k++) {
            jo_object(o);
            jo_kstr(o, "value", f->values[k].value);
            jo_ki64(o, "count", f->values[k].count);
            jo_end(o);
        }
        jo_end(o);
        jo_end(o);
    }
    jo_end(o);
}

static void write_said(struct json_out *o, const struct search_page *page)
{
    jo_kz(o, "corrections");
    jo_array(o);
    for (size_t i = 0; i < page->correction_count; i++) {
        jo_object(o);
        jo_kstr(o, "from", page->corrections[i].from);
        jo_kstr(o, "to", page->corrections[i].to);
        jo_end(o);
    }
    jo_end(o);
    jo_kz(o, "hints");
    jo_array(o);
    for (size_t i = 0; i < page->hint_count; i++) {
        jo_object(o);
        jo_kstr(o, "code", str_from(page->hints[i].code));
        jo_kstr(o, "field", page->hints[i].field);
        jo_kstr(o, "detail", page->hints[i].detail);
        jo_end(o);
    }
    jo_end(o);
    jo_kbool(o, "similar", page->similar);
}

static void write_page(struct json_out *o, struct arena *a, const struct search_page *page,
                       int64_t took_us)
{
    jo_object(o);
    write_items(o, page->items, page->count);
    if (page->groups)
        write_groups(o, page);
    write_facets(o, page);
    write_said(o, page);
    struct str next = str_of((const char *)&page->next, sizeof page->next);
    jo_kstr(o, "next_cursor", page->more ? cursor_encode(a, next) : STR_NONE);
    jo_kf64(o, "took_ms", (double)took_us / 1000);
    jo_end(o);
}

static err_t ask_of(struct req *rq, const struct search_args *args, struct search_ask *ret)
{
    *ret = (struct search_ask){ .q = args->q,
                                .kind = args->kind,
                                .typing = args->typing,
                                .exact = args->exact,
                                .explain = args->explain,
                                .grouped = str_eq(args->group, S("conversation")),
                                .newest = str_eq(args->sort, S("time")),
                                .now_ms = rq->now_ms,
                                .zone_minutes = (int)args->zone };
    if (args->group.s && !ret->grouped)
        return err_note(E_INVALID, "group", "\"conversation\" is the one way of grouping");
    if (args->sort.s && !ret->newest && !str_eq(args->sort, S("relevance")))
        return err_note(E_INVALID, "sort", "\"relevance\" or \"time\"");
    if (args->kind.s && !search_entity(rq->app, args->kind))
        return err_note(E_INVALID, "kind", "a kind of thing that is searched, such as message");
    if (args->conversation.s && uuid_parse(args->conversation, &ret->conversation) != OK)
        return err_note(E_INVALID, "conversation", "the id of a conversation");
    return OK;
}

static err_t answer(struct req *rq, struct reply *rp, const struct search_args *args,
                    int64_t began_us)
{
    struct search_ask ask;
    struct search_place from;
    struct search_page page;
    TRY(ask_of(rq, args, &ask));
    if (args->cursor.s)
        TRY(cursor_read(rq->arena, args->cursor, &from, sizeof from));
    TRY(search_query(rq->app, rq->db, rq->arena, rq->caller.user_id, &ask,
                     args->cursor.s ? &from : NULL, (size_t)args->limit, &page));
    int64_t took_us = clock_monotonic_us() - began_us;
    struct search_room *room = app_room(rq->app, "search");
    room->figures.searches++;
    room->figures.micros += took_us;
    write_page(reply_json(rp), rq->arena, &page, took_us);
    return OK;
}

static err_t search_get(struct req *rq, struct reply *rp)
{
    int64_t began_us = clock_monotonic_us();
    struct search_args args = { .limit = PAGE_ITEMS_DEFAULT };
    TRY(req_query_fields(rq, &args));
    return answer(rq, rp, &args, began_us);
}

/* The same for what is too long for an address. */
static err_t search_post(struct req *rq, struct reply *rp)
{
    int64_t began_us = clock_monotonic_us();
    struct search_args args = { .limit = PAGE_ITEMS_DEFAULT };
    TRY(req_body(rq, &args));
    return answer(rq, rp, &args, began_us);
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
        .summary = "Find what was said, the best first",
        .query = SEARCH_FIELDS_OF,
        .query_count = COUNTOF(SEARCH_FIELDS_OF),
        .reply_schema = SEARCH_SCHEMA,
    },
    {
        .method = HTTP_POST,
        .path = "/api/v1/search",
        .handler = search_post,
        .auth = AUTH_USER,
        .rate = RATE_SEARCH,
        .run = RUN_WORKER,
        .scope = SCOPE_READ,
        .body_max = KIB(16),
        .summary = "The same for a long query",
        .body = SEARCH_FIELDS_OF,
        .body_count = COUNTOF(SEARCH_FIELDS_OF),
        .reply_schema = SEARCH_SCHEMA,
    },
};

static void figure(struct buf *out, const char *name, const char *type, const char *help, double v)
{
    buf_putf(out, "# HELP vivim_search_%s %s.\n# TYPE vivim_search_%s %s\nvivim_search_%s %.9g\n",
             name, help, name, type, name, v);
}

void search_figures_write(struct buf *out, void *context)
{
    const struct search_figures *f = &((const struct search_room *)context)->figures;
    figure(out, "documents", "gauge", "Documents in the index", (double)f->documents);
    figure(out, "words", "gauge", "Words of running text in the index", (double)f->words);
    figure(out, "accounts", "gauge", "Accounts that have documents in the index",
           (double)f->owners);
    figure(out, "index_bytes", "gauge", "Bytes of the index store", (double)f->bytes);
    figure(out, "lag_seconds", "gauge", "How old the newest change was when it was indexed last",
           (double)f->lag_ms / 1e3);
    figure(out, "queries_total", "counter", "Searches that were answered", (double)f->searches);
    figure(out, "query_seconds_total", "counter", "Time that they took", (double)f->micros / 1e6);
}

static err_t search_init(struct app *app)
{
    struct search_room *room;
    err_t e = OK;
    TRY(search_room_new(&room));
    *app_room_state(app, &search_module) = room;
    http_metrics_add(search_figures_write, room);
    struct search_lent index;
    if (search_lend(app, &index) == OK) {
        e = search_figures_look(room, index.db);
        search_give_back(&index);
    }
    if (e != OK)
        err_clear(); /* it will be told when the index is there */
    return OK;
}

/* Here, and not before: a process that cannot serve makes no tables. */
static err_t search_start(struct app *app)
{
    struct search_room *room = app_room(app, "search");
    struct search_similar *similar;
    TRY(search_similar_start(app, &similar));
    room->similar = similar;
    search_similar_wake(similar); /* what the consumer told of until now */
    return OK;
}

static void search_stop(struct app *app)
{
    void **state = app_room_state(app, &search_module);
    struct search_room *room = *state;
    search_similar_stop(room ? room->similar : NULL);
    search_room_free(room);
    *state = NULL;
}

const struct module search_module = {
    .name = "search",
    .init = search_init,
    .start = search_start,
    .stop = search_stop,
    .scrub = search_index_compact,
    .routes = ROUTES,
    .route_count = COUNTOF(ROUTES),
    .consumers = SEARCH_CONSUMERS,
    .consumer_count = SEARCH_CONSUMER_COUNT,
};
