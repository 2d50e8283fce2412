/* A web page saved as MHTML (RFC 2557): a multipart/related message (RFC 2045, 2046) whose first HTML part is the page. Private
 * to imports. */
#ifndef VIVIM_IMPORTS_MIME_H
#define VIVIM_IMPORTS_MIME_H

#include "base/buf.h"

struct mime_page {
    struct str html; /* UTF-8 */
    struct str url;  /* STR_NONE: it does not say */
};

bool mime_is_page(struct str head);
/* All in `a`. E_INVALID: there is no page in it; E_LIMIT, E_BUSY. */
NODISCARD err_t mime_read_page(struct arena *a, struct str bytes, struct mime_page *ret);

#endif
