/* How many connections subscribe to which topic of the signalling, on all loops: what each publisher is told, and bounded. */
#include "base/limits.h"
#include "realtime/inside.h"

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

static struct signal_topic *topic_of(struct signal_topics *t, struct str room)
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

err_t signal_count_in(struct realtime *rt, struct str room)
{
    mutex_lock(&rt->emitting);
    struct signal_topic *one = topic_of(&rt->signal_topics, room);
    if (!one)
        one = topic_make(&rt->signal_topics, room);
    bool full = one && one->subscribers >= SIGNAL_SUBSCRIBERS_MAX;
    if (one && !full)
        one->subscribers++;
    mutex_unlock(&rt->emitting);
    return !one   ? E_BUSY
           : full ? err_note(E_LIMIT, "topics", "a topic has at most %d subscribers",
                             SIGNAL_SUBSCRIBERS_MAX)
                  : OK;
}

void signal_count_out(struct realtime *rt, struct str room)
{
    mutex_lock(&rt->emitting);
    struct signal_topic *one = topic_of(&rt->signal_topics, room);
    if (--one->subscribers == 0) {
        table_remove(&rt->signal_topics.by_room, &one->by_room);
        pool_put(&rt->signal_topics.pool, one);
    }
    mutex_unlock(&rt->emitting);
}

unsigned signal_count(struct realtime *rt, struct str room)
{
    return topic_of(&rt->signal_topics, room)->subscribers;
}
