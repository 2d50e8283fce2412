/* Which session file holds a record: files of one folder are looked through for its id. */
#include "base/limits.h"
#include "imports/formats/claude_code.h"
#include "imports/media.h"

enum { PIECE_BYTES = 256 * 1024 };

static err_t holds(struct reader *from, char *bytes, struct str needle, bool *ret)
{
    size_t have = 0, n = 1;
    *ret = false;
    while (n && !*ret) {
        size_t keep =
            have < needle.n - 1 ? have : needle.n - 1; /* it may begin in the piece before */
        memmove(bytes, bytes + have - keep, keep);
        TRY(from->read(from, bytes + keep, PIECE_BYTES - keep, &n));
        have = keep + n;
        *ret = str_find(str_of(bytes, have), needle, 0) < have;
    }
    return OK;
}

static bool is_beside(struct str own, struct str other)
{
    struct str folder = str_sub(own, 0, own.n - media_last_part(own).n);
    return str_starts(other, folder) && str_ends(other, S(".jsonl")) && !str_eq(own, other) &&
           media_last_part(other).n == other.n - folder.n;
}

err_t code_find_record(struct import_source *s, struct str uuid, size_t *ret_entry)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct str own = s->files->entries[s->entry].name;
    arena_init(&a, MIB(1));
    struct str needle = str_fmt(&a, "\"uuid\":\"%.*s\"", STR_ARG(str_sub(uuid, 0, 100)));
    char *bytes = arena_bytes(&a, PIECE_BYTES);
    if (!bytes || !needle.n)
        return arena_err(&a);
    *ret_entry = SIZE_MAX;
    for (size_t i = 0; i < s->files->count; i++) {
        CLEANUP(import_bytes_close) struct import_bytes from = { 0 };
        bool found = false;
        if (!is_beside(own, s->files->entries[i].name) || s->files->entries[i].refused)
            continue;
        err_t e = import_bytes_open(s->files, i, &from);
        if (e == OK)
            e = holds(from.reader, bytes, needle, &found);
        if (e == E_BUSY)
            return e;
        err_clear(); /* a file that went, or is damaged, is none */
        if (e == OK && found) {
            *ret_entry = i;
            return OK;
        }
    }
    return OK;
}
