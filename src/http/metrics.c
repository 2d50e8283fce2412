/* Counts of calls by route, and the figures of all rooms, as Prometheus reads them. */
#include "http/metrics.h"

#include <stdio.h>
#include <unistd.h>

#include "http/pages.h"
#include "http/router.h"
#include "http/workers.h"
#include "net/ws_conn.h"

enum { BUCKETS = 11, WRITERS_MAX = 16 };
static const int64_t BOUNDS_US[BUCKETS] = { 500,   1000,   2500,   5000,    10000,   25000,
                                            50000, 100000, 250000, 1000000, 10000000 };

struct route_counts {
    _Atomic uint64_t by_class[6], micros, buckets[BUCKETS + 1];
};

struct metrics {
    size_t routes;
    struct route_counts *counts;
};

static struct {
    void (*write)(struct buf *out, void *context);
    void *context;
} writers[WRITERS_MAX];
static size_t writer_count;

void http_metrics_add(void (*write)(struct buf *out, void *context), void *context)
{
    for (size_t i = 0; i < writer_count; i++)
        if (writers[i].write == write) {
            writers[i].context = context; /* a second start in one process: the first has ended */
            return;
        }
    assert(writer_count < WRITERS_MAX); /* rooms add theirs at init, before any thread */
    writers[writer_count].write = write;
    writers[writer_count++].context = context;
}

struct metrics *metrics_new(struct arena *a, size_t routes)
{
    struct metrics *m = ARENA_NEW(a, struct metrics);
    if (!m || !(m->counts = ARENA_ARRAY(a, struct route_counts, routes)))
        return NULL;
    m->routes = routes;
    return m;
}

void metrics_count(struct metrics *m, size_t route, int status, int64_t micros)
{
    struct route_counts *c = &m->counts[route];
    size_t bucket = 0;
    while (bucket < BUCKETS && micros > BOUNDS_US[bucket])
        bucket++;
    c->by_class[status / 100 % 6]++;
    c->buckets[bucket]++;
    c->micros += (uint64_t)micros;
}

static void write_route(struct buf *out, const struct route *r, struct route_counts *c)
{
    static const char *const METHODS[] = { "", "GET", "POST", "PUT", "PATCH", "DELETE" };
    const char *path = r ? r->path : "other", *method = r ? METHODS[r->method] : "";
    uint64_t total = 0;
    for (int i = 1; i < 6; i++)
        if (c->by_class[i])
            buf_putf(out,
                     "vivim_http_requests_total{route=\"%s\",method=\"%s\",status=\"%dxx\"} %llu\n",
                     path, method, i, (unsigned long long)c->by_class[i]);
    for (int i = 0; i <= BUCKETS; i++) {
        total += c->buckets[i];
        if (i < BUCKETS)
            buf_putf(
                out,
                "vivim_http_request_seconds_bucket{route=\"%s\",method=\"%s\",le=\"%g\"} %llu\n",
                path, method, (double)BOUNDS_US[i] / 1e6, (unsigned long long)total);
    }
    buf_putf(out,
             "vivim_http_request_seconds_bucket{route=\"%s\",method=\"%s\",le=\"+Inf\"} %llu\n",
             path, method, (unsigned long long)total);
    buf_putf(out, "vivim_http_request_seconds_sum{route=\"%s\",method=\"%s\"} %g\n", path, method,
             (double)c->micros / 1e6);
    buf_putf(out, "vivim_http_request_seconds_count{route=\"%s\",method=\"%s\"} %llu\n", path,
             method, (unsigned long long)total);
}

static bool was_called(struct route_counts *c)
{
    for (int i = 0; i < 6; i++)
        if (c->by_class[i])
            return true;
    return false;
}

static long resident_bytes(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f)
        return 0;
    if (fscanf(f, "%*d %ld", &pages) != 1)
        pages = 0;
    fclose(f);
    return pages * sysconf(_SC_PAGESIZE);
}

static void write_counter(struct buf *out, const char *name, const char *labels, uint64_t n)
{
    buf_putf(out, "vivim_websocket_%s%s %llu\n", name, labels, (unsigned long long)n);
}

static void write_websockets(struct buf *out)
{
    struct ws_figures f;
    ws_figures(&f);
    buf_putf(out, "# TYPE vivim_websocket_connections gauge\nvivim_websocket_connections %llu\n",
             (unsigned long long)(f.opened - f.closed));
    buf_put(out, S("# TYPE vivim_websocket_opened_total counter\n"
                   "# TYPE vivim_websocket_messages_total counter\n"
                   "# TYPE vivim_websocket_bytes_total counter\n"
                   "# TYPE vivim_websocket_dropped_total counter\n"
                   "# TYPE vivim_websocket_closed_total counter\n"));
    write_counter(out, "opened_total", "", f.opened);
    write_counter(out, "messages_total", "{direction=\"in\"}", f.messages_in);
    write_counter(out, "messages_total", "{direction=\"out\"}", f.messages_out);
    write_counter(out, "bytes_total", "{direction=\"in\"}", f.bytes_in);
    write_counter(out, "bytes_total", "{direction=\"out\"}", f.bytes_out);
    write_counter(out, "dropped_total", "", f.dropped);
    for (unsigned i = 0; i < WS_CODE_COUNT; i++) {
        char label[32] = "{code=\"other\"}";
        if (i + 1 < WS_CODE_COUNT)
            snprintf(label, sizeof label, "{code=\"%u\"}", WS_CODE_FIRST + i);
        if (f.codes[i])
            write_counter(out, "closed_total", label, f.codes[i]);
    }
}

void metrics_write(struct http_server *s, struct buf *out)
{
    struct db_stats db;
    db_stats(s->options.store, &db);
    buf_put(out, S("# TYPE vivim_http_requests_total counter\n# TYPE vivim_http_request_seconds "
                   "histogram\n"));
    for (size_t i = 0; i < s->metrics->routes; i++)
        if (was_called(&s->metrics->counts[i]))
            write_route(out, i < router_count(s->router) ? router_at(s->router, i) : NULL,
                        &s->metrics->counts[i]);
    buf_putf(out, "# TYPE vivim_connections gauge\nvivim_connections %zu\n",
             net_listener_connections(s->listener));
    buf_putf(out, "# TYPE vivim_worker_queue gauge\nvivim_worker_queue %zu\n",
             workers_waiting(s->workers));
    buf_putf(out, "# TYPE vivim_db_transactions_total counter\nvivim_db_transactions_total %llu\n",
             (unsigned long long)db.commits);
    buf_putf(out, "# TYPE vivim_db_commits_total counter\nvivim_db_commits_total %llu\n",
             (unsigned long long)db.groups);
    buf_putf(out,
             "# TYPE vivim_db_failed_commits_total counter\nvivim_db_failed_commits_total %llu\n",
             (unsigned long long)db.failed_groups);
    buf_putf(out, "# TYPE vivim_db_read_only gauge\nvivim_db_read_only %d\n",
             db_is_read_only(s->options.store));
    buf_putf(out, "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes %ld\n",
             resident_bytes());
    pages_write(s->pages, out);
    write_websockets(out);
    for (size_t i = 0; i < writer_count; i++)
        writers[i].write(out, writers[i].context);
}
