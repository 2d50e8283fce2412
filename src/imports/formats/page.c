/* A stored web page: what a provider's page holds in its bytes, else the page rendered (import_reading.render). */
#include "archive/providers/dom.h"
#include "archive/providers/provider.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "imports/formats/formats.h"

static bool page_sniff(const struct source_head *h)
{
    struct str s = str_trim(h->bytes);
    if (str_starts(s, S("\xef\xbb\xbf")))
        s = str_trim(str_sub(s, 3, s.n));
    return s.n && s.s[0] == '<';
}

/* Is any provider's state in it? E_NOT_FOUND: none. */
static err_t embedded(struct arena *a, struct str html, struct conversation *ret)
{
    for (size_t i = 0; PROVIDERS[i]; i++) {
        struct json root;
        err_t e = PROVIDERS[i]->embedded ? PROVIDERS[i]->embedded(a, html, &root) : E_NOT_FOUND;
        if (e == OK) {
            TRY(PROVIDERS[i]->from_json(a, root, ret));
            ret->source.strategy = "embedded";
            return OK;
        }
        if (e == E_BUSY || e == E_LIMIT)
            return e;
    }
    err_clear();
    return E_NOT_FOUND;
}

static err_t rendered(struct import_source *s, struct arena *a, struct str html,
                      struct conversation *ret)
{
    struct str dom;
    struct json root;
    if (!s->reading->render)
        return err_note(E_INVALID, NULL, "this page has to be opened in a browser to be read");
    TRY(s->reading->render(s->reading->context, a, html, s->reading->url, &dom));
    TRY(json_parse(a, dom, JSON_FOREIGN_DEPTH_MAX, &root));
    return dom_conversation(a, root, ret);
}

static err_t page_next(struct import_source *s, struct arena *a, struct conversation *ret)
{
    struct str html;
    if (s->state)
        return E_NOT_FOUND;
    s->state = s; /* one page, one conversation */
    TRY(reader_all(s->reader, s->arena, JSON_BYTES_MAX, &html));
    if (!utf8_ok(html))
        return err_note(E_BAD_ENCODING, NULL, "the page is not valid UTF-8");
    err_t e = embedded(a, html, ret);
    return e == E_NOT_FOUND ? rendered(s, a, html, ret) : e;
}

const struct source_format FORMAT_PAGE = {
    .name = "web page",
    .kind = "share",
    .sniff = page_sniff,
    .next = page_next,
};
