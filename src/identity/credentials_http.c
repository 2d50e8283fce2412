/* Handlers: one's own sessions and API tokens. */
#include "base/timestamp.h"
#include "identity/http_inside.h"
#include "identity/inside.h"

/* --- pages ----------------------------------------------------------------------------------- */

/* One more row than asked for tells whether there is a next page. */
struct page {
    int64_t limit;
    struct str cursor;
};
const struct field IDENTITY_PAGE_FIELDS[2] = {
    FIELD(page, limit, FIELD_I64, false, 1, PAGE_ITEMS_MAX, "how many, 50 when absent"),
    FIELD(page, cursor, FIELD_STR, false, 1, 200, "next_cursor of the page before"),
};

static err_t page_of(struct req *rq, size_t *ret_limit, struct uuid *ret_before)
{
    struct page p = { .limit = PAGE_ITEMS_DEFAULT, .cursor = STR_NONE };
    struct uuid before = identity_id_last();
    TRY(req_query_fields(rq, &p));
    if (p.cursor.s) {
        struct str bytes;
        TRY(cursor_decode(rq->arena, p.cursor, &bytes));
        if (bytes.n != sizeof before.b)
            return err_note(E_BAD_INPUT, "cursor", "this cursor is of another list");
        memcpy(before.b, bytes.s, sizeof before.b);
    }
    *ret_limit = (size_t)p.limit;
    *ret_before = before;
    return OK;
}

static void end_page(struct req *rq, struct json_out *o, bool more, struct uuid last)
{
    jo_end(o);
    if (more)
        jo_kstr(o, "next_cursor",
                cursor_encode(rq->arena, str_of((const char *)last.b, sizeof last.b)));
    else
        jo_knull(o, "next_cursor");
    jo_end(o);
}

/* --- sessions --------------------------------------------------------------------------------- */

static void write_session(struct json_out *o, const struct session *s, struct uuid current)
{
    jo_object(o);
    jo_kuuid(o, "id", s->id);
    jo_ktime(o, "created_at", s->created_ms);
    jo_ktime(o, "last_used_at", s->last_used_ms);
    jo_ktime(o, "expires_at", s->expires_ms);
    jo_kstr(o, "user_agent", s->user_agent);
    jo_kstr(o, "address", s->address);
    jo_kbool(o, "current", uuid_eq(s->id, current));
    jo_end(o);
}

err_t identity_sessions_get(struct req *rq, struct reply *rp)
{
    size_t limit = 0, count = 0;
    struct uuid before;
    struct session *list;
    TRY(page_of(rq, &limit, &before));
    TRY(identity_session_list(rq->db, rq->arena, rq->caller.user_id, before, limit + 1, rq->now_ms,
                              &list, &count));
    bool more = count > limit;
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kz(o, "items");
    jo_array(o);
    for (size_t i = 0; i < (more ? limit : count); i++)
        write_session(o, &list[i], identity_session_of(&rq->caller));
    end_page(rq, o, more, more ? list[limit - 1].id : before);
    return OK;
}

err_t identity_session_delete(struct req *rq, struct reply *rp)
{
    struct uuid session;
    TRY(req_param_uuid(rq, "id", &session));
    TRY(identity_session_revoke(identity_of(rq->app), rq->db, rq->caller.user_id, session,
                                rq->now_ms));
    reply_status(rp, 204);
    return OK;
}

/* All but the one that asks. */
err_t identity_sessions_delete(struct req *rq, struct reply *rp)
{
    TRY(identity_session_revoke_others(identity_of(rq->app), rq->db, rq->arena, rq->caller.user_id,
                                       identity_session_of(&rq->caller), rq->now_ms, NULL));
    reply_status(rp, 204);
    return OK;
}

/* --- tokens ----------------------------------------------------------------------------------- */

static void write_token(struct json_out *o, const struct token *t, struct str secret)
{
    jo_object(o);
    jo_kuuid(o, "id", t->id);
    jo_kstr(o, "name", t->name);
    jo_kz(o, "scopes");
    jo_array(o);
    for (enum scope s = SCOPE_READ; s <= SCOPE_ADMIN; s++)
        if (t->scopes & 1 << s)
            jo_str(o, str_from(identity_scope_name(s)));
    jo_end(o);
    jo_kstr(o, "prefix", t->prefix);
    jo_ktime(o, "created_at", t->created_ms);
    jo_ktime(o, "last_used_at", t->last_used_ms);
    jo_ktime(o, "expires_at", t->expires_ms);
    if (secret.s)
        jo_kstr(o, "token", secret);
    jo_end(o);
}

err_t identity_tokens_get(struct req *rq, struct reply *rp)
{
    size_t limit = 0, count = 0;
    struct uuid before;
    struct token *list;
    TRY(page_of(rq, &limit, &before));
    TRY(identity_token_list(rq->db, rq->arena, rq->caller.user_id, before, limit + 1, &list,
                            &count));
    bool more = count > limit;
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kz(o, "items");
    jo_array(o);
    for (size_t i = 0; i < (more ? limit : count); i++)
        write_token(o, &list[i], STR_NONE);
    end_page(rq, o, more, more ? list[limit - 1].id : before);
    return OK;
}

struct token_body {
    struct str name;
    struct json scopes;
    int64_t expires_days; /* 0: never */
};
const struct field IDENTITY_TOKEN_FIELDS[3] = {
    FIELD(token_body, name, FIELD_STR, true, 1, TOKEN_NAME_BYTES_MAX, "how it is listed"),
    FIELD(token_body, scopes, FIELD_JSON, false, 0, 0,
          "array of read, write, capture, admin; all when absent"),
    FIELD(token_body, expires_days, FIELD_I64, false, 1, TOKEN_DAYS_MAX,
          "it does not end when absent"),
};

static err_t scopes_of(struct json list, unsigned *ret)
{
    unsigned scopes = 0;
    if (!json_exists(list)) {
        *ret = SCOPES_ALL;
        return OK;
    }
    if (!json_is(list, JSON_ARRAY))
        return err_note(E_INVALID, "scopes",
                        "scopes is an array of read, write, capture and admin");
    struct json_iter it = json_iter(list);
    struct json item;
    while (json_next(&it, NULL, &item)) {
        if (!json_is(item, JSON_STR))
            return err_note(E_INVALID, "scopes",
                            "scopes is an array of read, write, capture and admin");
        TRY(identity_scope_add(json_str(item), &scopes));
    }
    *ret = scopes;
    return OK;
}

err_t identity_token_reply(struct req *rq, struct reply *rp, struct uuid user)
{
    struct token_body b = { .expires_days = 0 };
    struct token_new n = { .scopes = 0 };
    struct token t;
    struct str secret;
    TRY(req_body(rq, &b));
    n.name = b.name;
    n.expires_ms = b.expires_days ? rq->now_ms + b.expires_days * 24 * 3600 * 1000 : TIME_NONE;
    TRY(scopes_of(b.scopes, &n.scopes));
    if (n.scopes & ~rq->caller.scopes)
        return err_note(E_FORBIDDEN, "scopes",
                        "a token cannot make one that may do more than itself");
    TRY(identity_token_create(rq->db, rq->arena, user, &n, rq->now_ms, &t, &secret));
    reply_status(rp, 201);
    reply_header(rp, "Cache-Control", S("no-store"));
    write_token(reply_json(rp), &t, secret);
    return OK;
}

err_t identity_tokens_post(struct req *rq, struct reply *rp)
{
    return identity_token_reply(rq, rp, rq->caller.user_id);
}

err_t identity_token_delete(struct req *rq, struct reply *rp)
{
    struct uuid token;
    TRY(req_param_uuid(rq, "id", &token));
    TRY(identity_token_revoke(identity_of(rq->app), rq->db, rq->caller.user_id, token, rq->now_ms));
    reply_status(rp, 204);
    return OK;
}
