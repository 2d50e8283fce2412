#include "archive/archive_pictures.h"

#include "archive/archive.h"
#include "base/limits.h"
#include "base/map.h"

#define SCRATCH_BYTES_MAX (3 * CONVERSATION_BYTES_MAX)

static bool read_blocks(struct arena *a, struct str text, struct message *ret)
{
    struct json root;
    return json_parse(a, text, JSON_FOREIGN_DEPTH_MAX, &root) == OK &&
           blocks_read(a, root, &ret->blocks, &ret->block_count) == OK;
}

static struct str without_query(struct str url)
{
    return str_sub(url, 0, str_find_char(url, '?', 0));
}

/* Makes both blocks alike where they are the same picture; *lost: the stored one alone has its bytes. */
static bool same_picture(struct block *stored, struct block *now, bool *lost)
{
    bool same = now->image.sha256.n ? str_eq(stored->image.sha256, now->image.sha256)
                                    : str_eq(without_query(stored->image.source_url),
                                             without_query(now->image.source_url));
    *lost |= stored->image.sha256.n && !now->image.sha256.n;
    stored->image.sha256 = now->image.sha256 = STR_NONE;
    stored->image.source_url = now->image.source_url = STR_NONE;
    return same;
}

static bool canonical(struct arena *a, const struct message *m, struct buf *ret)
{
    buf_init(ret, a, CONVERSATION_BYTES_MAX);
    return message_canonical(a, m, ret) == OK && buf_err(ret) == OK;
}

bool pictures_were_lost(struct str stored_blocks, struct str new_blocks)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct message stored = { 0 }, now = { 0 };
    struct buf x, y;
    bool lost = false, same;
    arena_init(&a, SCRATCH_BYTES_MAX);
    same = read_blocks(&a, stored_blocks, &stored) && read_blocks(&a, new_blocks, &now) &&
           stored.block_count == now.block_count;
    for (size_t i = 0; i < now.block_count && same; i++) {
        same = stored.blocks[i].type == now.blocks[i].type;
        if (same && now.blocks[i].type == BLOCK_IMAGE)
            same = same_picture(&stored.blocks[i], &now.blocks[i], &lost);
    }
    same = same && lost && canonical(&a, &stored, &x) && canonical(&a, &now, &y) &&
           str_eq(buf_str(&x), buf_str(&y));
    err_clear();
    return same;
}

/* --- of a rendering that is read again --------------------------------------------------------------- */

static err_t learn_pictures(struct arena *a, const struct archive_message *row, struct map *known)
{
    struct message m = { 0 };
    if (str_find(row->blocks, S("\"image\""), 0) == row->blocks.n)
        return OK;
    if (!read_blocks(a, row->blocks, &m))
        return arena_err(a) == OK ? OK : arena_err(a);
    for (size_t i = 0; i < m.block_count; i++) {
        struct block *b = &m.blocks[i];
        if (b->type == BLOCK_IMAGE && b->image.sha256.n && b->image.source_url.n)
            TRY(map_put(known, without_query(b->image.source_url), &b->image.sha256));
    }
    return OK;
}

static void give_pictures(struct conversation *c, const struct map *known)
{
    for (size_t i = 0; i < c->message_count; i++)
        for (size_t k = 0; k < c->messages[i].block_count; k++) {
            struct block *b = &c->messages[i].blocks[k];
            const struct str *sha256 = b->type == BLOCK_IMAGE && !b->image.sha256.n
                                           ? map_get(known, without_query(b->image.source_url))
                                           : NULL;
            if (sha256)
                b->image.sha256 = *sha256;
        }
}

/* Said by who fetched, and not by who reads. */
static bool is_of_fetching(enum finding_code code)
{
    return code == FOUND_IMAGE_EXPIRED || code == FOUND_IMAGE_TOO_LARGE ||
           code == FOUND_MEDIA_BLOCKED || code == FOUND_MEDIA_LIMIT ||
           code == FOUND_MEDIA_NOT_PUBLIC || code == FOUND_MEDIA_TYPE_REFUSED ||
           code == FOUND_MEDIA_UNAVAILABLE;
}

static err_t keep_findings(struct arena *a, struct str findings, struct conversation *c)
{
    struct json root, item;
    TRY(json_parse(a, findings, JSON_DEPTH_MAX, &root));
    struct json_iter it = json_iter(root);
    while (json_next(&it, NULL, &item)) {
        enum finding_code code;
        struct str detail = json_get_str(item, S("detail"));
        if (finding_parse(json_get_str(item, S("code")), &code) && is_of_fetching(code))
            finding_add(a, c, code, "%.*s", STR_ARG(detail));
    }
    return arena_err(a);
}

err_t archive_adopt_pictures(struct db *db, struct arena *a, struct uuid owner,
                             struct uuid conversation, struct conversation *c)
{
    struct archive_conversation row;
    struct archive_message *rows;
    struct map known;
    size_t count;
    map_init(&known, a);
    TRY(archive_get(db, a, owner, conversation, &row));
    TRY(archive_messages(db, a, owner, conversation, true, -1, CONVERSATION_MESSAGES_MAX * 2, &rows,
                         &count));
    for (size_t i = 0; i < count; i++)
        TRY(learn_pictures(a, &rows[i], &known));
    give_pictures(c, &known);
    return str_eq(row.source_url, c->source.url) ? keep_findings(a, row.findings, c) : OK;
}
