/* Handlers: signing in and out, and the account that asks. */
#include "identity/http_inside.h"
#include "identity/inside.h"

void identity_write_user(struct json_out *o, const struct account *x)
{
    jo_object(o);
    jo_kuuid(o, "id", x->id);
    jo_kstr(o, "handle", x->handle);
    jo_kbool(o, "admin", x->admin);
    jo_ktime(o, "created_at", x->created_ms);
    jo_end(o);
}

void identity_retry_after(struct req *rq, struct reply *rp, err_t e, int64_t retry_ms)
{
    if (e != E_RATE && e != E_BUSY)
        return;
    if (retry_ms > 0)
        reply_header(rp, "Retry-After",
                     str_fmt(rq->arena, "%lld", (long long)((retry_ms + 999) / 1000)));
}

/* --- signing in and out ----------------------------------------------------------------------- */

struct setup_body {
    struct str token, handle, password;
};
const struct field IDENTITY_SETUP_FIELDS[3] = {
    FIELD(setup_body, token, FIELD_STR, true, 1, 100, "from the setup link"),
    FIELD(setup_body, handle, FIELD_STR, true, HANDLE_BYTES_MIN, HANDLE_BYTES_MAX,
          "a-z 0-9 - _, begins with a letter"),
    FIELD(setup_body, password, FIELD_STR, true, PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX,
          "of the account"),
};

struct login_body {
    struct str handle, password;
};
const struct field IDENTITY_LOGIN_FIELDS[2] = {
    FIELD(login_body, handle, FIELD_STR, true, 1, 200, "of the account"),
    FIELD(login_body, password, FIELD_STR, true, 1, PASSWORD_BYTES_MAX, "of the account"),
};

static struct login login_of(struct req *rq, struct str handle, struct str password)
{
    return (struct login){ .handle = handle,
                           .password = password,
                           .address = rq->client,
                           .user_agent = req_header(rq, S("user-agent")),
                           .old_session = req_session_cookie(rq) };
}

static err_t welcome(struct req *rq, struct reply *rp, const struct signed_in *s)
{
    reply_session_cookie(rq, rp, s->cookie, SESSION_LIFE_MS / 1000);
    reply_header(rp, "Cache-Control", S("no-store"));
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kz(o, "user");
    identity_write_user(o, &s->account);
    jo_end(o);
    return OK;
}

err_t identity_setup_post(struct req *rq, struct reply *rp)
{
    struct setup_body b = { 0 };
    struct signed_in s;
    int64_t retry_ms = 0;
    TRY(req_body(rq, &b));
    struct login l = login_of(rq, b.handle, b.password);
    err_t e = identity_setup(identity_of(rq->app), rq->db, rq->arena, b.token, &l, rq->now_ms, &s,
                             &retry_ms);
    identity_retry_after(rq, rp, e, retry_ms);
    TRY(e);
    reply_status(rp, 201);
    return welcome(rq, rp, &s);
}

err_t identity_login_post(struct req *rq, struct reply *rp)
{
    struct login_body b = { 0 };
    struct signed_in s;
    int64_t retry_ms = 0;
    TRY(req_body(rq, &b));
    /* Telephones begin a line with a capital; no handle has one. */
    struct login l = login_of(rq, str_lower(rq->arena, str_trim(b.handle)), b.password);
    err_t e =
        identity_login(identity_of(rq->app), rq->db, rq->arena, &l, rq->now_ms, &s, &retry_ms);
    identity_retry_after(rq, rp, e, retry_ms);
    TRY(e);
    return welcome(rq, rp, &s);
}

struct link_body {
    struct str token;
};
const struct field IDENTITY_LINK_FIELDS[1] = {
    FIELD(link_body, token, FIELD_STR, true, 1, 100, "from the sign-in link"),
};

err_t identity_link_post(struct req *rq, struct reply *rp)
{
    struct link_body b = { 0 };
    struct signed_in s;
    TRY(req_body(rq, &b));
    struct login l = login_of(rq, STR_NONE, STR_NONE);
    TRY(identity_login_by_link(identity_of(rq->app), rq->db, rq->arena, b.token, &l, rq->now_ms,
                               &s));
    return welcome(rq, rp, &s);
}

struct uuid identity_session_of(const struct caller *c)
{
    return c->credential == CREDENTIAL_SESSION ? c->credential_id : (struct uuid){ 0 };
}

/* Public: signing out works with a session that has ended, too, and then clears the cookie. */
err_t identity_logout_post(struct req *rq, struct reply *rp)
{
    struct uuid session = identity_session_of(&rq->caller);
    if (!uuid_is_nil(session))
        TRY(identity_logout(identity_of(rq->app), rq->db, rq->caller.user_id, session, rq->now_ms));
    reply_session_cookie(rq, rp, S(""), 0);
    reply_header(rp, "Clear-Site-Data", S("\"cache\", \"cookies\", \"storage\""));
    reply_status(rp, 204);
    return OK;
}

err_t identity_state_get(struct req *rq, struct reply *rp)
{
    bool any;
    TRY(identity_any_account(rq->db, &any));
    reply_header(rp, "Cache-Control", S("no-store"));
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kbool(o, "setup_needed", !any);
    jo_kbool(o, "signed_in", rq->caller.known);
    jo_end(o);
    return OK;
}

/* --- oneself ---------------------------------------------------------------------------------- */

err_t identity_me_get(struct req *rq, struct reply *rp)
{
    struct account x;
    TRY(identity_user_by_id(rq->db, rq->arena, rq->caller.user_id, &x));
    struct uuid session_id = identity_session_of(&rq->caller);
    struct str session = uuid_str(rq->arena, session_id);
    struct str tag = str_fmt(rq->arena, "%lld-%.*s", (long long)x.version, STR_ARG(session));
    TRY(arena_err(rq->arena));
    if (reply_etag(rq, rp, tag))
        return OK;
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kz(o, "user");
    identity_write_user(o, &x);
    if (uuid_is_nil(session_id))
        jo_knull(o, "session_id");
    else
        jo_kstr(o, "session_id", session);
    jo_end(o);
    return OK;
}

struct password_body {
    struct str old_password, new_password;
};
const struct field IDENTITY_PASSWORD_FIELDS[2] = {
    FIELD(password_body, old_password, FIELD_STR, true, 1, PASSWORD_BYTES_MAX, "in force now"),
    FIELD(password_body, new_password, FIELD_STR, true, PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX,
          "from now on"),
};

err_t identity_password_post(struct req *rq, struct reply *rp)
{
    struct password_body b = { 0 };
    int64_t retry_ms = 0;
    TRY(req_body(rq, &b));
    err_t e = identity_password_change(identity_of(rq->app), rq->db, rq->arena, rq->caller.user_id,
                                       identity_session_of(&rq->caller), b.old_password,
                                       b.new_password, rq->now_ms, &retry_ms);
    identity_retry_after(rq, rp, e, retry_ms);
    TRY(e);
    reply_status(rp, 204);
    return OK;
}
