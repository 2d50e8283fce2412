#include "capture/pictures.h"

#include "base/encode.h"
#include "base/limits.h"
#include "base/picture_type.h"
#include "base/utf8.h"
#include "net/fetch.h"

/* One address, once, however often it is shown. */
struct picture {
    struct str url;
    struct str sha256; /* hexadecimal; STR_NONE: not stored */
};

struct pictures {
    struct arena *a;
    const struct pictures_options *o;
    struct conversation *c;
    struct picture list[CAPTURE_PICTURES_MAX];
    size_t count;
    struct archive_media *media;
    size_t media_count, bytes;
};

static bool is_fetchable(struct str url)
{
    return str_starts(url, S("https://")) || str_starts(url, S("http://"));
}

static struct picture *find(struct pictures *p, struct str url)
{
    for (size_t i = 0; i < p->count; i++)
        if (str_eq(p->list[i].url, url))
            return &p->list[i];
    return NULL;
}

static void note(struct pictures *p, enum finding_code code, struct str what)
{
    struct str shown = utf8_repair(p->a, utf8_cut(what, 300)); /* a zero byte would end it */
    finding_add(p->a, p->c, code, "%.*s", STR_ARG(shown));
}

/* A finding is read by others than the one who may fetch: without credentials, and without the keys of a signed address. */
static struct str shown(struct arena *a, struct str url)
{
    struct str bare = str_sub(url, 0, str_find_char(url, '?', 0));
    size_t host = str_find(bare, S("://"), 0);
    host = host < bare.n ? host + 3 : 0;
    size_t at = str_find_char(bare, '@', host);
    if (at >= str_find_char(bare, '/', host))
        return bare;
    return str_cat(a, str_sub(bare, 0, host), str_sub(bare, at + 1, bare.n));
}

/* --- what there is ------------------------------------------------------------------------------- */

static void gather_block(struct pictures *p, const struct block *b)
{
    if (b->type == BLOCK_FILE && !b->file.sha256.n && !b->file.text.n)
        note(p, FOUND_MEDIA_NOT_PUBLIC, b->file.name);
    if (b->type != BLOCK_IMAGE || b->image.sha256.n || !b->image.source_url.n)
        return;
    struct str url = b->image.source_url;
    if (!is_fetchable(url))
        note(p, FOUND_MEDIA_NOT_PUBLIC, shown(p->a, url));
    else if (!find(p, url) && p->count == CAPTURE_PICTURES_MAX)
        note(p, FOUND_MEDIA_LIMIT,
             str_fmt(p->a, "only %d pictures are kept", CAPTURE_PICTURES_MAX));
    else if (!find(p, url))
        p->list[p->count++] = (struct picture){ .url = url };
}

static void gather(struct pictures *p)
{
    for (size_t i = 0; i < p->c->message_count; i++)
        for (size_t k = 0; k < p->c->messages[i].block_count; k++)
            gather_block(p, &p->c->messages[i].blocks[k]);
}

/* --- one picture ---------------------------------------------------------------------------------- */

static enum finding_code finding_of_status(int status)
{
    if (status == 401 || status == 403)
        return FOUND_MEDIA_NOT_PUBLIC;
    return status == 404 || status == 410 ? FOUND_IMAGE_EXPIRED : FOUND_MEDIA_UNAVAILABLE;
}

/* FOUND_COUNT: the error is ours and not the picture's. */
static enum finding_code finding_of_error(err_t e)
{
    switch (e) {
    case E_CANCELLED:
    case E_STOPPING:
    case E_BUSY:
        return FOUND_COUNT;
    case E_BLOCKED:
        return FOUND_MEDIA_BLOCKED;
    case E_LIMIT:
        return FOUND_IMAGE_TOO_LARGE;
    default:
        return FOUND_MEDIA_UNAVAILABLE;
    }
}

static struct str hex(struct arena *a, struct sha256 h)
{
    return hex_encode(a, str_of((const char *)h.b, sizeof h.b));
}

static err_t store(struct pictures *p, struct picture *x, struct str bytes, struct str media_type)
{
    struct sha256 h;
    TRY(blob_put(p->o->blobs, p->o->owner, bytes, false, &h));
    p->bytes += bytes.n;
    x->sha256 = hex(p->a, h);
    for (size_t i = 0; i < p->media_count; i++)
        if (memcmp(p->media[i].sha256.b, h.b, sizeof h.b) == 0)
            return OK; /* the same picture under another address */
    p->media[p->media_count++] = (struct archive_media){ h, media_type, (int64_t)bytes.n };
    return arena_err(p->a);
}

static err_t keep_one(struct pictures *p, struct fetch *f, struct picture *x)
{
    CLEANUP(buf_free) struct buf body = { 0 };
    struct fetch_reply reply = { 0 };
    size_t left = CAPTURE_PICTURES_BYTES_MAX - p->bytes;
    struct fetch_request rq = { .url = x->url,
                                .accept = "image/avif,image/webp,image/png,image/*;q=0.8",
                                .deadline_ms = p->o->deadline_ms,
                                .check = p->o->check,
                                .context = p->o->context };
    buf_init(&body, NULL, left < CAPTURE_PICTURE_BYTES_MAX ? left : CAPTURE_PICTURE_BYTES_MAX);
    err_t e = fetch_whole(f, p->a, &rq, &body, &reply);
    int status = reply.status;
    enum finding_code code = e != OK ? finding_of_error(e) : finding_of_status(status);
    struct str type = picture_type(buf_str(&body));
    if (e != OK && code == FOUND_COUNT)
        return e;
    err_clear();
    if (e == OK && status == 200 && type.n)
        return store(p, x, buf_str(&body), type);
    note(p, e == OK && status == 200 ? FOUND_MEDIA_TYPE_REFUSED : code, shown(p->a, x->url));
    return OK;
}

static err_t keep_all(struct pictures *p)
{
    struct fetch *f;
    err_t e = fetch_open(p->o->policy, &f);
    for (size_t i = 0; i < p->count && e == OK; i++) {
        p->o->progress(p->o->context, i, p->count);
        e = keep_one(p, f, &p->list[i]);
    }
    if (e == OK)
        p->o->progress(p->o->context, p->count, p->count);
    fetch_close(f);
    return e;
}

/* --- the conversation -------------------------------------------------------------------------------- */

static void set_hashes(struct pictures *p)
{
    for (size_t i = 0; i < p->c->message_count; i++)
        for (size_t k = 0; k < p->c->messages[i].block_count; k++) {
            struct block *b = &p->c->messages[i].blocks[k];
            struct picture *x = b->type == BLOCK_IMAGE ? find(p, b->image.source_url) : NULL;
            if (x && x->sha256.n)
                b->image.sha256 = x->sha256;
        }
}

err_t pictures_keep(struct arena *a, const struct pictures_options *o, struct conversation *c,
                    struct archive_media **ret, size_t *ret_count)
{
    struct pictures *p = ARENA_NEW(a, struct pictures);
    if (!p)
        return arena_err(a);
    *p = (struct pictures){ .a = a, .o = o, .c = c };
    gather(p);
    p->media = ARENA_ARRAY(a, struct archive_media, p->count + 1);
    if (!p->media)
        return arena_err(a);
    if (p->count)
        TRY(keep_all(p));
    set_hashes(p);
    *ret = p->media;
    *ret_count = p->media_count;
    return OK;
}
