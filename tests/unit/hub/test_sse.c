/* Server-sent events in the hub: signs of life, what is told while the request is on its way, rights that go. */
#include "hub/toy.h"

/* As if STREAM_BEAT_MS had passed, on the loop that has the stream. */
static void time_passes(struct net_loop *net, void *arg)
{
    struct hub_loop *l = &((struct hub *)arg)->loops[net->number];
    struct deadline_queue *beats =
        l->net ? hub_part_own(l, &SSE_PART) : NULL; /* its first member */
    struct deadline *one = beats ? deadline_first(beats) : NULL;
    if (!one)
        return;
    one->at_ms -= STREAM_BEAT_MS + 1;
    uv_timer_start(&l->deadlines.timer, l->deadlines.timer.timer_cb, 0, 0);
}

static void a_stream_gives_signs_of_life(void **state)
{
    UNUSED(state);
    struct str head;
    int fd = ask("/stream", 0, &head);
    assert_reads(fd, FIRST);
    for (int i = 0; i < 2; i++) {
        for (int loop = 0; loop < http_loop_count(f.app.server); loop++)
            net_post(http_loop(f.app.server, loop), time_passes, hub_of(&f.app));
        assert_reads(fd, ": still here\n\n");
    }
    close(fd);
}

static void what_was_told_just_before_a_stream_opens_comes_once(void **state)
{
    UNUSED(state);
    struct str head;
    meanwhile = "1";
    int fd = ask("/stream", 0, &head);
    assert_reads(fd, FIRST "event: said\ndata: 1\n\n");
    emit("2");
    assert_reads(fd, "event: said\ndata: 2\n\n");
    meanwhile = "{}"; /* which is what the handler says itself */
    int other = ask("/stream", 1, &head);
    assert_reads(other, FIRST);
    emit("3");
    assert_reads(other, "event: said\ndata: 3\n\n");
    close(fd);
    close(other);
}

static void a_topic_that_ends_just_before_a_stream_opens_ends_it(void **state)
{
    UNUSED(state);
    struct str head;
    meanwhile = "1";
    meanwhile_last = true;
    int fd = ask("/stream", 0, &head);
    assert_reads(fd, FIRST "event: said\ndata: 1\n\n");
    read_end(fd);
}

static void a_stream_ends_with_the_right_to_its_topic(void **state)
{
    UNUSED(state);
    struct str head;
    int ann = ask("/stream", 0, &head), ben = ask("/stream", 1, &head);
    assert_reads(ann, FIRST);
    assert_reads(ben, FIRST);
    hub_withdraw_topic(hub_of(&f.app), people[0].account.id, S("toy/news"));
    read_end(ann);
    emit("1");
    assert_reads(ben, "event: said\ndata: 1\n\n");
    close(ben);
}

/* It goes while the request is on its way to its loop: nobody is in the room who could be told. */
static void a_stream_whose_right_goes_before_it_is_open(void **state)
{
    UNUSED(state);
    struct str head;
    withdraw_at = 1;
    int fd = ask("/stream", 0, &head);
    assert_reads(fd, FIRST);
    read_end(fd);
    assert_int_equal(checks, 1);
}

/* Another right has gone: this one is asked about, and is there. */
static void a_stream_that_is_asked_about_stays(void **state)
{
    UNUSED(state);
    struct str head;
    other_at = 1;
    int fd = ask("/stream", 0, &head);
    assert_reads(fd, FIRST);
    while (checks < 2)
        sched_yield();
    emit("1");
    assert_reads(fd, "event: said\ndata: 1\n\n");
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SERVER(a_stream_gives_signs_of_life),
        ON_SERVER(what_was_told_just_before_a_stream_opens_comes_once),
        ON_SERVER(a_topic_that_ends_just_before_a_stream_opens_ends_it),
        ON_SERVER(a_stream_ends_with_the_right_to_its_topic),
        ON_SERVER(a_stream_whose_right_goes_before_it_is_open),
        ON_SERVER(a_stream_that_is_asked_about_stays),
    };
    RUN_ON_BOTH_SERVERS(tests);
}
