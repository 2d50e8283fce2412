/* What every answer tells the browser about itself: no script of others, no frame, no guessing of types. A document of our own
 * client gets the policy under which it runs. */
#include "http/answer.h"

static const char CSP[] = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' "
                          "data: blob:; font-src 'self'; connect-src 'self'; "
                          "worker-src 'self'; manifest-src 'self'; frame-ancestors 'none'; "
                          "base-uri 'none'; form-action 'self'; "
                          "require-trusted-types-for 'script'; trusted-types vivim dompurify";

void security_headers(struct call *c, bool document)
{
    struct reply *rp = &c->rp;
    bool has_csp = false;
    for (size_t i = 0; i < rp->header_count; i++)
        has_csp |= str_eq_nocase(rp->headers[i].name, S("Content-Security-Policy"));
    if (!has_csp)
        reply_header(rp, "Content-Security-Policy",
                     document ? S(CSP) : S("default-src 'none'; frame-ancestors 'none'"));
    if (document)
        return;
    reply_header(rp, "X-Content-Type-Options", S("nosniff"));
    reply_header(rp, "Referrer-Policy", S("no-referrer"));
    reply_header(rp, "Cross-Origin-Opener-Policy", S("same-origin"));
    reply_header(rp, "Cross-Origin-Resource-Policy", S("same-origin"));
    if (c->rq.https)
        reply_header(rp, "Strict-Transport-Security", S("max-age=63072000"));
}
