/* The data folder as a whole: it is ours alone, and it remembers what it belongs to.
 *
 * Its files have mode 0600 and its folders 0700, whatever the umask was; what is found wider is closed
 * with a word in the log. The file `store` in it names the kind of its store (never an address or a
 * credential), so that a command without VIVIM_DATABASE_URL does not begin an empty SQLite store beside
 * rows that lie in PostgreSQL. A store that is gone while its files are there is never made anew.
 */
#ifndef VIVIM_DB_DATA_FOLDER_H
#define VIVIM_DB_DATA_FOLDER_H

#include "db/db.h"
#include "os/file.h"

/* Make the folder where it is absent, close it to others, see that it can be written, and take its lock for
 * this process (until fd_close). E_CONFLICT: another process holds it; E_INVALID: it is open to others and
 * holds what is not ours; E_READ_ONLY, E_FULL, E_IO. The note says what to do. */
NODISCARD err_t data_folder_open(const char *path, struct fd *ret_lock);

/* Is there anything of a store in it: rows, a key, blobs, or the word that it has one? Makes nothing. */
bool data_folder_has_store(const char *path, struct str database_url);
/* E_NO_STORE, with the folder's absolute path and what to pass, where data_folder_has_store is false. */
NODISCARD err_t data_folder_need_store(const char *path, struct str database_url);

/* Before the store is opened: E_STORE_KIND when the folder belongs to a store of another kind than the
 * URL names, E_STORE_LOST when the rows' file is absent or empty beside what belongs to it. Makes nothing. */
NODISCARD err_t data_folder_check(const char *path, struct str database_url);
/* After it is opened and before it is migrated: E_STORE_LOST when it holds nothing at all though the folder
 * has a key or blobs that belong to one. */
NODISCARD err_t data_folder_check_rows(const char *path, struct db_store *store);
/* Once the store is open and whole: remember its kind. E_IO, E_FULL, E_READ_ONLY. */
NODISCARD err_t data_folder_remember(const char *path, struct str database_url);

#endif
