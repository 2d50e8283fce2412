/* Which links may be captured (research/capture.md section 2): exact hosts, whole paths, never a substring. Pure. */
#ifndef VIVIM_CAPTURE_URL_POLICY_H
#define VIVIM_CAPTURE_URL_POLICY_H

#include "archive/providers/provider_data.h"

struct share_url {
    const struct provider_data *provider;
    struct str id;  /* canonical: "share:69807432-…" */
    struct str url; /* canonical: https, lower-case host, no query, no fragment */
};

/* https only, no credentials, no port, at most URL_BYTES_MAX bytes, a known provider's share link.
 * blocked: the setting's list, parted by commas, besides the built-in file. E_INVALID_URL and E_BLOCKED with a note that says what is wrong. */
NODISCARD err_t url_policy_check(const struct provider_table *t, struct arena *a, struct str text,
                                 struct str blocked, struct share_url *ret);

/* The same, and a page of any other host, for which the reader looks without knowing it (provider_data.h, generic): its canonical
 * id is "page:host/path?query", for nobody knows which part of the address names the conversation. A known provider's links
 * stay judged as that provider's; a host without a dot, or whose last label is no word (an address), is E_INVALID_URL. */
NODISCARD err_t url_policy_check_any(const struct provider_table *t, struct arena *a,
                                     struct str text, struct str blocked, struct share_url *ret);

/* Is this address the share of this canonical id, and nothing else? Query and fragment say nothing, but for a page of any host the query. A short link's id
 * ("short:…") stands for any share of the provider: only where it leads says which. */
bool url_is_share(const struct provider_table *t, struct arena *a, struct str url,
                  struct str provider, struct str id);

bool url_is_short(
    struct str id); /* of a canonical id: it stands for the share that its link leads to */
/* The id of the provider's share at this address, without its kind; STR_NONE: it is none, or a short link. */
struct str url_share_id(struct arena *a, const struct provider_data *p, struct str url);

/* Is the host, or a domain above it, on the list? Labels are compared, never substrings. */
bool domain_is_listed(struct str host, struct str list, char separator);

#endif
