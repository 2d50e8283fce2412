/* Rendered pages that are kept: the whole key decides, what is kept has a bound, what is forgotten is rendered again, and
 * nothing but a good JSON answer of a loop is kept. A whole server in this process; `make tsan` runs it too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/call.h"
#include "http/client.h"
#include "os/file.h"

enum { ANSWER_BYTES = KIB(512), LARGE = KIB(200), MANY = 100, READERS = 4, READS = 200 };

#define ok(expr) assert_int_equal((expr), OK)

static struct fixture {
    struct arena arena;
    char *folder;
    struct db_store *store;
    struct http_server *_Atomic server;
    _Atomic int rendered;
} f;

/* --- the routes ------------------------------------------------------------------------------------ */

/* The key is what the query says; what is shown counts how often it was rendered. */
static err_t show(struct req *rq, struct reply *rp)
{
    struct str key = req_query(rq, "key"), bytes = req_query(rq, "bytes");
    int64_t filler = 0;
    if (bytes.s)
        TRY(str_to_i64(bytes, &filler));
    if (reply_page(rq, rp, key))
        return OK;
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kstr(o, "key", key);
    jo_ki64(o, "rendered", ++f.rendered);
    if (filler) {
        char *text = arena_bytes(rq->arena, (size_t)filler);
        if (!text)
            return arena_err(rq->arena);
        memset(text, 'x', (size_t)filler);
        jo_kstr(o, "filler", str_of(text, (size_t)filler));
    }
    jo_end(o);
    if (req_query(rq, "fail").s)
        return err_note(E_CONFLICT, NULL, "after it was rendered");
    if (req_query(rq, "created").s)
        reply_status(rp, 201);
    return OK;
}

#define ROW(path, where)                                                                        \
    {                                                                                           \
        HTTP_GET, path, show, AUTH_PUBLIC, RATE_NONE, 0, where, SCOPE_NONE, .summary = "a test" \
    }
static const struct route ROUTES[] = { ROW("/page", RUN_INLINE), ROW("/on-worker", RUN_WORKER) };

/* --- asking ------------------------------------------------------------------------------------------ */

static struct str get(const char *target)
{
    int fd = client_connect(f.folder);
    client_ask(fd, target);
    struct str text = client_answer(fd, &f.arena, ANSWER_BYTES);
    close(fd);
    return text;
}

static void expect(const char *target, int rendered)
{
    char wanted[40];
    struct str text = get(target);
    snprintf(wanted, sizeof wanted, "\"rendered\":%d", rendered);
    assert_int_equal(status_of(text), 200);
    assert_true(has(text, "Content-Type: application/json"));
    if (!has(text, wanted))
        fail_msg("%s is not in the answer to %s", wanted, target);
}

static int64_t figure(const char *name)
{
    struct str text = get("/metrics");
    size_t at = str_find(text, str_fmt(&f.arena, "\n%s ", name), 0);
    int64_t n = -1;
    assert_true(at < text.n);
    struct str rest = str_sub(text, at + strlen(name) + 2, text.n), line;
    assert_true(str_cut(&rest, '\n', &line));
    ok(str_to_i64(line, &n));
    return n;
}

static void the_whole_key_decides(void **state)
{
    UNUSED(state);
    expect("/page?key=a", 1);
    expect("/page?key=a", 1);
    expect("/page?key=b", 2);
    expect("/page?key=ab", 3);
    expect("/page?key=a%20", 4);
    expect("/page?key=a", 1);
    expect("/page?key=ab", 3);
    assert_int_equal(figure("vivim_page_cache_hits_total"), 3);
    assert_int_equal(figure("vivim_page_cache_misses_total"), 4);
}

static void what_is_forgotten_is_rendered_again(void **state)
{
    UNUSED(state);
    expect("/page?key=a", 1);
    assert_true(figure("vivim_page_cache_bytes") > 0);
    http_pages_forget(f.server);
    expect("/page?key=a", 2);
    expect("/page?key=a", 2);
    http_pages_forget(f.server);
    (void)get("/livez"); /* a turn of the loop without any page … */
    assert_int_equal(figure("vivim_page_cache_bytes"), 0);
}

static void only_a_good_answer_is_kept(void **state)
{
    UNUSED(state);
    assert_int_equal(status_of(get("/page?key=a&fail=1")), 409);
    assert_int_equal(status_of(get("/page?key=a&created=1")), 201);
    expect("/page?key=a", 3);
    expect("/page?key=a", 3);
}

static void a_worker_keeps_nothing(void **state)
{
    UNUSED(state);
    expect("/page?key=a", 1);
    expect("/on-worker?key=a", 2);
    expect("/on-worker?key=a", 3);
    expect("/page?key=a", 1);
}

static void what_is_kept_has_a_bound(void **state)
{
    char target[80];
    UNUSED(state);
    for (int i = 1; i <= MANY; i++) {
        snprintf(target, sizeof target, "/page?key=%d&bytes=%d", i, LARGE);
        expect(target, i);
        assert_in_range(figure("vivim_page_cache_bytes"), LARGE, PAGE_CACHE_BYTES_MAX);
        expect("/page?key=1&bytes=0", 1); /* what is asked for stays */
    }
    expect(target, MANY);                                           /* the newest is there … */
    snprintf(target, sizeof target, "/page?key=2&bytes=%d", LARGE); /* … the oldest is not */
    expect(target, MANY + 1);
    snprintf(target, sizeof target, "/page?key=huge&bytes=%d", (int)PAGE_CACHE_ITEM_BYTES_MAX);
    expect(target, MANY + 2);
    expect(target, MANY + 3);
}

/* What the kernel did not take of it is a copy: the page itself goes. */
static void who_reads_slowly_gets_a_page_that_was_dropped(void **state)
{
    enum { SLOW = KIB(255) }; /* more than a socket holds */
    char target[80];
    UNUSED(state);
    snprintf(target, sizeof target, "/page?key=slow&bytes=%d", SLOW);
    expect(target, 1);
    int fd = client_connect(f.folder);
    client_ask(fd, target);
    for (int i = 1; i <= MANY; i++) {
        snprintf(target, sizeof target, "/page?key=%d&bytes=%d", i, LARGE);
        expect(target, i + 1);
    }
    struct str text = client_answer(fd, &f.arena, ANSWER_BYTES);
    size_t at = str_find(text, S("\"filler\":\""), 0) + 10;
    assert_true(has(text, "\"rendered\":1,"));
    assert_int_equal(text.n, at + SLOW + 2);
    for (size_t i = 0; i < SLOW; i++)
        assert_int_equal(text.s[at + i], 'x');
    client_ask(fd, "/page?key=next"); /* the connection goes on */
    assert_int_equal(status_of(client_answer(fd, &f.arena, ANSWER_BYTES)), 200);
    close(fd);
}

/* --- beside each other ---------------------------------------------------------------------------------- */

static void read_on(void *arg)
{
    UNUSED(arg);
    for (int i = 0; i < READS; i++) {
        struct str text;
        struct arena a;
        char target[40];
        arena_init(&a, MIB(2));
        int fd = client_connect(f.folder);
        snprintf(target, sizeof target, "/page?key=k%d", i % 7);
        client_ask(fd, target);
        text = client_answer(fd, &a, ANSWER_BYTES);
        snprintf(target, sizeof target, "{\"key\":\"k%d\"", i % 7);
        assert_int_equal(status_of(text), 200);
        assert_true(has(text, target));
        close(fd);
        arena_free(&a);
    }
}

static void forgetting_while_others_read(void **state)
{
    struct thread readers[READERS] = { 0 };
    UNUSED(state);
    for (int i = 0; i < READERS; i++)
        ok(thread_start(&readers[i], "reader", read_on, NULL));
    for (int i = 0; i < READS; i++)
        http_pages_forget(f.server);
    for (int i = 0; i < READERS; i++)
        thread_join(&readers[i]);
}

/* --- life ------------------------------------------------------------------------------------------------ */

static int set_up(void **state)
{
    static const struct route *tables[] = { ROUTES };
    static const size_t counts[] = { COUNTOF(ROUTES) };
    UNUSED(state);
    memset(&f, 0, sizeof f);
    arena_init(&f.arena, MIB(512));
    ok(folder_temp(&f.arena, "vivim-pages-", &f.folder));
    struct db_options db = { .url = S("sqlite:"), .data_dir = f.folder, .kind = DB_MAIN };
    ok(db_open(&db, &f.store));
    struct http_options o = {
        .listen = S(""),
        .unix_path = str_cstr(&f.arena, str_fmt(&f.arena, "%s/socket", f.folder)),
        .loops = 2,
        .workers_max = 2,
        .store = f.store,
        .tables = tables,
        .table_counts = counts,
        .table_count = 1,
        .temp_dir = f.folder,
        .drain_ms = 2000,
    };
    ok(http_server_start(&o, &f.server));
    ok(http_server_accept(f.server));
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    http_server_stop(f.server);
    http_server_free(f.server);
    db_close(f.store);
    folder_remove(f.folder);
    arena_free(&f.arena);
    return 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_whole_key_decides),
        TEST(what_is_forgotten_is_rendered_again),
        TEST(only_a_good_answer_is_kept),
        TEST(a_worker_keeps_nothing),
        TEST(what_is_kept_has_a_bound),
        TEST(forgetting_while_others_read),
        TEST(who_reads_slowly_gets_a_page_that_was_dropped),
    };
    return cmocka_run_group_tests_name("http/pages", tests, NULL, NULL);
}
