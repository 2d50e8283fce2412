/* Recipes: what a provider's page is, as data (recipes/<provider>.json), checked at start. */
#ifndef VIVIM_CAPTURE_RECIPE_H
#define VIVIM_CAPTURE_RECIPE_H

#include "base/json.h"

enum { RECIPE_PATTERNS_MAX = 8 };

struct recipe {
    struct str id; /* "chatgpt@1": goes into source.recipe */
    struct str provider;
    struct str network
        [RECIPE_PATTERNS_MAX]; /* path prefixes of the JSON response to keep; "{id}" is the share's id */
    size_t network_count;
    bool embedded; /* the page may hold its state in the HTML */
    struct str
        wait_for; /* a selector of the rendered page: it is there when this matches; STR_NONE: none */
    struct str json; /* the whole recipe, for the runner */
    struct str
        detect; /* a selector that tells this provider's page; for a stored page without a URL */
};

/* All recipes, parsed once into `a`. E_INVALID names the recipe and the key. */
NODISCARD err_t recipes_load(struct arena *a, const struct recipe **ret, size_t *ret_count);
const struct recipe *recipe_of(const struct recipe *recipes, size_t count,
                               struct str provider); /* NULL: none */
/* Is this URL the JSON response that the recipe keeps? */
bool recipe_keeps(const struct recipe *r, struct str url, struct str share_id);
/* The same for the browser: a pattern with wildcards that finds network[i], and perhaps more. */
struct str recipe_url_pattern(const struct recipe *r, size_t i, struct str share_id,
                              struct arena *a);
/* The injected runner's text. */
struct str recipe_runner(void);

#endif
