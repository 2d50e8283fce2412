/* GET /api/v1/search through the real server, over its Unix socket: the shape of the answer,
 * paging, refusals. */
#include "base/json.h"
#include "base/log.h"
#include "http/http.h"
#include "net/api_client.h"
#include "ops/fixture.h"
#include "search/inside.h"

enum { NOTES = 7 };
static struct uuid ids[NOTES], conversation, caller;
static char *socket_path;

static err_t note_text(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                       struct uuid id, struct index_text *ret)
{
    UNUSED(app);
    UNUSED(db);
    UNUSED(a);
    for (int i = 0; i < NOTES; i++)
        if (uuid_eq(ids[i], id) && uuid_eq(owner, f.owner)) {
            *ret = (struct index_text){ .owner_id = owner,
                                        .id = id,
                                        .parent_id = conversation,
                                        .title = i ? S("Fruit") : STR_NONE,
                                        .text = S("Über äpfel, \"apples\" and\nmore"),
                                        .role = S("user"),
                                        .provider = S("claude"),
                                        .created_ms = NOW };
            return OK;
        }
    return E_NOT_FOUND;
}

static const struct entity ENTITIES[] = { { .name = "message", .text = note_text } };
static const struct module NOTES_MODULE = { .name = "notes",
                                            .entities = ENTITIES,
                                            .entity_count = 1 };
static const struct module *const MODULES[] = { &NOTES_MODULE, &search_module, NULL };

static err_t identify(struct req *rq, struct caller *ret)
{
    UNUSED(rq);
    *ret = (struct caller){ .known = !uuid_is_nil(caller), .user_id = caller, .scopes = ~0u };
    return OK;
}

static int open_server(void **state)
{
    fixture_open(state);
    f.app.modules = MODULES;
    f.app.blobs = NULL;
    ok(search_module.init(&f.app));
    go(MODULES);
    conversation = uuid_new();
    for (int i = 0; i < NOTES; i++)
        append(f.owner, "message", ids[i] = uuid_new(), "created");
    settle();
    caller = f.owner;
    socket_path = str_cstr(&f.arena, str_fmt(&f.arena, "%s/s", f.folder));
    static const struct route *tables[1];
    static size_t counts[1];
    tables[0] = search_module.routes;
    counts[0] = search_module.route_count;
    struct http_options o = { .unix_path = socket_path,
                              .loops = 1,
                              .workers_max = 2,
                              .store = f.app.store,
                              .app = &f.app,
                              .tables = tables,
                              .table_counts = counts,
                              .table_count = 1,
                              .identify = identify,
                              .temp_dir = f.folder };
    ok(http_server_start(&o, &f.app.server));
    ok(http_server_accept(f.app.server));
    return 0;
}

static int close_server(void **state)
{
    http_server_stop(f.app.server);
    ops_stop(&f.app);
    http_server_free(f.app.server);
    search_module.stop(&f.app);
    return fixture_close(state);
}

static int get(const char *target, struct json *ret)
{
    struct api_request rq = {
        .socket_path = socket_path, .method = "GET", .target = str_from(target), .timeout_ms = 10000
    };
    struct api_reply reply;
    ok(api_call(&f.arena, &rq, &reply));
    ok(json_parse(&f.arena, reply.body, 16, ret));
    return reply.status;
}

static void the_answer(void **state)
{
    UNUSED(state);
    struct json j;
    assert_int_equal(get("/api/v1/search?q=%22APPLES%22%20apfel", &j), 200);
    struct json items = json_get(j, S("items"));
    assert_int_equal(json_count(items), NOTES);
    assert_true(json_is(json_get(j, S("next_cursor")), JSON_NULL));
    assert_true(json_f64(json_get(j, S("took_ms")), -1) >= 0);
    struct json one = json_at(items, 0);
    assert_str(json_get_str(one, S("kind")), "message");
    assert_true(str_eq(json_get_str(one, S("message_id")), json_get_str(one, S("id"))));
    assert_true(str_eq(json_get_str(one, S("conversation_id")), uuid_str(&f.arena, conversation)));
    assert_str(json_get_str(one, S("snippet")), "Über äpfel, \"apples\" and more");
    struct json range = json_at(json_get(one, S("highlights")), 0); /* code points, not bytes */
    assert_int_equal(json_i64(json_at(range, 0), -1), 5);
    assert_int_equal(json_i64(json_at(range, 1), -1), 5);
    range = json_at(json_get(one, S("highlights")), 1);
    assert_int_equal(json_i64(json_at(range, 0), -1), 13);
    assert_int_equal(json_i64(json_at(range, 1), -1), 6);
    assert_true(json_f64(json_get(one, S("score")), -1) > 0);
    assert_str(json_get_str(one, S("source")), "keyword");
    assert_str(json_get_str(one, S("role")), "user");
    assert_str(json_get_str(one, S("provider")), "claude");
    assert_int_equal(json_get_str(one, S("created_at")).n > 0, 1);
}

/* What /metrics tells of the index and of the searches. */
static void figures(void **state)
{
    UNUSED(state);
    struct search_room *room = app_room(&f.app, "search");
    struct json j;
    struct buf b;
    for (int i = 0; i < 3; i++)
        assert_int_equal(get("/api/v1/search?q=apples", &j), 200);
    assert_int_equal(get("/api/v1/search?q=", &j), 422); /* none that was answered */
    ok(search_figures_look(room, f.index));
    buf_init(&b, &f.arena, KIB(8));
    search_figures_write(&b, room);
    struct str text = buf_str(&b);
    const struct str wanted[] = { str_fmt(&f.arena, "\nvivim_search_documents %d\n", NOTES),
                                  S("\nvivim_search_accounts 1\n"),
                                  S("\nvivim_search_queries_total 3\n"),
                                  str_fmt(&f.arena, "\nvivim_search_words %d\n", 5 * NOTES),
                                  S("\nvivim_search_lag_seconds "),
                                  S("\n# TYPE vivim_search_query_seconds_total counter\n") };
    for (size_t i = 0; i < COUNTOF(wanted); i++)
        if (str_find(text, wanted[i], 0) == text.n)
            fail_msg("not \"%.*s\" in\n%.*s", STR_ARG(wanted[i]), STR_ARG(text));
    assert_true(room->figures.bytes > 0 && room->figures.micros > 0);
}

static void in_groups_and_explained(void **state)
{
    UNUSED(state);
    struct json j;
    assert_int_equal(get("/api/v1/search?q=apples&group=conversation&explain=true", &j), 200);
    struct json group = json_at(json_get(j, S("groups")), 0), items = json_get(j, S("items"));
    assert_int_equal(json_count(json_get(j, S("groups"))), 1);
    assert_int_equal(json_i64(json_get(group, S("count")), -1), NOTES);
    assert_int_equal(json_i64(json_get(group, S("first")), -1), 0);
    assert_int_equal(json_i64(json_get(group, S("shown")), -1), 3);
    assert_int_equal(json_count(items), 3);
    assert_true(
        str_eq(json_get_str(group, S("conversation_id")), uuid_str(&f.arena, conversation)));
    struct json_iter parts = json_iter(json_get(json_at(items, 0), S("parts")));
    struct json part;
    double sum = 0;
    while (json_next(&parts, NULL, &part))
        sum += json_f64(json_get(part, S("value")), -9) * json_f64(json_get(part, S("weight")), -9);
    double score = json_f64(json_get(json_at(items, 0), S("score")), -1);
    assert_true(sum > 0 && sum - score < 1e-9 && score - sum < 1e-9); /* that is all of it */
    assert_str(json_str(json_at(json_get(json_at(items, 0), S("words")), 0)), "apples");
    struct json facet = json_at(json_get(j, S("facets")), 1);
    assert_str(json_get_str(facet, S("name")), "role");
    struct json value = json_at(json_get(facet, S("values")), 0);
    assert_str(json_get_str(value, S("value")), "user");
    assert_int_equal(json_i64(json_get(value, S("count")), -1), NOTES);
    assert_int_equal(get("/api/v1/search?q=aples", &j), 200); /* a slip */
    struct json correction = json_at(json_get(j, S("corrections")), 0);
    assert_str(json_get_str(correction, S("from")), "aples");
    assert_str(json_get_str(correction, S("to")), "apples");
    assert_int_equal(json_count(json_get(j, S("items"))), NOTES);
    assert_int_equal(get("/api/v1/search?q=aples&exact=true", &j), 200);
    assert_int_equal(json_count(json_get(j, S("items"))), 0);
    assert_int_equal(get("/api/v1/search?q=apples+befor:never", &j), 200);
    assert_str(json_get_str(json_at(json_get(j, S("hints")), 0), S("code")), "unknown_field");
}

static void by_pages(void **state)
{
    UNUSED(state);
    struct json j;
    size_t got = 0, pages = 0;
    struct str cursor = STR_NONE;
    do {
        struct str target = str_fmt(&f.arena, "/api/v1/search?q=apples&limit=3%s%.*s",
                                    cursor.n ? "&cursor=" : "", STR_ARG(cursor));
        assert_int_equal(get(str_cstr(&f.arena, target), &j), 200);
        got += json_count(json_get(j, S("items")));
        pages++;
        cursor = json_get_str(j, S("next_cursor"));
    } while (cursor.n);
    assert_int_equal(got, NOTES);
    assert_int_equal(pages, 3);
}

static void refusals(void **state)
{
    UNUSED(state);
    struct json j;
    static const char *const INVALID[] = {
        "/api/v1/search",
        "/api/v1/search?q=",
        "/api/v1/search?q=%20",
        "/api/v1/search?q=x&group=colour",
        "/api/v1/search?q=x&sort=colour",
        "/api/v1/search?q=x&conversation=000000000000000000000000000000000000",
        "/api/v1/search?q=x&limit=0",
        "/api/v1/search?q=x&limit=201",
        "/api/v1/search?q=x&limit=many"
    };
    for (size_t i = 0; i < COUNTOF(INVALID); i++) {
        assert_int_equal(get(INVALID[i], &j), 422);
        assert_str(json_get_str(j, S("code")), "invalid_field");
        assert_true(json_get_str(j, S("field")).n > 0);
    }
    assert_int_equal(get("/api/v1/search?q=x&cursor=abcd", &j) / 100, 4);
    assert_str(json_get_str(j, S("field")), "cursor");
    /* What a full-text syntax error would be. */
    assert_int_equal(get("/api/v1/search?q=%22%20%27%20NEAR(%20-%20*%20:%20(AND", &j), 200);
    caller = uuid_new(); /* somebody else */
    assert_int_equal(get("/api/v1/search?q=apples", &j), 200);
    assert_int_equal(json_count(json_get(j, S("items"))), 0);
    caller = (struct uuid){ 0 }; /* a stranger, before the query is judged */
    assert_int_equal(get("/api/v1/search?q=", &j), 401);
}

#define OPEN(name) cmocka_unit_test_setup_teardown(name, open_server, close_server)

int main(void)
{
    log_init(2, LOG_JSON, LOG_ERROR + 1);
    const struct CMUnitTest tests[] = { OPEN(the_answer), OPEN(figures),
                                        OPEN(in_groups_and_explained), OPEN(by_pages),
                                        OPEN(refusals) };
    RUN_ON_BOTH(tests);
}
