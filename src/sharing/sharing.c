#include "sharing/sharing.h"

#include "identity/identity.h"
#include "ops/ops.h"
#include "sharing/sharing_store.h"

/* --- roles -------------------------------------------------------------------------------- */

bool sharing_role_allows(enum share_role role, enum share_action action)
{
    switch (action) {
    case SHARE_READ:
        return role >= SHARE_READER;
    case SHARE_WRITE:
        return role >= SHARE_EDITOR;
    case SHARE_ADMINISTER:
        return role == SHARE_OWNER;
    }
    return false;
}

const char *sharing_role_name(enum share_role role)
{
    static const char *const NAMES[] = { "none", "reader", "editor", "owner" };
    return NAMES[role];
}

bool sharing_role_parse(struct str name, enum share_role *ret)
{
    if (str_eq(name, S("reader")))
        *ret = SHARE_READER;
    else if (str_eq(name, S("editor")))
        *ret = SHARE_EDITOR;
    else
        return false;
    return true;
}

/* --- the question ------------------------------------------------------------------------------ */

static enum share_role role_of(const struct grant *g)
{
    enum share_role role = SHARE_NONE;
    return sharing_role_parse(g->role, &role)
               ? role
               : SHARE_NONE; /* a word of a later version gives nothing */
}

struct access sharing_own(struct uuid actor)
{
    return (struct access){ actor, SHARE_OWNER, STR_NONE };
}

static err_t own(struct app *app, struct db *db, struct uuid actor, const struct entity *e,
                 struct uuid id, struct access *ret)
{
    TRY(e->exists(app, db, actor, id));
    *ret = sharing_own(actor);
    return OK;
}

/* Of several owners' things under one id (ids may be chosen) the one that was shared first. */
static err_t granted(struct app *app, struct db *db, struct arena *a, struct uuid actor,
                     const struct entity *e, struct uuid id, struct grant *ret)
{
    struct grant *grants;
    size_t count;
    TRY(sharing_store_of_actor(db, a, actor, e->name, id, &grants, &count));
    for (size_t i = 0; i < count; i++) {
        err_t found = e->exists(app, db, grants[i].owner_id, id);
        if (found == E_NOT_FOUND)
            continue; /* its grants go a moment after it */
        *ret = grants[i];
        return found;
    }
    return E_NOT_FOUND;
}

err_t sharing_access(struct app *app, struct db *db, struct arena *a, struct uuid actor,
                     const struct entity *e, struct uuid id, enum share_action action,
                     struct access *ret)
{
    struct grant g;
    err_t found = own(app, db, actor, e, id, ret);
    if (found != E_NOT_FOUND || !e->shareable)
        return found;
    TRY(granted(app, db, a, actor, e, id, &g));
    if (!sharing_role_allows(role_of(&g), action))
        return action == SHARE_READ
                   ? E_NOT_FOUND
                   : err_note(E_FORBIDDEN, NULL, "your role here is %.*s; that needs more",
                              STR_ARG(g.role));
    *ret = (struct access){ g.owner_id, role_of(&g), g.handle };
    return OK;
}

err_t sharing_allows(struct db *db, struct arena *a, struct uuid actor, enum share_action action,
                     const char *entity, struct uuid owner, struct uuid id, bool *ret)
{
    struct grant g = { .owner_id = owner, .entity = str_from(entity), .entity_id = id };
    *ret = uuid_eq(actor, owner);
    if (*ret)
        return OK;
    err_t e = sharing_store_one(db, a, actor, &g);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    *ret = sharing_role_allows(role_of(&g), action);
    return OK;
}

/* --- giving and taking ----------------------------------------------------------------------------- */

static err_t say_to_grantee(struct db *db, const char *entity, const struct grant *g,
                            const char *kind, int64_t now_ms)
{
    struct op_new op = {
        .owner_id = g->grantee_id,
        .actor_id = g->owner_id,
        .entity = "access",
        .kind = kind,
        .fields = entity,
        .entity_id = g->entity_id,
        .version = g->version,
    };
    return ops_append(db, &op, now_ms);
}

/* One op lies in the owner's log ("grant", about the shared thing; its fields name nobody), one in that of who gets or
 * loses it ("access", whose field names the kind of thing): each hears of it also when they were away. */
static err_t say(struct db *db, const char *entity, const struct grant *g, const char *kind,
                 int64_t now_ms)
{
    struct op_new op = {
        .owner_id = g->owner_id,
        .actor_id = g->owner_id,
        .entity = "grant",
        .kind = kind,
        .fields = "role",
        .entity_id = g->entity_id,
        .version = g->version,
    };
    TRY(ops_append(db, &op, now_ms));
    return say_to_grantee(db, entity, g, kind, now_ms);
}

static err_t grantee(struct db *db, struct arena *a, struct uuid owner, struct str handle,
                     struct grant *g)
{
    struct account account;
    err_t e = identity_user_get(db, a, handle, &account);
    if (e == E_NOT_FOUND)
        return err_note(E_NOT_FOUND, "handle", "there is no account %.*s", STR_ARG(handle));
    TRY(e);
    if (uuid_eq(account.id, owner))
        return err_note(E_INVALID, "handle", "it is yours already");
    g->grantee_id = account.id;
    g->handle = account.handle;
    return OK;
}

static err_t find_member(struct db *db, struct arena *a, const struct grant *g, struct grant *ret)
{
    struct grant *members;
    size_t count;
    char *entity = str_cstr(a, g->entity);
    if (!entity)
        return arena_err(a);
    TRY(sharing_members(db, a, g->owner_id, entity, g->entity_id, &members, &count));
    for (size_t i = 0; i < count; i++)
        if (uuid_eq(members[i].grantee_id, g->grantee_id)) {
            *ret = members[i];
            return OK;
        }
    return count < GRANTS_PER_ENTITY_MAX
               ? E_NOT_FOUND
               : err_note(E_CONFLICT, NULL, "%d people are the most to share one thing with",
                          GRANTS_PER_ENTITY_MAX);
}

err_t sharing_grant(struct db *db, struct arena *a, struct uuid owner, const char *entity,
                    struct uuid id, struct str handle, enum share_role role, int64_t now_ms,
                    struct grant *ret)
{
    struct grant g = { .owner_id = owner,
                       .entity_id = id,
                       .entity = str_from(entity),
                       .role = str_from(sharing_role_name(role)) };
    TRY(grantee(db, a, owner, handle, &g));
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    struct grant before;
    err_t e = find_member(db, a, &g, &before);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    TRY(sharing_store_put(db, &g, now_ms));
    TRY(ops_reader_add(db, owner, entity, id, g.grantee_id));
    TRY(find_member(db, a, &g, ret));
    TRY(say(db, entity, ret, e == OK ? "updated" : "created", now_ms));
    return db_txn_commit(&tx);
}

err_t sharing_revoke(struct db *db, struct arena *a, struct uuid owner, const char *entity,
                     struct uuid id, struct str handle, int64_t now_ms)
{
    struct grant g = {
        .owner_id = owner, .entity_id = id, .entity = str_from(entity), .version = 1
    };
    TRY(grantee(db, a, owner, handle, &g));
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    int64_t removed;
    TRY(sharing_store_remove(db, &g, &removed));
    if (!removed)
        return err_note(E_NOT_FOUND, "handle", "it is not shared with %.*s", STR_ARG(handle));
    TRY(ops_reader_remove(db, owner, entity, id, g.grantee_id));
    TRY(say(db, entity, &g, "deleted", now_ms));
    return db_txn_commit(&tx);
}

/* --- what goes ------------------------------------------------------------------------------------- */

static err_t say_to_all(struct db *db, struct arena *a, const struct grant *grants, size_t count,
                        const char *kind, int64_t now_ms)
{
    for (size_t i = 0; i < count; i++) {
        char *entity = str_cstr(a, grants[i].entity);
        if (!entity)
            return arena_err(a);
        TRY(say_to_grantee(db, entity, &grants[i], kind, now_ms));
    }
    return OK;
}

err_t sharing_forget_thing(struct db *db, struct arena *a, struct uuid owner, struct str entity,
                           struct uuid id, int64_t now_ms)
{
    struct grant *grants;
    size_t count;
    char *name = str_cstr(a, entity);
    if (!name)
        return arena_err(a);
    TRY(sharing_members(db, a, owner, name, id, &grants, &count));
    TRY(say_to_all(db, a, grants, count, "deleted", now_ms));
    TRY(ops_readers_forget(db, owner, entity, id));
    return sharing_store_forget(db, owner, entity, id);
}

err_t sharing_forget_account(struct db *db, struct arena *a, struct uuid account, int64_t now_ms)
{
    struct grant *grants;
    size_t count;
    TRY(sharing_store_given(db, a, account, &grants, &count));
    TRY(say_to_all(db, a, grants, count, "deleted", now_ms));
    return sharing_store_forget_account(db, account);
}

err_t sharing_hide_account(struct db *db, struct arena *a, struct uuid account, bool hidden,
                           int64_t now_ms)
{
    struct grant *grants;
    size_t count;
    TRY(sharing_store_given(db, a, account, &grants, &count));
    for (size_t i = 0; i < count; i++) {
        char *entity = str_cstr(a, grants[i].entity);
        if (!entity)
            return arena_err(a);
        if (hidden)
            TRY(ops_reader_remove(db, account, entity, grants[i].entity_id, grants[i].grantee_id));
        else
            TRY(ops_reader_add(db, account, entity, grants[i].entity_id, grants[i].grantee_id));
    }
    return say_to_all(db, a, grants, count, hidden ? "deleted" : "created", now_ms);
}
