/* GET /api/v1/changes, which may wait. */
#include "realtime/feed/feed.h"

struct changes_query {
    struct str after;
    int64_t limit;
    bool wait;
};
const struct field CHANGES_QUERY[] = {
    FIELD(changes_query, after, FIELD_STR, false, 1, 64,
          "the last cursor that was heard of; without it the answer is the present one"),
    FIELD(changes_query, limit, FIELD_I64, false, 1, PAGE_ITEMS_MAX, "how many at most"),
    FIELD(changes_query, wait, FIELD_BOOL, false, 0, 0,
          "where there is nothing yet, answer when there may be (an empty list), or after 25 s"),
};
_Static_assert(COUNTOF(CHANGES_QUERY) == CHANGES_QUERY_COUNT, "for the route table");

static uint64_t emitted_now(struct hub *h)
{
    hub_lock(h);
    uint64_t n = hub_emitted(h);
    hub_unlock(h);
    return n;
}

err_t changes_get(struct req *rq, struct reply *rp)
{
    struct changes_query q = { .limit = PAGE_ITEMS_DEFAULT };
    struct op_cursor cursor;
    bool nothing;
    uint64_t emitted = emitted_now(hub_of(rq->app));
    TRY(req_query_fields(rq, &q));
    if (q.after.s)
        TRY(op_cursor_parse(q.after, &cursor));
    else
        TRY(ops_head(rq->db, &cursor));
    struct json_out *o = reply_json(rp);
    jo_object(o);
    TRY(changes_write(rq->app, rq->db, rq->arena, rq->caller.user_id, &cursor, (size_t)q.limit, o,
                      &nothing));
    jo_end(o);
    return nothing && q.wait && q.after.s ? wait_for_change(rq, rp, emitted) : OK;
}
