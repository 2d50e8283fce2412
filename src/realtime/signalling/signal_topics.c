#include "realtime/signalling/signal_topics.h"

#include "base/limits.h"

struct signal_topic {
    struct table_node by_room;
    unsigned subscribers;
    char room[ROOM_BYTES_MAX];
};

void signal_topics_init(struct signal_topics *t)
{
    pool_init(&t->pool, sizeof(struct signal_topic));
}

void signal_topics_free(struct signal_topics *t)
{
    table_free(&t->by_room);
    pool_free(&t->pool);
}

static struct signal_topic *topic_of(const struct signal_topics *t, struct str room)
{
    return (struct signal_topic *)table_get(&t->by_room, room); /* its first member */
}

static struct signal_topic *topic_make(struct signal_topics *t, struct str room)
{
    struct signal_topic *one = POOL_NEW(&t->pool, struct signal_topic);
    if (!one)
        return NULL;
    memcpy(one->room, room.s, room.n);
    if (table_put(&t->by_room, &one->by_room, str_of(one->room, room.n)) != OK) {
        pool_put(&t->pool, one);
        return NULL;
    }
    return one;
}

err_t signal_topics_in(struct signal_topics *t, struct str room)
{
    struct signal_topic *one = topic_of(t, room);
    if (!one)
        one = topic_make(t, room);
    if (!one)
        return E_BUSY;
    if (one->subscribers >= SIGNAL_SUBSCRIBERS_MAX)
        return err_note(E_LIMIT, "topics", "a topic has at most %d subscribers",
                        SIGNAL_SUBSCRIBERS_MAX);
    one->subscribers++;
    return OK;
}

void signal_topics_out(struct signal_topics *t, struct str room)
{
    struct signal_topic *one = topic_of(t, room);
    if (--one->subscribers)
        return;
    table_remove(&t->by_room, &one->by_room);
    pool_put(&t->pool, one);
}

unsigned signal_topics_count(const struct signal_topics *t, struct str room)
{
    return topic_of(t, room)->subscribers;
}
