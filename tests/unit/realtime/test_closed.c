/* Sessions that their clients have just closed: remembered for one poll, for a time, and not too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "realtime/transport/inside.h"

static struct hub_loop hub_loop;
static struct eio_loop loop, *const l = &loop;
static uv_loop_t uv;
static const struct eio_user ONE, OTHER; /* who speaks over sessions */

static void nothing(void *context)
{
    UNUSED(context);
}

static int set_up(void **state)
{
    UNUSED(state);
    memset(&hub_loop, 0, sizeof hub_loop);
    memset(l, 0, sizeof *l);
    l->hub = &hub_loop;
    assert_int_equal(uv_loop_init(&uv), 0);
    deadlines_init(&hub_loop.deadlines, &uv, l, nothing);
    closed_begin(l);
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    closed_free(l);
    uv_close((uv_handle_t *)&hub_loop.deadlines.timer, NULL);
    uv_run(&uv, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&uv), 0);
    return 0;
}

static void remember(int number)
{
    struct eio_session s = { .loop = l, .user = &ONE };
    snprintf(s.conn.id, sizeof s.conn.id, "session-%d", number);
    closed_remember(&s);
}

static bool take(int number, const struct eio_user *user)
{
    char id[ID_BYTES];
    snprintf(id, sizeof id, "session-%d", number);
    return closed_take(l, str_from(id), user);
}

static void for_one_poll_of_its_own_path(void **state)
{
    UNUSED(state);
    remember(1);
    assert_false(take(2, &ONE));
    assert_false(take(1, &OTHER));
    assert_true(take(1, &ONE));
    assert_false(take(1, &ONE));
}

static void the_oldest_goes_when_there_are_too_many(void **state)
{
    UNUSED(state);
    for (int i = 0; i < EIO_CLOSED_MAX + 2; i++)
        remember(i);
    assert_int_equal(l->closed.count, EIO_CLOSED_MAX);
    assert_false(take(0, &ONE));
    assert_false(take(1, &ONE));
    assert_true(take(2, &ONE));
    assert_true(take(EIO_CLOSED_MAX + 1, &ONE));
}

static void not_for_ever(void **state)
{
    UNUSED(state);
    remember(1);
    deadline_first(&l->graces)->at_ms -= EIO_CLOSED_GRACE_MS + 1;
    remember(2);
    uv_timer_start(&hub_loop.deadlines.timer, hub_loop.deadlines.timer.timer_cb, 0,
                   0); /* a round, now */
    uv_ref((uv_handle_t *)&hub_loop.deadlines.timer);
    uv_run(&uv, UV_RUN_NOWAIT);
    uv_unref((uv_handle_t *)&hub_loop.deadlines.timer);
    assert_false(take(1, &ONE));
    assert_true(take(2, &ONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(for_one_poll_of_its_own_path, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_goes_when_there_are_too_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(not_for_ever, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
