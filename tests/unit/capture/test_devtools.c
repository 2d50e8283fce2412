/* The DevTools protocol over pipes that the test holds the other ends of: framing, answers, events, the end. */
#include <fcntl.h>
#include <unistd.h>

#include "base/check.h"
#include "capture/devtools.h"
#include "os/clock.h"
#include "os/thread.h"

static struct {
    struct devtools *d;
    struct arena a;
    int to_us, from_us; /* the browser's ends */
} f;

static const struct patience *soon(void)
{
    static struct patience p;
    p = (struct patience){ .deadline_ms = clock_monotonic_ms() + 20000 };
    return &p;
}

/* Already over. */
static const struct patience NONE = { .deadline_ms = 0 };

static int open_pipes(void **state)
{
    UNUSED(state);
    int commands[2], answers[2];
    arena_init(&f.a, MIB(64));
    if (pipe2(commands, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0)
        return -1;
    f.from_us = commands[0];
    f.to_us = answers[1];
    return devtools_open(commands[1], answers[0], &f.d) == OK ? 0 : -1;
}

static void hang_up(void)
{
    if (f.to_us >= 0)
        close(f.to_us);
    f.to_us = -1;
}

static int close_pipes(void **state)
{
    UNUSED(state);
    hang_up();
    devtools_close(f.d);
    close(f.from_us);
    arena_free(&f.a);
    return 0;
}

static void browser_says(const char *s, size_t n)
{
    while (n) {
        ssize_t got = write(f.to_us, s, n);
        assert_true(got > 0);
        s += got;
        n -= (size_t)got;
    }
}
#define SAYS(literal) browser_says(literal, sizeof(literal)) /* with the zero byte that ends it */

static struct str method_of_next(struct session *s)
{
    struct json event;
    assert_int_equal(session_event(s, &f.a, soon(), &event), OK);
    return json_get_str(event, S("method"));
}

static void one_message(void **state)
{
    UNUSED(state);
    struct devtools_message m;
    assert_int_equal(devtools_message_parse(&f.a, S("{\"id\":7,\"result\":{}}"), &m), OK);
    assert_int_equal(m.id, 7);
    assert_null(m.session.s);
    assert_int_equal(devtools_message_parse(
                         &f.a, S("{\"method\":\"Page.x\",\"sessionId\":\"S\",\"params\":{}}"), &m),
                     OK);
    assert_int_equal(m.id, -1);
    assert_str(m.session, "S");
    static const struct {
        const char *text;
        err_t want;
    } bad[] = {
        { "", E_BAD_JSON },
        { "{", E_BAD_JSON },
        { "{\"id\":1}x", E_BAD_JSON },
        { "[]", E_BAD_INPUT },
        { "7", E_BAD_INPUT },
        { "{}", E_BAD_INPUT },
        { "{\"id\":-1}", E_BAD_INPUT },
        { "{\"id\":\"1\"}", E_BAD_INPUT },
        { "{\"method\":1}", E_BAD_INPUT },
    };
    for (size_t i = 0; i < COUNTOF(bad); i++)
        if (devtools_message_parse(&f.a, str_from(bad[i].text), &m) != bad[i].want)
            fail_msg("%s", bad[i].text);
}

static void frames_cut_anywhere(void **state)
{
    UNUSED(state);
    static const char bytes[] = "{\"method\":\"one\",\"sessionId\":\"S\"}\0"
                                "{\"method\":\"two\",\"sessionId\":\"S\"}\0"
                                "\0"                                           /* an empty frame */
                                "no JSON at all\0"                             /* skipped */
                                "{\"method\":\"other\",\"sessionId\":\"T\"}\0" /* nobody's */
                                "{\"method\":\"three\",\"sessionId\":\"S\"}";
    struct session *s;
    assert_int_equal(session_open(f.d, S("S"), &s), OK);
    for (size_t i = 0; i < sizeof bytes; i++)
        browser_says(bytes + i, 1);    /* byte by byte */
    browser_says(bytes, sizeof bytes); /* all at once */
    static const char *const want[] = { "one", "two", "three", "one", "two", "three" };
    for (size_t i = 0; i < COUNTOF(want); i++)
        assert_str(method_of_next(s), want[i]);
    session_close(s);
}

static void a_large_frame(void **state)
{
    UNUSED(state);
    struct session *s;
    struct json event;
    size_t n = MIB(3);
    char *text = arena_alloc(&f.a, n);
    memset(text, 'x', n);
    assert_int_equal(session_open(f.d, S("S"), &s), OK);
    static const char head[] = "{\"method\":\"big\",\"sessionId\":\"S\",\"params\":\"";
    browser_says(head, sizeof head - 1);
    browser_says(text, n);
    SAYS("\"}");
    assert_int_equal(session_event(s, &f.a, soon(), &event), OK);
    assert_int_equal(json_get_str(event, S("params")).n, n);
    session_close(s);
}

/* Reads one command, as the browser would. */
static struct json command(void)
{
    struct json root;
    struct buf b;
    char c = 1;
    buf_init(&b, &f.a, KIB(64));
    while (read(f.from_us, &c, 1) == 1 && c)
        buf_putc(&b, c);
    assert_int_equal(json_parse(&f.a, buf_str(&b), JSON_DEPTH_MAX, &root), OK);
    return root;
}

static struct {
    struct arena a;
    struct json result;
    err_t e;
} called;

static void call(void *method)
{
    called.e = devtools_call(f.d, NULL, &called.a, method, S("{\"a\":1}"), soon(), &called.result);
}

/* An answer that is too long is dropped as it comes: its call hears so, and what stands behind it is read. */
static void an_answer_without_end(void **state)
{
    UNUSED(state);
    struct session *s;
    struct json event;
    size_t n = MIB(1);
    char *text = arena_alloc(&f.a, n);
    memset(text, 'x', n);
    assert_int_equal(session_open(f.d, S("S"), &s), OK);
    static const char head[] = "{\"id\":77,\"result\":{\"body\":\"",
                      tail[] =
                          "\"},\"sessionId\":\"S\"}\0{\"method\":\"next\",\"sessionId\":\"S\"}";
    browser_says(head, sizeof head - 1);
    for (size_t i = 0; i <= DEVTOOLS_MESSAGE_MAX / n; i++)
        browser_says(text, n);
    browser_says(tail, sizeof tail);
    assert_int_equal(session_event(s, &f.a, soon(), &event), OK);
    assert_int_equal(json_i64(json_get(event, S("id")), 0), 77);
    assert_str(json_get_str(json_get(event, S("error")), S("message")), DEVTOOLS_TOO_LARGE);
    assert_str(method_of_next(s), "next");
    assert_false(devtools_dead(f.d));
    /* One that is no answer is dropped alone. */
    assert_false(devtools_too_large(&f.a, S("{\"method\":\"x\",\"params\":{"), S("}")).n);
    assert_false(devtools_too_large(&f.a, S("{\"id\":x,"), S("}")).n);
    session_close(s);
}

static void calls_find_their_answers(void **state)
{
    UNUSED(state);
    struct thread t = { 0 };
    arena_init(&called.a, MIB(1));
    assert_int_equal(thread_start(&t, "call", call, (void *)(uintptr_t) "X.y"), OK);
    struct json c = command();
    assert_str(json_get_str(c, S("method")), "X.y");
    assert_int_equal(json_i64(json_get(json_get(c, S("params")), S("a")), 0), 1);
    SAYS("{\"id\":999999,\"result\":{\"v\":1}}"); /* nobody's */
    struct str answer = str_fmt(&f.a, "{\"id\":%lld,\"result\":{\"v\":2}}",
                                (long long)json_i64(json_get(c, S("id")), 0));
    browser_says(str_cstr(&f.a, answer), answer.n + 1);
    thread_join(&t);
    assert_int_equal(called.e, OK);
    assert_int_equal(json_i64(json_get(called.result, S("v")), 0), 2);
    arena_free(&called.a);
}

static void a_refused_call(void **state)
{
    UNUSED(state);
    struct thread t = { 0 };
    arena_init(&called.a, MIB(1));
    assert_int_equal(thread_start(&t, "call", call, (void *)(uintptr_t) "X.y"), OK);
    struct json c = command();
    struct str answer = str_fmt(&f.a, "{\"id\":%lld,\"error\":{\"message\":\"no such thing\"}}",
                                (long long)json_i64(json_get(c, S("id")), 0));
    browser_says(str_cstr(&f.a, answer), answer.n + 1);
    thread_join(&t);
    assert_int_equal(called.e, E_INVALID);
    arena_free(&called.a);
}

static void what_was_sent_is_answered_among_the_events(void **state)
{
    UNUSED(state);
    struct session *s;
    struct json event;
    int64_t id;
    assert_int_equal(session_open(f.d, S("S"), &s), OK);
    assert_int_equal(session_send(s, &f.a, "Page.navigate", STR_NONE, soon(), &id), OK);
    struct json c = command();
    assert_str(json_get_str(c, S("sessionId")), "S");
    assert_int_equal(json_i64(json_get(c, S("id")), 0), id);
    SAYS("{\"method\":\"before\",\"sessionId\":\"S\"}");
    struct str answer =
        str_fmt(&f.a, "{\"id\":%lld,\"sessionId\":\"S\",\"result\":{}}", (long long)id);
    browser_says(str_cstr(&f.a, answer), answer.n + 1);
    assert_str(method_of_next(s), "before");
    assert_int_equal(session_event(s, &f.a, soon(), &event), OK);
    assert_int_equal(json_i64(json_get(event, S("id")), 0), id);
    session_close(s);
}

static void the_end(void **state)
{
    UNUSED(state);
    struct session *s;
    struct json event;
    assert_int_equal(session_open(f.d, S("S"), &s), OK);
    assert_int_equal(session_event(s, &f.a, &NONE, &event), E_TIMEOUT);
    assert_false(devtools_dead(f.d));
    SAYS("{\"method\":\"last\",\"sessionId\":\"S\"}");
    browser_says("{\"method\":\"cut sh", 17);
    hang_up();
    assert_str(method_of_next(s), "last");
    assert_int_equal(session_event(s, &f.a, soon(), &event), E_UPSTREAM);
    assert_true(devtools_dead(f.d));
    assert_int_equal(devtools_call(f.d, s, &f.a, "X.y", STR_NONE, soon(), NULL), E_UPSTREAM);
    session_close(s);
}

/* --- called off ------------------------------------------------------------------------------- */

static err_t off(void *context)
{
    int *asked = context;
    return ++*asked > 1 ? E_CANCELLED : OK;
}

static void a_call_is_called_off(void **state)
{
    UNUSED(state);
    int asked = 0;
    struct patience p = { INT64_MAX, off, &asked };
    assert_int_equal(devtools_call(f.d, NULL, &f.a, "X.y", STR_NONE, &p, NULL), E_CANCELLED);
}

/* The pipe is full, and what was half written is understood by nobody: it has as good as gone. */
static void a_browser_that_does_not_read(void **state)
{
    UNUSED(state);
    int asked = 0;
    struct patience p = { INT64_MAX, off, &asked };
    struct str big = str_fmt(&f.a, "{\"a\":\"%0*d\"}", 1000000, 0);
    assert_int_equal(devtools_call(f.d, NULL, &f.a, "X.y", big, &p, NULL), E_CANCELLED);
    assert_true(devtools_dead(f.d));
    assert_int_equal(devtools_call(f.d, NULL, &f.a, "X.y", STR_NONE, soon(), NULL), E_UPSTREAM);
}

static void an_event_that_does_not_come_is_called_off(void **state)
{
    UNUSED(state);
    int asked = 0;
    struct patience p = { INT64_MAX, off, &asked };
    struct session *s;
    struct json event;
    assert_int_equal(session_open(f.d, S("S"), &s), OK);
    assert_int_equal(session_event(s, &f.a, &p, &event), E_CANCELLED);
    session_close(s);
}

/* Somebody holds the browser's end of the pipe open: the reader ends all the same. */
static void closed_while_the_pipe_is_open(void **state)
{
    UNUSED(state);
    devtools_close(f.d);
    f.d = NULL;
}

static void sessions_need_names(void **state)
{
    UNUSED(state);
    struct session *s;
    char name[100];
    memset(name, 'x', sizeof name);
    assert_int_equal(session_open(f.d, STR_NONE, &s), E_BAD_INPUT);
    assert_int_equal(session_open(f.d, str_of(name, 64), &s), E_BAD_INPUT);
    assert_int_equal(session_open(f.d, str_of(name, 63), &s), OK);
    session_close(s);
    session_close(NULL);
}

#define PIPES(test) cmocka_unit_test_setup_teardown(test, open_pipes, close_pipes)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PIPES(one_message),
        PIPES(frames_cut_anywhere),
        PIPES(a_large_frame),
        PIPES(an_answer_without_end),
        PIPES(calls_find_their_answers),
        PIPES(a_refused_call),
        PIPES(what_was_sent_is_answered_among_the_events),
        PIPES(the_end),
        PIPES(sessions_need_names),
        PIPES(a_call_is_called_off),
        PIPES(a_browser_that_does_not_read),
        PIPES(an_event_that_does_not_come_is_called_off),
        PIPES(closed_while_the_pipe_is_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
