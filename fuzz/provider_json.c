/* room: archive */
/* Any bytes as a provider's JSON, an export or a page; what comes out is hashed, written and its blocks are read back. */
#include "archive/conversation_check.h"
#include "archive/providers/extract.h"
#include "base/limits.h"

static err_t each(void *context, struct conversation *c)
{
    CLEANUP(arena_free) struct arena a = { 0 }, scratch = { 0 };
    struct check_result check;
    struct buf b;
    struct json_out o;
    struct json root;
    UNUSED(context);
    arena_init(&a, CONVERSATION_BYTES_MAX);
    arena_init(&scratch, CONVERSATION_BYTES_MAX);
    err_t e = conversation_hash(&a, &scratch, c);
    assert(e == OK || e == E_LIMIT || e == E_BUSY); /* every conversation has a hash */
    TRY(e);
    TRY(conversation_check(&a, c, &check));
    for (size_t i = 0; i < c->message_count; i++) {
        struct block *blocks;
        size_t count;
        buf_init(&b, &a, CONVERSATION_BYTES_MAX);
        jo_init(&o, &b);
        blocks_write(&o, c->messages[i].blocks, c->messages[i].block_count);
        TRY(buf_err(&b));
        e = json_parse(&a, buf_str(&b), JSON_DEPTH_MAX, &root);
        assert(e == OK || e == E_LIMIT || e == E_BUSY);
        TRY(e);
        TRY(blocks_read(&a, root, &blocks, &count));
        assert(count == c->messages[i].block_count);
    }
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum extract_kind kind;
    err_t e = extract_bytes(str_of((const char *)data, size), STR_NONE, each, NULL, NULL, &kind);
    UNUSED(e);
    return 0;
}
