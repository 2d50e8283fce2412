/* `vivim extract` on a stored page that has only its DOM: opened in the browser with scripts and network off. */
#ifndef VIVIM_CAPTURE_EXTRACT_PAGE_H
#define VIVIM_CAPTURE_EXTRACT_PAGE_H

#include "base/str.h"
#include "os/patience.h"
#include "os/settings.h"

/* The rendered page by the recipe of the provider (by url, else by what the page holds): vivim.dom/1 in `a`.
 * E_INVALID (no provider's page), E_NOT_FOUND (no browser), E_TIMEOUT, E_UPSTREAM, what called it off. Starts and ends a browser. */
NODISCARD err_t capture_extract_page(struct arena *a, const struct settings *s, struct str html,
                                     struct str url_or_none, const struct patience *patience,
                                     struct str *ret_dom_json);

#endif
