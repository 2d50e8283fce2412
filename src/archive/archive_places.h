/* Which message of a conversation stands above which, by the ids that its provider gives. Inside the room only. */
#ifndef VIVIM_ARCHIVE_ARCHIVE_PLACES_H
#define VIVIM_ARCHIVE_ARCHIVE_PLACES_H

#include "archive/conversation.h"

struct places {
    const struct conversation *c;
    uint32_t *slots; /* by the provider's id: the last message of it so far, from 1; 0: none */
    size_t mask;     /* half of the slots stay free */
};
NODISCARD err_t places_init(struct places *p, struct arena *a, const struct conversation *c);
/* The place of the message above number i, from 1; 0: none, or it does not stand before it. Asked for each, in order. */
uint32_t places_next(struct places *p, size_t i);

#endif
