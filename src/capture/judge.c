#include "capture/judge.h"

#include "archive/conversation_check.h"
#include "archive/providers/dom.h"
#include "base/limits.h"

bool is_wall(struct str html)
{
    static const char *const SENTENCES[] = {
        "Just a moment...",
        "Verify you are human",
        "Verifying you are human",
        "Checking your browser",
        "cf-challenge",
        "challenge-platform",
        "Enable JavaScript and cookies to continue",
        "unusual traffic from your computer",
        "consent.google.com",
    };
    struct str head = str_sub(html, 0, 200000);
    for (size_t i = 0; i < COUNTOF(SENTENCES); i++)
        if (str_find(head, str_from(SENTENCES[i]), 0) < head.n)
            return true;
    return false;
}

/* --- data -------------------------------------------------------------------------------------- */

static enum outcome outcome_of(err_t e)
{
    switch (e) {
    case E_GONE:
    case E_NOT_FOUND:
        return OUTCOME_GONE;
    case E_FORBIDDEN:
        return OUTCOME_PRIVATE;
    case E_LIMIT:
        return OUTCOME_TOO_LARGE;
    default:
        return OUTCOME_NONE;
    }
}

static err_t accept(struct arena *a, struct conversation *c, const char *strategy,
                    struct verdict *v)
{
    struct check_result check;
    TRY(conversation_check(a, c, &check));
    if (check.verdict == CHECK_NOT_ONE) {
        v->detail = check.reason;
        return OK;
    }
    v->outcome = check.verdict == CHECK_PARTIAL ? OUTCOME_PARTIAL : OUTCOME_OK;
    v->detail = check.reason;
    v->strategy = strategy;
    v->found = c;
    return OK;
}

static err_t try_json(struct arena *a, const struct provider *p, struct json root,
                      const char *strategy, struct verdict *v)
{
    struct conversation *c = ARENA_NEW(a, struct conversation);
    if (!c)
        return arena_err(a);
    err_t e = p->from_json(a, root, c);
    if (e == E_BUSY)
        return e;
    if (e == OK)
        return accept(a, c, strategy, v);
    v->outcome = outcome_of(e);
    v->detail = str_dup(a, str_from(err_detail()->text));
    return OK;
}

/* What a status says about the document or about the JSON that the page asked for. */
static enum outcome outcome_of_status(int64_t status, struct str body)
{
    if (status == 404 || status == 410)
        return OUTCOME_GONE;
    if (status == 429)
        return OUTCOME_RATE_LIMITED;
    if (status == 401)
        return OUTCOME_PRIVATE;
    if (status == 403 || status == 503)
        return is_wall(body) || status == 503 ? OUTCOME_CHALLENGE : OUTCOME_PRIVATE;
    return OUTCOME_NONE;
}

static err_t judge_json(struct arena *a, const struct provider *provider,
                        const struct page_result *r, struct verdict *v)
{
    struct json root;
    if (!r->json.n || json_parse(a, r->json, JSON_FOREIGN_DEPTH_MAX, &root) != OK) {
        v->outcome = outcome_of_status(r->json_status, r->json);
        return OK;
    }
    TRY(try_json(a, provider, root, "network", v));
    if (v->outcome == OUTCOME_NONE)
        v->outcome = outcome_of_status(r->json_status, r->json);
    return OK;
}

err_t judge_data(struct arena *a, const struct provider *provider, const struct page_result *r,
                 struct verdict *ret)
{
    struct json root;
    *ret = (struct verdict){ 0 };
    if (r->json_status)
        TRY(judge_json(a, provider, r, ret));
    if (ret->outcome == OUTCOME_NONE && r->html.n && provider->embedded &&
        provider->embedded(a, r->html, &root) == OK)
        TRY(try_json(a, provider, root, "embedded", ret));
    /* A 403 for the address that our own proxy refused is the proxy's. */
    bool refused = r->refused.n && str_find(r->final_url, r->refused, 0) < r->final_url.n;
    if (ret->outcome == OUTCOME_NONE && r->status == 403 && refused)
        ret->outcome = OUTCOME_BLOCKED;
    if (ret->outcome == OUTCOME_NONE)
        ret->outcome = outcome_of_status(r->status, r->html);
    err_clear();
    return OK;
}

/* --- the rendered page ------------------------------------------------------------------------------ */

static enum outcome last_resort(const struct page_result *r)
{
    if (is_wall(r->html))
        return OUTCOME_CHALLENGE;
    if (r->timed_out || str_find(r->error, S("TIMED_OUT"), 0) < r->error.n)
        return OUTCOME_TIMEOUT;
    if (str_find(r->error, S("TUNNEL_CONNECTION_FAILED"), 0) < r->error.n ||
        str_find(r->error, S("BLOCKED"), 0) < r->error.n)
        return OUTCOME_BLOCKED;
    if (str_find(r->error, S("ABORTED"), 0) < r->error.n || !r->error.n)
        return OUTCOME_FORMAT_CHANGED;
    return OUTCOME_TIMEOUT;
}

err_t judge_dom(struct arena *a, const struct page_result *r, struct str dom, struct verdict *ret)
{
    struct json root;
    struct conversation *c = ARENA_NEW(a, struct conversation);
    *ret = (struct verdict){ 0 };
    if (!c)
        return arena_err(a);
    if (dom.n && json_parse(a, dom, JSON_FOREIGN_DEPTH_MAX, &root) == OK &&
        dom_conversation(a, root, c) == OK)
        TRY(accept(a, c, "dom", ret));
    if (ret->outcome == OUTCOME_OK && r->timed_out) {
        ret->outcome = OUTCOME_PARTIAL;
        ret->detail = S("the page did not finish loading");
    }
    if (ret->outcome == OUTCOME_NONE) {
        ret->outcome = last_resort(r);
        if (ret->outcome != OUTCOME_FORMAT_CHANGED)
            ret->detail = STR_NONE; /* what is missing in a page that did not come is no news */
    }
    err_clear();
    return OK;
}
