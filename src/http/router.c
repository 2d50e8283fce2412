/* Routes: a tree of segments is not needed for some sixty of them. Only those with as many segments as the path are looked
 * at, from their last segment on, for the first ones are the same in nearly all. */
#include "http/router.h"
#include "base/encode.h"
#include "base/utf8.h"

enum { SEGMENTS_MAX = 16 };

struct entry {
    const struct route *route;
    struct str segments[SEGMENTS_MAX]; /* "{id}" is a parameter, "{path...}" takes the rest */
    size_t count;
    bool rest;
};

struct router {
    struct entry *entries;
    size_t count;
    struct fitting { /* a path of so many segments */
        const struct entry **entries;
        size_t count;
    } fitting[SEGMENTS_MAX + 1];
};

/* --- checking the tables ----------------------------------------------------------------------- */

static err_t bad(const struct route *r, const char *what)
{
    return err_note(E_INVALID, r->path, "route %s: %s", r->path ? r->path : "(none)", what);
}

static bool is_param(struct str segment)
{
    return segment.n > 2 && segment.s[0] == '{' && segment.s[segment.n - 1] == '}';
}

static err_t parse_path(struct entry *e)
{
    struct str rest = str_from(e->route->path), segment;
    if (!rest.n || rest.s[0] != '/')
        return bad(e->route, "a path begins with /");
    rest = str_sub(rest, 1, rest.n);
    while (str_cut(&rest, '/', &segment)) {
        if (e->count == SEGMENTS_MAX || e->rest)
            return bad(e->route, "too many segments");
        e->rest = is_param(segment) && str_ends(segment, S("...}"));
        e->segments[e->count++] = segment;
    }
    return OK;
}

static err_t check_route(const struct route *r)
{
    if (r->auth < AUTH_PUBLIC || r->auth > AUTH_ADMIN)
        return bad(r, "it does not say who may call it");
    if (r->method < HTTP_GET || r->method > HTTP_DELETE || !r->handler)
        return bad(r, "it has no method or no handler");
    if (!r->summary)
        return bad(r, "it has no summary");
    if (r->body && !r->body_max)
        return bad(r, "it has fields but no body limit");
    if ((r->run == RUN_LOOP || r->known_by) && (r->auth != AUTH_PUBLIC || r->rate != RATE_NONE))
        return bad(r, "who calls is not asked there, so it is for everybody");
    if (r->wants_body && !r->takes_excess)
        return bad(r, "its handler would take a body that was not read for an empty one");
    if (r->rate < RATE_NONE || r->rate >= RATE_CLASS_COUNT)
        return bad(r, "its rate class is unknown");
    return OK;
}

static bool same_shape(const struct entry *a, const struct entry *b)
{
    if (a->route->method != b->route->method || a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!(is_param(a->segments[i]) && is_param(b->segments[i])) &&
            !str_eq(a->segments[i], b->segments[i]))
            return false;
    return true;
}

static err_t add(struct router *r, const struct route *route)
{
    struct entry *e = &r->entries[r->count];
    *e = (struct entry){ .route = route };
    TRY(check_route(route));
    TRY(parse_path(e));
    for (size_t i = 0; i < r->count; i++)
        if (same_shape(e, &r->entries[i]))
            return bad(route, "it stands in the tables twice");
    r->count++;
    return OK;
}

static err_t find_fitting(struct arena *a, struct router *r, size_t segments)
{
    struct fitting *f = &r->fitting[segments];
    f->entries = ARENA_ARRAY(a, const struct entry *, r->count);
    if (!f->entries)
        return arena_err(a);
    for (size_t i = 0; i < r->count; i++) {
        const struct entry *e = &r->entries[i];
        if (e->rest ? segments >= e->count : segments == e->count)
            f->entries[f->count++] = e;
    }
    return OK;
}

err_t router_new(struct arena *a, const struct route *const *tables, const size_t *counts,
                 size_t table_count, struct router **ret)
{
    size_t total = 0;
    for (size_t t = 0; t < table_count; t++)
        total += counts[t];
    struct router *r = ARENA_NEW(a, struct router);
    if (!r || !(r->entries = ARENA_ARRAY(a, struct entry, total)))
        return arena_err(a);
    for (size_t t = 0; t < table_count; t++)
        for (size_t i = 0; i < counts[t]; i++)
            TRY(add(r, &tables[t][i]));
    for (size_t n = 0; n <= SEGMENTS_MAX; n++)
        TRY(find_fitting(a, r, n));
    *ret = r;
    return OK;
}

size_t router_count(const struct router *r)
{
    return r->count;
}

const struct route *router_at(const struct router *r, size_t i)
{
    return r->entries[i].route;
}

/* --- matching --------------------------------------------------------------------------------------- */

/* Literal segments first: "/users/me" is not "/users/{id}" where both stand. */
static bool fits(const struct entry *e, const struct str *segments, unsigned *ret_literals)
{
    *ret_literals = 0;
    for (size_t i = e->count; i-- > 0;) {
        if (is_param(e->segments[i]))
            continue;
        if (!str_eq(e->segments[i], segments[i]))
            return false;
        ++*ret_literals;
    }
    return true;
}

static err_t split(struct call *c, struct str *segments, size_t *ret_count)
{
    struct str rest = str_sub(c->rq.path, 1, c->rq.path.n), segment;
    size_t n = 0;
    while (str_cut(&rest, '/', &segment)) {
        if (n == SEGMENTS_MAX)
            return E_NOT_FOUND;
        if (str_find_char(segment, '%', 0) < segment.n) { /* else it is visible ASCII */
            TRY(percent_decode(c->rq.arena, segment, false, &segment));
            if (!text_ok(segment))
                return err_note(E_BAD_INPUT, NULL, "the path is not valid UTF-8");
        }
        segments[n++] = segment;
    }
    *ret_count = n;
    return OK;
}

static void take_params(struct call *c, const struct entry *e, const struct str *segments,
                        size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < e->count && n < PARAMS_MAX; i++)
        if (is_param(e->segments[i])) {
            c->params[n] = segments[i];
            if (e->rest && i + 1 == e->count && count > e->count)
                c->params[n].n =
                    (size_t)(segments[count - 1].s + segments[count - 1].n - segments[i].s);
            n++;
        }
}

err_t router_match(const struct router *r, struct call *c)
{
    struct str segments[SEGMENTS_MAX];
    size_t count;
    TRY(split(c, segments, &count));
    const struct entry *best = NULL;
    unsigned best_literals = 0;
    const struct fitting *f = &r->fitting[count];
    for (size_t i = 0; i < f->count; i++) {
        unsigned literals;
        const struct entry *e = f->entries[i];
        if (!fits(e, segments, &literals))
            continue;
        c->allowed_methods |= 1u << e->route->method;
        c->cors |= e->route->cors;
        if (e->route->method == c->rq.method && (!best || literals > best_literals)) {
            best = e;
            best_literals = literals;
        }
    }
    if (!best) {
        c->wrong_method = c->allowed_methods != 0;
        return c->wrong_method ? E_METHOD : E_NOT_FOUND;
    }
    c->rq.route = best->route;
    c->route_index = (size_t)(best - r->entries);
    c->rq.params = c->params;
    take_params(c, best, segments, count);
    return OK;
}

struct str req_param(const struct req *rq, const char *name)
{
    struct str rest = str_from(rq->route->path), segment;
    size_t n = 0;
    while (str_cut(&rest, '/', &segment)) {
        if (!is_param(segment))
            continue;
        struct str own = str_sub(segment, 1, segment.n - (str_ends(segment, S("...}")) ? 4 : 1));
        if (str_eq(own, str_from(name)))
            return rq->params[n];
        n++;
    }
    assert(false && "the route has this parameter");
    return STR_NONE;
}

err_t req_param_uuid(const struct req *rq, const char *name, struct uuid *ret)
{
    return uuid_parse(req_param(rq, name), ret) == OK
               ? OK
               : err_note(E_NOT_FOUND, name, "there is no such thing");
}
