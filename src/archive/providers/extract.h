/* From what a provider gives to the normal form: one JSON value, or one page, whoever's it is. Decided by structure, never by name.
 * Files, in which many of them stand: imports/source.h. */
#ifndef VIVIM_ARCHIVE_EXTRACT_H
#define VIVIM_ARCHIVE_EXTRACT_H

#include "archive/providers/provider.h"

/* A conversation of a provider, or the runner's form of a page (dom.h). of: whose it is; NULL: it says itself.
 * E_NOT_FOUND: nobody's. Else as provider.from_json. */
NODISCARD err_t extract_json(struct arena *a, struct json root, const struct provider *of,
                             struct conversation *ret);
/* What a page holds in its bytes: some provider's embedded state. html: UTF-8.
 * E_NOT_FOUND: none; rendered it may be one. Else as provider.from_json. */
NODISCARD err_t extract_page(struct arena *a, struct str html, struct conversation *ret);

#endif
