/* What a handler says in its reply. */
#include "http/call.h"

enum { FIRST_JSON_BYTES = 4000 }; /* what most replies need: then their bytes never move */

void reply_status(struct reply *rp, int status)
{
    rp->status = status;
}

void reply_accepted(struct reply *rp, struct uuid id)
{
    reply_status(rp, 202);
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kuuid(o, "id", id);
    jo_end(o);
}

void reply_close(struct reply *rp)
{
    rp->close = true;
}

void reply_header_kept(struct reply *rp, const char *name, struct str value)
{
    assert(rp->header_count < REPLY_HEADERS_MAX && !memchr(value.s ? value.s : "", '\r', value.n) &&
           !memchr(value.s ? value.s : "", '\n', value.n));
    rp->headers[rp->header_count++] = (struct http1_header){ str_from(name), value };
}

void reply_header(struct reply *rp, const char *name, struct str value)
{
    reply_header_kept(rp, name, str_dup(rp->arena, value));
}

bool reply_has_header(const struct reply *rp, struct str name)
{
    for (size_t i = 0; i < rp->header_count; i++)
        if (str_eq_nocase(rp->headers[i].name, name))
            return true;
    return false;
}

struct json_out *reply_json(struct reply *rp)
{
    buf_init(&rp->json, rp->arena, REQUEST_ARENA_BYTES_MAX);
    (void)!buf_reserve(&rp->json, FIRST_JSON_BYTES);
    jo_init(&rp->out, &rp->json);
    rp->has_json = true;
    rp->content_type = S("application/json");
    return &rp->out;
}

void reply_bytes(struct reply *rp, struct str content_type, struct str body)
{
    rp->content_type = content_type;
    rp->body = body;
}

void reply_file(struct reply *rp, struct str content_type, int fd, size_t bytes)
{
    rp->content_type = content_type;
    rp->file_fd = fd;
    rp->file_bytes = bytes;
}

/* --- conditions (RFC 9110 section 13) -------------------------------------------------------------- */

/* Is this quoted tag among those of a list? Weak ones count only where weak is enough. */
static bool list_has_tag(struct str list, struct str quoted, bool weak_counts)
{
    struct str part;
    while (str_cut(&list, ',', &part)) {
        part = str_trim(part);
        if (str_eq(part, S("*")))
            return true;
        bool weak = str_starts(part, S("W/"));
        if (weak)
            part = str_sub(part, 2, part.n);
        if (quoted.n && str_eq(part, quoted) && (!weak || weak_counts))
            return true;
    }
    return false;
}

/* What one account is shown is no representation for another one, even where both have the same version: a browser in
 * which one person signs out and another one in would be told that nothing has changed. */
static void put_account(struct buf *b, const struct req *rq)
{
    char account[UUID_TEXT_BYTES + 1];
    if (!rq->caller.known)
        return;
    uuid_text(rq->caller.user_id, account);
    buf_putc(b, '-');
    buf_put(b, str_of(account, UUID_TEXT_BYTES));
}

/* Whether the answer depends on who asks: the route lets in none but those who say who they are. */
static bool is_private(const struct req *rq)
{
    return rq->route && rq->route->auth != AUTH_PUBLIC;
}

/* The tag in its quotes. STR_NONE: the arena says why. */
static struct str quoted_tag(struct req *rq, struct str tag)
{
    struct buf b;
    buf_init(&b, rq->arena, tag.n + UUID_TEXT_BYTES + 3);
    (void)!buf_reserve(&b, tag.n + UUID_TEXT_BYTES + 3);
    buf_putc(&b, '"');
    buf_put(&b, tag);
    if (is_private(rq))
        put_account(&b, rq);
    buf_putc(&b, '"');
    return buf_err(&b) == OK ? buf_str(&b) : STR_NONE;
}

bool reply_etag(struct req *rq, struct reply *rp, struct str tag)
{
    struct str quoted = quoted_tag(rq, tag), asked = req_header(rq, S("if-none-match"));
    if (is_private(rq))
        reply_header_kept(rp, "Vary", S("Authorization, Cookie"));
    reply_header_kept(rp, "ETag", quoted);
    if (rq->method != HTTP_GET || !asked.s || !list_has_tag(asked, quoted, true))
        return false;
    rp->status = 304;
    return true;
}

/* "bytes=5-9", "bytes=5-", "bytes=-5" in [*ret_from, *ret_to). False: it is none that we serve, and counts for nothing. */
static bool range_read(struct str header, size_t size, size_t *ret_from, size_t *ret_to)
{
    struct str from;
    uint64_t a = 0, b = UINT64_MAX;
    if (!str_starts(header, S("bytes=")) || str_find_char(header, ',', 0) < header.n)
        return false;
    struct str to = str_sub(header, 6, header.n);
    if (!str_cut(&to, '-', &from) || !to.s || (!from.n && !to.n))
        return false;
    if ((from.n && str_to_u64(from, &a) != OK) || (to.n && str_to_u64(to, &b) != OK) ||
        (from.n && to.n && b < a))
        return false;
    if (!from.n) { /* the last so many */
        *ret_from = b < size ? size - (size_t)b : 0;
        *ret_to = size;
        return b > 0;
    }
    *ret_from = a < size ? (size_t)a : size;
    *ret_to = b < size ? (size_t)b + 1 : size;
    return true;
}

err_t reply_ranged(struct req *rq, struct reply *rp, struct str content_type, struct str body,
                   struct str tag)
{
    size_t from, to;
    struct str asked = req_header(rq, S("range")), if_range = req_header(rq, S("if-range"));
    reply_header(rp, "Accept-Ranges", S("bytes"));
    bool counts = asked.s && rq->method == HTTP_GET &&
                  (!if_range.s || list_has_tag(if_range, quoted_tag(rq, tag), false));
    if (counts && range_read(asked, body.n, &from, &to)) {
        if (from >= body.n) {
            reply_header(rp, "Content-Range", str_fmt(rq->arena, "bytes */%zu", body.n));
            return err_note(E_RANGE, "range", "there are %zu bytes", body.n);
        }
        reply_header(rp, "Content-Range",
                     str_fmt(rq->arena, "bytes %zu-%zu/%zu", from, to - 1, body.n));
        reply_status(rp, 206);
        body = str_sub(body, from, to);
    }
    reply_bytes(rp, content_type, body);
    return OK;
}

err_t req_if_match(struct req *rq, struct str tag)
{
    struct str asked = req_header(rq, S("if-match"));
    if (!asked.s || list_has_tag(asked, quoted_tag(rq, tag), false))
        return OK;
    return err_note(E_PRECONDITION, "if-match", "it has changed since you read it; read it again");
}
