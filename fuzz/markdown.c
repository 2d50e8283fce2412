/* room: archive */
/* Markdown into blocks: whatever it is, it ends, in order, within the text; and its words without marks are never more. */
#include "archive/markdown.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct message m = { 0 };
    struct conversation c;
    conversation_init(&c, "fuzz");
    arena_init(&a, (size_t)64 << 20);
    err_t e = markdown_blocks(&a, &c, str_of((const char *)data, size), &m);
    for (size_t i = 0; e == OK && i < m.block_count; i++)
        assert(m.blocks[i].type < BLOCK_TYPE_COUNT);
    struct buf words;
    buf_init(&words, &a, size + 1);
    markdown_words(str_of((const char *)data, size), &words);
    assert(arena_err(&a) != OK || (buf_err(&words) == OK && words.n <= size));
    return 0;
}
