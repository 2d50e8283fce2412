/* Zips, by libzip; nothing else of the program knows it. Private to imports. */
#ifndef VIVIM_IMPORTS_ZIP_H
#define VIVIM_IMPORTS_ZIP_H

#include "imports/files.h"

struct zip_reader {
    struct reader reader;
    void *file;    /* libzip's */
    uint64_t left; /* of the bytes that its entry says */
};

bool zip_looks_like_one(const char *path); /* by its first bytes */
/* Fills f->entries and f->zip from f->path. zip_bytes: of the file. Errors as import_files_open. */
NODISCARD err_t zip_files_open(struct import_files *f, int64_t zip_bytes);
void zip_files_close(struct import_files *f);
NODISCARD err_t zip_bytes_open(struct import_files *f, const struct import_entry *entry,
                               struct zip_reader **ret);
void zip_bytes_close(struct zip_reader *z);

#endif
