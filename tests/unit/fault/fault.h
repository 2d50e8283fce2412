/* Faults on demand: what a full machine, a bad disk and a database that goes away do, at a chosen moment.
 *
 * A test arms one kind of fault: its n-th call from now on fails. fault_each does that for n = 1, 2, 3 … until a
 * case runs through without meeting its fault, and holds after each that an error left nothing behind and that the
 * same again succeeds (`make fault`; ./test leaves gaps between large n).
 *
 *   strike.c   which call fails
 *   vfs.c      a file system and an allocator under SQLite
 *   wraps.c    our own calls of malloc, write, fsync …, of SQLite and of libpq, by the linker's --wrap (Makefile)
 *   each.c     the loop over n
 */
#ifndef VIVIM_TEST_FAULT_FAULT_H
#define VIVIM_TEST_FAULT_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* --- which call fails ------------------------------------------------------------------------------- */

enum fault_kind {
    FAULT_NONE,
    FAULT_ALLOCATION, /* of ours or of SQLite's */
    FAULT_CALL,       /* of the database; on PostgreSQL its connection breaks there */
    FAULT_WRITE,      /* of a database file or of a file of our own: an I/O error */
    FAULT_WRITE_FULL, /* the same: no space left */
    FAULT_SYNC,       /* of a file or a folder */
    FAULT_READ,       /* of a database file */
    FAULT_KINDS
};

/* Which of SQLite's files: any, or the database itself, which only a checkpoint touches once there is a log. */
enum fault_file { FAULT_ANY_FILE, FAULT_DATABASE };

/* Make the VFS the default of the process. Once, before SQLite is used. */
void fault_vfs_install(void);
/* From now on call number `after` (1: the next one) of that kind fails, and every one behind it while `persistent`. */
void fault_arm(enum fault_kind kind, int after, bool persistent);
void fault_arm_file(enum fault_kind kind, enum fault_file file, int after, bool persistent);
void fault_disarm(void);
/* Did an armed fault happen since it was armed? */
bool fault_happened(void);
/* Is it this call's turn to fail? */
bool fault_strikes(enum fault_kind kind);
bool fault_strikes_file(enum fault_kind kind, bool is_database);

/* --- what happens to files ---------------------------------------------------------------------------- */

enum file_change {
    FILE_WRITE,
    FILE_TRUNCATE,
    FILE_SYNC,
    FILE_DELETE,
    FILE_RENAME,     /* our own files alone: `bytes` is the new path, with a zero byte */
    FILE_MAKE_FOLDER /* our own files alone */
};
/* Called for each change by any thread: of SQLite's files, and in a program with the wraps of our own files too. A
 * sync is told when it has succeeded, everything else before it is made, so that who saw a file there and syncs its
 * folder is told of in this order. `bytes` with FILE_WRITE, n with FILE_WRITE and FILE_TRUNCATE, `at` -1: at the end.
 * NULL ends it. */
typedef void fault_observer(enum file_change change, const char *path, const void *bytes,
                            long long n, long long at);
void fault_observe(fault_observer *observer);
fault_observer *fault_observing(void);

/* --- the loop over n ------------------------------------------------------------------------------------ */

struct fault_case {
    const char *name;
    /* Do it for number `i` (each try has a number of its own); what a client would be told. */
    err_t (*act)(int i);
    /* Hold what must be there: all of it when `done`, else nothing. Called without faults. */
    void (*check)(int i, bool done);
};
/* Every kind of fault that this database knows, over each case. `reopen` closes the stores and opens them again. */
void fault_each(const struct fault_case *cases, size_t count, bool postgres, void (*reopen)(void));

#endif
