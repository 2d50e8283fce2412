/* Files, processes, queues, clocks. */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "os/clock.h"
#include "os/entropy.h"
#include "os/file.h"
#include "os/process.h"
#include "os/thread.h"

static struct arena arena;
static char *folder;

static int up(void **state)
{
    UNUSED(state);
    arena_init(&arena, MIB(4));
    return folder_temp(&arena, "vivim-os-", &folder) == OK ? 0 : -1;
}

static int down(void **state)
{
    UNUSED(state);
    clock_real();
    folder_remove(folder);
    arena_free(&arena);
    return 0;
}

static char *path(const char *name)
{
    return str_cstr(&arena, str_fmt(&arena, "%s/%s", folder, name));
}

static void files_are_replaced_whole(void **state)
{
    UNUSED(state);
    struct str text;
    struct stat st;
    assert_int_equal(file_read(&arena, path("x"), 100, &text), E_NOT_FOUND);
    assert_int_equal(file_write_atomic(path("x"), S("one"), 0600), OK);
    assert_int_equal(file_write_atomic(path("x"), S("three"), 0600), OK);
    assert_int_equal(file_read(&arena, path("x"), 100, &text), OK);
    assert_true(str_eq(text, S("three")));
    assert_int_equal(stat(path("x"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(file_read(&arena, path("x"), 5, &text), OK);
    assert_int_equal(file_read(&arena, path("x"), 4, &text), E_LIMIT);
    assert_int_equal(file_write_atomic(path("no/such/folder/x"), S("y"), 0600), E_NOT_FOUND);
    assert_int_equal(file_write_atomic(path("empty"), S(""), 0600), OK);
    assert_int_equal(file_read(&arena, path("empty"), 10, &text), OK);
    assert_int_equal(text.n, 0);
}

static void folders(void **state)
{
    UNUSED(state);
    assert_int_equal(folder_make(path("a/b/c"), 0700), OK);
    assert_int_equal(folder_make(path("a/b/c"), 0700), OK);
    assert_int_equal(file_write_atomic(path("a/b/c/x"), S("1"), 0600), OK);
    assert_int_equal(folder_make(path("a/b/c/x"), 0700), E_IO);
    assert_int_equal(symlink("/etc", path("a/b/link")), 0);
    folder_remove(path("a"));
    assert_false(file_exists(path("a")));
    assert_true(file_exists("/etc/passwd")); /* links are not followed */
}

static void one_lock_at_a_time(void **state)
{
    UNUSED(state);
    CLEANUP(fd_close) struct fd first = FD_NONE, second = FD_NONE;
    assert_int_equal(file_lock(path("lock"), &first), OK);
    assert_int_equal(file_lock(path("lock"), &second), E_CONFLICT);
    fd_close(&first);
    assert_int_equal(file_lock(path("lock"), &second), OK);
}

static void a_process_and_all_that_it_started_end(void **state)
{
    UNUSED(state);
    struct process p = { 0 };
    int out[2];
    assert_int_equal(pipe(out), 0);
    char *argv[] = { (char *)"sh", (char *)"-c", (char *)"sleep 60 & echo $! >&7; wait", NULL };
    struct process_fd map[] = { { out[1], 7 } };
    assert_int_equal(process_start(&p, argv, NULL, map, 1), OK);
    close(out[1]);
    char text[32] = { 0 };
    assert_true(read(out[0], text, sizeof text - 1) > 0);
    int64_t child;
    assert_int_equal(str_to_i64(str_trim(str_from(text)), &child), OK);
    assert_false(process_wait(&p, 0, NULL));
    assert_true(process_group_memory(&p) > 0);
    process_stop(&p, 2000);
    assert_int_equal(p.pid, 0);
    for (int i = 0; i < 200 && kill((pid_t)child, 0) == 0; i++)
        clock_sleep_ms(10);
    assert_int_not_equal(kill((pid_t)child, 0), 0);
    close(out[0]);
}

/* Also of what was opened without close-on-exec. */
static void a_child_has_nothing_that_it_was_not_given(void **state)
{
    UNUSED(state);
    struct process p = { 0 };
    int ours[2];
    char byte;
    char *argv[] = { (char *)"sleep", (char *)"600", NULL };
    assert_int_equal(pipe(ours), 0);
    assert_int_equal(process_start(&p, argv, NULL, NULL, 0), OK);
    close(ours[1]);
    assert_int_equal(read(ours[0], &byte, 1), 0); /* nobody else could write */
    close(ours[0]);
    process_end(&p);
    assert_int_equal(p.pid, 0);
}

/* Until nobody holds the other end any more; whoever still does after that time has outlived what should have ended it. */
static void wait_for_the_last(int out)
{
    enum { WAIT_MS = 20000 };
    char bytes[128];
    ssize_t got;
    do {
        struct pollfd ended = { .fd = out, .events = POLLIN };
        assert_int_equal(poll(&ended, 1, WAIT_MS), 1);
        got = read(out, bytes, sizeof bytes);
    } while (got > 0);
    assert_int_equal(got, 0);
}

/* It left the group, and does not hear of SIGTERM. */
static void a_descendant_in_a_session_of_its_own_ends_too(void **state)
{
    UNUSED(state);
    struct process p = { 0 };
    int out[2];
    char byte;
    char *argv[] = { (char *)"sh", (char *)"-c",
                     (char *)"trap '' TERM; setsid sh -c 'echo >&7; sleep 600' & wait", NULL };
    assert_int_equal(pipe(out), 0);
    struct process_fd map[] = { { out[1], 7 } };
    assert_int_equal(process_start(&p, argv, NULL, map, 1), OK);
    close(out[1]);
    assert_int_equal(read(out[0], &byte, 1), 1);
    process_end(&p);
    wait_for_the_last(out[0]);
    close(out[0]);
}

/* Those too that are started while it is being ended. */
static void descendants_that_are_just_starting_end_too(void **state)
{
    UNUSED(state);
    enum { TRIES = 30 };
    for (int i = 0; i < TRIES; i++) {
        struct process p = { 0 };
        int out[2];
        char byte;
        char *argv[] = { (char *)"sh", (char *)"-c",
                         (char *)"setsid sh -c 'echo >&7; i=0; while [ $((i += 1)) -lt 100 ]; do "
                                 "sleep 0.002; sleep 600 & done' & wait",
                         NULL };
        assert_int_equal(pipe(out), 0);
        struct process_fd map[] = { { out[1], 7 } };
        assert_int_equal(process_start(&p, argv, NULL, map, 1), OK);
        close(out[1]);
        assert_int_equal(read(out[0], &byte, 1), 1);
        process_end(&p);
        wait_for_the_last(out[0]);
        close(out[0]);
    }
}

static void a_program_that_is_not_there(void **state)
{
    UNUSED(state);
    struct process p = { 0 };
    char *argv[] = { (char *)"vivim-no-such-program", NULL };
    assert_int_equal(process_start(&p, argv, NULL, NULL, 0), E_NOT_FOUND);
    assert_int_equal(p.pid, 0);
    int status;
    char *failing[] = { (char *)"sh", (char *)"-c", (char *)"exit 3", NULL };
    assert_int_equal(process_start(&p, failing, NULL, NULL, 0), OK);
    assert_true(process_wait(&p, -1, &status));
    assert_int_equal(status >> 8, 3);
}

static void queues_are_bounded_and_in_order(void **state)
{
    UNUSED(state);
    struct queue *q;
    int items[3];
    assert_int_equal(queue_new(2, &q), OK);
    assert_int_equal(queue_push(q, &items[0]), OK);
    assert_int_equal(queue_push(q, &items[1]), OK);
    assert_int_equal(queue_push(q, &items[2]), E_BUSY);
    assert_ptr_equal(queue_pop(q, 0), &items[0]);
    assert_int_equal(queue_push(q, &items[2]), OK);
    queue_close(q);
    assert_int_equal(queue_push(q, &items[0]), E_STOPPING);
    assert_ptr_equal(queue_pop(q, -1), &items[1]);
    assert_ptr_equal(queue_pop(q, -1), &items[2]);
    assert_null(queue_pop(q, -1));
    queue_free(q);
}

enum { PRODUCERS = 4, EACH = 2000 };
static struct queue *shared;
static int numbers[PRODUCERS][EACH];
static void produce(void *arg)
{
    int *mine = arg;
    for (int i = 0; i < EACH; i++)
        while (queue_push(shared, &mine[i]) == E_BUSY)
            clock_sleep_ms(1);
}

static void queues_lose_nothing_between_threads(void **state)
{
    UNUSED(state);
    struct thread threads[PRODUCERS] = { 0 };
    assert_int_equal(queue_new(64, &shared), OK);
    for (int i = 0; i < PRODUCERS; i++)
        assert_int_equal(thread_start(&threads[i], "producer", produce, numbers[i]), OK);
    int *last[PRODUCERS] = { 0 };
    for (int got = 0; got < PRODUCERS * EACH; got++) {
        int *item = queue_pop(shared, 10000);
        assert_non_null(item);
        int from = (int)((item - &numbers[0][0]) / EACH);
        assert_true(item > last[from]); /* each producer's own order is kept */
        last[from] = item;
    }
    for (int i = 0; i < PRODUCERS; i++)
        thread_join(&threads[i]);
    queue_free(shared);
}

static void clocks_and_ids(void **state)
{
    UNUSED(state);
    clock_fake(1000);
    clock_fake_advance(234);
    assert_int_equal(clock_wall_ms(), 1234);
    struct uuid before = uuid_new();
    for (int i = 0; i < 10000;
         i++) { /* more than one millisecond's counter holds, in a clock that stands still */
        struct uuid next = uuid_new();
        assert_true(uuid_cmp(before, next) < 0);
        before = next;
    }
    clock_real();
    assert_true(clock_wall_ms() > 1700000000000);
    entropy_fake(7);
    char a[16], b[16];
    entropy_fill(a, sizeof a);
    entropy_fake(7);
    entropy_fill(b, sizeof b);
    assert_memory_equal(a, b, sizeof a);
    entropy_fake(0);
    entropy_fill(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_are_replaced_whole),
        TEST(folders),
        TEST(one_lock_at_a_time),
        TEST(a_process_and_all_that_it_started_end),
        TEST(a_child_has_nothing_that_it_was_not_given),
        TEST(a_descendant_in_a_session_of_its_own_ends_too),
        TEST(descendants_that_are_just_starting_end_too),
        TEST(a_program_that_is_not_there),
        TEST(queues_are_bounded_and_in_order),
        TEST(queues_lose_nothing_between_threads),
        TEST(clocks_and_ids),
    };
    return cmocka_run_group_tests_name("os", tests, NULL, NULL);
}
