/* From bytes of any kind to conversations, by the providers (provider.h) and the runner's form of a page (dom.h). */
#ifndef VIVIM_ARCHIVE_EXTRACT_H
#define VIVIM_ARCHIVE_EXTRACT_H

#include "archive/conversation.h"

/* What bytes are: decided by structure. */
enum extract_kind { EXTRACT_CONVERSATIONS, EXTRACT_NEEDS_BROWSER };

/* From stored bytes (a page, provider JSON, an export, JSON by lines, or the runner's `vivim.dom/1`) to the normal form, in C alone.
 *
 * url_or_none  helps to name the provider and becomes source.url
 * each         called once for each conversation, in order; its memory lives until it returns. Stop by returning an error.
 * Errors: EXTRACT_NEEDS_BROWSER through ret_kind when the bytes are HTML with no embedded state (the
 *         caller renders it and comes back with vivim.dom/1); E_INVALID when nothing in it is understood. */
typedef err_t (*extract_fn)(void *context, struct conversation *c);
/* An element that is passed over: its place in the list or its line, from 1, and why. */
typedef void (*extract_skipped_fn)(void *context, size_t place, const char *why);
NODISCARD err_t extract_bytes(struct str bytes, struct str url_or_none, extract_fn each,
                              extract_skipped_fn skipped_or_null, void *context,
                              enum extract_kind *ret_kind);

#endif
