/* room: imports */
/* Any bytes as a zip: each of its files is read to its end or to an error, and none gives more than it says. */
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "imports/files.h"

static void read_entry(struct import_files *f, size_t i)
{
    CLEANUP(import_bytes_close) struct import_bytes bytes = { 0 };
    char to[4096];
    int64_t all = 0;
    size_t n = 1;
    assert(utf8_ok(f->entries[i].name) && f->entries[i].bytes >= 0);
    err_t e = import_bytes_open(f, i, &bytes);
    assert(!f->entries[i].refused || e == E_INVALID);
    while (e == OK && n && all < (int64_t)MIB(4)) {
        e = bytes.reader->read(bytes.reader, to, sizeof to, &n);
        all += e == OK ? (int64_t)n : 0;
    }
    assert(all <= f->entries[i].bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    CLEANUP(import_files_close) struct import_files f = { 0 };
    int fd = memfd_create("import", MFD_CLOEXEC);
    assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    arena_init(&a, MIB(64));
    if (size < 4 || memcmp(data, "PK", 2) == 0)
        if (import_files_open(&f, &a, str_cstr(&a, str_fmt(&a, "/proc/self/fd/%d", fd))) == OK)
            for (size_t i = 0; i < f.count && i < 64; i++)
                read_entry(&f, i);
    close(fd);
    err_clear();
    return 0;
}
