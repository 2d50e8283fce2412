/* What a person gave, as a list of entries: one file, the files of a folder, or what a zip holds.
 *
 * Names are words for people and for finding an entry's siblings; nothing is ever written under one. What a zip says of
 * itself is not believed: what comes out of it is counted as it comes.
 */
#ifndef VIVIM_IMPORTS_FILES_H
#define VIVIM_IMPORTS_FILES_H

#include "base/reader.h"

struct import_entry {
    struct str name;     /* with '/' between folders, relative; valid UTF-8 */
    int64_t bytes;       /* unpacked, as it is said */
    int64_t changed_ms;  /* TIME_NONE: not known */
    const char *refused; /* why it is not read; NULL: it can be */
    const char *path;    /* of a file; NULL in a zip, where … */
    uint64_t index;      /* … this is its place */
};

struct import_index;
struct import_library;
struct import_annotations;
struct import_files {
    struct arena *arena;
    const char *path; /* as given */
    struct import_entry *entries;
    size_t count;
    bool folder;
    void *zip; /* libzip's; NULL: files */
    /* Made when they are first asked for, in `arena`: */
    struct import_index *index;             /* media.c */
    struct import_library *library;         /* library.c */
    struct import_annotations *annotations; /* annotations.c */
};

/* Look at `path`. Entries in order of their names; all lives in `a`. A link inside a folder is refused and not followed, the
 * one that `path` itself may be is.
 * E_NOT_FOUND, E_IO; E_LIMIT: more than IMPORT_ENTRIES_MAX entries, or a zip that claims to hold more than can be packed in
 * so few bytes (a zip bomb); E_INVALID: a zip that is broken or cut. */
NODISCARD err_t import_files_open(struct import_files *f, struct arena *a, const char *path);
void import_files_close(struct import_files *f); /* for CLEANUP; accepts a zeroed one */

/* The entry of that name; SIZE_MAX: there is none. O(log n). */
size_t import_files_find(const struct import_files *f, struct str name);

/* The bytes of one entry. Its struct lies in the arena of `f`, which many openings fill: open what is needed. */
struct file_reader;
struct zip_reader;
struct import_bytes {
    struct reader *reader;
    struct file_reader *file;
    struct zip_reader *zip;
};
/* A refused entry is E_INVALID with its reason. Reading gives E_INVALID where a zip's entry is damaged (its checksum) or holds
 * more than it says. */
NODISCARD err_t import_bytes_open(struct import_files *f, size_t entry, struct import_bytes *ret);
void import_bytes_close(struct import_bytes *b); /* for CLEANUP; accepts a zeroed one */

/* Of this room: one entry more in the list, which has room for *io_room. E_LIMIT: IMPORT_ENTRIES_MAX; E_BUSY. */
NODISCARD err_t import_entries_add(struct import_files *f, size_t *io_room,
                                   struct import_entry entry);

#endif
