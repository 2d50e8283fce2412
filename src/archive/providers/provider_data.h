/* What is known of a provider beside the form of its JSON, as data: providers/<name>.json, part of the program and checked
 * when it is read. Its links, the responses that hold a conversation, how its page is read, and what it is called.
 *
 * Patterns: "/share/{uuid}" is a whole path; the braces stand for the id: {uuid}, {hex}, {id} (letters, digits, - _ .), each
 * perhaps with what it begins with ({id:t_}), and {lang} for two letters that mean nothing. */
#ifndef VIVIM_ARCHIVE_PROVIDER_DATA_H
#define VIVIM_ARCHIVE_PROVIDER_DATA_H

#include "base/json.h"

enum {
    PROVIDER_LINKS_MAX = 12,
    PROVIDER_RESPONSES_MAX = 4,
    PROVIDER_QUERY_MAX = 2,
    PROVIDER_HOSTS_MAX = 6
};

struct provider_link {
    struct str host, path; /* host: exact */
    struct str
        kind; /* goes before the id in the canonical one; STR_NONE: such a link cannot be captured, and … */
    struct str why; /* … why not, as a sentence */
    struct str to;  /* the canonical address, with {id}; STR_NONE: https, this host, this path */
};

struct provider_response { /* what the page asks for, and its answer is the conversation's */
    struct str method, path;
    struct str query_name[PROVIDER_QUERY_MAX], query_value[PROVIDER_QUERY_MAX]; /* STR_NONE: any */
    struct str
        id_at; /* the JSON Pointer of the share's id in the answer, where the address does not hold it; STR_NONE */
};

struct provider_data {
    struct str name, label;
    struct str
        unshare; /* where its owner ends a public link, as the way there; STR_NONE: not known */
    struct str hosts[PROVIDER_HOSTS_MAX];
    size_t host_count;
    struct provider_link links[PROVIDER_LINKS_MAX];
    size_t link_count;
    struct provider_response responses[PROVIDER_RESPONSES_MAX];
    size_t response_count;
    bool embedded; /* the page may hold its state in the HTML */
    /* The rendered page: */
    struct str recipe; /* "chatgpt@1": goes into source.recipe */
    struct str page;   /* how it is read, as JSON for the runner */
    bool
        generic; /* it stands for any page: its turns are looked for, and nothing leads to it but who asks for that */
    struct str wait_for; /* a selector: the page is there when it matches; STR_NONE */
    struct str
        detect; /* a selector that tells this provider's page; for a stored page without a URL. STR_NONE: it has no pages */
};

struct provider_table {
    const struct provider_data *list;
    size_t count;
};

/* All of them, in `a`. E_INVALID names the file and what is wrong with it; E_LIMIT, E_BUSY. */
NODISCARD err_t provider_table_load(struct arena *a, struct provider_table *ret);
const struct provider_data *provider_data_of(const struct provider_table *t,
                                             struct str name); /* NULL: unknown */

/* Does the whole path fit the pattern? *ret_id: what stands in place of the id, in the one spelling that it has (hexadecimal
 * digits in lower case, others as they are). */
bool provider_path_fits(struct arena *a, struct str pattern, struct str path, struct str *ret_id);
/* The pattern with the id in its place. */
struct str provider_path_with(struct arena *a, struct str pattern, struct str id);
/* Is this the response of a share: https, one of its hosts, this method, this path and query with this id? */
const struct provider_response *provider_response_of(struct arena *a, const struct provider_data *p,
                                                     struct str method, struct str url,
                                                     struct str share_id); /* NULL */

#endif
