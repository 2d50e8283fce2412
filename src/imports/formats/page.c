/* A stored web page: what a provider's page holds in its bytes, else the page rendered (import_reading.render). */
#include "archive/providers/extract.h"
#include "base/limits.h"
#include "imports/formats/formats.h"

static bool page_sniff(const struct source_head *h)
{
    struct str s = str_trim(h->bytes);
    if (str_starts(s, S("\xef\xbb\xbf")))
        s = str_trim(str_sub(s, 3, s.n));
    return s.n && s.s[0] == '<';
}

static err_t rendered(struct import_source *s, struct arena *a, struct str html, struct str url,
                      struct conversation *ret)
{
    struct str dom;
    struct json root;
    if (!s->reading->render)
        return err_note(E_INVALID, NULL, "this page has to be opened in a browser to be read");
    TRY(s->reading->render(s->reading->context, a, html, url, &dom));
    TRY(json_parse(a, dom, JSON_FOREIGN_DEPTH_MAX, &root));
    return extract_json(a, root, NULL, ret);
}

err_t page_conversation(struct import_source *s, struct arena *a, struct str html, struct str url,
                        struct conversation *ret)
{
    err_t e = extract_page(a, html, ret);
    if (e == E_NOT_FOUND)
        e = rendered(s, a, html, url, ret);
    if (e == OK && url.n)
        ret->source.url = url;
    return e;
}

/* SingleFile says in a comment at the beginning where the page came from. */
static struct str saved_from(struct str html)
{
    struct str head = str_sub(html, 0, KIB(8)), line = STR_NONE;
    size_t at = str_find(head, S("Page saved with SingleFile"), 0);
    struct str rest = str_sub(head, at, str_find(head, S("-->"), at));
    while (str_cut(&rest, '\n', &line))
        if (str_starts(str_trim(line), S("url: http")))
            return str_trim(str_sub(str_trim(line), 5, line.n));
    return STR_NONE;
}

static err_t page_next(struct import_source *s, struct arena *a, struct conversation *ret)
{
    struct str html;
    if (s->state)
        return E_NOT_FOUND;
    s->state = s; /* one page, one conversation */
    TRY(source_text(s, JSON_BYTES_MAX, &html));
    struct str url = s->reading->url.n ? s->reading->url : saved_from(html);
    return page_conversation(s, a, html, url, ret);
}

const struct source_format FORMAT_PAGE = {
    .name = "web page",
    .kind = "share",
    .sniff = page_sniff,
    .next = page_next,
};
