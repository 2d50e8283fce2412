/* Who makes this request: what http asks before any handler runs. */
#include "identity/inside.h"

struct identity *identity_of(struct app *app)
{
    struct identity *id = app_room(app, "identity");
    assert(id);
    return id;
}

/* --- over the local socket -------------------------------------------------------------------- */

static struct caller operator_as(const struct account *x, bool admin)
{
    return (struct caller){ .known = true,
                            .user_id = x->id,
                            .handle = x->handle,
                            .admin = admin || x->admin,
                            .scopes = ~0u,
                            .expires_ms = INT64_MAX };
}

/* Whoever reaches the socket is the user who runs the server, or root. For work on an account's
 * data somebody must be named or clear; for running the server nobody need exist. */
static err_t identify_local(struct req *rq, struct caller *ret)
{
    enum auth needs = rq->route ? rq->route->auth : AUTH_PUBLIC;
    struct str handle = req_header(rq, S("x-vivim-user"));
    struct account x = { .handle = S("") };
    if (needs == AUTH_PUBLIC) {
        *ret = (struct caller){ .known = false };
        return OK;
    }
    err_t e = handle.n ? identity_user_get(rq->db, rq->arena, handle, &x)
                       : identity_default_user(rq->db, rq->arena, &x);
    if (e == E_NOT_FOUND && !handle.n && needs == AUTH_ADMIN) {
        err_clear();
        e = OK;
    }
    TRY(e);
    *ret = operator_as(&x, needs == AUTH_ADMIN);
    return OK;
}

/* --- over the network ------------------------------------------------------------------------- */

/* STR_NONE: no Authorization of this scheme; another scheme may be a proxy's business. */
static struct str bearer_of(const struct req *rq)
{
    static const struct str SCHEME = { "Bearer ", 7 };
    struct str value = req_header(rq, S("authorization"));
    if (value.n < SCHEME.n || !str_eq_nocase(str_sub(value, 0, SCHEME.n), SCHEME))
        return STR_NONE;
    return str_trim(str_sub(value, SCHEME.n, value.n));
}

static err_t identify_cookie(struct req *rq, struct str cookie, struct caller *ret)
{
    struct caller c;
    err_t e = identity_check(identity_of(rq->app), rq->db, rq->arena, SHOWN_AS_COOKIE, cookie,
                             rq->now_ms, &c);
    if (e == E_UNAUTHENTICATED) { /* a stale cookie must not shut out the sign-in page */
        *ret = (struct caller){ .known = false };
        return OK;
    }
    TRY(e);
    c.by_cookie = true;
    *ret = c;
    return OK;
}

err_t identity_identify(struct req *rq, struct caller *ret)
{
    struct str bearer = bearer_of(rq), cookie;
    if (rq->local && !bearer.s)
        return identify_local(rq, ret);
    if (bearer.s) /* over the local socket too: who shows a token wants to be its account */
        return identity_check(identity_of(rq->app), rq->db, rq->arena, SHOWN_AS_BEARER, bearer,
                              rq->now_ms, ret);
    cookie = req_session_cookie(rq);
    if (cookie.n)
        return identify_cookie(rq, cookie, ret);
    *ret = (struct caller){ .known = false };
    return OK;
}
