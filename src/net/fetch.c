#include "net/fetch.h"

#include <curl/curl.h>

#include "base/limits.h"
#include "os/clock.h"

enum { CONNECT_TIMEOUT_MS = 10000 };

struct fetch {
    struct arena arena; /* holds this struct */
    const struct address_policy *policy;
    CURL *curl;
    CURLM *
        multi; /* drives it: its own way to wait asks only once a second whether it is still wanted */
    /* of the request under way */
    const struct fetch_request *request;
    struct buf *body;
    err_t stopped;
};

static void free_list(struct curl_slist **l)
{
    curl_slist_free_all(*l);
}

static void free_url(CURLU **u)
{
    curl_url_cleanup(*u);
}

err_t fetch_open(const struct address_policy *policy, struct fetch **ret)
{
    struct arena arena;
    arena_init(&arena, KIB(64));
    struct fetch *f = ARENA_NEW(&arena, struct fetch);
    if (!f)
        return arena_err(&arena);
    f->arena = arena;
    f->policy = policy;
    f->curl = curl_easy_init();
    f->multi = curl_multi_init();
    if (!f->curl || !f->multi) {
        fetch_close(f);
        return E_BUSY;
    }
    *ret = f;
    return OK;
}

void fetch_close(struct fetch *f)
{
    if (!f)
        return;
    curl_easy_cleanup(f->curl);
    curl_multi_cleanup(f->multi);
    struct arena arena = f->arena;
    arena_free(&arena);
}

/* --- the address of a hop ------------------------------------------------------------------------ */

struct hop {
    struct str scheme, host; /* host: as in the URL, with brackets */
    int64_t port;
};

static struct str part_of(CURLU *u, CURLUPart part, unsigned flags, struct arena *a)
{
    char *text = NULL;
    if (curl_url_get(u, part, &text, flags) != CURLUE_OK)
        return STR_NONE;
    struct str s = str_dup(a, str_from(text));
    curl_free(text);
    return s;
}

/* Read by the parser that will connect, so that no two readers see two hosts in one URL. */
static err_t parse_hop(struct arena *a, const char *url, struct hop *ret)
{
    CLEANUP(free_url) CURLU *u = curl_url();
    if (!u)
        return E_BUSY;
    if (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK)
        return err_note(E_INVALID, "url", "this is not a URL");
    if (part_of(u, CURLUPART_USER, 0, a).s || part_of(u, CURLUPART_PASSWORD, 0, a).s)
        return err_note(E_INVALID, "url", "a URL with credentials is not fetched");
    struct hop h = { .scheme = part_of(u, CURLUPART_SCHEME, 0, a),
                     .host = part_of(u, CURLUPART_HOST, 0, a) };
    if (!str_eq(h.scheme, S("https")) && !str_eq(h.scheme, S("http")))
        return err_note(E_INVALID, "url", "only http and https are fetched");
    TRY(str_to_i64(part_of(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, a), &h.port));
    *ret = h;
    return arena_err(a);
}

/* "host:port:address:port": whatever the host is called, the connection goes to the checked address. */
static char *pin(struct arena *a, const struct hop *h, const struct address *to)
{
    bool six = to->sa.ss_family == AF_INET6;
    in_port_t port = six ? ((const struct sockaddr_in6 *)&to->sa)->sin6_port
                         : ((const struct sockaddr_in *)&to->sa)->sin_port;
    struct str text = address_text(a, to);
    return str_cstr(a, str_fmt(a, "%.*s:%lld:%s%.*s%s:%d", STR_ARG(h->host), (long long)h->port,
                               six ? "[" : "", STR_ARG(text), six ? "]" : "", ntohs(port)));
}

/* --- one hop ---------------------------------------------------------------------------------------- */

static size_t take(char *data, size_t size, size_t n, void *context)
{
    struct fetch *f = context;
    buf_put(f->body, str_of(data, size * n));
    return buf_err(f->body) == OK ? size * n : 0;
}

static int is_small_enough(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
                           curl_off_t up_now)
{
    struct fetch *f = context;
    UNUSED(up_total);
    UNUSED(up_now);
    UNUSED(now);
    if (total > 0 && (uint64_t)total > f->body->max_bytes)
        f->stopped = E_LIMIT; /* the answer says how large it is: none of it is waited for */
    return f->stopped != OK;
}

static err_t error_of(const struct fetch *f, CURLcode code)
{
    if (f->stopped)
        return f->stopped;
    if (code == CURLE_WRITE_ERROR && buf_err(f->body))
        return buf_err(f->body);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return err_note(E_TIMEOUT, NULL, "the server did not answer in time");
    if (code == CURLE_OUT_OF_MEMORY)
        return E_BUSY;
    return err_note(E_UPSTREAM, NULL, "%s", curl_easy_strerror(code));
}

static void set_options(struct fetch *f, const char *url, int64_t left_ms)
{
    CURL *c = f->curl;
    curl_easy_reset(c); /* the connections stay */
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "Mozilla/5.0 (compatible; VIVIM)");
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)left_ms);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, is_small_enough);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, f);
    if (f->policy->insecure_tls) {
        curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

/* The transfer, in slices: between them whoever waits may be called off. */
static CURLcode perform(struct fetch *f)
{
    int running = 1, messages;
    CURLcode code = CURLE_OK;
    if (curl_multi_add_handle(f->multi, f->curl) != CURLM_OK)
        return CURLE_OUT_OF_MEMORY;
    while (running && !f->stopped) {
        if (curl_multi_perform(f->multi, &running) != CURLM_OK)
            f->stopped = E_BUSY;
        else if (running && f->request->check)
            f->stopped = f->request->check(f->request->context);
        if (running && !f->stopped)
            (void)curl_multi_poll(f->multi, NULL, 0, PATIENCE_SLICE_MS, NULL);
    }
    for (CURLMsg *m; (m = curl_multi_info_read(f->multi, &messages));)
        if (m->msg == CURLMSG_DONE)
            code = m->data.result;
    curl_multi_remove_handle(f->multi, f->curl);
    return f->stopped ? CURLE_ABORTED_BY_CALLBACK : code;
}

/* ret_next: where it is redirected to; NULL: the body is the answer's. */
static err_t one_hop(struct fetch *f, struct arena *a, const char *url, int *ret_status,
                     const char **ret_next)
{
    CLEANUP(free_list) struct curl_slist *to = NULL, *headers = NULL;
    struct hop hop;
    struct address address;
    char *next = NULL;
    long status = 0;
    TRY(parse_hop(a, url, &hop));
    struct patience patience = { f->request->deadline_ms, f->request->check, f->request->context };
    TRY(address_resolve(a, f->policy, hop.host, (int)hop.port, &patience, &address));
    int64_t left_ms = f->request->deadline_ms - clock_monotonic_ms();
    char *pinned = pin(a, &hop, &address),
         *accept = str_cstr(a, str_fmt(a, "Accept: %s", f->request->accept));
    TRY(arena_err(a));
    if (left_ms <= 0)
        return err_note(E_TIMEOUT, NULL, "no time was left for it");
    to = curl_slist_append(NULL, pinned);
    headers = curl_slist_append(NULL, accept);
    if (!to || !headers)
        return E_BUSY;
    buf_clear(f->body);
    set_options(f, url, left_ms);
    curl_easy_setopt(f->curl, CURLOPT_CONNECT_TO, to);
    curl_easy_setopt(f->curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = perform(f);
    if (code != CURLE_OK)
        return error_of(f, code);
    curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(f->curl, CURLINFO_REDIRECT_URL, &next);
    *ret_status = (int)status;
    *ret_next = next ? str_cstr(a, str_from(next)) : NULL;
    return arena_err(a);
}

err_t fetch_get(struct fetch *f, struct arena *a, const struct fetch_request *rq, struct buf *body,
                int *ret_status)
{
    char *first;
    err_t e = str_to_cstr(a, rq->url, &first);
    if (e != OK)
        return e == E_BAD_INPUT ? err_note(E_INVALID, "url", "the URL holds a zero byte") : e;
    const char *url = first;
    f->request = rq;
    f->body = body;
    f->stopped = OK;
    for (int hops = 0; hops <= FETCH_REDIRECTS_MAX; hops++) {
        TRY(one_hop(f, a, url, ret_status, &url));
        if (!url)
            return OK;
    }
    return err_note(E_UPSTREAM, NULL, "more than %d redirects", FETCH_REDIRECTS_MAX);
}
