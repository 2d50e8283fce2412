#include "base/limits.h"
#include "os/clock.h"
#include "sharing/sharing.h"
#include "sharing/sharing_store.h"

/* Members of a thing are its owner's business: anybody else is told that there is no such thing. */
static err_t owned(struct req *rq, struct uuid *ret_id)
{
    TRY(req_param_uuid(rq, "id", ret_id));
    return rq->route->entity->exists(rq->app, rq->db, rq->caller.user_id, *ret_id);
}

static void write_grant(struct json_out *o, const struct grant *g)
{
    jo_object(o);
    jo_kstr(o, "handle", g->handle);
    jo_kstr(o, "role", g->role);
    jo_ktime(o, "created_at", g->created_ms);
    jo_end(o);
}

static err_t members_get(struct req *rq, struct reply *rp)
{
    struct uuid id;
    struct grant *grants;
    size_t count;
    TRY(owned(rq, &id));
    TRY(sharing_members(rq->db, rq->arena, rq->caller.user_id, rq->route->entity->name, id, &grants,
                        &count));
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kz(o, "items");
    jo_array(o);
    for (size_t i = 0; i < count; i++)
        write_grant(o, &grants[i]);
    jo_end(o);
    jo_knull(o, "next_cursor");
    jo_end(o);
    return OK;
}

struct member_body {
    struct str role;
};

static const struct field MEMBER_BODY[] = {
    FIELD(member_body, role, FIELD_STR, true, 1, 20, "reader or editor"),
};

static err_t member_put(struct req *rq, struct reply *rp)
{
    struct uuid id;
    struct member_body body = { 0 };
    enum share_role role;
    struct grant g;
    TRY(owned(rq, &id));
    TRY(req_body(rq, &body));
    if (!sharing_role_parse(body.role, &role))
        return err_note(E_INVALID, "role", "a role is reader or editor");
    TRY(sharing_grant(rq->db, rq->arena, rq->caller.user_id, rq->route->entity->name, id,
                      req_param(rq, "handle"), role, rq->now_ms, &g));
    write_grant(reply_json(rp), &g);
    return OK;
}

static err_t member_delete(struct req *rq, struct reply *rp)
{
    struct uuid id;
    TRY(owned(rq, &id));
    TRY(sharing_revoke(rq->db, rq->arena, rq->caller.user_id, rq->route->entity->name, id,
                       req_param(rq, "handle"), rq->now_ms));
    reply_status(rp, 204);
    return OK;
}

/* --- what goes with others ---------------------------------------------------------------------- */

/* A deleted account takes along the grants that it gave and those that it got, … */
static err_t forget_account(struct app *app, struct db *db, struct uuid account)
{
    CLEANUP(arena_free) struct arena a;
    UNUSED(app);
    arena_init(&a, MIB(16));
    return sharing_forget_account(db, &a, account, clock_wall_ms());
}

/* … one that is only put away keeps them, unseen, and whom it shared with hears that the things went and came back. */
static err_t hide_account(struct db *db, struct arena *a, const struct op *op)
{
    bool away = str_eq(op->fields, S("deleted")), back = str_eq(op->fields, S("restored"));
    return away || back ? sharing_hide_account(db, a, op->entity_id, away, clock_wall_ms()) : OK;
}

/* … a deleted thing those of itself. */
static err_t forget(struct app *app, struct db *rows, struct db *effects, struct arena *a,
                    const struct op *ops, size_t count)
{
    UNUSED(app);
    UNUSED(rows);
    for (size_t i = 0; i < count; i++) {
        if (str_eq(ops[i].entity, S("account")) && str_eq(ops[i].kind, S("updated")))
            TRY(hide_account(effects, a, &ops[i]));
        if (!str_eq(ops[i].kind, S("deleted")) || str_eq(ops[i].entity, S("grant")) ||
            str_eq(ops[i].entity, S("access")))
            continue;
        TRY(sharing_forget_thing(effects, a, ops[i].owner_id, ops[i].entity, ops[i].entity_id,
                                 clock_wall_ms()));
    }
    return OK;
}

static const struct entity ENTITIES[] = {
    { .name = "grant" },  /* of the owner's log: given or taken */
    { .name = "access" }, /* of the grantee's: it came or went */
};

static const struct op_consumer CONSUMERS[] = { { .name = "sharing", .consume = forget } };

#define MEMBERS "/api/v1/{shareable}/{id}/members"
#define MEMBER_SCHEMA                                                                             \
    "{\"type\":\"object\",\"required\":[\"handle\",\"role\",\"created_at\"],\"properties\":{"     \
    "\"handle\":{\"type\":\"string\"},"                                                           \
    "\"role\":{\"enum\":[\"reader\",\"editor\"]},\"created_at\":{\"type\":\"string\",\"format\":" \
    "\"date-time\"}}}"

static const struct route ROUTES[] = {
    { HTTP_GET, MEMBERS, members_get, AUTH_USER, RATE_READ, 0, RUN_WORKER, SCOPE_READ,
      .summary = "With whom it is shared",
      .reply_schema = "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":{"
                      "\"type\":\"array\",\"items\":" MEMBER_SCHEMA "}}}" },
    { HTTP_PUT, MEMBERS "/{handle}", member_put, AUTH_USER, RATE_WRITE, KIB(4), RUN_WRITE,
      SCOPE_WRITE, .summary = "Share it with an account", .body = MEMBER_BODY,
      .body_count = COUNTOF(MEMBER_BODY), .reply_schema = MEMBER_SCHEMA },
    { HTTP_DELETE, MEMBERS "/{handle}", member_delete, AUTH_USER, RATE_WRITE, 0, RUN_WRITE,
      SCOPE_WRITE, .summary = "Stop sharing it with an account", .success = 204 },
};

const struct module sharing_module = {
    .name = "sharing",
    .forget = forget_account,
    .routes = ROUTES,
    .route_count = COUNTOF(ROUTES),
    .consumers = CONSUMERS,
    .consumer_count = COUNTOF(CONSUMERS),
    .entities = ENTITIES,
    .entity_count = COUNTOF(ENTITIES),
};
