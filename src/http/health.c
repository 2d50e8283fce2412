/* /livez, /readyz, /metrics, /openapi.json: public, bounded in time, nothing private. */
#include "http/metrics.h"
#include "http/own_routes.h"
#include "os/clock.h"

static err_t livez(struct req *rq, struct reply *rp)
{
    UNUSED(rq);
    reply_bytes(rp, S("text/plain; charset=utf-8"), S("ok\n"));
    return OK;
}

/* Whoever asks is told within DB_READY_MS, also those who waited behind one that the store let wait. */
static err_t readyz(struct req *rq, struct reply *rp)
{
    const struct call *c = (const struct call *)rq;
    int64_t left_ms = DB_READY_MS - (clock_monotonic_us() - c->began_us) / 1000;

    if (db_is_read_only(req_server(rq)->options.store))
        return E_READ_ONLY;
    if (req_server(rq)->http1.draining)
        return E_STOPPING;
    if (left_ms <= 0)
        return err_note(E_STORE, NULL, "the store did not answer within %d ms", DB_READY_MS);
    TRY(db_check(rq->db, left_ms));
    reply_bytes(rp, S("text/plain; charset=utf-8"), S("ready\n"));
    return OK;
}

static err_t metrics_get(struct req *rq, struct reply *rp)
{
    struct buf out;
    buf_init(&out, rq->arena, MIB(4));
    metrics_write(req_server(rq), &out);
    TRY(buf_err(&out));
    reply_bytes(rp, S("text/plain; version=0.0.4; charset=utf-8"), buf_str(&out));
    return OK;
}

static err_t openapi_get(struct req *rq, struct reply *rp)
{
    struct str text = req_server(rq)->openapi;
    struct str tag = str_sub(sha256_hex(rq->arena, sha256_of(text)), 0, 16);
    if (!reply_etag(rq, rp, tag))
        reply_bytes(rp, S("application/json"), text);
    return OK;
}

const struct route HTTP_OWN_ROUTES[] = {
    { HTTP_GET, "/livez", livez, AUTH_PUBLIC, RATE_NONE, 0, RUN_LOOP, SCOPE_NONE,
      .summary = "The process answers" },
    { HTTP_GET, "/readyz", readyz, AUTH_PUBLIC, RATE_NONE, 0, RUN_WATCH, SCOPE_NONE,
      .summary = "The store is open and migrated" },
    { HTTP_GET, "/metrics", metrics_get, AUTH_PUBLIC, RATE_NONE, 0, RUN_LOOP, SCOPE_NONE,
      .summary = "Figures for Prometheus" },
    { HTTP_GET, "/openapi.json", openapi_get, AUTH_PUBLIC, RATE_NONE, 0, RUN_LOOP, SCOPE_NONE,
      .summary = "This document" },
};
const size_t HTTP_OWN_ROUTE_COUNT = COUNTOF(HTTP_OWN_ROUTES);
