/* What holds for every conversation, whatever it was made of: it has a hash, is written, and its blocks are read back. For
 * the targets that make conversations. */
#ifndef VIVIM_FUZZ_CONVERSATION_H
#define VIVIM_FUZZ_CONVERSATION_H

#include "archive/conversation_check.h"
#include "base/limits.h"

static inline err_t read_back(struct arena *a, const struct message *m)
{
    struct buf b;
    struct json_out o;
    struct json root;
    struct block *blocks;
    size_t count;
    buf_init(&b, a, CONVERSATION_BYTES_MAX);
    jo_init(&o, &b);
    blocks_write(&o, m->blocks, m->block_count);
    TRY(buf_err(&b));
    err_t e = json_parse(a, buf_str(&b), JSON_DEPTH_MAX, &root);
    assert(e == OK || e == E_LIMIT || e == E_BUSY);
    TRY(e);
    TRY(blocks_read(a, root, &blocks, &count));
    assert(count == m->block_count);
    return OK;
}

static inline err_t hold(struct conversation *c)
{
    CLEANUP(arena_free) struct arena a = { 0 }, scratch = { 0 };
    struct check_result check;
    arena_init(&a, CONVERSATION_BYTES_MAX);
    arena_init(&scratch, CONVERSATION_BYTES_MAX);
    err_t e = conversation_hash(&a, &scratch, c);
    assert(e == OK || e == E_LIMIT || e == E_BUSY);
    TRY(e);
    TRY(conversation_check(&a, c, &check));
    for (size_t i = 0; i < c->message_count; i++)
        TRY(read_back(&a, &c->messages[i]));
    return OK;
}

#endif
