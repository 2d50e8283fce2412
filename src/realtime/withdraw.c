/* Rights and credentials that went: the sockets that stood on them are told and closed, or leave the topic, and requests that
 * wait are refused, on every loop. `withdrawals` is counted first, so that a check that is under way just then looks again. */
#include "base/limits.h"
#include "realtime/inside.h"
#include "realtime/presence.h"

enum withdrawal_kind { WITHDRAW_CREDENTIAL, WITHDRAW_ACCOUNT, WITHDRAW_CHECK, WITHDRAW_TOPIC };

struct withdrawal { /* a letter */
    struct realtime *rt;
    enum withdrawal_kind kind;
    struct uuid id; /* of the credential or the account; nil with a topic: everybody */
    char topic[ROOM_BYTES_MAX];
};

/* --- topics -------------------------------------------------------------------------------------------------- */

static void leave_room(struct rt_loop *l, const struct withdrawal *w, struct str room)
{
    struct room *r = hub_room(l, room);
    for (struct membership *m = r ? r->members : NULL, *next; m; m = next) {
        struct listener *one = m->listener;
        next = m->next; /* the room goes with its last member, which has no next */
        if (uuid_is_nil(w->id) || uuid_eq(one->kind->caller(one)->user_id, w->id))
            one->kind->lose(one, room, str_from(w->topic));
    }
}

static void leave_topic(struct rt_loop *l, const struct withdrawal *w)
{
    struct str topic = str_from(w->topic);
    leave_room(l, w, topic);
    leave_room(l, w, signal_room(&l->scratch, true, topic));
}

/* --- letters --------------------------------------------------------------------------------------------------- */

static void each_conn(struct rt_loop *l, const struct withdrawal *w)
{
    struct table_node *next;
    for (struct table_node *n = table_next(&l->conns, NULL); n; n = next) {
        struct rt_conn *c = (struct rt_conn *)n; /* its first member */
        next = table_next(&l->conns, n);
        if (!conn_stands_on(c, w->kind == WITHDRAW_CREDENTIAL, w->id))
            continue;
        if (w->kind == WITHDRAW_CHECK)
            conn_check(l, c);
        else
            c->kind->sign_out(c);
    }
}

static void arrive(struct net_loop *net, void *arg)
{
    const struct withdrawal *w = arg;
    struct rt_loop *l = &w->rt->loops[net->number];
    if (!l->net)
        return;
    if (w->kind == WITHDRAW_TOPIC)
        leave_topic(l, w);
    else
        each_conn(l, w);
    if (w->kind == WITHDRAW_CHECK)
        waiters_check(l, w->id);
    else if (w->kind != WITHDRAW_TOPIC)
        waiters_refuse(l, w->kind == WITHDRAW_CREDENTIAL, w->id);
    loop_leave(l);
}

static void post(struct realtime *rt, const struct withdrawal *w)
{
    rt->withdrawals++;
    mutex_lock(&rt->emitting);
    for (int i = 0; !rt->stopping && i < rt->loop_count; i++)
        if (rt->loops[i].conn_count || rt->loops[i].waiter_count)
            net_post_copy(http_loop(rt->app->server, i), arrive,
                          str_of((const char *)w, sizeof *w));
    mutex_unlock(&rt->emitting);
}

void withdraw_credential(struct realtime *rt, struct uuid credential)
{
    post(rt, &(struct withdrawal){ .rt = rt, .kind = WITHDRAW_CREDENTIAL, .id = credential });
}

void withdraw_account(struct realtime *rt, struct uuid user)
{
    post(rt, &(struct withdrawal){ .rt = rt, .kind = WITHDRAW_ACCOUNT, .id = user });
}

void withdraw_check(struct realtime *rt, struct uuid user)
{
    post(rt, &(struct withdrawal){ .rt = rt, .kind = WITHDRAW_CHECK, .id = user });
}

void withdraw_topic(struct realtime *rt, struct uuid user, struct str topic)
{
    struct withdrawal w = { .rt = rt, .kind = WITHDRAW_TOPIC, .id = user };
    if (topic.n >= sizeof w.topic)
        return;
    memcpy(w.topic, topic.s, topic.n);
    presence_forget(rt->presence, user, topic);
    post(rt, &w);
}
