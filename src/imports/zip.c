#include "imports/zip.h"

#include <sys/stat.h>
#include <zip.h>

#include "base/limits.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "os/file.h"

bool zip_looks_like_one(const char *path)
{
    struct file_reader f;
    char head[4];
    size_t n = 0;
    bool yes = file_reader_open(&f, path) == OK &&
               f.reader.read(&f.reader, head, sizeof head, &n) == OK && n == 4 &&
               (memcmp(head, "PK\3\4", 4) == 0 || memcmp(head, "PK\5\6", 4) == 0);
    file_reader_close(&f);
    err_clear();
    return yes;
}

static bool is_link(zip_t *z, zip_uint64_t index)
{
    zip_uint8_t system;
    zip_uint32_t attributes;
    return zip_file_get_external_attributes(z, index, 0, &system, &attributes) == 0 &&
           system == ZIP_OPSYS_UNIX && S_ISLNK(attributes >> 16);
}

static const char *refusal(zip_t *z, const zip_stat_t *st)
{
    if ((st->valid & ZIP_STAT_ENCRYPTION_METHOD) && st->encryption_method != ZIP_EM_NONE)
        return "encrypted; unpack it with its password and give what was in it";
    if ((st->valid & ZIP_STAT_COMP_METHOD) &&
        !zip_compression_method_supported((zip_int32_t)st->comp_method, 0))
        return "packed in a way that is not known here; unpack it and give what was in it";
    if (is_link(z, st->index))
        return "a link, which is not followed";
    return NULL;
}

static err_t add_entry(struct import_files *f, size_t *io_room, zip_uint64_t index,
                       uint64_t *io_sum)
{
    zip_stat_t st;
    if (zip_stat_index(f->zip, index, 0, &st) != 0 || !(st.valid & ZIP_STAT_NAME) ||
        !(st.valid & ZIP_STAT_SIZE))
        return err_note(E_INVALID, NULL, "the zip's list of files is broken");
    struct str name = str_dup(f->arena, str_from(st.name));
    if (!name.s)
        return arena_err(f->arena);
    if (str_ends(name, S("/")))
        return OK; /* a folder */
    if (__builtin_add_overflow(*io_sum, st.size, io_sum) || *io_sum > INT64_MAX)
        *io_sum = INT64_MAX;
    return import_entries_add(
        f, io_room,
        (struct import_entry){ .name = utf8_repair(f->arena, name),
                               .bytes = st.size > INT64_MAX ? INT64_MAX : (int64_t)st.size,
                               .changed_ms =
                                   st.valid & ZIP_STAT_MTIME ? (int64_t)st.mtime * 1000 : TIME_NONE,
                               .refused = refusal(f->zip, &st),
                               .index = index });
}

/* What claims to hold more than can be packed in so few bytes either packs some of them several times or is made to fill a disk. */
static err_t no_bomb(uint64_t unpacked, int64_t zip_bytes)
{
    uint64_t most = (uint64_t)zip_bytes * IMPORT_ZIP_RATIO_MAX;
    if (unpacked > IMPORT_ZIP_FREE_BYTES && unpacked > most)
        return err_note(E_LIMIT, NULL,
                        "this zip of %lld bytes says that it holds %llu, which no export does",
                        (long long)zip_bytes, (unsigned long long)unpacked);
    return OK;
}

err_t zip_files_open(struct import_files *f, int64_t zip_bytes)
{
    int code = 0;
    size_t room = 0;
    uint64_t sum = 0;
    zip_t *z = zip_open(f->path, ZIP_RDONLY | ZIP_CHECKCONS, &code);
    if (!z)
        return err_note(code == ZIP_ER_MEMORY                        ? E_BUSY
                        : code == ZIP_ER_OPEN || code == ZIP_ER_READ ? E_IO
                                                                     : E_INVALID,
                        NULL, "the zip is broken or was cut off (a download that did not end?)");
    f->zip = z;
    zip_int64_t count = zip_get_num_entries(z, 0);
    if (count > IMPORT_ENTRIES_MAX)
        return err_note(E_LIMIT, NULL, "the zip holds %lld files, more than %d", (long long)count,
                        IMPORT_ENTRIES_MAX);
    for (zip_int64_t i = 0; i < count; i++)
        TRY(add_entry(f, &room, (zip_uint64_t)i, &sum));
    return no_bomb(sum, zip_bytes);
}

void zip_files_close(struct import_files *f)
{
    if (f->zip)
        zip_discard(f->zip);
    f->zip = NULL;
}

static err_t read_entry(struct reader *r, char *to, size_t max, size_t *ret_n)
{
    struct zip_reader *z = (struct zip_reader *)r;
    zip_int64_t n = zip_fread(z->file, to, max);
    if (n < 0)
        return err_note(
            zip_error_code_zip(zip_file_get_error(z->file)) == ZIP_ER_MEMORY ? E_BUSY : E_INVALID,
            NULL, "it is damaged in the zip: %s", zip_file_strerror(z->file));
    if ((uint64_t)n > z->left)
        return err_note(E_INVALID, NULL, "it holds more than the zip says");
    z->left -= (uint64_t)n;
    *ret_n = (size_t)n;
    return OK;
}

err_t zip_bytes_open(struct import_files *f, const struct import_entry *entry,
                     struct zip_reader **ret)
{
    struct zip_reader *z = ARENA_NEW(f->arena, struct zip_reader);
    if (!z)
        return arena_err(f->arena);
    *z = (struct zip_reader){ .reader = { read_entry }, .left = (uint64_t)entry->bytes };
    z->file = zip_fopen_index(f->zip, entry->index, 0);
    if (!z->file)
        return err_note(E_INVALID, NULL, "it is damaged in the zip: %s", zip_strerror(f->zip));
    *ret = z;
    return OK;
}

void zip_bytes_close(struct zip_reader *z)
{
    if (z->file)
        zip_fclose(z->file);
    z->file = NULL;
}
