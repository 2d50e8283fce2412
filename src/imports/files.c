#include "imports/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "imports/annotations.h"
#include "imports/zip.h"
#include "os/file.h"

struct walk {
    struct import_files *f;
    struct arena *a;
    size_t room;
};

/* --- the list ------------------------------------------------------------------------------------------------------ */

err_t import_entries_add(struct import_files *f, size_t *io_room, struct import_entry entry)
{
    if (f->count == IMPORT_ENTRIES_MAX)
        return err_note(E_LIMIT, NULL, "there are more than %d files in it", IMPORT_ENTRIES_MAX);
    if (f->count == *io_room) {
        size_t room = *io_room ? *io_room * 2 : 16;
        struct import_entry *grown = ARENA_ARRAY(f->arena, struct import_entry, room);
        if (!grown)
            return arena_err(f->arena);
        if (f->count)
            memcpy(grown, f->entries, f->count * sizeof *grown);
        f->entries = grown;
        *io_room = room;
    }
    f->entries[f->count++] = entry;
    return OK;
}

static int by_name(const void *x, const void *y)
{
    const struct import_entry *a = x, *b = y;
    return str_cmp(a->name, b->name);
}

size_t import_files_find(const struct import_files *f, struct str name)
{
    struct import_entry key = { .name = name };
    const struct import_entry *found =
        f->count ? bsearch(&key, f->entries, f->count, sizeof key, by_name) : NULL;
    return found ? (size_t)(found - f->entries) : SIZE_MAX;
}

/* --- a folder ------------------------------------------------------------------------------------------------------- */

static err_t walk_folder(struct walk *w, const char *path, struct str prefix, int depth);

static err_t add_file(struct walk *w, const char *path, struct str name, int depth)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return OK; /* it went while we looked */
    if (S_ISDIR(st.st_mode))
        return walk_folder(w, path, str_fmt(w->a, "%.*s/", STR_ARG(name)), depth + 1);
    struct import_entry entry = {
        .name = utf8_repair(w->a, name),
        .bytes = st.st_size,
        .changed_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000,
        .refused = S_ISREG(st.st_mode)   ? NULL
                   : S_ISLNK(st.st_mode) ? "a link, which is not followed"
                                         : "no ordinary file",
        .path = path,
    };
    return import_entries_add(w->f, &w->room, entry);
}

static err_t walk_folder(struct walk *w, const char *path, struct str prefix, int depth)
{
    if (depth > IMPORT_DEPTH_MAX)
        return err_note(E_LIMIT, NULL, "folders stand in one another more than %d deep",
                        IMPORT_DEPTH_MAX);
    DIR *dir = opendir(path);
    if (!dir)
        return err_note(E_IO, NULL, "opening the folder %s failed", path);
    err_t e = OK;
    for (struct dirent *d; e == OK && (d = readdir(dir));) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        struct str name = str_fmt(w->a, "%.*s%s", STR_ARG(prefix), d->d_name);
        const char *below = str_cstr(w->a, str_fmt(w->a, "%s/%s", path, d->d_name));
        e = arena_err(w->a);
        if (e == OK)
            e = add_file(w, below, name, depth);
    }
    closedir(dir);
    return e;
}

/* --- opening ---------------------------------------------------------------------------------------------------------- */

static struct str base_name(const char *path)
{
    struct str s = str_from(path);
    while (s.n > 1 && s.s[s.n - 1] == '/')
        s.n--;
    for (size_t i = s.n; i > 0; i--)
        if (s.s[i - 1] == '/')
            return str_sub(s, i, s.n);
    return s;
}

static err_t add_single(struct walk *w, const char *path, const struct stat *st)
{
    return import_entries_add(
        w->f, &w->room,
        (struct import_entry){ .name = utf8_repair(w->a, base_name(path)),
                               .bytes = st->st_size,
                               .changed_ms = (int64_t)st->st_mtim.tv_sec * 1000,
                               .refused = S_ISREG(st->st_mode) ? NULL : "no ordinary file",
                               .path = path });
}

err_t import_files_open(struct import_files *f, struct arena *a, const char *path)
{
    struct walk w = { f, a, 0 };
    struct stat st;
    *f = (struct import_files){ .arena = a, .path = str_cstr(a, str_from(path)) };
    if (!f->path)
        return arena_err(a);
    if (stat(path, &st) != 0)
        return err_note(errno == ENOENT || errno == ENOTDIR ? E_NOT_FOUND : E_IO, NULL,
                        "there is no file or folder %s that can be read", path);
    f->folder = S_ISDIR(st.st_mode);
    if (f->folder)
        TRY(walk_folder(&w, f->path, S(""), 0));
    else if (S_ISREG(st.st_mode) && zip_looks_like_one(f->path))
        TRY(zip_files_open(f, st.st_size));
    else
        TRY(add_single(&w, f->path, &st));
    if (f->count)
        qsort(f->entries, f->count, sizeof *f->entries, by_name);
    return arena_err(a);
}

void import_files_close(struct import_files *f)
{
    annotations_close(f);
    zip_files_close(f);
}

/* --- bytes -------------------------------------------------------------------------------------------------------------- */

err_t import_bytes_open(struct import_files *f, size_t entry, struct import_bytes *ret)
{
    assert(entry < f->count);
    const struct import_entry *e = &f->entries[entry];
    if (e->refused)
        return err_note(E_INVALID, NULL, "%s", e->refused);
    struct import_bytes b = { 0 };
    if (f->zip) {
        TRY(zip_bytes_open(f, e, &b.zip));
        b.reader = &b.zip->reader;
    } else {
        b.file = ARENA_NEW(f->arena, struct file_reader);
        if (!b.file)
            return arena_err(f->arena);
        TRY(file_reader_open(b.file, e->path));
        b.reader = &b.file->reader;
    }
    *ret = b;
    return OK;
}

void import_bytes_close(struct import_bytes *b)
{
    if (b->file)
        file_reader_close(b->file);
    if (b->zip)
        zip_bytes_close(b->zip);
    *b = (struct import_bytes){ 0 };
}
