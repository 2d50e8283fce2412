/* libcurl, which most servers never need before their first capture. */
#ifndef VIVIM_NET_CURL_LIBRARY_H
#define VIVIM_NET_CURL_LIBRARY_H

#include <curl/curl.h>

#include "base/err.h"

/* Before anything else of it. E_INTERNAL: the note says why it cannot be loaded. */
err_t curl_library_load(void);

#endif
