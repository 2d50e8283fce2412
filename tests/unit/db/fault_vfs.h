/* A SQLite VFS over the default one, and an allocator under SQLite, whose n-th call fails: what a bad disk and a
 * full machine do, on demand. Whoever observes sees each change of a file (power.h). */
#ifndef VIVIM_TEST_FAULT_VFS_H
#define VIVIM_TEST_FAULT_VFS_H

enum fault_kind {
    FAULT_NONE,
    FAULT_WRITE_IO,
    FAULT_WRITE_FULL,
    FAULT_SYNC,
    FAULT_READ,
    FAULT_MEMORY,
};

/* Which files: any, or the database itself, which only a checkpoint touches once there is a log. */
enum fault_file { FAULT_ANY_FILE, FAULT_DATABASE };

/* Make it the default VFS of the process. Once, before SQLite is used. */
void fault_vfs_install(void);
/* From now on call number `after` (1: the next one) of that kind fails, and every one behind it while `persistent`. */
void fault_arm(enum fault_kind kind, int after, int persistent);
void fault_arm_file(enum fault_kind kind, enum fault_file file, int after, int persistent);
void fault_disarm(void);
/* Did an armed fault happen? */
int fault_happened(void);

enum file_change { FILE_WRITE, FILE_TRUNCATE, FILE_SYNC, FILE_DELETE };
/* Called for each change that was made, by any thread; NULL ends it. `bytes` only with FILE_WRITE. */
void fault_observe(void (*observer)(enum file_change change, const char *path, const void *bytes,
                                    long long n, long long at));

#endif
