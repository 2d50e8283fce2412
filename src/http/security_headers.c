/* What every answer tells the browser about itself: no script of others, no frame, no guessing of types. A document of our own
 * client gets the policy under which it runs. */
#include "http/answer.h"

static const char CSP[] = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' "
                          "data: blob:; font-src 'self'; connect-src 'self'; "
                          "worker-src 'self'; manifest-src 'self'; frame-ancestors 'none'; "
                          "base-uri 'none'; form-action 'self'; "
                          "require-trusted-types-for 'script'; trusted-types vivim dompurify";

void document_policy(struct call *c)
{
    reply_header(&c->rp, "Content-Security-Policy", S(CSP));
}

void security_headers_write(const struct call *c, struct buf *head)
{
    if (!reply_has_header(&c->rp, S("Content-Security-Policy")))
        buf_put(head, S("Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"));
    buf_put(head, S("X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
                    "Cross-Origin-Opener-Policy: same-origin\r\n"
                    "Cross-Origin-Resource-Policy: same-origin\r\n"));
    if (c->rq.https)
        buf_put(head, S("Strict-Transport-Security: max-age=63072000\r\n"));
}
