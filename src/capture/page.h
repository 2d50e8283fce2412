/* One page in the browser: navigate, wait boundedly, take the provider's JSON, the HTML, or the rendered DOM. */
#ifndef VIVIM_CAPTURE_PAGE_H
#define VIVIM_CAPTURE_PAGE_H

#include "capture/devtools.h"
#include "capture/recipe.h"

struct page_options {
    struct devtools *devtools;
    const struct recipe *recipe;
    struct str url, share_id; /* share_id: without its kind, for the recipe's patterns */
    int proxy_port;           /* egress.h */
    bool insecure_tls;
    int64_t deadline; /* monotonic, for all */
    /* Has the HTML what is needed? Then nothing more of the page is waited for. May be NULL. */
    bool (*enough)(void *context, struct str html);
    /* Between steps: E_CANCELLED or E_STOPPING ends it. phase: "navigate", "load". */
    err_t (*check)(void *context);
    void *context;
};

struct page_request { /* one line of the request list */
    struct str url, type;
    int64_t status;
};

struct page_result {  /* everything lives in the arena */
    int64_t status;   /* of the document; 0: no answer */
    struct str error; /* the browser's: "net::ERR_TIMED_OUT"; STR_NONE */
    struct str final_url;
    struct str refused;  /* the last host that the proxy refused; set by whoever runs it */
    struct str html;     /* the document as it came; STR_NONE */
    struct str json;     /* the response that the recipe keeps; STR_NONE */
    int64_t json_status; /* 0: none was seen */
    bool loaded, timed_out, broken; /* broken: the page or the browser did not answer any more */
    struct page_request *requests;
    size_t request_count;
};

struct page; /* open: its context is in the browser */

/* Open a context and a page, navigate, and wait until there is enough, the page is idle, or the time is over.
 * Errors: E_UPSTREAM (the browser has gone), E_CANCELLED, E_STOPPING. What the page did wrong stands in the result. */
NODISCARD err_t page_open(struct arena *a, const struct page_options *o, struct page **ret,
                          struct page_result *ret_result);
/* The rendered page by the recipe: vivim.dom/1. E_TIMEOUT, E_UPSTREAM, E_INVALID. */
NODISCARD err_t page_read_dom(struct page *p, struct arena *a, bool scroll, struct str *ret_json);
/* JPEG, quality 60, of what is visible; STR_NONE when it does not work: evidence is never a reason to fail. */
struct str page_screenshot(struct page *p, struct arena *a);
struct str page_outer_html(struct page *p, struct arena *a); /* the DOM as it stands now */
/* Dispose of the context. ret_broken: it did not answer, the browser should be ended. Accepts NULL. */
void page_close(struct page *p, bool *ret_broken);

/* A stored document instead of the network, scripts off (research section 8). */
NODISCARD err_t page_open_stored(struct arena *a, struct devtools *d, struct str html,
                                 int64_t deadline, struct page **ret);
/* As page_read_dom, by a recipe that was chosen after the page was opened. */
NODISCARD err_t page_read_stored(struct page *p, const struct recipe *recipe, struct arena *a,
                                 struct str *ret_json);
/* Does this selector match anything in the page? */
bool page_matches(struct page *p, struct arena *a, struct str selector);

#endif
