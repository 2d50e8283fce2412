#include "net/api_client.h"

#include "base/buf.h"
#include "base/limits.h"
#include "net/curl_library.h"

struct taking {
    const struct api_request *rq;
    CURL *curl;
    struct buf body;
    err_t part_err, stream_err;
    int64_t stream_left;
};

static bool is_streamed(const struct taking *t)
{
    long status = 0;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    return t->rq->part && status >= 200 && status <= 299;
}

static size_t take(char *data, size_t size, size_t n, void *context)
{
    struct taking *t = context;
    struct str bytes = str_of(data, size * n);
    if (!is_streamed(t))
        buf_put(&t->body, bytes);
    else
        t->part_err = t->rq->part(t->rq->context, bytes);
    return t->part_err == OK && buf_err(&t->body) == OK ? size * n : 0;
}

/* Exactly as many bytes as were said, however the file has grown since. */
static size_t give(char *to, size_t size, size_t n, void *context)
{
    struct taking *t = context;
    size_t max = size * n, got = 0;
    if (t->stream_left == 0)
        return 0;
    if ((int64_t)max > t->stream_left)
        max = (size_t)t->stream_left;
    t->stream_err = t->rq->stream->read(t->rq->stream, to, max, &got);
    if (t->stream_err == OK && !got)
        t->stream_err = err_note(E_IO, NULL, "what is sent became shorter meanwhile");
    t->stream_left -= (int64_t)got;
    return t->stream_err == OK ? got : CURL_READFUNC_ABORT;
}

static int look_around(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct taking *t = context;
    UNUSED(a), UNUSED(b), UNUSED(c), UNUSED(d);
    t->stream_err = t->rq->check();
    return t->stream_err != OK;
}

static void free_easy(CURL **c)
{
    curl_easy_cleanup(*c);
}

static void free_list(struct curl_slist **l)
{
    curl_slist_free_all(*l);
}

static err_t append(struct arena *a, struct curl_slist **list, struct str line)
{
    char *z = str_cstr(a, line);
    struct curl_slist *longer = z ? curl_slist_append(*list, z) : NULL;
    if (!longer)
        return E_BUSY;
    *list = longer;
    return OK;
}

static err_t error_of(CURLcode code, const struct taking *t)
{
    if (t->stream_err != OK)
        return t->stream_err;
    switch (code) {
    case CURLE_COULDNT_CONNECT:
        return E_NOT_FOUND;
    case CURLE_COULDNT_RESOLVE_HOST:
        return err_note(E_NOT_FOUND, NULL, "there is no such host");
    case CURLE_PEER_FAILED_VERIFICATION:
        return err_note(E_UPSTREAM, NULL, "the server's certificate is not one that is trusted");
    case CURLE_OPERATION_TIMEDOUT:
        return err_note(E_TIMEOUT, NULL, "the server did not answer in time");
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR: /* it ended while it was asked */
    case CURLE_PARTIAL_FILE:
        return err_note(E_UPSTREAM, NULL, "the server has gone away");
    case CURLE_WRITE_ERROR:
        return t->part_err ? t->part_err : buf_err(&t->body) ? buf_err(&t->body) : E_UPSTREAM;
    default:
        return err_note(E_UPSTREAM, NULL, "talking to the server failed: %s",
                        curl_easy_strerror(code));
    }
}

/* --- where to ------------------------------------------------------------------------------------------------ */

static bool is_here(struct str host)
{
    static const char *const HERE[] = { "localhost", "127.0.0.1", "[::1]" };
    for (size_t i = 0; i < COUNTOF(HERE); i++) {
        struct str name = str_from(HERE[i]);
        struct str behind = str_sub(host, name.n, host.n);
        if (str_starts(host, name) && (!behind.n || behind.s[0] == ':'))
            return true;
    }
    return false;
}

bool api_address_ok(struct str url)
{
    bool safe = str_starts(url, S("https://"));
    struct str host = str_sub(url, safe ? 8 : 7, url.n);
    if (str_ends(host, S("/")))
        host.n--;
    for (size_t i = 0; i < host.n; i++)
        if ((unsigned char)host.s[i] <= ' ' || strchr("/?#@\\\x7f", host.s[i]))
            return false;
    return host.n && (safe || (str_starts(url, S("http://")) && is_here(host)));
}

/* --- a call ---------------------------------------------------------------------------------------------------- */

static err_t set_headers(struct arena *a, const struct api_request *rq, struct curl_slist **headers)
{
    if (rq->acting_handle.n)
        TRY(append(a, headers, str_cat(a, S("X-Vivim-User: "), rq->acting_handle)));
    if (rq->token.n)
        TRY(append(a, headers, str_cat(a, S("Authorization: Bearer "), rq->token)));
    if (rq->body.s)
        TRY(append(a, headers, S("Content-Type: application/json")));
    else if (rq->stream)
        TRY(append(a, headers, S("Content-Type: application/octet-stream")));
    return append(a, headers, S("Expect:"));
}

static void set_body(CURL *c, struct taking *t)
{
    const struct api_request *rq = t->rq;
    if (rq->body.s) {
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, rq->body.s);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->body.n);
    } else if (rq->stream) {
        t->stream_left = rq->stream_bytes;
        curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)rq->stream_bytes);
        curl_easy_setopt(c, CURLOPT_READFUNCTION, give);
        curl_easy_setopt(c, CURLOPT_READDATA, t);
    }
}

static void set_waits(CURL *c, struct taking *t)
{
    const struct api_request *rq = t->rq;
    if (rq->part || rq->stream) {
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)(rq->timeout_ms / 1000));
    } else {
        curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)rq->timeout_ms);
    }
    if (rq->check) {
        curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, look_around);
        curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
    }
}

err_t api_call(struct arena *a, const struct api_request *rq, struct api_reply *ret)
{
    TRY(curl_library_load());
    CLEANUP(free_easy) CURL *c = curl_easy_init();
    CLEANUP(free_list) struct curl_slist *headers = NULL;
    char *url =
        str_cstr(a, str_cat(a, rq->socket_path ? S("http://localhost") : rq->base_url, rq->target));
    if (!c || !url)
        return E_BUSY;
    TRY(set_headers(a, rq, &headers));
    struct taking t = { .rq = rq, .curl = c };
    buf_init(&t.body, a, MIB(256));

    if (rq->socket_path)
        curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, rq->socket_path);
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    set_waits(c, &t);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, &t);
    set_body(c, &t);
    curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, rq->method);
    CURLcode code = curl_easy_perform(c);
    if (code != CURLE_OK)
        return error_of(code, &t);
    long status = 0;
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    *ret = (struct api_reply){ (int)status, buf_str(&t.body) };
    return OK;
}
