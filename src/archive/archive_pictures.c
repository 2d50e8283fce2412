#include "archive/archive_pictures.h"

#include "base/limits.h"

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
