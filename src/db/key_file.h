/* A table of keys and values in a SQLite file that is another program's, read only. The file is foreign and hostile: what is in its
 * schema is never run (a view, a virtual table, a function), values have a limit, and so has the work of each question.
 *
 * Whoever opens one gives a copy: this takes no locks of the file that others see, and the log beside it is read and may change. */
#ifndef VIVIM_DB_KEY_FILE_H
#define VIVIM_DB_KEY_FILE_H

#include "base/str.h"

enum key_table { KEY_TABLE_ITEMS, KEY_TABLE_CURSOR, KEY_TABLE_COUNT }; /* ItemTable, cursorDiskKV */

struct key_file;

/* value_bytes_max: of one value; at most 2^30. E_NOT_FOUND: there is no such file; E_CORRUPT: it is no whole database; E_BUSY: it is
 * locked, or there is no memory; E_IO. The note says which, without the path. */
NODISCARD err_t key_file_open(const char *path, size_t value_bytes_max, struct key_file **ret);
void key_file_close(struct key_file *f); /* accepts NULL */

/* Is it there, and a plain table? */
bool key_file_has(struct key_file *f, enum key_table t);
/* The value of the key, in `a`, as its bytes. E_NOT_FOUND: there is none (or no such table). E_LIMIT: it is over the limit;
 * E_CORRUPT, E_IO, E_BUSY. */
NODISCARD err_t key_file_get(struct key_file *f, struct arena *a, enum key_table t, struct str key,
                             struct str *ret);
/* The first key behind `after` that begins with `prefix`, in the order of their bytes. Errors as of key_file_get. */
NODISCARD err_t key_file_next(struct key_file *f, struct arena *a, enum key_table t,
                              struct str prefix, struct str after, struct str *ret_key);

#endif
