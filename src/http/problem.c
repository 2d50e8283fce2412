#include "http/answer.h"

void problem_write(struct json_out *o, err_t e, struct str request_id)
{
    const struct err_detail *d = err_detail();
    jo_object(o);
    jo_kstr(o, "type", S("about:blank"));
    jo_kstr(o, "title", str_from(err_title(e)));
    jo_ki64(o, "status", err_status(e));
    jo_kstr(o, "code", str_from(err_code(e)));
    jo_kstr(o, "detail", str_from(d->text[0] ? d->text : err_title(e)));
    if (d->field[0])
        jo_kstr(o, "field", str_from(d->field));
    jo_kstr(o, "request_id", request_id);
    jo_end(o);
}

static void allow_header(struct call *c)
{
    static const char *const NAMES[] = { "", "GET, HEAD", "POST", "PUT", "PATCH", "DELETE" };
    struct buf b;
    buf_init(&b, c->rq.arena, 200);
    for (unsigned m = HTTP_GET; m <= HTTP_DELETE; m++)
        if (c->allowed_methods & 1u << m)
            buf_putf(&b, "%s%s", b.n ? ", " : "", NAMES[m]);
    buf_putf(&b, "%sOPTIONS", b.n ? ", " : "");
    reply_header(&c->rp, "Allow", buf_str(&b));
}

void reply_problem(struct call *c, err_t e)
{
    struct reply *rp = &c->rp;
    rp->status = err_status(e);
    rp->has_json = false;
    rp->stream = false;
    rp->held = false;
    buf_init(&rp->json, c->rq.arena, KIB(16));
    jo_init(&rp->out, &rp->json);
    problem_write(&rp->out, e, c->rq.request_id);
    rp->content_type = S("application/problem+json");
    rp->body = buf_str(&rp->json);
    if (e == E_METHOD)
        allow_header(c);
    bool has_retry = false;
    for (size_t i = 0; i < rp->header_count; i++)
        has_retry |= str_eq_nocase(rp->headers[i].name, S("Retry-After"));
    if (!has_retry && (rp->status == 503 || rp->status == 429))
        reply_header(rp, "Retry-After", S("1"));
    if (rp->status == 401)
        reply_header(rp, "WWW-Authenticate", S("Bearer realm=\"vivim\""));
}
