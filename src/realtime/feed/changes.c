/* What the log holds for an account after a cursor, as far as it may see that. */
#include "base/map.h"
#include "realtime/feed/feed.h"
#include "sharing/sharing.h"

/* --- one op ------------------------------------------------------------------------------------------ */

static void write_fields(struct json_out *o, struct str fields)
{
    struct str name;
    jo_kz(o, "fields");
    jo_array(o);
    while (fields.n && str_cut(&fields, ',', &name))
        jo_str(o, name);
    jo_end(o);
}

void op_write(struct json_out *o, const struct op *op)
{
    jo_object(o);
    jo_kstr(o, "entity", op->entity);
    jo_kuuid(o, "id", op->entity_id);
    jo_kstr(o, "kind", op->kind);
    jo_ki64(o, "version", op->version);
    write_fields(o, op->fields);
    jo_kuuid(o, "owner_id", op->owner_id);
    if (uuid_is_nil(op->actor_id))
        jo_knull(o, "actor_id");
    else
        jo_kuuid(o, "actor_id", op->actor_id);
    jo_ktime(o, "at", op->created_ms);
    jo_end(o);
}

/* --- asked for by cursor ---------------------------------------------------------------------------------- */

/* Whoever asks, and what it may see of others' things as far as that was asked in this call. */
struct viewer {
    struct app *app;
    struct db *db;
    struct arena *arena;
    struct uuid user;
    struct map rights; /* by thing: a bool */
};

/* Asked once for each thing, however many ops there are about it. */
static err_t may_read(struct viewer *v, const struct entity *entity, const struct op *op, bool *ret)
{
    struct str key = op_thing(v->arena, op);
    TRY(arena_err(v->arena));
    bool *known = map_get(&v->rights, key);
    if (!known) {
        known = ARENA_NEW(v->arena, bool);
        if (!known)
            return arena_err(v->arena);
        TRY(sharing_allows(v->db, v->arena, v->user, SHARE_READ, entity->name, op->owner_id,
                           op->entity_id, known));
        TRY(map_put(&v->rights, key, known));
    }
    *ret = *known;
    return OK;
}

/* Its own, or about a thing of another's that it may read still. */
static err_t may_see(struct viewer *v, const struct op *op, bool *ret)
{
    const struct entity *entity = app_shareable(v->app, op->entity);
    *ret = uuid_eq(op->owner_id, v->user);
    return *ret || !entity ? OK : may_read(v, entity, op, ret);
}

err_t changes_write(struct app *app, struct db *db, struct arena *a, struct uuid user,
                    struct op_cursor *cursor, size_t limit, struct json_out *o, bool *ret_nothing)
{
    size_t found = 0, looked = 0;
    bool more = true;
    struct viewer v = { .app = app, .db = db, .arena = a, .user = user };
    map_init(&v.rights, a);
    jo_kz(o, "items");
    jo_array(o);
    while (more && found < limit && looked < CHANGES_SCANNED_MAX) {
        struct op *ops;
        size_t count;
        TRY(ops_read_for(db, a, user, cursor, limit - found, &ops, &count, &more));
        looked += count;
        for (size_t i = 0; i < count; i++) {
            bool visible;
            TRY(may_see(&v, &ops[i], &visible));
            if (visible)
                op_write(o, &ops[i]);
            found += visible;
        }
    }
    jo_end(o);
    jo_kstr(o, "cursor", op_cursor_text(a, *cursor));
    jo_kbool(o, "more", more);
    *ret_nothing = looked == 0;
    return arena_err(a);
}
