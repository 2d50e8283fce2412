/* The web client, embedded in the binary: bodies compressed at build time, names with a hash cached for ever, and
 * index.html for the client's own addresses. */
#include "base/embedded.h"
#include "http/answer.h"

extern const struct embedded_file WEB_FILES
    []; /* made from web/dist: "index.html", "assets/x-HASH.js", and each with .br and .gz */

static const struct embedded_file *find(struct str name)
{
    for (const struct embedded_file *f = WEB_FILES; f->name; f++)
        if (str_eq(name, str_from(f->name)))
            return f;
    return NULL;
}

static struct str type_of(struct str name)
{
    static const struct {
        const char *ending, *type;
    } TYPES[] = {
        { ".html", "text/html; charset=utf-8" },
        { ".js", "text/javascript; charset=utf-8" },
        { ".css", "text/css; charset=utf-8" },
        { ".svg", "image/svg+xml" },
        { ".png", "image/png" },
        { ".ico", "image/x-icon" },
        { ".webmanifest", "application/manifest+json" },
        { ".woff2", "font/woff2" },
        { ".json", "application/json" },
        { ".txt", "text/plain; charset=utf-8" },
    };
    for (size_t i = 0; i < COUNTOF(TYPES); i++)
        if (str_ends(name, str_from(TYPES[i].ending)))
            return str_from(TYPES[i].type);
    return S("application/octet-stream");
}

/* Is the coding among those that the client takes (and not refused with q=0)? */
static bool accepts(struct str header, struct str coding)
{
    struct str part, name;
    while (str_cut(&header, ',', &part)) {
        struct str q = part;
        str_cut(&q, ';', &name);
        if (str_eq_nocase(str_trim(name), coding))
            return !q.s || !(str_eq(str_trim(q), S("q=0")) || str_eq(str_trim(q), S("q=0.0")));
    }
    return false;
}

static void serve(struct call *c, struct str name, const struct embedded_file *plain, int status)
{
    struct reply *rp = &c->rp;
    struct str accept = req_header(&c->rq, S("accept-encoding"));
    const struct embedded_file *f = plain;
    const struct embedded_file *br = find(str_cat(c->rq.arena, name, S(".br"))),
                               *gz = find(str_cat(c->rq.arena, name, S(".gz")));
    rp->status = status;
    reply_header(rp, "Vary", S("Accept-Encoding"));
    if (br && accepts(accept, S("br"))) {
        f = br;
        reply_header(rp, "Content-Encoding", S("br"));
    } else if (gz && accepts(accept, S("gzip"))) {
        f = gz;
        reply_header(rp, "Content-Encoding", S("gzip"));
    }
    bool hashed = str_starts(name, S("assets/"));
    reply_header(rp, "Cache-Control",
                 hashed ? S("public, max-age=31536000, immutable") : S("no-cache"));
    struct str tag = str_from(plain->tag);
    if (f != plain) /* other bytes, so another tag (RFC 9110 section 8.8.3.3) */
        tag = str_cat(c->rq.arena, tag, f == br ? S("-br") : S("-gz"));
    if (str_ends(name, S(".html")) ||
        str_ends(name, S(".js"))) /* a worker lives under its own script's policy */
        document_policy(c);
    c->rq.method = HTTP_GET;
    if (status != 200 || !reply_etag(&c->rq, rp, tag))
        reply_bytes(rp, type_of(name), embedded_bytes(f));
}

static const char NO_CLIENT[] =
    "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>VIVIM</title><p>This build "
    "has no web client in it. "
    "<code>./run --build</code> builds one with it; the API is there all the same.</p></html>";

/* Addresses of the client's own router; anything else is its "not found" page, with that status. */
static bool is_client_route(struct str path)
{
    static const char *const EXACT[] = { "/",         "/setup",    "/login",  "/search",
                                         "/settings", "/captures", "/imports" };
    static const char *const BELOW[] = { "/c/", "/captures/", "/imports/", "/settings/" };
    for (size_t i = 0; i < COUNTOF(EXACT); i++)
        if (str_eq(path, str_from(EXACT[i])))
            return true;
    for (size_t i = 0; i < COUNTOF(BELOW); i++)
        if (str_starts(path, str_from(BELOW[i])))
            return true;
    return false;
}

bool static_serve(struct call *c)
{
    struct str path = c->rq.path, name = str_sub(path, 1, path.n);
    bool get = str_eq(c->exchange->method, S("GET")) || c->rq.head;
    if (!get || str_starts(path, S("/api/")) || str_starts(path, S("/.well-known/")) ||
        str_ends(path, S(".br")) || str_ends(path, S(".gz")))
        return false;
    const struct embedded_file *f = name.n ? find(name) : NULL;
    if (f) {
        serve(c, name, f, 200);
        return true;
    }
    bool page = is_client_route(path);
    if (!page && str_find(req_header(&c->rq, S("accept")), S("text/html"), 0) >=
                     req_header(&c->rq, S("accept")).n)
        return false;
    f = find(S("index.html"));
    if (f) {
        serve(c, S("index.html"), f, page ? 200 : 404);
        return true;
    }
    c->rp.status = page ? 200 : 404;
    document_policy(c);
    reply_header(&c->rp, "Cache-Control", S("no-cache"));
    reply_bytes(&c->rp, S("text/html; charset=utf-8"), S(NO_CLIENT));
    return true;
}
