/* suggest: which of the known names was meant by one that is not known.
 *
 * Something is offered only where it is near: a letter wrong, missing, too many or swapped in each three, or a beginning
 * that only one name has. A guess that does not fit is worse than none. */
#ifndef VIVIM_BASE_SUGGEST_H
#define VIVIM_BASE_SUGGEST_H

#include "base/str.h"

struct suggestion {
    struct str given;
    struct str near, begins; /* views of what was offered */
    size_t distance, beginnings;
};

struct suggestion suggest(struct str given);
/* One known name; of equally near ones the first counts. Upper and lower case, '-' and '_' are the same. */
void suggest_offer(struct suggestion *s, struct str name);
/* STR_NONE: nothing is near. */
struct str suggest_best(const struct suggestion *s);

#endif
