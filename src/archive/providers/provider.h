/* Providers: pure functions from a provider's bytes to the normal form, shared by capture,
 * import and `vivim extract`. A new one is a row in providers.c, a C file for its JSON, and
 * a file of data for all else that is known of it (provider_data.h).
 *
 * Input is foreign and hostile: every function has bounds, survives any JSON, and is fuzzed.
 */
#ifndef VIVIM_ARCHIVE_PROVIDER_H
#define VIVIM_ARCHIVE_PROVIDER_H

#include "archive/conversation.h"

struct provider {
    const char *name;
    /* Does this JSON look like one conversation (or share) of the provider? By structure, never by name. NULL, with
     * from_json: it gives none that is known. */
    bool (*json_is_mine)(struct json root);
    /* One conversation in the provider's JSON (share API, embedded state, element of an export).
     * E_INVALID with a note when the shape is not one (format changed); E_GONE when the JSON says the share
     * does not exist any more; E_FORBIDDEN when it says that it is private; E_LIMIT. */
    err_t (*from_json)(struct arena *a, struct json root, struct conversation *ret);
    /* The body of a response that is no JSON, as JSON for from_json; NULL: it is JSON. E_INVALID: it is something else. */
    err_t (*decode)(struct arena *a, struct str body, struct json *ret);
    /* State inside the page's HTML (turbo-stream, __NEXT_DATA__) as JSON for from_json; NULL: none.
     * E_NOT_FOUND when the page holds none. */
    err_t (*embedded)(struct arena *a, struct str html, struct json *ret);
};

extern const struct provider *const PROVIDERS[];          /* NULL-terminated */
const struct provider *provider_by_name(struct str name); /* NULL: unknown */
/* Whose JSON this is, by its structure; NULL: nobody's. */
const struct provider *provider_of_json(struct json root);

#endif
