/* Is it complete, and is it a conversation at all? (research/capture.md section 11.) Pure. */
#ifndef VIVIM_ARCHIVE_CONVERSATION_CHECK_H
#define VIVIM_ARCHIVE_CONVERSATION_CHECK_H

#include "archive/conversation.h"

enum check_verdict {
    CHECK_OK,
    CHECK_PARTIAL,
    CHECK_NOT_ONE /* a wall, a stub, an empty page: not to be stored */
};

struct check_result {
    enum check_verdict verdict;
    struct str reason; /* why, when not CHECK_OK; in the arena */
};

/* At least one message of the user and one answer with content, no sentence of a wall as all there is, windows without holes. May add findings. */
NODISCARD err_t conversation_check(struct arena *a, struct conversation *c,
                                   struct check_result *ret);

#endif
