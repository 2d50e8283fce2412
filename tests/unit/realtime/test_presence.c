/* Presence with a clock of the test's own: who is where, merged over devices, told once a tick. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "realtime/presence/presence.h"

static const struct uuid ANN = { { 1 } }, BEN = { { 2 } }, EVE = { { 3 } };
static const struct uuid MESSAGE = { { 9 } };
#define TOPIC S("conversation:one")
#define OTHER S("conversation:two")

static struct arena arena;
static struct presence *people;
static int64_t now_ms;

/* What a tick tells, as text: "topic handle status;" in order, then "left <first byte>;". */
static char told_text[4096];

static void on_changed(void *context, struct str topic, const struct presence_view *views,
                       size_t count)
{
    static const char *const NAMES[] = { "offline", "away", "online" };
    UNUSED(context);
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(told_text);
        snprintf(told_text + n, sizeof told_text - n, "%.*s %s %s%s;", STR_ARG(topic),
                 views[i].handle, NAMES[views[i].status],
                 uuid_is_nil(views[i].message_id) ? "" : " at a message");
    }
}

static void on_left(void *context, struct uuid user, int64_t last_seen_ms)
{
    size_t n = strlen(told_text);
    UNUSED(context);
    snprintf(told_text + n, sizeof told_text - n, "left %d at %lld;", user.b[0],
             (long long)last_seen_ms);
}

static bool tick(int64_t ms)
{
    const struct presence_told told = { on_changed, on_left, NULL };
    told_text[0] = 0;
    now_ms += ms;
    return presence_tick(people, now_ms, &told);
}

static void beat_at(struct uuid user, const char *handle, const char *device,
                    enum presence_status s, struct str topic, struct uuid message)
{
    const struct presence_beat b = { .user_id = user,
                                     .message_id = message,
                                     .handle = str_from(handle),
                                     .device = str_from(device),
                                     .status = s,
                                     .topic = topic };
    assert_int_equal(presence_beat(people, &b, now_ms), OK);
}

static void beat(struct uuid user, const char *handle, const char *device, enum presence_status s,
                 struct str topic)
{
    beat_at(user, handle, device, s, topic, (struct uuid){ { 0 } });
}

static int up(void **state)
{
    UNUSED(state);
    arena_init(&arena, 1 << 20);
    now_ms = 1000000;
    return presence_new(&arena, &people) == OK ? 0 : -1;
}

static int down(void **state)
{
    UNUSED(state);
    presence_free(people);
    arena_free(&arena);
    return 0;
}

/* --- tests -------------------------------------------------------------------------------------- */

static void nobody(void **state)
{
    UNUSED(state);
    assert_false(tick(PRESENCE_SCAN_MS));
    assert_string_equal(told_text, "");
    presence_gone(people, ANN, S("none"), false, now_ms);
    presence_forget(people, ANN, TOPIC);
    assert_false(tick(PRESENCE_SCAN_MS));
}

static void comes_moves_and_goes(void **state)
{
    UNUSED(state);
    beat(ANN, "ann", "d1", PRESENCE_ONLINE, TOPIC);
    assert_true(tick(PRESENCE_TICK_MS));
    assert_string_equal(told_text, "conversation:one ann online;");
    tick(PRESENCE_TICK_MS);
    assert_string_equal(told_text, ""); /* nothing new, nothing told */
    beat_at(ANN, "ann", "d1", PRESENCE_ONLINE, TOPIC, MESSAGE);
    tick(PRESENCE_TICK_MS);
    assert_string_equal(told_text, "conversation:one ann online at a message;");
    beat(ANN, "ann", "d1", PRESENCE_ONLINE, OTHER);
    tick(PRESENCE_TICK_MS);
    assert_non_null(strstr(told_text, "conversation:one ann offline;"));
    assert_non_null(strstr(told_text, "conversation:two ann online;"));
    presence_gone(people, ANN, S("d1"), false, now_ms); /* with a word: at once */
    assert_int_equal(presence_of(people, ANN), PRESENCE_OFFLINE);
    tick(PRESENCE_SCAN_MS);
    assert_string_equal(told_text, "conversation:two ann offline;left 1 at 1000300;");
    assert_false(tick(PRESENCE_SCAN_MS));
}

static void within_one_tick_nothing_was(void **state)
{
    UNUSED(state);
    tick(PRESENCE_SCAN_MS);
    beat(ANN, "ann", "d1", PRESENCE_ONLINE, TOPIC);
    beat(ANN, "ann", "d1", PRESENCE_AWAY, TOPIC);
    beat(BEN, "ben", "d2", PRESENCE_ONLINE, TOPIC);
    presence_gone(people, BEN, S("d2"), false, now_ms);
    tick(PRESENCE_TICK_MS);
    assert_string_equal(told_text, "conversation:one ann away;");
}

static void devices_are_one_person(void **state)
{
    UNUSED(state);
    beat(ANN, "ann", "phone", PRESENCE_AWAY, TOPIC);
    beat(ANN, "ann", "laptop", PRESENCE_ONLINE, TOPIC);
    tick(PRESENCE_TICK_MS);
    assert_string_equal(told_text, "conversation:one ann online;");
    presence_gone(people, ANN, S("laptop"), false, now_ms);
    tick(PRESENCE_TICK_MS);
    assert_string_equal(told_text, "conversation:one ann away;");
    beat(ANN, "ann", "laptop2", PRESENCE_AWAY, STR_NONE); /* somewhere else */
    tick(PRESENCE_TICK_MS);
    assert_string_equal(told_text, "");
    presence_gone(people, ANN, S("phone"), false, now_ms);
    tick(PRESENCE_TICK_MS);
    assert_string_equal(told_text, "conversation:one ann offline;");
    assert_int_equal(presence_of(people, ANN), PRESENCE_AWAY);
}

/* One of two tabs closes the conversation: the person is still there with the other. */
static void one_device_turns_away(void **state)
{
    UNUSED(state);
    beat(ANN, "ann", "tab1", PRESENCE_ONLINE, TOPIC);
    beat(ANN, "ann", "tab2", PRESENCE_ONLINE, TOPIC);
    tick(PRESENCE_TICK_MS);
    presence_turn_away(people, ANN, S("tab1"), OTHER); /* where it is not */
    presence_turn_away(people, ANN, S("tab1"), TOPIC);
    tick(PRESENCE_TICK_MS);
    assert_string_equal(told_text, "");
    presence_turn_away(people, ANN, S("tab2"), TOPIC);
    tick(PRESENCE_TICK_MS);
    assert_string_equal(told_text, "conversation:one ann offline;");
}

/* A reload: the connection is lost, another one comes within the grace. */
static void a_reload_does_not_flicker(void **state)
{
    UNUSED(state);
    beat(ANN, "ann", "d1", PRESENCE_ONLINE, TOPIC);
    tick(PRESENCE_TICK_MS);
    presence_gone(people, ANN, S("d1"), true, now_ms);
    tick(PRESENCE_GRACE_MS - 1);
    assert_string_equal(told_text, "");
    beat(ANN, "ann", "d2", PRESENCE_ONLINE, TOPIC);
    tick(PRESENCE_SCAN_MS);
    assert_string_equal(told_text, "");
    presence_gone(people, ANN, S("d2"), true, now_ms);
    tick(PRESENCE_GRACE_MS - 1);
    assert_string_equal(told_text, "");
    tick(PRESENCE_SCAN_MS); /* nobody came */
    assert_non_null(strstr(told_text, "conversation:one ann offline;"));
}

static void the_same_device_comes_back(void **state)
{
    UNUSED(state);
    assert_false(presence_back(people, ANN, S("d1"), now_ms));
    beat(ANN, "ann", "d1", PRESENCE_ONLINE, TOPIC);
    tick(PRESENCE_TICK_MS);
    presence_gone(people, ANN, S("d1"), true, now_ms);
    assert_true(presence_back(people, ANN, S("d1"), now_ms));
    tick(PRESENCE_GRACE_MS + PRESENCE_SCAN_MS);
    assert_string_equal(told_text, "");
}

static void who_does_not_beat_is_gone(void **state)
{
    UNUSED(state);
    beat(ANN, "ann", "d1", PRESENCE_ONLINE, TOPIC);
    tick(PRESENCE_TICK_MS);
    tick(PRESENCE_LEASE_MS - PRESENCE_TICK_MS - 1);
    assert_string_equal(told_text, "");
    tick(PRESENCE_SCAN_MS);
    assert_string_equal(told_text, "conversation:one ann offline;");
    beat(ANN, "ann", "d1", PRESENCE_ONLINE, TOPIC); /* it was only frozen */
    tick(PRESENCE_SCAN_MS);
    assert_string_equal(told_text, "conversation:one ann online;");
}

static void a_right_that_went(void **state)
{
    UNUSED(state);
    beat(ANN, "ann", "d1", PRESENCE_ONLINE, TOPIC);
    beat(BEN, "ben", "d2", PRESENCE_ONLINE, TOPIC);
    tick(PRESENCE_TICK_MS);
    presence_forget(people, BEN, TOPIC);
    tick(PRESENCE_TICK_MS);
    assert_string_equal(told_text, "conversation:one ben offline;");
    assert_int_equal(presence_of(people, BEN), PRESENCE_ONLINE); /* elsewhere they are here */
    presence_forget(people, (struct uuid){ { 0 } }, TOPIC);      /* the thing is gone */
    tick(PRESENCE_TICK_MS);
    assert_string_equal(told_text, "conversation:one ann offline;");
}

static void invisible_is_nowhere(void **state)
{
    struct presence_view *views;
    size_t count;
    bool invisible = false;
    UNUSED(state);
    beat(ANN, "ann", "d1", PRESENCE_ONLINE, TOPIC);
    tick(PRESENCE_TICK_MS);
    presence_set_invisible(people, ANN, true);
    tick(PRESENCE_SCAN_MS);
    assert_string_equal(told_text, "conversation:one ann offline;");
    assert_true(presence_knows(people, ANN, &invisible) && invisible);
    assert_int_equal(presence_of(people, ANN), PRESENCE_OFFLINE);
    assert_int_equal(presence_at(people, &arena, TOPIC, &views, &count), OK);
    assert_int_equal(count, 0);
    beat(ANN, "ann", "d1", PRESENCE_AWAY, TOPIC);
    tick(PRESENCE_TICK_MS);
    assert_string_equal(told_text, "");
    presence_set_invisible(people, ANN, false);
    tick(PRESENCE_TICK_MS);
    assert_string_equal(told_text, "conversation:one ann away;");
    presence_set_invisible(people, ANN, true);
    tick(PRESENCE_TICK_MS);
    presence_gone(people, ANN, S("d1"), false, now_ms);
    tick(PRESENCE_SCAN_MS);
    assert_string_equal(told_text, ""); /* not even when they were last seen */
    assert_false(presence_knows(people, ANN, &invisible));
}

static void a_newcomer_sees_who_is_there(void **state)
{
    struct presence_view *views;
    size_t count;
    UNUSED(state);
    beat(ANN, "ann", "d1", PRESENCE_ONLINE, TOPIC);
    beat(BEN, "ben", "d2", PRESENCE_AWAY, TOPIC);
    beat(EVE, "eve", "d3", PRESENCE_ONLINE, OTHER);
    assert_int_equal(presence_at(people, &arena, TOPIC, &views, &count), OK);
    assert_int_equal(count, 0); /* they are told with the next tick, to the newcomer too */
    tick(PRESENCE_TICK_MS);
    assert_int_equal(presence_at(people, &arena, TOPIC, &views, &count), OK);
    assert_int_equal(count, 2);
    assert_int_equal(presence_at(people, &arena, S("conversation:three"), &views, &count), OK);
    assert_int_equal(count, 0);
}

/* Who goes and is back within a tick was never gone: not for one who came in between either. */
static void a_newcomer_within_a_tick(void **state)
{
    struct presence_view *views;
    size_t count;
    UNUSED(state);
    beat_at(ANN, "ann", "d1", PRESENCE_ONLINE, TOPIC, MESSAGE);
    tick(PRESENCE_TICK_MS);
    presence_gone(people, ANN, S("d1"), false, now_ms);
    assert_int_equal(presence_at(people, &arena, TOPIC, &views, &count), OK);
    assert_int_equal(count, 1);
    assert_int_equal(views[0].status, PRESENCE_ONLINE);
    assert_true(uuid_eq(views[0].message_id, MESSAGE));
    beat_at(ANN, "ann", "d4", PRESENCE_ONLINE, TOPIC, MESSAGE);
    tick(PRESENCE_TICK_MS);
    assert_string_equal(told_text, "");
    presence_gone(people, ANN, S("d4"), false, now_ms);
    tick(PRESENCE_TICK_MS);
    assert_string_equal(told_text, "conversation:one ann offline;");
    assert_int_equal(presence_at(people, &arena, TOPIC, &views, &count), OK);
    assert_int_equal(count, 0);
}

/* More than one telling holds come in several, each person once. */
static void many_at_once(void **state)
{
    enum { MANY = 2 * PRESENCE_VIEWS_MAX + 7 };
    UNUSED(state);
    for (int i = 0; i < MANY; i++) {
        char name[24];
        snprintf(name, sizeof name, "p%d", i);
        beat((struct uuid){ { 7, (uint8_t)i, (uint8_t)(i >> 8) } }, name, name, PRESENCE_ONLINE,
             TOPIC);
    }
    size_t told = 0;
    tick(PRESENCE_TICK_MS);
    for (const char *at = told_text; (at = strchr(at, ';')); at++)
        told++;
    assert_true(told == MANY ||
                strlen(told_text) + 1 == sizeof told_text); /* or cut by our buffer */
    tick(PRESENCE_TICK_MS);
    assert_string_equal(told_text, "");
}

/* All who were there go within one tick, as when a document is deleted: exactly as many as a telling or two hold. */
static void just_as_many_as_a_telling_holds_go_at_once(void **state)
{
    UNUSED(state);
    for (int tellings = 1; tellings <= 2; tellings++) {
        for (int i = 0; i < tellings * PRESENCE_VIEWS_MAX; i++) {
            char name[24];
            snprintf(name, sizeof name, "p%d", i);
            beat((struct uuid){ { 7, (uint8_t)i, (uint8_t)(i >> 8) } }, name, name, PRESENCE_ONLINE,
                 TOPIC);
        }
        tick(PRESENCE_TICK_MS);
        presence_forget(people, (struct uuid){ { 0 } }, TOPIC);
        tick(PRESENCE_TICK_MS);
        assert_non_null(strstr(told_text, " offline;"));
        tick(PRESENCE_TICK_MS);
        assert_string_equal(told_text, "");
    }
}

/* Signs of life run on workers: one may come when the connection that sent it has ended. */
static void a_late_sign_of_life_brings_nobody_back(void **state)
{
    UNUSED(state);
    struct presence_beat late = { .user_id = ANN,
                                  .handle = S("ann"),
                                  .device = S("d1"),
                                  .status = PRESENCE_ONLINE,
                                  .topic = TOPIC,
                                  .again = true };
    beat(ANN, "ann", "d1", PRESENCE_ONLINE, STR_NONE);
    presence_gone(people, ANN, S("d1"), false, now_ms);
    assert_int_equal(presence_beat(people, &late, now_ms), OK);
    tick(PRESENCE_SCAN_MS);
    assert_null(strstr(told_text, "ann"));
    assert_int_equal(presence_beat(people, &late, now_ms), OK); /* nor when all have gone */
    assert_false(tick(PRESENCE_SCAN_MS));

    beat(ANN, "ann", "d1", PRESENCE_ONLINE, STR_NONE);
    presence_gone(people, ANN, S("d1"), true, now_ms); /* a reload, and the new page is away */
    assert_int_equal(presence_beat(people, &late, now_ms), OK);
    beat(ANN, "ann", "d2", PRESENCE_AWAY, TOPIC);
    tick(PRESENCE_TICK_MS);
    tick(PRESENCE_GRACE_MS + PRESENCE_SCAN_MS);
    assert_non_null(strstr(told_text, "conversation:one ann away;"));
}

static void devices_have_a_limit(void **state)
{
    UNUSED(state);
    for (int i = 0; i <= PRESENCE_DEVICES_MAX; i++) {
        char name[24];
        snprintf(name, sizeof name, "d%d", i);
        const struct presence_beat b = {
            .user_id = ANN, .handle = S("ann"), .device = str_from(name), .status = PRESENCE_ONLINE
        };
        assert_int_equal(presence_beat(people, &b, now_ms),
                         i < PRESENCE_DEVICES_MAX ? OK : E_LIMIT);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody),
        TEST(comes_moves_and_goes),
        TEST(within_one_tick_nothing_was),
        TEST(devices_are_one_person),
        TEST(one_device_turns_away),
        TEST(a_reload_does_not_flicker),
        TEST(the_same_device_comes_back),
        TEST(who_does_not_beat_is_gone),
        TEST(a_right_that_went),
        TEST(invisible_is_nowhere),
        TEST(a_newcomer_sees_who_is_there),
        TEST(a_newcomer_within_a_tick),
        TEST(many_at_once),
        TEST(just_as_many_as_a_telling_holds_go_at_once),
        TEST(a_late_sign_of_life_brings_nobody_back),
        TEST(devices_have_a_limit),
    };
    return cmocka_run_group_tests_name("realtime/presence", tests, NULL, NULL);
}
