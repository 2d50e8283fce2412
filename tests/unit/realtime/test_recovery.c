/* Connection state recovery: what is kept, who may come back, what is replayed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "realtime/protocol/recovery.h"

static const struct uuid ANN = { { 1 } }, BEN = { { 2 } };
static struct recovery recovery;
static struct ring ring;
static char replayed[4096];

static int up(void **state)
{
    UNUSED(state);
    recovery = (struct recovery){ .oldest = NULL };
    memset(&ring, 0, sizeof ring);
    recovery_init(&recovery);
    replayed[0] = 0;
    return 0;
}

static int down(void **state)
{
    UNUSED(state);
    recovery_free(&recovery);
    ring_free(&ring);
    return 0;
}

/* "user:ann" and its end, as rooms are kept. */
#define ROOMS(name) str_of(name "\0", sizeof(name))

static void keep(uint64_t number, struct str rooms, int64_t now_ms)
{
    char text[32];
    snprintf(text, sizeof text, "%d,", (int)number);
    const struct emission e = { .event = "e", .arguments = str_from(text), .keep = true };
    ring_keep(&ring, number, &e, rooms, now_ms);
}

/* A socket in one room is lost. */
static void lose(const char *pid, struct uuid user, struct str room, int64_t now_ms)
{
    struct room r = { .by_name = { .key = room.s, .key_bytes = (uint32_t)room.n } };
    struct membership m = { .room = &r };
    struct listener who = { .rooms = &m };
    char pid_bytes[ID_BYTES] = { 0 }, id[ID_BYTES] = { 0 };
    snprintf(pid_bytes, sizeof pid_bytes, "%s", pid);
    snprintf(id, sizeof id, "id of %.10s", pid);
    recovery_lose(&recovery, &who, pid_bytes, id, user, now_ms);
}

static void each(void *context, const struct emission *e, uint64_t number)
{
    UNUSED(context);
    UNUSED(number);
    assert_string_equal(e->event, "e");
    strncat(replayed, e->arguments.s, e->arguments.n);
}

static void take_and_replay(const char *pid, uint64_t offset, struct uuid user, int64_t now_ms,
                            const char *wanted)
{
    struct lost *l = recovery_take(&recovery, &ring, str_from(pid), offset, user, now_ms);
    replayed[0] = 0;
    if (!wanted) {
        assert_null(l);
        return;
    }
    assert_non_null(l);
    ring_replay(&ring, offset, buf_str(&l->rooms), each, NULL);
    recovery_drop(&recovery, l);
    assert_string_equal(replayed, wanted);
}

static void what_was_missed_comes_in_order_once(void **state)
{
    UNUSED(state);
    keep(3, ROOMS("user:ann"), 1000);
    lose("p1", ANN, S("user:ann"), 1001);
    keep(5, ROOMS("user:ben"), 1002);
    keep(6, ROOMS("user:ann"), 1003);
    keep(9, ROOMS("user:ben\0user:ann"), 1004);
    take_and_replay("p1", 3, ANN, 1005, "6,9,");
    take_and_replay("p1", 3, ANN, 1005, NULL); /* taken already */
}

static void not_another_ones(void **state)
{
    UNUSED(state);
    keep(3, ROOMS("user:ann"), 1000);
    lose("p1", ANN, S("user:ann"), 1001);
    take_and_replay("p1", 3, BEN, 1002, NULL);
    take_and_replay("p2", 3, ANN, 1002, NULL);
    take_and_replay("p1", 4, ANN, 1002, NULL); /* an offset that never was */
    take_and_replay("p1", 0, ANN, 1002, NULL);
    take_and_replay("p1", 3, ANN, 1002, ""); /* and it is still its owner's */
}

static void age_ends_it(void **state)
{
    UNUSED(state);
    keep(3, ROOMS("user:ann"), 1000);
    lose("p1", ANN, S("user:ann"), 1000);
    take_and_replay("p1", 3, ANN, 1001 + RECOVERY_MS, NULL);
    assert_int_equal(recovery.lost.count, 0);
}

static void too_many_emissions_push_the_oldest_out(void **state)
{
    UNUSED(state);
    keep(1, ROOMS("user:ann"), 1000);
    lose("p1", ANN, S("user:ann"), 1000);
    lose("p2", ANN, S("user:ann"), 1000);
    for (uint64_t i = 2; i <= RECOVERY_EMISSIONS_MAX; i++)
        keep(i, ROOMS("user:ben"), 1001);
    take_and_replay("p1", 1, ANN, 1002, ""); /* the oldest is just there */
    keep(RECOVERY_EMISSIONS_MAX + 1, ROOMS("user:ben"), 1001);
    take_and_replay("p2", 1, ANN, 1002, NULL);
}

static void too_many_bytes_push_the_oldest_out(void **state)
{
    enum { BYTES = 1 << 20 };
    static char big[BYTES];
    UNUSED(state);
    memset(big, 'x', sizeof big);
    for (uint64_t i = 1; i <= RECOVERY_BYTES_MAX / BYTES + 2; i++) {
        const struct emission e = { .event = "e", .arguments = str_of(big, sizeof big) };
        ring_keep(&ring, i, &e, ROOMS("user:ann"), 1000);
        assert_true(ring.bytes <= RECOVERY_BYTES_MAX);
    }
    lose("p1", ANN, S("user:ann"), 1000);
    take_and_replay("p1", 1, ANN, 1001, NULL);
}

static void lost_sockets_have_a_limit(void **state)
{
    char pid[24];
    UNUSED(state);
    keep(1, ROOMS("user:ann"), 1000);
    for (int i = 0; i <= RECOVERY_SOCKETS_MAX; i++) {
        snprintf(pid, sizeof pid, "p%d", i);
        lose(pid, ANN, S("user:ann"), 1000);
    }
    assert_int_equal(recovery.lost.count, RECOVERY_SOCKETS_MAX);
    assert_null(table_get(&recovery.lost, S("p0")));
    assert_non_null(table_get(&recovery.lost, str_from(pid)));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, up, down)

/* What was missed speaks of: each topic once, and nothing of what others heard or of what was heard already. */
static void what_was_missed_names_its_topics(void **state)
{
    const struct {
        struct str rooms, about;
    } EMISSIONS[] = {
        { ROOMS("user:ann"), ROOMS("conversation:heard") },
        { ROOMS("user:ann"), ROOMS("conversation:one\0conversation:two") },
        { ROOMS("user:ben"), ROOMS("conversation:of ben") },
        { ROOMS("user:ann"), ROOMS("conversation:two") },
        { ROOMS("user:ann"), STR_NONE },
    };
    CLEANUP(buf_free) struct buf about = { 0 };
    UNUSED(state);
    for (size_t i = 0; i < COUNTOF(EMISSIONS); i++) {
        const struct emission e = { .event = "e", .about = EMISSIONS[i].about };
        ring_keep(&ring, i + 1, &e, EMISSIONS[i].rooms, 1000);
    }
    buf_init(&about, NULL, 200);
    ring_about(&ring, 1, ROOMS("user:ann"), &about);
    assert_int_equal(buf_err(&about), OK);
    assert_true(str_eq(buf_str(&about), ROOMS("conversation:one\0conversation:two")));
    lose("p", ANN, S("conversation:of ben"), 1000);
    take_and_replay("p", 1, ANN, 1000, ""); /* a topic that is spoken of is no room */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_missed_comes_in_order_once),
        TEST(not_another_ones),
        TEST(age_ends_it),
        TEST(too_many_emissions_push_the_oldest_out),
        TEST(too_many_bytes_push_the_oldest_out),
        TEST(lost_sockets_have_a_limit),
        TEST(what_was_missed_names_its_topics),
    };
    return cmocka_run_group_tests_name("realtime/recovery", tests, NULL, NULL);
}
