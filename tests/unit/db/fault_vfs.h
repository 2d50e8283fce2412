/* A SQLite VFS over the default one whose n-th write or sync fails: what a bad disk does, on demand. */
#ifndef VIVIM_TEST_FAULT_VFS_H
#define VIVIM_TEST_FAULT_VFS_H

enum fault_kind { FAULT_NONE, FAULT_WRITE_IO, FAULT_WRITE_FULL, FAULT_SYNC };

/* Make it the default VFS of the process. Once. */
void fault_vfs_install(void);
/* From now on call number `after` (1: the next one) of that kind fails, and every one behind it while `persistent`. */
void fault_arm(enum fault_kind kind, int after, int persistent);
void fault_disarm(void);
/* Did an armed fault happen? */
int fault_happened(void);

#endif
