#include "base/limits.h"
#include "capture/capture_store.h"
#include "capture/capture_work.h"
#include "os/clock.h"

struct evidence {
    const char *kind;
    struct str bytes;
    bool pack;
};

static struct str requests_json(struct work *w)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, w->a, MIB(4));
    jo_init(&o, &b);
    jo_array(&o);
    for (size_t i = 0; i < w->result.request_count; i++) {
        const struct page_request *r = &w->result.requests[i];
        jo_object(&o);
        jo_kstr(&o, "url", r->url);
        jo_kstr(&o, "type", r->type);
        jo_ki64(&o, "status", r->status);
        jo_end(&o);
    }
    jo_end(&o);
    return buf_str(&b);
}

static struct str meta_json(struct work *w)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, w->a, KIB(64));
    jo_init(&o, &b);
    jo_object(&o);
    jo_kstr(&o, "url", w->row.url);
    jo_kstr(&o, "final_url", w->result.final_url);
    jo_kstr(&o, "recipe", w->data->recipe);
    jo_kstr(&o, "browser", browser_version(w->room->browsers, w->a));
    jo_kstr(&o, "outcome", str_from(outcome_name(w->verdict.outcome)));
    jo_kstr(&o, "strategy", str_from(w->verdict.strategy));
    jo_ki64(&o, "status", w->result.status);
    jo_ki64(&o, "json_status", w->result.json_status);
    jo_kstr(&o, "error", w->result.error);
    jo_kstr(&o, "json_id_at", w->result.json_id_at);
    jo_kbool(&o, "challenged", w->result.challenged);
    jo_kbool(&o, "json_challenged", w->result.json_challenged);
    jo_kbool(&o, "timed_out", w->result.timed_out);
    jo_ktime(&o, "began_at", w->began_ms);
    jo_ki64(&o, "took_ms", clock_wall_ms() - w->began_ms);
    jo_end(&o);
    return buf_str(&b);
}

/* Blobs are on the disk before the transaction names them. */
static err_t keep(struct work *w, const struct evidence *list, size_t count)
{
    struct sha256 *hashes = ARENA_ARRAY(w->a, struct sha256, count);
    TRY(arena_err(w->a));
    for (size_t i = 0; i < count; i++)
        if (list[i].bytes.n)
            TRY(blob_put(w->app->blobs, w->job->owner_id, list[i].bytes, list[i].pack, &hashes[i]));
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, w->db));
    for (size_t i = 0; i < count; i++)
        if (list[i].bytes.n)
            TRY(capture_store_evidence(w->db, w->job->owner_id, w->row.id, list[i].kind, hashes[i],
                                       (int64_t)list[i].bytes.n, clock_wall_ms()));
    return db_txn_commit(&tx);
}

err_t evidence_keep(struct work *w)
{
    struct evidence list[] = {
        { "json", w->result.json, true },
        { "html", w->result.html, true },
        { "dom", w->dom, true },
        { "screenshot", w->screenshot, false },
        { "requests", requests_json(w), true },
        { "meta", meta_json(w), true },
    };
    return keep(w, list, COUNTOF(list));
}

err_t evidence_add_picture(struct work *w)
{
    struct evidence list[] = {
        { "screenshot", w->screenshot, false },
        { "requests", requests_json(w), true },
    };
    return keep(w, list, COUNTOF(list));
}
