/* Pictures and files of a conversation: what came with it, and what stands at a public address. */
#include "base/encode.h"
#include "base/limits.h"
#include "base/picture_type.h"
#include "base/utf8.h"
#include "capture/pictures.h"
#include "imports/imports_run.h"
#include "net/address.h"
#include "ops/ops.h"
#include "os/clock.h"

/* --- what its bytes are ---------------------------------------------------------------------------------- */

/* By its bytes; what is not known is served as nothing in particular, never as what somebody says. */
static struct str media_type(struct str bytes)
{
    static const struct {
        const char *magic, *type;
        size_t at;
    } KNOWN[] = {
        { "%PDF-", "application/pdf", 0 },
        { "ID3", "audio/mpeg", 0 },
        { "OggS", "audio/ogg", 0 },
        { "fLaC", "audio/flac", 0 },
        { "ftypM4A", "audio/mp4", 4 },
        { "ftyp", "video/mp4", 4 },
        { "\x1a\x45\xdf\xa3", "video/webm", 0 },
        { "WAVE", "audio/wav", 8 },
        { "PK\x03\x04", "application/zip", 0 },
    };
    struct str type = picture_type(bytes);
    if (type.n)
        return type;
    for (size_t i = 0; i < COUNTOF(KNOWN); i++)
        if (str_starts(str_sub(bytes, KNOWN[i].at, bytes.n), str_from(KNOWN[i].magic)))
            return str_from(KNOWN[i].type);
    return text_ok(bytes) ? S("text/plain; charset=utf-8") : S("application/octet-stream");
}

/* --- what came with it ------------------------------------------------------------------------------------- */

static struct str name_of(const struct import_media *m, const struct conversation *c)
{
    if (m->sha256.n)
        return m->name.n ? m->name : m->sha256;
    const struct block *b = &c->messages[m->message].blocks[m->block];
    return b->type == BLOCK_IMAGE ? b->image.source_url : b->file.name;
}

/* Of an archive of ours, where it may lie in the store already, and has to be what its hash says. */
static err_t own_bytes(struct import_run *w, struct import_source *s, struct arena *a,
                       const struct import_media *m, struct str *ret)
{
    struct sha256 named, is;
    if (!sha256_parse(m->sha256, &named))
        return E_NOT_FOUND;
    if (m->entry == SIZE_MAX)
        return blob_read(w->app->blobs, a, w->job->owner_id, named, IMPORT_MEDIA_BYTES, ret);
    TRY(import_source_read_entry(s, a, m->entry, IMPORT_MEDIA_BYTES, ret));
    is = sha256_of(*ret);
    return memcmp(is.b, named.b, sizeof is.b) == 0 ? OK : E_INVALID;
}

static err_t say_missing(struct batch_item *i, const struct import_media *m, err_t e)
{
    struct str name = utf8_repair(&i->a, utf8_cut(name_of(m, &i->c), 300));
    finding_add(&i->a, &i->c, e == E_LIMIT ? FOUND_MEDIA_LIMIT : FOUND_MEDIA_UNAVAILABLE, "%.*s",
                STR_ARG(name));
    err_clear();
    return arena_err(&i->a);
}

/* What an archive of ours says of it stays as it is. */
static void name_bytes(struct batch_item *i, const struct import_media *m, struct sha256 hash,
                       struct str type)
{
    if (m->sha256.n)
        return;
    struct block *b = &i->c.messages[m->message].blocks[m->block];
    *(b->type == BLOCK_IMAGE ? &b->image.sha256 : &b->file.sha256) = sha256_hex(&i->a, hash);
    if (b->type == BLOCK_FILE && !b->file.media_type.n)
        b->file.media_type = type;
}

static err_t keep_one(struct import_run *w, struct import_source *s, struct batch_item *i,
                      const struct import_media *m)
{
    CLEANUP(arena_free) struct arena bytes_arena = { 0 };
    struct str bytes;
    struct sha256 hash;
    arena_init(&bytes_arena, 4 * IMPORT_MEDIA_BYTES);
    err_t e = m->base64.n ? base64_decode(&bytes_arena, m->base64, &bytes)
              : m->sha256.n
                  ? own_bytes(w, s, &bytes_arena, m, &bytes)
                  : import_source_read_entry(s, &bytes_arena, m->entry, IMPORT_MEDIA_BYTES, &bytes);
    if (e == E_LIMIT || e == E_INVALID || e == E_NOT_FOUND || e == E_CORRUPT)
        return say_missing(i, m, e);
    TRY(e);
    struct str type = media_type(bytes);
    TRY(blob_put(w->app->blobs, w->job->owner_id, bytes, str_starts(type, S("text/")), &hash));
    name_bytes(i, m, hash, type);
    i->media[i->media_count++] = (struct archive_media){ hash, type, (int64_t)bytes.n };
    return arena_err(&i->a);
}

/* --- what is fetched ------------------------------------------------------------------------------------------- */

static bool names_addresses(const struct conversation *c)
{
    for (size_t i = 0; i < c->message_count; i++)
        for (size_t k = 0; k < c->messages[i].block_count; k++) {
            const struct block *b = &c->messages[i].blocks[k];
            if (b->type == BLOCK_IMAGE && !b->image.sha256.n &&
                (str_starts(b->image.source_url, S("https://")) ||
                 str_starts(b->image.source_url, S("http://"))))
                return true;
        }
    return false;
}

static err_t still_wanted(void *context)
{
    struct import_run *w = context;
    return job_check(w->run);
}

static void no_count(void *context, size_t done, size_t total)
{
    UNUSED(context);
    UNUSED(done);
    UNUSED(total);
}

static err_t fetch(struct import_run *w, struct batch_item *i)
{
    struct archive_media *fetched, *both;
    size_t count;
    const struct settings *s = w->app->settings;
    const struct address_policy policy = { s->capture_resolve, s->capture_insecure_tls };
    int64_t deadline = clock_monotonic_ms() + IMPORT_FETCH_MS;
    const struct pictures_options o = {
        .blobs = w->app->blobs,
        .owner = w->job->owner_id,
        .policy = &policy,
        .deadline_ms = deadline < w->media_deadline_ms ? deadline : w->media_deadline_ms,
        .check = still_wanted,
        .progress = no_count,
        .context = w,
    };
    TRY(pictures_keep(&i->a, &o, &i->c, &fetched, &count));
    both = ARENA_ARRAY(&i->a, struct archive_media, i->media_count + count + 1);
    if (!both)
        return arena_err(&i->a);
    if (i->media_count)
        memcpy(both, i->media, i->media_count * sizeof *both);
    if (count)
        memcpy(both + i->media_count, fetched, count * sizeof *both);
    i->media = both;
    i->media_count += count;
    return OK;
}

err_t import_media_keep(struct import_run *w, struct import_source *s, struct batch_item *i)
{
    i->media = ARENA_ARRAY(&i->a, struct archive_media, s->media_count + 1);
    if (!i->media)
        return arena_err(&i->a);
    for (size_t k = 0; k < s->media_count; k++) {
        TRY(job_check(w->run));
        TRY(keep_one(w, s, i, &s->media[k]));
    }
    /* What an archive of ours has not got was not to be had when it was made. */
    return !s->own && names_addresses(&i->c) ? fetch(w, i) : OK;
}
