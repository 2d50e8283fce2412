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

/* Nothing is written under a name, but who packs such means no good. */
static bool leads_out(struct str name)
{
    struct str part;
    bool rooted =
        str_starts(name, S("/")) || str_starts(name, S("\\")) || (name.n > 1 && name.s[1] == ':');
    for (bool up = rooted;; up = str_eq(part, S("..")))
        if (up)
            return true;
        else if (!str_cut(&name, str_find_char(name, '/', 0) < name.n ? '/' : '\\', &part))
            return false;
}

static const char *refusal(zip_t *z, const zip_stat_t *st)
{
    if (leads_out(str_from(st->name)))
        return "its name leads out of the zip";
    if ((st->valid & ZIP_STAT_ENCRYPTION_METHOD) && st->encryption_method != ZIP_EM_NONE)
        return "encrypted; unpack it with its password and give what was in it";
    if ((st->valid & ZIP_STAT_COMP_METHOD) &&
        !zip_compression_method_supported((zip_int32_t)st->comp_method, 0))
        return "packed in a way that is not known here; unpack it and give what was in it";
    if (is_link(z, st->index))
        return "a link, which is not followed";
    return NULL;
}

struct sums { /* of all entries, as the zip says */
    uint64_t packed, unpacked;
};

static uint64_t plus(uint64_t x, uint64_t y)
{
    uint64_t sum;
    return __builtin_add_overflow(x, y, &sum) ? UINT64_MAX : sum;
}

static err_t add_entry(struct import_files *f, size_t *io_room, zip_uint64_t index, struct sums *io)
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
    io->unpacked = plus(io->unpacked, st.size);
    io->packed = plus(io->packed, st.valid & ZIP_STAT_COMP_SIZE ? st.comp_size : 0);
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
static err_t no_bomb(struct sums all, int64_t zip_bytes)
{
    uint64_t most = (uint64_t)zip_bytes * IMPORT_ZIP_RATIO_MAX, unpacked = all.unpacked;
    if (all.packed > (uint64_t)zip_bytes)
        return err_note(E_INVALID, NULL, "the files of this zip lie over one another");
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
    struct sums sums = { 0 };
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
        TRY(add_entry(f, &room, (zip_uint64_t)i, &sums));
    return no_bomb(sums, zip_bytes);
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
