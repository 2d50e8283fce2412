/* A page saved as one file by a browser ("Webpage, Single File"). */
#include "base/limits.h"
#include "imports/formats/formats.h"
#include "imports/mime.h"

static bool mhtml_sniff(const struct source_head *h)
{
    return h->json == HEAD_NO_JSON && mime_is_page(h->bytes);
}

static err_t mhtml_next(struct import_source *s, struct arena *a, struct conversation *ret)
{
    struct str bytes;
    struct mime_page page;
    if (s->state)
        return E_NOT_FOUND;
    s->state = s;
    TRY(reader_all(s->reader, s->arena, JSON_BYTES_MAX, &bytes));
    TRY(mime_read_page(s->arena, bytes, &page));
    return page_conversation(s, a, page.html, s->reading->url.n ? s->reading->url : page.url, ret);
}

const struct source_format FORMAT_MHTML = {
    .name = "saved web page",
    .kind = "share",
    .sniff = mhtml_sniff,
    .next = mhtml_next,
};
