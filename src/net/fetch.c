#include "net/fetch.h"

#include "base/limits.h"
#include "net/curl_library.h"
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
    struct fetch_reply *reply;
    struct arena *a;  /* the caller's */
    struct buf *body; /* NULL: through request->part */
    err_t stopped;
    struct str first_scheme, first_host; /* where the request's headers may go */
    int64_t first_port;
    bool left_first; /* a redirect led to another origin */
    /* of the hop under way */
    bool head_done, has_location, follow;
    size_t head_bytes;
    uint64_t body_bytes;
    int64_t moved_ms; /* monotonic: when anything came or went last */
    curl_off_t sent;
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
    TRY(curl_library_load());
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
    TRY(curl_library_load());
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

/* --- the answer, as it comes ---------------------------------------------------------------------- */

static uint64_t bytes_max(const struct fetch *f)
{
    return f->body ? f->body->max_bytes : f->request->bytes_max;
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* "Name: value" is kept where it is wanted; the first of several. */
static void keep_header(struct fetch *f, struct str name, struct str value)
{
    for (size_t i = 0; i < f->request->wanted_count; i++)
        if (str_eq_nocase(name, str_from(f->request->wanted[i])) && !f->reply->headers[i].s)
            f->reply->headers[i] = str_dup(f->a, value);
    f->has_location = f->has_location || str_eq_nocase(name, S("location"));
}

/* A status line: what came before was an interim answer (100, 103). */
static void begin_head(struct fetch *f)
{
    f->head_done = f->has_location = false;
    for (size_t i = 0; i < f->request->wanted_count; i++)
        f->reply->headers[i] = STR_NONE;
}

static void end_head(struct fetch *f)
{
    long status = 0;
    curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
    f->reply->status = (int)status;
    bool asks = f->request->method == FETCH_GET || f->request->method == FETCH_HEAD;
    f->follow = asks && !f->request->endpoint && f->has_location && is_redirect((int)status);
    f->head_done = true;
}

/* One line of the head, or of the trailers, which nobody wants. */
static size_t take_header(char *data, size_t size, size_t n, void *context)
{
    struct fetch *f = context;
    struct str line = str_trim(str_of(data, size * n)), name;
    f->moved_ms = clock_monotonic_ms();
    f->head_bytes += size * n;
    if (f->head_bytes > FETCH_HEAD_BYTES_MAX) {
        f->stopped = err_note(E_UPSTREAM, NULL, "the answer's headers are larger than %d bytes",
                              FETCH_HEAD_BYTES_MAX);
        return 0;
    }
    if (str_starts(line, S("HTTP/")))
        begin_head(f);
    else if (line.n == 0 && !f->head_done)
        end_head(f);
    else if (!f->head_done && str_cut(&line, ':', &name))
        keep_header(f, str_trim(name), line.s ? str_trim(line) : S(""));
    return size * n;
}

static size_t take(char *data, size_t size, size_t n, void *context)
{
    struct fetch *f = context;
    struct str bytes = str_of(data, size * n);
    f->moved_ms = clock_monotonic_ms();
    f->body_bytes += bytes.n;
    if (f->body_bytes > bytes_max(f))
        f->stopped = E_LIMIT;
    else if (f->follow)
        ; /* a redirect's own words */
    else if (f->body)
        buf_put(f->body, bytes);
    else
        f->stopped = f->request->part(f->request->context, bytes);
    if (!f->body)
        f->moved_ms = clock_monotonic_ms(); /* what a part takes is not the server's */
    return f->stopped == OK && (!f->body || buf_err(f->body) == OK) ? bytes.n : 0;
}

static int is_small_enough(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
                           curl_off_t up_now)
{
    struct fetch *f = context;
    UNUSED(up_total);
    UNUSED(now);
    if (up_now != f->sent)
        f->moved_ms = clock_monotonic_ms();
    f->sent = up_now;
    /* The answer says how large it is: none of it is waited for. HEAD says how large another one would be. */
    if (f->request->method != FETCH_HEAD && total > 0 && (uint64_t)total > bytes_max(f))
        f->stopped = E_LIMIT;
    return f->stopped != OK;
}

static err_t error_of(const struct fetch *f, CURLcode code)
{
    if (f->stopped)
        return f->stopped;
    if (code == CURLE_WRITE_ERROR && f->body && buf_err(f->body))
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
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, f);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, is_small_enough);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, f);
    if (f->policy->insecure_tls) {
        curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

static const char *const METHODS[] = {
    [FETCH_GET] = "GET", [FETCH_HEAD] = "HEAD",   [FETCH_POST] = "POST",
    [FETCH_PUT] = "PUT", [FETCH_PATCH] = "PATCH", [FETCH_DELETE] = "DELETE",
};

static void set_method(CURL *c, const struct fetch_request *rq)
{
    bool has_body = rq->body.n > 0 || rq->method == FETCH_POST || rq->method == FETCH_PUT ||
                    rq->method == FETCH_PATCH;
    if (rq->method == FETCH_HEAD)
        curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
    if (has_body) {
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->body.n);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, rq->body.n ? rq->body.s : "");
    }
    if (has_body || rq->method == FETCH_DELETE)
        curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, METHODS[rq->method]);
}

static err_t idle(const struct fetch *f)
{
    int64_t idle_ms = f->request->idle_ms;
    return idle_ms && clock_monotonic_ms() - f->moved_ms >= idle_ms
               ? err_note(E_TIMEOUT, NULL, "the server was silent for %lld ms", (long long)idle_ms)
               : OK;
}

static int slice_ms(const struct fetch *f)
{
    int64_t idle_ms = f->request->idle_ms;
    return idle_ms && idle_ms < PATIENCE_SLICE_MS ? (int)idle_ms : PATIENCE_SLICE_MS;
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
            f->stopped = idle(f);
        if (running && !f->stopped)
            (void)curl_multi_poll(f->multi, NULL, 0, slice_ms(f), NULL);
    }
    for (CURLMsg *m; (m = curl_multi_info_read(f->multi, &messages));)
        if (m->msg == CURLMSG_DONE)
            code = m->data.result;
    curl_multi_remove_handle(f->multi, f->curl);
    return f->stopped ? CURLE_ABORTED_BY_CALLBACK : code;
}

static bool at_first_origin(const struct fetch *f, const struct hop *h)
{
    return str_eq(h->scheme, f->first_scheme) && str_eq_nocase(h->host, f->first_host) &&
           h->port == f->first_port;
}

/* The request's own headers only as long as all hops were of one origin. */
static err_t list_headers(struct fetch *f, const struct hop *h, struct curl_slist **io)
{
    const struct fetch_request *rq = f->request;
    bool typed = false;
    f->left_first = f->left_first || !at_first_origin(f, h);
    struct curl_slist *list = NULL;
    const char *accept =
        str_cstr(f->a, str_fmt(f->a, "Accept: %s", rq->accept ? rq->accept : "*/*"));
    bool ok = arena_err(f->a) == OK && (list = curl_slist_append(NULL, accept));
    for (size_t i = 0; ok && !f->left_first && i < rq->header_count; i++) {
        const struct fetch_header *x = &rq->headers[i];
        /* "Name;" is how curl is told of an empty one. */
        const char *line = str_cstr(f->a, str_fmt(f->a, x->value.n ? "%.*s: %.*s" : "%.*s;%.*s",
                                                  STR_ARG(x->name), STR_ARG(x->value)));
        typed = typed || str_eq_nocase(x->name, S("content-type"));
        ok = arena_err(f->a) == OK && curl_slist_append(list, line);
    }
    if (ok)
        ok = curl_slist_append(list, "Expect:"); /* the body is sent unasked */
    if (ok && !typed)
        ok = curl_slist_append(list, "Content-Type:"); /* not what curl takes it for */
    *io = list;
    return ok ? OK : E_BUSY;
}

static err_t resolve(struct fetch *f, const struct hop *h, struct address *ret)
{
    const struct fetch_endpoint *e = f->request->endpoint;
    struct patience patience = { f->request->deadline_ms, f->request->check, f->request->context };
    if (!e)
        return address_resolve(f->a, f->policy, h->host, (int)h->port, &patience, ret);
    if (!str_eq(h->scheme, e->scheme) || !str_eq_nocase(h->host, e->host) || h->port != e->port)
        return err_note(E_BLOCKED, "url", "this is not the endpoint \"%.*s\"", STR_ARG(e->name));
    return address_resolve_named(f->a, h->host, (int)h->port, &patience, ret);
}

static void begin_hop(struct fetch *f, const struct hop *h, bool first)
{
    if (first) {
        f->first_scheme = h->scheme;
        f->first_host = h->host;
        f->first_port = h->port;
        f->left_first = false;
    }
    f->follow = f->head_done = f->has_location = false;
    f->head_bytes = 0;
    f->body_bytes = 0;
    f->sent = 0;
    if (f->body)
        buf_clear(f->body);
}

/* ret_next: where it is redirected to; NULL: the body is the answer's. */
static err_t one_hop(struct fetch *f, const char *url, bool first, const char **ret_next)
{
    CLEANUP(free_list) struct curl_slist *to = NULL, *headers = NULL;
    struct hop hop;
    struct address address;
    char *next = NULL;
    TRY(parse_hop(f->a, url, &hop));
    begin_hop(f, &hop, first);
    TRY(resolve(f, &hop, &address));
    int64_t left_ms = f->request->deadline_ms - clock_monotonic_ms();
    char *pinned = pin(f->a, &hop, &address);
    TRY(arena_err(f->a));
    if (left_ms <= 0)
        return err_note(E_TIMEOUT, NULL, "no time was left for it");
    TRY(list_headers(f, &hop, &headers));
    to = curl_slist_append(NULL, pinned);
    if (!to)
        return E_BUSY;
    f->moved_ms = clock_monotonic_ms();
    set_options(f, url, left_ms);
    set_method(f->curl, f->request);
    curl_easy_setopt(f->curl, CURLOPT_CONNECT_TO, to);
    curl_easy_setopt(f->curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = perform(f);
    if (code != CURLE_OK)
        return error_of(f, code);
    if (f->follow)
        curl_easy_getinfo(f->curl, CURLINFO_REDIRECT_URL, &next);
    *ret_next = next ? str_cstr(f->a, str_from(next)) : NULL;
    return arena_err(f->a);
}

/* --- what is asked for ------------------------------------------------------------------------------- */

static bool token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool header_name_ok(struct str name)
{
    static const char *const OURS[] = { "host",
                                        "content-length",
                                        "transfer-encoding",
                                        "te",
                                        "connection",
                                        "keep-alive",
                                        "upgrade",
                                        "trailer",
                                        "expect",
                                        "accept",
                                        "user-agent",
                                        "proxy-authorization",
                                        "proxy-connection" };
    for (size_t i = 0; i < name.n; i++)
        if (!token_char(name.s[i]))
            return false;
    for (size_t i = 0; i < COUNTOF(OURS); i++)
        if (str_eq_nocase(name, str_from(OURS[i])))
            return false;
    return name.n > 0;
}

static bool header_value_ok(struct str value)
{
    for (size_t i = 0; i < value.n; i++)
        if (((unsigned char)value.s[i] < ' ' && value.s[i] != '\t') || value.s[i] == 127)
            return false;
    return true;
}

static err_t check_request(const struct fetch_request *rq)
{
    size_t bytes = 0;
    assert(rq->method <= FETCH_DELETE);
    assert(!rq->body.n || (rq->method != FETCH_GET && rq->method != FETCH_HEAD));
    if (rq->header_count > FETCH_HEADERS_MAX)
        return err_note(E_LIMIT, "headers", "a request has at most %d headers", FETCH_HEADERS_MAX);
    for (size_t i = 0; i < rq->header_count; i++) {
        const struct fetch_header *h = &rq->headers[i];
        if (!header_name_ok(h->name))
            return err_note(E_INVALID, "headers", "this header cannot be set: \"%.*s\"",
                            STR_ARG(str_sub(h->name, 0, 40)));
        if (!header_value_ok(h->value))
            return err_note(E_INVALID, "headers",
                            "the header \"%.*s\" has a value of two lines or "
                            "with control characters",
                            STR_ARG(str_sub(h->name, 0, 40)));
        bytes += h->name.n + h->value.n;
    }
    return bytes <= FETCH_HEADERS_BYTES_MAX
               ? OK
               : err_note(E_LIMIT, "headers", "the headers of a request have at most %d bytes",
                          FETCH_HEADERS_BYTES_MAX);
}

static err_t url_of(struct arena *a, const struct fetch_request *rq, const char **ret)
{
    const struct fetch_endpoint *e = rq->endpoint;
    struct str url = rq->url;
    char *text;
    if (e) {
        if (!str_starts(url, S("/")))
            return err_note(E_INVALID, "url", "at an endpoint the path begins with /");
        url = str_fmt(a, "%.*s://%.*s:%d%.*s", STR_ARG(e->scheme), STR_ARG(e->host), e->port,
                      STR_ARG(url));
        TRY(arena_err(a));
    }
    err_t x = str_to_cstr(a, url, &text);
    if (x == E_BAD_INPUT)
        return err_note(E_INVALID, "url", "the URL holds a zero byte");
    TRY(x);
    *ret = text;
    return OK;
}

static err_t run(struct fetch *f, struct arena *a, const struct fetch_request *rq, struct buf *body,
                 struct fetch_reply *ret)
{
    const char *url;
    TRY(check_request(rq));
    TRY(url_of(a, rq, &url));
    *ret = (struct fetch_reply){ .headers = ARENA_ARRAY(a, struct str, rq->wanted_count) };
    TRY(arena_err(a));
    f->request = rq;
    f->reply = ret;
    f->a = a;
    f->body = body;
    f->stopped = OK;
    for (int hops = 0; hops <= FETCH_REDIRECTS_MAX; hops++) {
        TRY(one_hop(f, url, hops == 0, &url));
        if (!url)
            return OK;
    }
    return err_note(E_UPSTREAM, NULL, "more than %d redirects", FETCH_REDIRECTS_MAX);
}

err_t fetch_whole(struct fetch *f, struct arena *a, const struct fetch_request *rq,
                  struct buf *body, struct fetch_reply *ret)
{
    return run(f, a, rq, body, ret);
}

err_t fetch_stream(struct fetch *f, struct arena *a, const struct fetch_request *rq,
                   struct fetch_reply *ret)
{
    assert(rq->part && rq->bytes_max);
    return run(f, a, rq, NULL, ret);
}

/* --- endpoints ------------------------------------------------------------------------------------------ */

static bool endpoint_name_ok(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.s[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    return name.n > 0;
}

/* Nothing but scheme, host and port. */
static bool only_origin(struct arena *a, const char *url)
{
    CLEANUP(free_url) CURLU *u = curl_url();
    return u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
           str_eq(part_of(u, CURLUPART_PATH, 0, a), S("/")) &&
           !part_of(u, CURLUPART_QUERY, 0, a).s && !part_of(u, CURLUPART_FRAGMENT, 0, a).s;
}

static err_t read_endpoint(struct arena *a, struct str text, struct fetch_endpoint *ret)
{
    struct str rest = text, name = STR_NONE;
    struct hop h;
    char *url;
    str_cut(&rest, '=', &name);
    name = str_trim(name);
    if (!rest.s || !endpoint_name_ok(name))
        return err_note(E_INVALID, "endpoints",
                        "\"%.*s\": an endpoint is written name=http://host:port, its name in "
                        "a-z, 0-9, - and _",
                        STR_ARG(str_sub(text, 0, 100)));
    TRY(str_to_cstr(a, str_trim(rest), &url));
    if (parse_hop(a, url, &h) != OK || !only_origin(a, url) || h.port < 1 || h.port > 65535)
        return err_note(E_INVALID, "endpoints",
                        "the endpoint \"%.*s\" needs a URL of scheme, host and port alone, like "
                        "http://127.0.0.1:11434",
                        STR_ARG(str_sub(name, 0, 100)));
    *ret = (struct fetch_endpoint){ name, h.scheme, h.host, (int)h.port };
    return arena_err(a);
}

err_t fetch_endpoints_read(struct arena *a, struct str text, struct fetch_endpoint **ret,
                           size_t *ret_count)
{
    struct fetch_endpoint *list = ARENA_ARRAY(a, struct fetch_endpoint, FETCH_ENDPOINTS_MAX);
    struct str rest = text, one;
    size_t count = 0;
    TRY(arena_err(a));
    while (rest.n && str_cut(&rest, ',', &one)) {
        if (str_trim(one).n == 0)
            continue;
        if (count == FETCH_ENDPOINTS_MAX)
            return err_note(E_LIMIT, "endpoints", "at most %d endpoints", FETCH_ENDPOINTS_MAX);
        TRY(read_endpoint(a, str_trim(one), &list[count]));
        if (fetch_endpoint_find(list, count, list[count].name))
            return err_note(E_INVALID, "endpoints", "two endpoints are named \"%.*s\"",
                            STR_ARG(list[count].name));
        count++;
    }
    *ret = list;
    *ret_count = count;
    return OK;
}

const struct fetch_endpoint *fetch_endpoint_find(const struct fetch_endpoint *list, size_t count,
                                                 struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(list[i].name, name))
            return &list[i];
    return NULL;
}
