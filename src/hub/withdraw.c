/* Rights and credentials that went: the connections that stood on them are told and closed, or leave the topic, on every loop.
 * The withdrawal is counted first, so that a check that is under way just then looks again. */
#include "hub/inside.h"

enum withdrawal_kind { WITHDRAW_CREDENTIAL, WITHDRAW_ACCOUNT, WITHDRAW_CHECK, WITHDRAW_TOPIC };

struct withdrawal { /* a letter */
    struct hub *hub;
    enum withdrawal_kind kind;
    struct uuid id; /* of the credential or the account; nil with a topic: everybody */
    char topic[ROOM_BYTES_MAX];
};

/* --- topics -------------------------------------------------------------------------------------------------- */

static void leave_room(struct hub_loop *l, const struct withdrawal *w, struct str room)
{
    struct room *r = hub_room(l, room);
    for (struct membership *m = r ? r->members : NULL, *next; m; m = next) {
        struct listener *one = m->listener;
        next = m->next; /* the room goes with its last member, which has no next */
        if (uuid_is_nil(w->id) || uuid_eq(one->kind->caller(one)->user_id, w->id))
            one->kind->lose(one, room, str_from(w->topic));
    }
}

/* Also the rooms that a part has for the topic apart from the others. */
static void leave_topic(struct hub_loop *l, const struct withdrawal *w)
{
    struct str topic = str_from(w->topic);
    leave_room(l, w, topic);
    for (int i = 0; i < l->hub->part_count; i++) {
        const char *apart = l->hub->parts[i].part->topic_rooms;
        if (apart)
            leave_room(l, w, str_cat(&l->scratch, str_from(apart), topic));
    }
}

/* --- letters --------------------------------------------------------------------------------------------------- */

static void each_conn(struct hub_loop *l, const struct withdrawal *w)
{
    struct table_node *next;
    for (struct table_node *n = table_next(&l->conns, NULL); n; n = next) {
        struct hub_conn *c = (struct hub_conn *)n; /* its first member */
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
    struct hub_loop *l = &w->hub->loops[net->number];
    if (!l->net)
        return;
    if (w->kind == WITHDRAW_TOPIC)
        leave_topic(l, w);
    else
        each_conn(l, w);
    hub_loop_leave(l);
}

static void post(struct hub *h, const struct withdrawal *w)
{
    h->withdrawals++;
    mutex_lock(&h->emitting);
    for (int i = 0; !h->stopping && i < HUB_LOOPS_MAX; i++)
        if (h->loops[i].conn_count)
            net_post_copy(http_loop(h->app->server, i), arrive, str_of((const char *)w, sizeof *w));
    mutex_unlock(&h->emitting);
}

uint64_t hub_withdrawals(const struct hub *h)
{
    return h->withdrawals;
}

void hub_withdraw_credential(struct hub *h, struct uuid credential)
{
    post(h, &(struct withdrawal){ .hub = h, .kind = WITHDRAW_CREDENTIAL, .id = credential });
}

void hub_withdraw_account(struct hub *h, struct uuid user)
{
    post(h, &(struct withdrawal){ .hub = h, .kind = WITHDRAW_ACCOUNT, .id = user });
}

void hub_withdraw_check(struct hub *h, struct uuid user)
{
    post(h, &(struct withdrawal){ .hub = h, .kind = WITHDRAW_CHECK, .id = user });
}

void hub_withdraw_topic(struct hub *h, struct uuid user, struct str topic)
{
    struct withdrawal w = { .hub = h, .kind = WITHDRAW_TOPIC, .id = user };
    if (topic.n >= sizeof w.topic)
        return;
    memcpy(w.topic, topic.s, topic.n);
    for (int i = 0; i < h->part_count; i++)
        if (h->parts[i].part->withdrawn)
            h->parts[i].part->withdrawn(h->parts[i].state, user, topic);
    post(h, &w);
}
