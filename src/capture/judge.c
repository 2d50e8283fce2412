#include "capture/judge.h"

#include "archive/conversation_check.h"
#include "archive/providers/dom.h"
#include "base/limits.h"
#include "capture/url_policy.h"

/* --- walls and forms ------------------------------------------------------------------------- */

static bool holds(struct str html, const char *const *words)
{
    for (; *words; words++)
        if (str_find(html, str_from(*words), 0) < html.n)
            return true;
    return false;
}

static struct str title_of(struct str html)
{
    size_t at = str_find(html, S("<title"), 0), from = str_find_char(html, '>', at) + 1;
    return at < html.n ? str_trim(str_sub(html, from, str_find(html, S("</title>"), from)))
                       : STR_NONE;
}

/* By its title, its form, or what a short page says. A script of the bot check is on every page of some providers. */
bool is_wall(struct str html)
{
    enum { SHORT_PAGE = 100000 };
    static const char *const TITLES[] = { "Just a moment",         "Attention Required!",
                                          "Verify you are human",  "Verifying you are human",
                                          "Checking your browser", NULL };
    static const char *const FORMS[] = { "id=\"challenge-form\"",
                                         "id=\"challenge-running\"",
                                         "id=\"challenge-stage\"",
                                         "id=\"cf-challenge-running\"",
                                         "class=\"cf-challenge\"",
                                         "id=\"challenge-error-text\"",
                                         "action=\"https://consent.google.com",
                                         NULL };
    static const char *const SENTENCES[] = { "Verify you are human",
                                             "Verifying you are human",
                                             "Checking your browser",
                                             "Enable JavaScript and cookies to continue",
                                             "unusual traffic from your computer",
                                             NULL };
    struct str head = str_sub(html, 0, 200000);
    return holds(title_of(head), TITLES) || holds(head, FORMS) ||
           (html.n < SHORT_PAGE && holds(head, SENTENCES));
}

/* A page that shows nothing but the way in. */
static bool asks_for_password(struct str html)
{
    static const char *const FIELDS[] = { "type=\"password\"", "type=password",
                                          "autocomplete=\"current-password\"", NULL };
    return holds(str_sub(html, 0, 200000), FIELDS);
}

/* --- where it came from ----------------------------------------------------------------------- */

static struct str host_of(struct str url)
{
    size_t from = str_find(url, S("://"), 0) + 3, end = from;
    while (end < url.n && url.s[end] != '/' && url.s[end] != '?' && url.s[end] != '#')
        end++;
    return str_sub(url, from, end);
}

static bool is_sign_in(struct str url)
{
    static const char *const HOSTS[] = { "auth.", "login.", "accounts.", "signin.", "sso.", NULL };
    static const char *const PATHS[] = { "/login",    "/signin",       "/sign-in",
                                         "/sign_in",  "/auth/",        "/logon",
                                         "/register", "/i/flow/login", NULL };
    struct str host = host_of(url), rest = str_sub(url, str_find(url, host, 0) + host.n, url.n);
    for (const char *const *h = HOSTS; *h; h++)
        if (str_starts(host, str_from(*h)))
            return true;
    return holds(str_sub(rest, 0, str_find_char(rest, '?', 0)), PATHS);
}

enum place {
    PLACE_SHARE,
    PLACE_SIGN_IN, /* a page of signing in */
    PLACE_SITE,    /* another page of the provider's host: its home page, another share */
    PLACE_OTHER    /* another host */
};

static enum place place_of(struct arena *a, const struct asked *asked, struct str url)
{
    if (!url.n ||
        url_is_share(asked->providers, a, url, str_from(asked->provider->name), asked->share_id))
        return PLACE_SHARE;
    if (is_sign_in(url))
        return PLACE_SIGN_IN;
    return str_eq_nocase(host_of(asked->url), host_of(url)) ? PLACE_SITE : PLACE_OTHER;
}

static void judge_place(struct arena *a, enum place place, struct str url,
                        const struct page_result *r, struct verdict *v)
{
    struct str host = str_sub(host_of(url), 0, 100);
    v->outcome = place == PLACE_SIGN_IN ? OUTCOME_PRIVATE
                 : is_wall(r->html)     ? OUTCOME_CHALLENGE
                 : place == PLACE_SITE  ? OUTCOME_GONE
                                        : OUTCOME_FORMAT_CHANGED;
    v->detail = place == PLACE_SITE ? S("the link leads to another page of the provider")
                                    : str_fmt(a, "the link leads to %.*s", STR_ARG(host));
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
static enum outcome outcome_of_status(int64_t status, bool challenged, struct str body)
{
    if (challenged)
        return OUTCOME_CHALLENGE;
    if (status == 404 || status == 410)
        return OUTCOME_GONE;
    if (status == 429)
        return OUTCOME_RATE_LIMITED;
    if (status == 401)
        return OUTCOME_PRIVATE;
    if (status == 403 || status == 503)
        return is_wall(body)   ? OUTCOME_CHALLENGE
               : status == 403 ? OUTCOME_PRIVATE
                               : OUTCOME_SERVER_ERROR;
    return status >= 500 ? OUTCOME_SERVER_ERROR : OUTCOME_NONE;
}

/* RFC 6901, without escapes: what names a member, level by level. */
static struct json at_pointer(struct json v, struct str pointer)
{
    struct str name;
    pointer = str_sub(pointer, 1, pointer.n);
    while (str_cut(&pointer, '/', &name))
        v = json_get(v, name);
    return v;
}

static err_t parse(struct arena *a, const struct provider *p, struct str body, struct json *ret)
{
    return p->decode ? p->decode(a, body, ret) : json_parse(a, body, JSON_FOREIGN_DEPTH_MAX, ret);
}

static err_t judge_json(struct arena *a, const struct provider *provider,
                        const struct page_result *r, struct verdict *v)
{
    struct json root;
    enum outcome by_status = outcome_of_status(r->json_status, r->json_challenged, r->json);
    v->outcome = by_status;
    if (!r->json.n)
        return OK;
    err_t e = parse(a, provider, r->json, &root);
    if (e == E_BUSY || e == E_LIMIT)
        return e;
    if (e != OK) {
        v->detail = S("the provider's data cannot be read");
        return OK;
    }
    if (r->json_id_at.n && r->share_id.n &&
        !str_eq(json_str(at_pointer(root, r->json_id_at)), r->share_id) && r->json_status < 400) {
        v->outcome = OUTCOME_FORMAT_CHANGED;
        v->detail = S("the provider's data is of another share");
        return OK;
    }
    v->outcome = OUTCOME_NONE;
    TRY(try_json(a, provider, root, "network", v));
    if (v->outcome == OUTCOME_NONE)
        v->outcome = by_status;
    return OK;
}

err_t judge_data(struct arena *a, const struct asked *asked, const struct page_result *r,
                 struct verdict *ret)
{
    const struct provider *provider = asked->provider;
    enum place place = place_of(a, asked, r->final_url);
    struct json root;
    *ret = (struct verdict){ 0 };
    /* A 403 for the address that our own proxy refused is the proxy's. */
    bool refused = r->refused.n && str_find(r->final_url, r->refused, 0) < r->final_url.n;
    if (place == PLACE_SIGN_IN || (place != PLACE_SHARE && r->status < 400)) {
        judge_place(a, place, r->final_url, r, ret);
        return arena_err(a);
    }
    if (r->json_status)
        TRY(judge_json(a, provider, r, ret));
    if (ret->outcome == OUTCOME_NONE && r->html.n && provider->embedded) {
        struct verdict nearest = *ret; /* the data that came, if it came */
        if (provider->embedded(a, r->html, &root) == OK)
            TRY(try_json(a, provider, root, "embedded", ret));
        if (!ret->found && nearest.detail.n && ret->outcome == OUTCOME_NONE)
            *ret = nearest;
    }
    if (ret->outcome == OUTCOME_NONE && r->status == 403 && refused)
        ret->outcome = OUTCOME_BLOCKED;
    if (ret->outcome == OUTCOME_NONE)
        ret->outcome = outcome_of_status(r->status, r->challenged, r->html);
    err_clear();
    return OK;
}

bool misses_turns(const struct verdict *v)
{
    for (size_t i = 0; v->found && i < v->found->finding_count; i++)
        if (v->found->findings[i].code == FOUND_TURNS_NOT_CONTIGUOUS)
            return true;
    return false;
}

/* --- the rendered page ------------------------------------------------------------------------------ */

static enum outcome last_resort(const struct page_result *r)
{
    bool tunnel = str_find(r->error, S("TUNNEL_CONNECTION_FAILED"), 0) < r->error.n;
    bool aborted = str_find(r->error, S("ABORTED"), 0) < r->error.n;
    if (is_wall(r->html))
        return OUTCOME_CHALLENGE;
    if (asks_for_password(r->html))
        return OUTCOME_PRIVATE;
    if (r->timed_out || str_find(r->error, S("TIMED_OUT"), 0) < r->error.n)
        return OUTCOME_TIMEOUT;
    if (str_find(r->error, S("BLOCKED"), 0) < r->error.n || (tunnel && r->refused.n))
        return OUTCOME_BLOCKED;
    return aborted || !r->error.n ? OUTCOME_FORMAT_CHANGED : OUTCOME_SERVER_ERROR;
}

static const char *strategy_of(const struct asked *asked)
{
    const struct provider_data *data =
        provider_data_of(asked->providers, str_from(asked->provider->name));
    return data && data->generic ? "generic" : "dom";
}

/* `known`: what the data said of itself when it could not be used; it came nearer than what is told of the page. */
err_t judge_dom(struct arena *a, const struct asked *asked, const struct page_result *r,
                struct str dom, struct verdict *ret)
{
    struct json root;
    struct str known = ret->detail;
    struct conversation *c = ARENA_NEW(a, struct conversation);
    *ret = (struct verdict){ 0 };
    if (!c)
        return arena_err(a);
    if (dom.n && json_parse(a, dom, JSON_FOREIGN_DEPTH_MAX, &root) == OK &&
        dom_conversation(a, root, c) == OK)
        TRY(accept(a, c, strategy_of(asked), ret));
    struct str url = ret->found ? json_get_str(root, S("url")) : STR_NONE;
    enum place place = place_of(a, asked, url);
    if (place != PLACE_SHARE) {
        *ret = (struct verdict){ 0 }; /* the page's script went elsewhere */
        judge_place(a, place, url, r, ret);
        return arena_err(a);
    }
    if (ret->outcome == OUTCOME_OK && r->timed_out) {
        ret->outcome = OUTCOME_PARTIAL;
        ret->detail = S("the page did not finish loading");
    }
    if (ret->outcome == OUTCOME_NONE) {
        ret->outcome = last_resort(r);
        if (ret->outcome != OUTCOME_FORMAT_CHANGED)
            ret->detail = STR_NONE; /* what is missing in a page that did not come is no news */
        else if (known.n)
            ret->detail = known;
    }
    err_clear();
    return OK;
}
