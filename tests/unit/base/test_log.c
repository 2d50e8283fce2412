#include "check.h"

#include <pthread.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"

static int pipe_ends[2];
static char output[65536];

/* What was logged since the last call. */
static struct str drain(void)
{
    ssize_t n = read(pipe_ends[0], output, sizeof output);
    return str_of(output, n > 0 ? (size_t)n : 0);
}

static int open_pipe(void **state)
{
    UNUSED(state);
    return pipe(pipe_ends);
}

static int close_pipe(void **state)
{
    UNUSED(state);
    log_set_request(STR_NONE);
    close(pipe_ends[0]);
    return close(pipe_ends[1]);
}

static struct json one_line(struct arena *a)
{
    struct str line = drain();
    struct json v = { 0 };
    assert_true(str_ends(line, S("\n")));
    assert_int_equal(str_find_char(line, '\n', 0), line.n - 1);
    assert_int_equal(json_parse(a, line, 4, &v), OK);
    return v;
}

static void a_line_is_json(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    log_init(pipe_ends[1], LOG_JSON, LOG_INFO);
    log_set_request(S("req-1"));
    log_at(LOG_WARN, "http.request", LS("path", S("/x")), LI("status", 200), LF("ms", 1.5),
           LB("ok", true), LZ("none", NULL));
    struct json v = one_line(&a);
    assert_str(json_get_str(v, S("level")), "warn");
    assert_str(json_get_str(v, S("event")), "http.request");
    assert_str(json_get_str(v, S("request_id")), "req-1");
    assert_str(json_get_str(v, S("path")), "/x");
    assert_int_equal(json_i64(json_get(v, S("status")), 0), 200);
    assert_true(json_f64(json_get(v, S("ms")), 0) == 1.5);
    assert_true(json_bool(json_get(v, S("ok")), false));
    assert_true(json_is(json_get(v, S("none")), JSON_NULL));
    assert_int_equal(json_get_str(v, S("time")).s[10], 'T');
}

static const char HOSTILE[] = "x\n{\"event\":\"fake\"}\r\t\x1b[31m\"\\\x7f\xff\xc2\x85\u2028\u202e";

static void nothing_breaks_out_of_a_json_line(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    log_init(pipe_ends[1], LOG_JSON, LOG_INFO);
    log_at(LOG_INFO, "test", LZ("value", HOSTILE), LS("zero", str_of("a\0b", 3)));
    struct json v = one_line(&a);
    struct str got = json_get_str(v, S("value"));
    assert_true(str_starts(got, S("x\n{\"event\":\"fake\"}\r\t\x1b[31m\"\\\x7f\uFFFD")));
    assert_int_equal(json_get_str(v, S("zero")).n, 3);
    assert_str(json_get_str(v, S("event")), "test");
}

static void nothing_breaks_out_of_a_line_for_people(void **state)
{
    UNUSED(state);
    log_init(pipe_ends[1], LOG_HUMAN, LOG_INFO);
    log_at(LOG_INFO, "test", LZ("value", HOSTILE), LZ("plain", "/a/b.c"), LZ("two", "a b"));
    struct str line = drain();
    assert_int_equal(str_find_char(line, '\n', 0), line.n - 1);
    assert_int_equal(str_find_char(line, '\x1b', 0), line.n);
    assert_int_equal(str_find_char(line, '\x7f', 0), line.n);
    assert_int_equal(str_find(line, S("\u202e"), 0), line.n);
    assert_int_equal(str_find(line, S("\xc2\x85"), 0), line.n);
    assert_true(utf8_ok(line));
    assert_true(str_find(line, S("\\u001b[31m\\\"\\\\"), 0) < line.n);
    assert_true(str_ends(line, S(" plain=/a/b.c two=\"a b\"\n")));
}

static void levels(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    log_init(pipe_ends[1], LOG_JSON, LOG_WARN);
    log_at(LOG_DEBUG, "no", LI("x", 1));
    log_at(LOG_INFO, "no", LI("x", 1));
    log_at(LOG_ERROR, "yes", LI("x", 1));
    assert_str(json_get_str(one_line(&a), S("event")), "yes");
}

static void long_values_are_cut_and_the_line_stays_whole(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    log_init(pipe_ends[1], LOG_JSON, LOG_INFO);
    char text[10000];
    memset(text, 1, sizeof text); /* each becomes six bytes */
    struct log_field fields[30];
    for (size_t i = 0; i < COUNTOF(fields); i++)
        fields[i] = LS("text", str_of(text, sizeof text));
    log_write(LOG_INFO, "long", fields, 1);
    assert_int_equal(json_get_str(one_line(&a), S("text")).n, 2048);
    log_write(LOG_INFO, "too.long", fields, COUNTOF(fields));
    struct json v = one_line(&a);
    assert_str(json_get_str(v, S("event")), "too.long");
    assert_true(json_bool(json_get(v, S("fields_dropped")), false));
}

static void the_request_id_is_cut_and_cleared(void **state)
{
    UNUSED(state);
    log_set_request(S("0123456789012345678901234567890123456789x"));
    assert_str(log_request(), "0123456789012345678901234567890123456789");
    log_set_request(STR_NONE);
    assert_true(str_empty(log_request()));
}

static void *many_lines(void *name)
{
    log_set_request(str_from(name));
    for (int i = 0; i < 100; i++)
        log_at(LOG_INFO, "thread", LI("i", i));
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    log_init(pipe_ends[1], LOG_JSON, LOG_INFO);
    pthread_t threads[4];
    char names[4][2] = { "a", "b", "c", "d" };
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, many_lines, names[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    int seen[4] = { 0 };
    struct str rest = drain(), line;
    while (str_cut(&rest, '\n', &line) && line.n > 0) {
        struct json v;
        assert_int_equal(json_parse(&a, line, 4, &v), OK);
        int thread = json_get_str(v, S("request_id")).s[0] - 'a';
        assert_int_equal(json_i64(json_get(v, S("i")), -1), seen[thread]++);
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal(seen[i], 100);
}

int main(void)
{
#define WITH_PIPE(test) cmocka_unit_test_setup_teardown(test, open_pipe, close_pipe)
    const struct CMUnitTest tests[] = {
        WITH_PIPE(a_line_is_json),
        WITH_PIPE(nothing_breaks_out_of_a_json_line),
        WITH_PIPE(nothing_breaks_out_of_a_line_for_people),
        WITH_PIPE(levels),
        WITH_PIPE(long_values_are_cut_and_the_line_stays_whole),
        WITH_PIPE(the_request_id_is_cut_and_cleared),
        WITH_PIPE(lines_of_threads_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
