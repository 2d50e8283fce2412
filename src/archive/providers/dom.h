/* vivim.dom/1, what the injected runner gives (../dom_format.md), to the normal form. */
#ifndef VIVIM_ARCHIVE_DOM_H
#define VIVIM_ARCHIVE_DOM_H

#include "archive/conversation.h"

bool dom_is(struct json root);
/* E_INVALID: not vivim.dom/1. */
NODISCARD err_t dom_conversation(struct arena *a, struct json root, struct conversation *ret);

#endif
