#include "net/local_client.h"

#include "base/buf.h"
#include "base/limits.h"
#include "net/curl_library.h"

struct taking {
    const struct local_request *rq;
    CURL *curl;
    struct buf body;
    err_t part_err;
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
    switch (code) {
    case CURLE_COULDNT_CONNECT:
        return E_NOT_FOUND;
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

err_t local_call(struct arena *a, const struct local_request *rq, struct local_reply *ret)
{
    TRY(curl_library_load());
    CLEANUP(free_easy) CURL *c = curl_easy_init();
    CLEANUP(free_list) struct curl_slist *headers = NULL;
    char *url = str_cstr(a, str_cat(a, S("http://localhost"), rq->target));
    if (!c || !url)
        return E_BUSY;
    if (rq->acting_handle.n)
        TRY(append(a, &headers, str_cat(a, S("X-Vivim-User: "), rq->acting_handle)));
    if (rq->body.s)
        TRY(append(a, &headers, S("Content-Type: application/json")));
    TRY(append(a, &headers, S("Expect:")));
    struct taking t = { .rq = rq, .curl = c };
    buf_init(&t.body, a, MIB(256));

    curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, rq->socket_path);
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, rq->method);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    if (rq->part) {
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)(rq->timeout_ms / 1000));
    } else {
        curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)rq->timeout_ms);
    }
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, &t);
    if (rq->body.s) {
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, rq->body.s);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->body.n);
    }
    CURLcode code = curl_easy_perform(c);
    if (code != CURLE_OK)
        return error_of(code, &t);
    long status = 0;
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    *ret = (struct local_reply){ (int)status, buf_str(&t.body) };
    return OK;
}
