/* Workers alone: everything accepted is run, whenever they are stopped, and nothing waits while a thread may still be started.
 * `make tsan` runs it too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/workers.h"
#include "os/file.h"
#include "os/thread.h"

enum { ROUNDS = 100, STOP_ROUNDS = 600, STOP_STEPS = 300, WAIT_MS = 20000 };

#define ok(expr) assert_int_equal((expr), OK)

static struct fixture {
    struct arena arena;
    char *folder;
    struct http_server server; /* as much of it as workers look at */
    struct workers *workers;
    _Atomic bool begin;
    _Atomic int steps;
} f;

struct job {
    struct task task;
    struct gate began;
    struct gate *await; /* NULL: ends at once */
    _Atomic bool done, without_db, late;
};

static void run_job(struct task *t, struct db *db, err_t no_db)
{
    struct job *j = (struct job *)t; /* its first member */
    gate_open(&j->began);
    j->without_db = no_db != OK || !db;
    if (j->await)
        j->late = !gate_wait(j->await, WAIT_MS);
    j->done = true;
}

static void start_workers(int max)
{
    ok(workers_start(&f.server, max, &f.workers));
}

static void end_workers(void)
{
    workers_stop(f.workers);
    workers_free(f.workers);
    f.workers = NULL;
}

/* --- a stop at any moment ------------------------------------------------------------------------ */

struct pusher {
    struct job job;
    _Atomic bool ready;
    err_t pushed;
};

static void push_one(void *arg)
{
    struct pusher *p = arg;
    p->ready = true;
    while (
        !f.begin) /* in step with the stop to a fraction of a microsecond, which no sleeping wait gives */
        ;
    p->pushed = workers_push(f.workers, &p->job.task);
}

/* Round by round the stop comes a little later: before, between and after the steps of workers_push. */
static void stop_late(int steps)
{
    f.begin = true;
    for (int i = 0; i < steps; i++)
        f.steps++;
    workers_stop(f.workers);
}

static void what_is_accepted_while_they_stop_is_run(void **state)
{
    int accepted = 0;
    UNUSED(state);
    for (int i = 0; i < STOP_ROUNDS; i++) {
        struct pusher p = { .job.task.run = run_job };
        struct thread thread;
        start_workers(2);
        f.begin = false;
        ok(thread_start(&thread, "push", push_one, &p));
        while (!p.ready)
            ;
        stop_late(i % STOP_STEPS);
        thread_join(&thread);
        workers_free(f.workers);
        if (p.pushed == OK && !p.job.done)
            fail_msg("round %d: accepted, and never run", i);
        if (p.pushed != OK)
            assert_int_equal(p.pushed, E_STOPPING);
        accepted += p.pushed == OK;
    }
    assert_in_range(accepted, 1, STOP_ROUNDS - 1); /* the stop came before, and it came after */
}

static void what_waits_is_run_before_they_end(void **state)
{
    enum { COUNT = 50 };
    struct job jobs[COUNT];
    UNUSED(state);
    start_workers(1);
    for (int i = 0; i < COUNT; i++) {
        jobs[i] = (struct job){ .task.run = run_job };
        ok(workers_push(f.workers, &jobs[i].task));
    }
    workers_stop(f.workers);
    for (int i = 0; i < COUNT; i++) {
        assert_true(jobs[i].done);
        assert_false(jobs[i].without_db);
    }
    struct job late = { .task.run = run_job };
    assert_int_equal(workers_push(f.workers, &late.task), E_STOPPING);
    workers_free(f.workers);
    assert_false(late.done);
}

/* --- side by side --------------------------------------------------------------------------------- */

/* The first can end only when the second runs: it must not wait behind it. */
static void push_two(struct job *first, struct job *second)
{
    *second = (struct job){ .task.run = run_job };
    *first = (struct job){ .task.run = run_job, .await = &second->began };
    ok(workers_push(f.workers, &first->task));
    ok(workers_push(f.workers, &second->task));
}

static void two_that_come_at_once_run_side_by_side(void **state)
{
    UNUSED(state);
    for (int i = 0; i < ROUNDS; i++) {
        struct job before = { .task.run = run_job }, first, second;
        start_workers(2);
        ok(workers_push(f.workers,
                        &before.task)); /* one thread is there, and is idle or soon will be */
        gate_wait(&before.began, WAIT_MS);
        push_two(&first, &second);
        end_workers();
        if (first.late)
            fail_msg("round %d: the second waited for the first", i);
    }
}

static void no_more_threads_than_allowed(void **state)
{
    struct gate open = { 0 };
    struct job jobs[3];
    UNUSED(state);
    start_workers(2);
    for (int i = 0; i < 3; i++) {
        jobs[i] = (struct job){ .task.run = run_job, .await = &open };
        ok(workers_push(f.workers, &jobs[i].task));
    }
    assert_true(gate_wait(&jobs[0].began, WAIT_MS) && gate_wait(&jobs[1].began, WAIT_MS));
    assert_int_equal(workers_waiting(f.workers), 1);
    gate_open(&open);
    end_workers();
    assert_true(jobs[2].done);
}

/* --- life -------------------------------------------------------------------------------------------- */

static int set_up(void **state)
{
    UNUSED(state);
    memset(&f, 0, sizeof f);
    arena_init(&f.arena, MIB(1));
    arena_init(&f.server.arena, MIB(64));
    ok(folder_temp(&f.arena, "vivim-workers-", &f.folder));
    struct db_options db = { .url = S("sqlite:"), .data_dir = f.folder, .kind = DB_MAIN };
    ok(db_open(&db, &f.server.options.store));
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    db_close(f.server.options.store);
    folder_remove(f.folder);
    arena_free(&f.server.arena);
    arena_free(&f.arena);
    return 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_accepted_while_they_stop_is_run),
        TEST(what_waits_is_run_before_they_end),
        TEST(two_that_come_at_once_run_side_by_side),
        TEST(no_more_threads_than_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
