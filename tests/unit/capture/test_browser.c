/* Browsers that do not start as they should, and captures that are called off meanwhile: nobody waits for them to the end, and
 * nothing of them is left. The browsers are scripts. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "capture/browser.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/thread.h"

enum { GENEROUS_MS = 10000, LOOK_MS = 5, PIDS_MAX = 16 };

static struct {
    struct arena a;
    char *folder, *profiles, *script, *pids;
    struct browser_pool *pool;
} f;

static char *in_folder(const char *name)
{
    return str_cstr(&f.a, str_fmt(&f.a, "%s/%s", f.folder, name));
}

static int open_folder(void **state)
{
    UNUSED(state);
    arena_init(&f.a, MIB(8));
    if (folder_temp(&f.a, "vivim-browsers-", &f.folder) != OK)
        return -1;
    f.profiles = in_folder("profiles");
    f.script = in_folder("browser");
    f.pids = in_folder("pids");
    return folder_make(f.profiles, 0700) == OK ? 0 : -1;
}

static int close_folder(void **state)
{
    UNUSED(state);
    browser_pool_free(f.pool);
    f.pool = NULL;
    folder_remove(f.folder);
    arena_free(&f.a);
    return 0;
}

/* Every process of the script writes its number into the file of pids, with one line `note`. */
static void make_browser(const char *body)
{
    struct str text = str_fmt(&f.a, "#!/bin/sh\nnote() { echo $1 >>'%s'; }\n%s\n", f.pids, body);
    assert_int_equal(file_write_atomic(f.script, text, 0700), OK);
    assert_int_equal(browser_pool_new(str_from(f.script), f.profiles, &f.pool), OK);
}

static size_t read_pids(pid_t list[PIDS_MAX])
{
    struct str text, line;
    size_t n = 0;
    if (file_read(&f.a, f.pids, KIB(4), &text) != OK)
        return 0;
    while (str_cut(&text, '\n', &line) && text.s) {
        int64_t pid;
        assert_int_equal(str_to_i64(line, &pid), OK);
        assert_true(n < PIDS_MAX);
        list[n++] = (pid_t)pid;
    }
    return n;
}

static void await_pids(size_t wanted)
{
    pid_t list[PIDS_MAX];
    int64_t deadline = clock_monotonic_ms() + GENEROUS_MS;
    while (read_pids(list) < wanted) {
        assert_true(clock_monotonic_ms() < deadline);
        clock_sleep_ms(LOOK_MS);
    }
}

/* A killed process that nobody has waited for is a zombie, and has ended all the same. */
static bool lives(pid_t pid)
{
    struct str text;
    char *path = str_cstr(&f.a, str_fmt(&f.a, "/proc/%d/stat", (int)pid));
    return kill(pid, 0) == 0 && file_read(&f.a, path, KIB(4), &text) == OK &&
           str_find(text, S(") Z"), 0) == text.n;
}

static void nothing_is_left(void)
{
    pid_t list[PIDS_MAX];
    size_t n = read_pids(list);
    int64_t deadline = clock_monotonic_ms() + GENEROUS_MS;
    for (size_t i = 0; i < n; i++)
        while (lives(list[i])) {
            if (clock_monotonic_ms() > deadline)
                fail_msg("process %zu of the browser lives", i);
            clock_sleep_ms(LOOK_MS);
        }
    assert_int_equal(rmdir(f.profiles), 0); /* empty: no profile */
    assert_int_equal(mkdir(f.profiles, 0700), 0);
}

struct capture { /* one who wants a browser */
    struct thread thread;
    _Atomic bool cancelled;
    struct devtools *browser;
    err_t e;
};

static err_t asked(void *context)
{
    struct capture *c = context;
    return c->cancelled ? E_CANCELLED : OK;
}

static void acquire(void *context)
{
    struct capture *c = context;
    struct patience p = { clock_monotonic_ms() + 120000, asked, c };
    c->e = browser_acquire(f.pool, &p, &c->browser);
}

static void begin(struct capture *c)
{
    assert_int_equal(thread_start(&c->thread, "capture", acquire, c), OK);
}

static err_t cancel(struct capture *c)
{
    int64_t began_ms = clock_monotonic_ms();
    c->cancelled = true;
    thread_join(&c->thread);
    assert_true(clock_monotonic_ms() - began_ms < GENEROUS_MS); /* to its end it would be 30 s */
    return c->e;
}

/* --- the tests ------------------------------------------------------------------------------- */

static void called_off(const char *body, size_t processes)
{
    struct capture c = { .e = OK };
    make_browser(body);
    begin(&c);
    await_pids(processes);
    assert_int_equal(cancel(&c), E_CANCELLED);
    nothing_is_left();
}

static void a_start_that_hangs_is_called_off(void **state)
{
    UNUSED(state);
    called_off("trap '' TERM INT HUP; note $$; sleep 1000 & note $!; wait", 2);
}

static void a_browser_that_prints_garbage_is_called_off(void **state)
{
    UNUSED(state);
    called_off("note $$; (while printf 'garbage\\000{\\000[]\\000' >&4; do sleep 0.01; done) & "
               "note $!; wait",
               2);
}

static void a_browser_that_reads_and_never_answers_is_called_off(void **state)
{
    UNUSED(state);
    called_off("note $$; cat <&3 >/dev/null & note $!; sleep 1000", 2);
}

static void children_that_left_the_group_and_hold_the_pipe_end_too(void **state)
{
    UNUSED(state);
    called_off("trap '' TERM; note $$; setsid sleep 1000 & note $!; wait", 2);
}

/* It is seen to be gone though it lives. */
static void a_browser_that_closes_its_pipe_and_lives(void **state)
{
    UNUSED(state);
    struct capture c = { .e = OK };
    make_browser("trap '' TERM; note $$; exec 3<&- 4>&-; exec sleep 1000");
    begin(&c);
    thread_join(&c.thread);
    assert_int_equal(c.e, E_UPSTREAM);
    await_pids(1);
    nothing_is_left();
}

static void who_waits_for_anothers_start_is_called_off_alone(void **state)
{
    UNUSED(state);
    struct capture first = { .e = OK }, second = { .e = OK };
    make_browser("trap '' TERM; note $$; sleep 1000");
    begin(&first);
    await_pids(1);
    begin(&second);
    assert_int_equal(cancel(&second), E_CANCELLED);
    pid_t list[PIDS_MAX];
    assert_int_equal(read_pids(list), 1); /* no second start */
    assert_true(lives(list[0]));          /* the first one's goes on */
    assert_int_equal(cancel(&first), E_CANCELLED);
    nothing_is_left();
}

/* The one who started it is called off: the other one starts its own. */
static void the_next_one_starts_it_anew(void **state)
{
    UNUSED(state);
    struct capture first = { .e = OK }, second = { .e = OK };
    make_browser("trap '' TERM; note $$; sleep 1000");
    begin(&first);
    await_pids(1);
    begin(&second);
    assert_int_equal(cancel(&first), E_CANCELLED);
    await_pids(2);
    assert_int_equal(cancel(&second), E_CANCELLED);
    nothing_is_left();
}

static void a_folder_is_no_browser(void **state)
{
    UNUSED(state);
    struct str path;
    assert_int_equal(browser_find(&f.a, str_from(f.folder), &path), E_NOT_FOUND);
    assert_int_equal(browser_find(&f.a, S("/no/such/browser"), &path), E_NOT_FOUND);
}

#define BROWSER(test) cmocka_unit_test_setup_teardown(test, open_folder, close_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BROWSER(a_start_that_hangs_is_called_off),
        BROWSER(a_browser_that_prints_garbage_is_called_off),
        BROWSER(a_browser_that_reads_and_never_answers_is_called_off),
        BROWSER(children_that_left_the_group_and_hold_the_pipe_end_too),
        BROWSER(a_browser_that_closes_its_pipe_and_lives),
        BROWSER(who_waits_for_anothers_start_is_called_off_alone),
        BROWSER(the_next_one_starts_it_anew),
        BROWSER(a_folder_is_no_browser),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
