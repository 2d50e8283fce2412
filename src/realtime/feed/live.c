/* What is told at once: changes to each user's room, and to the hub what has gone. */
#include "base/map.h"
#include "identity/identity.h"
#include "realtime/feed/feed.h"
#include "realtime/topics/topics.h"

/* --- told at once ---------------------------------------------------------------------------------------------- */

struct audience { /* one user, and what is told in this batch */
    struct uuid user;
    struct buf items;
    struct json_out out;
    size_t count;
    struct buf about; /* what of it they hear of by a right that may go: topics, for recovery */
};

static err_t audience_of(struct map *all, struct arena *a, struct uuid user, struct audience **ret)
{
    struct str key = uuid_str(a, user);
    struct audience *one = map_get(all, key);
    if (!one) {
        one = ARENA_NEW(a, struct audience);
        if (!one)
            return arena_err(a);
        one->user = user;
        buf_init(&one->items, a, EMISSION_BYTES_MAX);
        buf_init(&one->about, a, (size_t)CHANGES_ITEMS_MAX * ROOM_BYTES_MAX);
        jo_init(&one->out, &one->items);
        jo_array(&one->out);
        TRY(map_put(all, key, one));
    }
    *ret = one;
    return OK;
}

/* `topic`: what the op is about, to somebody whose it is not; else STR_NONE. */
static err_t tell_one(struct map *all, struct arena *a, struct uuid user, const struct op *op,
                      struct str topic)
{
    struct audience *one;
    TRY(audience_of(all, a, user, &one));
    if (one->count++ >= CHANGES_ITEMS_MAX)
        return OK;
    op_write(&one->out, op);
    if (topic.s) {
        buf_put(&one->about, topic);
        buf_putc(&one->about, 0);
    }
    return OK;
}

static err_t tell_all(struct app *app, struct map *all, struct db *rows, struct arena *a,
                      const struct op *op)
{
    struct uuid *others = NULL;
    size_t count = 0;
    TRY(tell_one(all, a, op->owner_id, op, STR_NONE));
    const struct entity *entity = app_shareable(app, op->entity);
    if (!entity)
        return OK;
    struct str topic = topic_of_entity(a, entity->name, op->entity_id);
    TRY(ops_readers(rows, a, op->owner_id, op->entity, op->entity_id, &others, &count));
    for (size_t i = 0; i < count; i++)
        TRY(tell_one(all, a, others[i], op, topic));
    return arena_err(a);
}

/* More than one event holds: the client asks by the last cursor it had. */
static void emit_change(struct hub *hub, struct arena *a, struct audience *one, struct str cursor)
{
    struct buf b;
    struct json_out o;
    bool more = one->count > CHANGES_ITEMS_MAX || buf_err(&one->items) != OK;
    jo_end(&one->out);
    buf_init(&b, a, EMISSION_BYTES_MAX);
    jo_init(&o, &b);
    jo_object(&o);
    jo_kz(&o, "items");
    jo_raw(&o, more ? S("[]") : buf_str(&one->items));
    jo_kstr(&o, "cursor", cursor);
    jo_kbool(&o, "more", more);
    jo_end(&o);
    struct str room = caller_room(a, one->user);
    const struct emission e = { .rooms = &room,
                                .room_count = 1,
                                .event = "change",
                                .arguments = buf_str(&b),
                                .keep = true,
                                .about = more ? STR_NONE : buf_str(&one->about) };
    if (buf_err(&b) == OK && buf_err(&one->about) == OK && room.s)
        hub_emit(hub, &e);
}

/* --- what goes ------------------------------------------------------------------------------------------------------ */

static void withdraw_shared(struct hub *hub, struct arena *a, struct uuid user, const char *entity,
                            struct uuid id)
{
    struct str topic = topic_of_entity(a, entity, id);
    if (topic.s)
        hub_withdraw_topic(hub, user, topic);
}

/* The op "access deleted" lies in the log of who lost it; its field names the kind of thing. */
static void withdraw(struct hub *hub, struct arena *a, const struct op *op)
{
    bool deleted = str_eq(op->kind, S("deleted"));
    bool access = str_eq(op->entity, S("access"));
    const struct entity *entity = app_shareable(hub_app(hub), access ? op->fields : op->entity);
    if (str_eq(op->entity, S("account")) && deleted)
        hub_withdraw_account(hub, op->entity_id);
    else if (str_eq(op->entity, S("account")) && !str_eq(op->kind, S("created")))
        hub_withdraw_check(hub, op->entity_id);
    else if (deleted && identity_is_credential(identity_of(hub_app(hub)), op->entity))
        hub_withdraw_credential(hub, op->entity_id);
    else if (deleted && entity)
        withdraw_shared(hub, a, access ? op->owner_id : (struct uuid){ { 0 } }, entity->name,
                        op->entity_id);
}

static err_t consume(struct app *app, struct db *rows, struct db *effects, struct arena *a,
                     const struct op *ops, size_t count)
{
    struct hub *hub = hub_of(app);
    struct map all;
    UNUSED(effects);
    map_init(&all, a);
    identity_heard(identity_of(app), ops, count);
    for (size_t i = 0; i < count; i++) {
        withdraw(hub, a, &ops[i]);
        TRY(tell_all(app, &all, rows, a, &ops[i]));
    }
    struct str cursor =
        op_cursor_text(a, (struct op_cursor){ ops[count - 1].txid, ops[count - 1].seq });
    TRY(arena_err(a));
    for (size_t i = 0; i < all.count; i++)
        emit_change(hub, a, all.entries[i].value, cursor);
    return OK;
}

const struct op_consumer REALTIME_CONSUMERS[] = {
    { .name = "realtime_live", .live = true, .rest_ms = CHANGES_REST_MS, .consume = consume },
};
