/* room: imports */
/* Any bytes as a file that is imported, and as what stands beside it in an archive of ours: whatever format they are taken for,
 * what comes out is hashed, written, and our own form of it is read back to the same bytes. */
#include <sys/mman.h>
#include <unistd.h>

#include "archive/conversation.h"
#include "imports/source.h"

static void write_to(struct buf *b, struct arena *a, const struct conversation *c)
{
    struct json_out o;
    buf_init(b, a, CONVERSATION_BYTES_MAX);
    jo_init(&o, b);
    conversation_write(&o, c);
}

static void check(struct conversation *c)
{
    CLEANUP(arena_free) struct arena a = { 0 }, scratch = { 0 };
    struct buf text, again;
    struct json root;
    struct conversation back;
    arena_init(&a, CONVERSATION_BYTES_MAX * 4);
    arena_init(&scratch, CONVERSATION_BYTES_MAX * 4);
    assert(c->source.kind && (c->source.id.n || c->source.url.n));
    err_t e = conversation_hash(&a, &scratch, c);
    assert(e == OK || e == E_LIMIT || e == E_BUSY); /* every conversation has a hash */
    write_to(&text, &a, c);
    if (e != OK || buf_err(&text) != OK || arena_err(&a) != OK)
        return;
    e = json_parse(&a, buf_str(&text), JSON_FOREIGN_DEPTH_MAX, &root);
    assert(e == OK || e == E_LIMIT || e == E_BUSY);
    if (e != OK || conversation_read(&a, root, c->provider, &back) != OK)
        return;
    write_to(&again, &a, &back);
    assert(buf_err(&again) != OK || str_eq(buf_str(&text), buf_str(&again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena of_source = { 0 }, a = { 0 };
    CLEANUP(import_files_close) struct import_files f = { 0 };
    CLEANUP(import_source_close) struct import_source s = { 0 };
    const struct import_reading reading = { 0 };
    struct conversation c;
    struct import_entry entries[] = { { .name = S("annotations/1.jsonl") },
                                      { .name = S("conversations.json") } };
    f = (struct import_files){
        .arena = &of_source, .entries = entries, .count = 2, .folder = true
    };
    int fd = memfd_create("import", MFD_CLOEXEC);
    assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    arena_init(&of_source, MIB(256));
    arena_init(&a, MIB(256));
    for (size_t i = 0; i < COUNTOF(entries); i++) {
        entries[i].path = str_cstr(&of_source, str_fmt(&of_source, "/proc/self/fd/%d", fd));
        entries[i].bytes = (int64_t)size;
    }
    err_t e = import_source_open(&s, &of_source, &reading, &f, 1);
    for (int i = 0; e == OK && i < 10000; i++, arena_reset(&a)) {
        e = import_source_next(&s, &a, &c);
        if (e == OK)
            check(&c);
        else if (e != E_NOT_FOUND && e != E_BUSY)
            e = OK; /* of one place; the next one */
    }
    close(fd);
    err_clear();
    return 0;
}
