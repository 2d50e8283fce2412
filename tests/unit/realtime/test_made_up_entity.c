/* A kind of thing that no room has heard of, a "note", is a row in the table of a room, and that is all it takes: it is shared, seen,
 * subscribed to, fed, found, changed, described and forgotten over HTTP. This file is the whole room. */
#include "base/json.h"
#include "base/log.h"
#include "hub/hub.h"
#include "identity/identity.h"
#include "net/api_client.h"
#include "ops/fixture.h"
#include "realtime/realtime.h"
#include "search/search.h"
#include "sharing/sharing.h"

/* --- the room of notes: its rows lie in memory ------------------------------------------------------ */

enum { NOTES_MAX = 4, NOTE_BYTES_MAX = 200 };

struct note {
    struct uuid id, owner_id;
    int64_t version; /* 0: it is not there */
    char text[NOTE_BYTES_MAX + 1];
};
static struct note notes[NOTES_MAX];
static struct mutex notes_lock; /* requests, consumers and the test look at them */

static struct note *note_of(struct uuid owner, struct uuid id)
{
    for (size_t i = 0; i < NOTES_MAX; i++)
        if (notes[i].version && uuid_eq(notes[i].id, id) && uuid_eq(notes[i].owner_id, owner))
            return &notes[i];
    return NULL;
}

static err_t note_exists(struct app *app, struct db *db, struct uuid owner, struct uuid id)
{
    UNUSED(app);
    UNUSED(db);
    mutex_lock(&notes_lock);
    bool there = note_of(owner, id);
    mutex_unlock(&notes_lock);
    return there ? OK : E_NOT_FOUND;
}

static err_t note_text(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                       struct uuid id, struct index_text *ret)
{
    UNUSED(app);
    UNUSED(db);
    mutex_lock(&notes_lock);
    const struct note *n = note_of(owner, id);
    struct str text = n ? str_dup(a, str_from(n->text)) : STR_NONE;
    mutex_unlock(&notes_lock);
    if (!n)
        return E_NOT_FOUND;
    *ret = (struct index_text){ .owner_id = owner, .id = id, .text = text, .created_ms = NOW };
    return arena_err(a);
}

static err_t note_each(struct app *app, struct db *db,
                       err_t (*visit)(void *context, struct uuid owner, struct uuid id),
                       void *context)
{
    UNUSED(app);
    UNUSED(db);
    for (size_t i = 0; i < NOTES_MAX; i++)
        if (notes[i].version)
            TRY(visit(context, notes[i].owner_id, notes[i].id));
    return OK;
}

struct note_fields {
    struct str text;
};
static const struct field NOTE_FIELDS[] = {
    FIELD(note_fields, text, FIELD_STR, true, 1, NOTE_BYTES_MAX, "what it says"),
};

static void note_set(const struct entity_change *c, struct str text, int64_t version)
{
    struct note *n = note_of(c->owner_id, c->id);
    for (size_t i = 0; !n && i < NOTES_MAX; i++)
        if (!notes[i].version)
            n = &notes[i];
    assert_non_null(n);
    *n = (struct note){ .id = c->id, .owner_id = c->owner_id, .version = version };
    memcpy(n->text, text.s ? text.s : "", text.n);
}

static err_t note_apply(struct app *app, struct db *db, struct arena *a,
                        const struct entity_change *c, int64_t *ret_version)
{
    static const char *const KINDS[] = { "created", "updated", "deleted" };
    struct note_fields fields = { .text = STR_NONE };
    UNUSED(app);
    if (c->kind != CHANGE_DELETE)
        TRY(fields_read(a, c->fields, NOTE_FIELDS, COUNTOF(NOTE_FIELDS), &fields));
    mutex_lock(&notes_lock);
    const struct note *n = note_of(c->owner_id, c->id);
    int64_t version = n ? n->version : 0;
    bool gone = !n && c->kind != CHANGE_CREATE, other = c->version && c->version != version;
    if (!gone && !other)
        note_set(c, fields.text, c->kind == CHANGE_DELETE ? 0 : version + 1);
    mutex_unlock(&notes_lock);
    if (gone || other)
        return gone ? E_NOT_FOUND : E_PRECONDITION;
    *ret_version = version + 1;
    return ops_append(db,
                      &(struct op_new){ .owner_id = c->owner_id,
                                        .actor_id = c->actor_id,
                                        .entity = "note",
                                        .kind = KINDS[c->kind],
                                        .fields = "text",
                                        .entity_id = c->id,
                                        .version = *ret_version },
                      c->now_ms);
}

/* Its one route, as every room that lets clients change its things has one. */
static err_t note_patch(struct req *rq, struct reply *rp)
{
    struct uuid id;
    struct json fields;
    struct access access;
    const struct entity *note = app_entity(rq->app, S("note"));
    int64_t version;
    TRY(req_param_uuid(rq, "id", &id));
    TRY(req_json(rq, &fields));
    TRY(sharing_access(rq->app, rq->db, rq->arena, rq->caller.user_id, note, id, SHARE_WRITE,
                       &access));
    struct entity_change c = { .kind = CHANGE_UPDATE,
                               .owner_id = access.owner_id,
                               .id = id,
                               .actor_id = rq->caller.user_id,
                               .fields = fields,
                               .now_ms = rq->now_ms };
    TRY(entity_change(rq->app, rq->db, rq->arena, note, &c, &version));
    reply_status(rp, 204);
    return OK;
}

static const struct route ROUTES[] = {
    { HTTP_PATCH, "/api/v1/notes/{id}", note_patch, AUTH_USER, RATE_WRITE, KIB(4), RUN_WORKER,
      SCOPE_WRITE, .summary = "Change a note", .body = NOTE_FIELDS,
      .body_count = COUNTOF(NOTE_FIELDS), .success = 204 },
};
static const struct entity ENTITIES[] = {
    { .name = "note",
      .plural = "notes",
      .shareable = true,
      .fields = NOTE_FIELDS,
      .field_count = COUNTOF(NOTE_FIELDS),
      .apply = note_apply,
      .text = note_text,
      .each = note_each,
      .exists = note_exists },
};
static const struct module NOTES = { .name = "notes",
                                     .routes = ROUTES,
                                     .route_count = COUNTOF(ROUTES),
                                     .entities = ENTITIES,
                                     .entity_count = COUNTOF(ENTITIES) };

/* --- the program: the rooms that serve any entity, and that one -------------------------------------- */

static const struct module *const MODULES[] = { &ops_module,      &identity_module,
                                                &sharing_module,  &hub_module,
                                                &NOTES,           &search_module,
                                                &realtime_module, NULL };
static char *socket_path;
static struct uuid the_note, the_reader;

static struct uuid account_make(const char *handle)
{
    struct account a;
    ok(identity_user_add(identity_of(&f.app), f.db, &f.arena, str_from(handle),
                         S("correct horse battery"), false, NOW, &a));
    return a.id;
}

static void serve(void)
{
    struct route_tables routes;
    ok(registry_routes(&f.arena, &f.app, &routes));
    ok(registry_schemas(&f.arena, &f.app));
    socket_path = str_cstr(&f.arena, str_fmt(&f.arena, "%s/s", f.folder));
    struct http_options o = { .unix_path = socket_path,
                              .loops = 1,
                              .workers_max = 4,
                              .store = f.app.store,
                              .app = &f.app,
                              .tables = routes.tables,
                              .table_counts = routes.counts,
                              .table_count = routes.count,
                              .identify = identity_identify,
                              .temp_dir = f.folder };
    ok(http_server_start(&o, &f.app.server));
    go(MODULES);
    ok(http_server_accept(f.app.server));
}

static void change(enum change_kind kind, const char *text)
{
    struct json fields = { 0 };
    int64_t version;
    if (text)
        ok(json_parse(&f.arena, str_fmt(&f.arena, "{\"text\":\"%s\"}", text), 4, &fields));
    struct entity_change c = { .kind = kind,
                               .owner_id = f.owner,
                               .id = the_note,
                               .actor_id = f.owner,
                               .fields = fields,
                               .now_ms = NOW };
    ok(entity_change(&f.app, f.db, &f.arena, app_entity(&f.app, S("note")), &c, &version));
}

static int open_program(void **state)
{
    static const struct settings settings = { .password_mib = 19,
                                              .eio_ping_interval_ms = 60000,
                                              .eio_ping_timeout_ms = 60000,
                                              .eio_connect_timeout_ms = 60000,
                                              .eio_max_payload = 1000000 };
    fixture_open(state);
    mutex_init(&notes_lock);
    memset(notes, 0, sizeof notes);
    f.app.modules = MODULES;
    f.app.settings = &settings;
    for (size_t i = 0; MODULES[i]; i++)
        if (MODULES[i]->init)
            ok(MODULES[i]->init(&f.app));
    f.owner = account_make("owner");
    the_reader = account_make("reader");
    serve();
    the_note = uuid_new();
    change(CHANGE_CREATE, "kumquat marmalade");
    settle();
    return 0;
}

static int close_program(void **state)
{
    http_server_stop(f.app.server);
    ops_stop(&f.app);
    http_server_free(f.app.server);
    f.app.server = NULL;
    for (size_t i = COUNTOF(MODULES) - 1; i-- > 0;)
        if (MODULES[i]->stop)
            MODULES[i]->stop(&f.app);
    mutex_free(&notes_lock);
    return fixture_close(state);
}

/* --- asking ------------------------------------------------------------------------------------------- */

static struct api_reply ask(const char *who, const char *method, struct str target, struct str body)
{
    struct api_request rq = { .socket_path = socket_path,
                              .method = method,
                              .target = target,
                              .acting_handle = str_from(who),
                              .body = body,
                              .timeout_ms = 20000 };
    struct api_reply reply;
    ok(arena_err(&f.arena));
    ok(api_call(&f.arena, &rq, &reply));
    return reply;
}

static struct str note_path(const char *behind)
{
    return str_fmt(&f.arena, "/api/v1/notes/%.*s%s", STR_ARG(uuid_str(&f.arena, the_note)), behind);
}

static struct json json_of(struct api_reply reply)
{
    struct json j;
    if (reply.status != 200)
        fail_msg("%d: %.*s", reply.status, STR_ARG(reply.body));
    ok(json_parse(&f.arena, reply.body, 32, &j));
    return j;
}

static struct json get(const char *who, struct str target)
{
    return json_of(ask(who, "GET", target, STR_NONE));
}

static void share(const char *role)
{
    struct str body = str_fmt(&f.arena, "{\"role\":\"%s\"}", role);
    struct json j = json_of(ask("owner", "PUT", note_path("/members/reader"), body));
    assert_str(json_get_str(j, S("role")), role);
    settle();
}

/* --- what follows from the row in the table ------------------------------------------------------------- */

static void it_is_shared(void **state)
{
    UNUSED(state);
    assert_int_equal(ask("reader", "GET", note_path("/members"), STR_NONE).status, 404);
    share("reader");
    struct json items = json_get(get("owner", note_path("/members")), S("items"));
    assert_int_equal(json_count(items), 1);
    assert_str(json_get_str(json_at(items, 0), S("handle")), "reader");
    assert_int_equal(ask("owner", "DELETE", note_path("/members/reader"), STR_NONE).status, 204);
    items = json_get(get("owner", note_path("/members")), S("items"));
    assert_int_equal(json_count(items), 0);
}

static void its_presence_is_for_who_may_read_it(void **state)
{
    UNUSED(state);
    get("owner", note_path("/presence"));
    assert_int_equal(ask("reader", "GET", note_path("/presence"), STR_NONE).status, 404);
    share("reader");
    get("reader", note_path("/presence"));
}

static void who_reads_it_is_fed(void **state)
{
    UNUSED(state);
    share("editor");
    struct str cursor = json_get_str(get("reader", S("/api/v1/changes")), S("cursor"));
    struct str body = S("{\"text\":\"kumquat jelly\"}");
    assert_int_equal(ask("reader", "PATCH", note_path(""), body).status, 204);
    settle();
    struct str target = str_fmt(&f.arena, "/api/v1/changes?after=%.*s", STR_ARG(cursor));
    static const char *const BOTH[] = { "owner", "reader" };
    for (size_t i = 0; i < COUNTOF(BOTH); i++) {
        struct json items = json_get(get(BOTH[i], target), S("items"));
        assert_int_equal(json_count(items), 1);
        assert_str(json_get_str(json_at(items, 0), S("entity")), "note");
        assert_str(json_get_str(json_at(items, 0), S("kind")), "updated");
        assert_true(str_eq(json_get_str(json_at(items, 0), S("id")), uuid_str(&f.arena, the_note)));
    }
}

static size_t found(const char *who, const char *word)
{
    struct str target = str_fmt(&f.arena, "/api/v1/search?q=%s", word);
    struct json items = json_get(get(who, target), S("items"));
    if (json_count(items))
        assert_str(json_get_str(json_at(items, 0), S("kind")), "note");
    return json_count(items);
}

static void it_is_found(void **state)
{
    UNUSED(state);
    assert_int_equal(found("owner", "marmalade"), 1);
    assert_int_equal(found("reader", "marmalade"), 0);
    change(CHANGE_UPDATE, "kumquat jelly");
    settle();
    assert_int_equal(found("owner", "marmalade"), 0);
    assert_int_equal(found("owner", "jelly"), 1);
    change(CHANGE_DELETE, NULL);
    settle();
    assert_int_equal(found("owner", "jelly"), 0);
    assert_int_equal(ask("owner", "GET", note_path("/presence"), STR_NONE).status, 404);
}

/* Socket.IO by polling: each packet of an answer, parted by a control character, one after the other. */
static struct str packet_with(const char *sid, struct str send, const char *begin)
{
    struct str target = str_fmt(&f.arena, "/socket.io/?EIO=4&transport=polling&sid=%s", sid);
    if (send.n)
        assert_int_equal(ask("", "POST", target, send).status, 200);
    for (;;) {
        struct api_reply reply = ask("", "GET", target, STR_NONE);
        struct str rest = reply.body, packet;
        assert_int_equal(reply.status, 200);
        while (str_cut(&rest, '\x1e', &packet))
            if (str_starts(packet, str_from(begin)))
                return packet;
    }
}

static void it_is_a_topic(void **state)
{
    UNUSED(state);
    struct json open;
    struct token token;
    struct str secret;
    struct token_new wanted = { S("test"), 1u << SCOPE_READ, INT64_MAX };
    ok(identity_token_create(f.db, &f.arena, the_reader, &wanted, clock_wall_ms(), &token,
                             &secret));
    share("reader");
    struct api_reply hello = ask("", "GET", S("/socket.io/?EIO=4&transport=polling"), STR_NONE);
    ok(json_parse(&f.arena, str_sub(hello.body, 1, hello.body.n), 4, &open));
    const char *sid = str_cstr(&f.arena, json_get_str(open, S("sid")));
    packet_with(sid, str_fmt(&f.arena, "40{\"token\":\"%.*s\"}", STR_ARG(secret)), "40");
    struct str topic = str_fmt(&f.arena, "note:%.*s", STR_ARG(uuid_str(&f.arena, the_note)));
    struct str answer = packet_with(
        sid, str_fmt(&f.arena, "420[\"subscribe\",{\"topics\":[\"%.*s\"]}]", STR_ARG(topic)),
        "430");
    struct str subscribed = str_fmt(&f.arena, "\"subscribed\":[\"%.*s\"]", STR_ARG(topic));
    if (str_find(answer, subscribed, 0) >= answer.n)
        fail_msg("%.*s", STR_ARG(answer));
    /* What changes is told; and when the right goes, so does the topic. */
    change(CHANGE_UPDATE, "kumquat jelly");
    struct str told = packet_with(sid, STR_NONE, "42[\"change\"");
    assert_true(str_find(told, S("\"entity\":\"note\""), 0) < told.n);
    assert_int_equal(ask("owner", "DELETE", note_path("/members/reader"), STR_NONE).status, 204);
    told = packet_with(sid, STR_NONE, "42[\"unsubscribed\"");
    assert_true(str_find(told, topic, 0) < told.n);
}

static bool lists(struct json schemas, const char *name, const char *value)
{
    struct json_iter it = json_iter(json_get(json_get(schemas, str_from(name)), S("enum")));
    struct json one;
    while (json_next(&it, NULL, &one))
        if (str_eq(json_str(one), str_from(value)))
            return true;
    return false;
}

static void clients_are_told_of_it(void **state)
{
    UNUSED(state);
    struct json api = get("owner", S("/openapi.json"));
    struct json schemas = json_get(json_get(api, S("components")), S("schemas"));
    static const char *const PATHS[] = { "/api/v1/notes/{id}/members",
                                         "/api/v1/notes/{id}/members/{handle}",
                                         "/api/v1/notes/{id}/presence" };
    assert_true(lists(schemas, "Entity", "note"));
    assert_true(lists(schemas, "ShareableEntity", "note"));
    assert_true(lists(schemas, "Entity", "grant"));
    assert_false(lists(schemas, "ShareableEntity", "grant"));
    for (size_t i = 0; i < COUNTOF(PATHS); i++)
        assert_true(json_exists(json_get(json_get(api, S("paths")), str_from(PATHS[i]))));
}

#define OPEN(name) cmocka_unit_test_setup_teardown(name, open_program, close_program)

int main(void)
{
    log_init(2, LOG_JSON, LOG_ERROR + 1);
    const struct CMUnitTest tests[] = {
        OPEN(it_is_shared),        OPEN(its_presence_is_for_who_may_read_it),
        OPEN(who_reads_it_is_fed), OPEN(it_is_found),
        OPEN(it_is_a_topic),       OPEN(clients_are_told_of_it)
    };
    RUN_ON_BOTH(tests);
}
