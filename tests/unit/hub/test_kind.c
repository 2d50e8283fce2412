/* A kind of connection that no room has heard of joins rooms, hears in its own form, stands on a credential, leaves topics, has
 * limits and is told when the server stops. */
#include "hub/toy.h"

/* On two loops, and encoded once. */
static void it_hears_in_its_own_form(void **state)
{
    UNUSED(state);
    int fds[3];
    emit("0");
    assert_int_equal(encoded, 0); /* nobody is there */
    for (int i = 0; i < 3; i++)
        fds[i] = toy_in(i, "news");
    emit("{\"a\":1}");
    for (int i = 0; i < 3; i++)
        assert_hears(fds[i], "{\"a\":1}");
    assert_int_equal(encoded, 1);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
}

/* Who hears nothing of what went before, hears the next. */
static void it_hears_of_the_rooms_that_it_is_in(void **state)
{
    UNUSED(state);
    int here = toy_in(0, "news"), there = toy_in(1, "other"), left = toy_in(2, "news");
    toy_say(left, "lnews");
    toy_say(left, "jother");
    assert_str(toy_hear(left), "j");
    emit("1");
    assert_hears(here, "1");
    const struct str rooms[] = { S("toy/other"), S("toy/news") };
    hub_emit(hub_of(&f.app),
             &(struct emission){
                 .rooms = rooms, .room_count = 2, .event = "said", .arguments = S("2") });
    assert_hears(here, "2");
    assert_hears(there, "2");
    assert_hears(left, "2");
    close(here);
    close(there);
    close(left);
}

static void server_sent_events_hear_the_same_in_theirs(void **state)
{
    UNUSED(state);
    struct str head;
    int toy = toy_in(0, "news"), stream = ask("/stream", 1, &head);
    assert_reads(stream, FIRST);
    emit("7");
    assert_hears(toy, "7");
    assert_reads(stream, "event: said\ndata: 7\n\n");
    close(toy);
    close(stream);
}

static void it_ends_with_its_credential_and_no_other(void **state)
{
    UNUSED(state);
    int ann = toy_in(0, "news"), ben = toy_in(1, "news");
    hub_withdraw_credential(hub_of(&f.app), people[0].token.id);
    assert_signed_out(ann);
    emit("1");
    assert_hears(ben, "1");
    close(ben);
}

static void it_ends_with_its_account(void **state)
{
    UNUSED(state);
    int ann = toy_in(0, "news"), ben = toy_in(1, "news");
    hub_withdraw_account(hub_of(&f.app), people[1].account.id);
    assert_signed_out(ben);
    emit("1");
    assert_hears(ann, "1");
    close(ann);
}

/* Asked again: the one whose token is there still stays. */
static void it_is_asked_about_again(void **state)
{
    UNUSED(state);
    int ann = toy_in(0, "news"), ben = toy_in(1, "news");
    ok(identity_token_revoke(identity_of(&f.app), f.db, people[0].account.id, people[0].token.id,
                             NOW));
    hub_withdraw_check(hub_of(&f.app), people[0].account.id);
    hub_withdraw_check(hub_of(&f.app), people[1].account.id);
    assert_signed_out(ann);
    while (!still_good_count)
        sched_yield();
    emit("1");
    assert_hears(ben, "1");
    close(ben);
}

/* As it was known its time is over; the store knows of a longer one for ben, and of none for ann. */
static void it_ends_with_the_time_of_its_credential(void **state)
{
    UNUSED(state);
    ok(identity_token_revoke(identity_of(&f.app), f.db, people[0].account.id, people[0].token.id,
                             NOW));
    people[0].expires_ms = people[1].expires_ms = clock_wall_ms();
    int ann = toy_in(0, "news"), ben = toy_in(1, "news");
    assert_signed_out(ann);
    while (!still_good_count)
        sched_yield();
    emit("1");
    assert_hears(ben, "1");
    close(ben);
}

static void it_leaves_a_topic_that_it_may_not_hear_of_any_more(void **state)
{
    UNUSED(state);
    int ann = toy_in(0, "news"), ben = toy_in(1, "news");
    hub_withdraw_topic(hub_of(&f.app), people[0].account.id, S("news"));
    assert_str(toy_hear(ann), "xnews");
    emit("1");
    assert_hears(ben, "1");
    hub_withdraw_topic(hub_of(&f.app), (struct uuid){ { 0 } }, S("news"));
    assert_str(toy_hear(ben), "xnews");
    toy_say(ann, "jnews"); /* the connection stays; it heard nothing meanwhile */
    assert_str(toy_hear(ann), "j");
    close(ann);
    close(ben);
}

/* One answer goes out at once; those to messages that came together leave together. */
static void answers_to_several_leave_together(void **state)
{
    UNUSED(state);
    int fd = toy_in(0, "news");
    corked = 0;
    toy_say(fd, "jnews");
    assert_str(toy_hear(fd), "j");
    assert_int_equal(corked, 0);
    toy_say_often(fd, "jnews", 3);
    for (int i = 0; i < 3; i++)
        assert_str(toy_hear(fd), "j");
    assert_int_equal(corked, 3);
    close(fd);
}

static void there_are_only_so_many(void **state)
{
    UNUSED(state);
    int fds[TOYS_MAX];
    for (int i = 0; i < TOYS_OF_ACCOUNT_MAX; i++)
        fds[i] = toy_open(0);
    toy_refused(0, "429");
    for (int i = TOYS_OF_ACCOUNT_MAX; i < TOYS_MAX; i++)
        fds[i] = toy_open(i);
    toy_refused(1, "503");
    hub_withdraw_account(hub_of(&f.app), people[0].account.id);
    assert_signed_out(fds[0]);
    assert_signed_out(fds[1]);
    close(toy_open(1)); /* who ended makes room */
    close(fds[2]);
    close(fds[3]);
}

static void stop_in_thread(void *arg)
{
    UNUSED(arg);
    http_server_stop(f.app.server);
}

static void it_is_told_when_the_server_stops(void **state)
{
    UNUSED(state);
    int fds[2] = { toy_in(0, "news"), toy_in(1, "news") };
    struct thread stopper;
    ok(thread_start(&stopper, "stopper", stop_in_thread, NULL));
    for (int i = 0; i < 2; i++) {
        assert_str(toy_hear(fds[i]), "s");
        assert_int_equal(toy_closed(fds[i]), WS_GOING_AWAY);
    }
    thread_join(&stopper);
    emit("1"); /* jobs end after the server: it reaches nobody */
    http_server_free(f.app.server);
    f.app.server = NULL;
}

/* As jobs do, which end after the server. */
static _Atomic int emitted;
static _Atomic bool enough;

static void emit_in_thread(void *arg)
{
    UNUSED(arg);
    for (; !enough; emitted++)
        emit("{\"again\":true}");
}

static void others_may_emit_while_the_server_stops(void **state)
{
    UNUSED(state);
    struct thread emitter;
    int fd = toy_in(0, "news");
    enough = false;
    ok(thread_start(&emitter, "emitter", emit_in_thread, NULL));
    assert_int_equal(toy_hear(fd).s[0], 'e');
    close(fd);
    http_server_stop(f.app.server);
    for (int before = emitted; emitted < before + 10;)
        sched_yield();
    enough = true;
    thread_join(&emitter);
    http_server_free(f.app.server);
    f.app.server = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SERVER(it_hears_in_its_own_form),
        ON_SERVER(it_hears_of_the_rooms_that_it_is_in),
        ON_SERVER(server_sent_events_hear_the_same_in_theirs),
        ON_SERVER(it_ends_with_its_credential_and_no_other),
        ON_SERVER(it_ends_with_its_account),
        ON_SERVER(it_is_asked_about_again),
        ON_SERVER(it_ends_with_the_time_of_its_credential),
        ON_SERVER(it_leaves_a_topic_that_it_may_not_hear_of_any_more),
        ON_SERVER(answers_to_several_leave_together),
        ON_SERVER(there_are_only_so_many),
        ON_SERVER(it_is_told_when_the_server_stops),
        ON_SERVER(others_may_emit_while_the_server_stops),
    };
    RUN_ON_BOTH_SERVERS(tests);
}
