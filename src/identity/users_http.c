/* The operator's routes: accounts of others. `vivim user` and `vivim token` come here over the
 * local socket; an admin may use most of them over the network too. */
#include "base/timestamp.h"
#include "identity/http_inside.h"
#include "identity/inside.h"

struct user_body {
    struct str handle, password;
    bool admin;
};
const struct field IDENTITY_USER_FIELDS[3] = {
    FIELD(user_body, handle, FIELD_STR, true, HANDLE_BYTES_MIN, HANDLE_BYTES_MAX,
          "a-z 0-9 - _, begins with a letter"),
    FIELD(user_body, password, FIELD_STR, true, PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX,
          "of the account"),
    FIELD(user_body, admin, FIELD_BOOL, false, 0, 1, "may administer this server"),
};

struct user_patch {
    struct str password;
    bool disabled;
};
const struct field IDENTITY_PATCH_FIELDS[2] = {
    FIELD(user_patch, password, FIELD_STR, false, PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX,
          "a new one"),
    FIELD(user_patch, disabled, FIELD_BOOL, false, 0, 1, "may not sign in"),
};

static void write_account(struct json_out *o, const struct account *x)
{
    jo_object(o);
    jo_kuuid(o, "id", x->id);
    jo_kstr(o, "handle", x->handle);
    jo_kbool(o, "admin", x->admin);
    jo_kbool(o, "disabled", x->disabled_ms != TIME_NONE);
    jo_ktime(o, "created_at", x->created_ms);
    jo_ktime(o, "deleted_at", x->deleted_ms);
    jo_ktime(o, "erased_at",
             x->deleted_ms == TIME_NONE ? TIME_NONE : x->deleted_ms + ACCOUNT_GRACE_MS);
    jo_end(o);
}

err_t identity_users_get(struct req *rq, struct reply *rp)
{
    struct account *list;
    size_t count;
    TRY(identity_user_list(rq->db, rq->arena, &list, &count));
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kz(o, "items");
    jo_array(o);
    for (size_t i = 0; i < count; i++)
        write_account(o, &list[i]);
    jo_end(o);
    jo_knull(o, "next_cursor");
    jo_end(o);
    return OK;
}

err_t identity_users_post(struct req *rq, struct reply *rp)
{
    struct user_body b = { .admin = false };
    struct account x;
    TRY(req_body(rq, &b));
    TRY(identity_user_add(identity_of(rq->app), rq->db, rq->arena, b.handle, b.password, b.admin,
                          rq->now_ms, &x));
    reply_status(rp, 201);
    write_account(reply_json(rp), &x);
    return OK;
}

/* Over the network an admin's session is less than the operator's socket: it may be a stolen
 * one. */
static bool oneself_remote(const struct req *rq, struct str handle)
{
    return !rq->local && str_eq(handle, rq->caller.handle);
}

err_t identity_user_patch(struct req *rq, struct reply *rp)
{
    struct identity *id = identity_of(rq->app);
    struct str handle = req_param(rq, "handle");
    struct account x;
    TRY(identity_user_get(rq->db, rq->arena, handle, &x));
    struct user_patch b = { .password = STR_NONE, .disabled = x.disabled_ms != TIME_NONE };
    TRY(req_body(rq, &b));
    if (oneself_remote(rq, handle))
        return err_note(E_FORBIDDEN, NULL,
                        "change your own password with POST /api/v1/me/password");
    TRY(identity_user_disable(id, rq->db, rq->arena, handle, b.disabled, rq->now_ms));
    if (b.password.s) /* last, as the first may be refused */
        TRY(identity_user_passwd(id, rq->db, rq->arena, handle, b.password, rq->now_ms));
    TRY(identity_user_get(rq->db, rq->arena, handle, &x));
    write_account(reply_json(rp), &x);
    return OK;
}

struct remove_query {
    bool now;
};
const struct field IDENTITY_REMOVE_FIELDS[1] = {
    FIELD(remove_query, now, FIELD_BOOL, false, 0, 0,
          "erase it at once; else it can be restored for 30 days"),
};
_Static_assert(ACCOUNT_GRACE_MS / (24 * 3600 * 1000) == 30, "as the text says");

err_t identity_user_remove(struct req *rq, struct reply *rp)
{
    struct remove_query q = { .now = false };
    TRY(req_query_fields(rq, &q));
    TRY(identity_user_delete(identity_of(rq->app), rq->db, rq->arena, req_param(rq, "handle"),
                             q.now ? ACCOUNT_ERASE_NOW : ACCOUNT_PUT_AWAY, rq->now_ms));
    reply_status(rp, 204);
    return OK;
}

err_t identity_user_restore_post(struct req *rq, struct reply *rp)
{
    struct str handle = req_param(rq, "handle");
    struct account x;
    TRY(identity_user_restore(identity_of(rq->app), rq->db, rq->arena, handle, rq->now_ms));
    TRY(identity_user_get(rq->db, rq->arena, handle, &x));
    write_account(reply_json(rp), &x);
    return OK;
}

/* On the machine alone: over the network an admin does not become somebody else. */
err_t identity_user_link_post(struct req *rq, struct reply *rp)
{
    struct str handle = req_param(rq, "handle"), link;
    if (!rq->local)
        return err_note(E_FORBIDDEN, NULL,
                        "a sign-in link is made on the server: vivim user login-link %.*s",
                        STR_ARG(str_sub(handle, 0, HANDLE_BYTES_MAX)));
    TRY(identity_login_link(rq->db, rq->arena, handle, http_base_url(rq->app->server), rq->now_ms,
                            &link));
    reply_header(rp, "Cache-Control", S("no-store"));
    reply_status(rp, 201);
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kstr(o, "link", link);
    jo_ktime(o, "expires_at", rq->now_ms + LOGIN_LINK_MS);
    jo_end(o);
    return OK;
}

err_t identity_user_tokens_post(struct req *rq, struct reply *rp)
{
    struct str handle = req_param(rq, "handle");
    struct account x;
    if (!rq->local && !str_eq(handle, rq->caller.handle))
        return err_note(E_FORBIDDEN, NULL,
                        "a token of another account is made on the server: vivim token %.*s",
                        STR_ARG(str_sub(handle, 0, HANDLE_BYTES_MAX)));
    TRY(identity_user_get(rq->db, rq->arena, handle, &x));
    return identity_token_reply(rq, rp, x.id);
}
