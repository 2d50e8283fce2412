/* One page in the browser: navigate, take the provider's JSON or the HTML, and only where these do not decide render and
 * watch the page (docs/decisions/0009-bytes-before-rendering.md).
 *
 * The document and the JSON of the conversation are held back by the browser until we have looked at their bytes. Where
 * they hold the conversation nothing of the page is waited for: its picture is taken afterwards, when the conversation is
 * stored (page_show). Else it is let in and waited for, boundedly, and can be read as it stands.
 */
#ifndef VIVIM_CAPTURE_PAGE_H
#define VIVIM_CAPTURE_PAGE_H

#include "archive/providers/provider_data.h"
#include "capture/devtools.h"

struct page_request { /* one line of the request list */
    struct str url, type;
    int64_t status;
};

struct page_result {  /* everything lives in the arena */
    int64_t status;   /* of the document; 0: no answer */
    struct str error; /* the browser's: "net::ERR_TIMED_OUT"; STR_NONE */
    struct str final_url;
    struct str refused;    /* the last host that the proxy refused; set by whoever runs it */
    struct str share_id;   /* as in page_options; of a short link that of the document */
    struct str html;       /* the document as it came; STR_NONE */
    struct str json;       /* the response that holds the conversation; STR_NONE */
    struct str json_id_at; /* where it names its share, when its address does not; STR_NONE */
    int64_t json_status;   /* 0: none was seen */
    bool challenged,
        json_challenged; /* the answer itself says that it is a bot check (cf-mitigated) */
    bool loaded, timed_out, broken; /* broken: the page or the browser did not answer any more */
    bool enough;  /* the bytes decided; what comes behind them is still held back */
    bool entered; /* the page was let in: it runs */
    struct page_request *requests;
    size_t request_count;
};

struct page_options {
    struct devtools *devtools;
    const struct provider_data *data;
    struct str url, share_id; /* share_id: without its kind, as responses name it */
    bool is_short;            /* the document's address names the share, the link does not */
    int proxy_port;           /* egress.h */
    struct str proxy_user, proxy_password;
    bool insecure_tls;
    int64_t deadline; /* monotonic, for all */
    /* A body has come. Is it what is needed? Then nothing more of the page is waited for. */
    err_t (*enough)(void *context, const struct page_result *r, bool *ret);
    /* In every wait, and between steps: E_CANCELLED or E_STOPPING ends it. */
    err_t (*check)(void *context);
    void *context;
};

struct page; /* open: its context is in the browser */

/* Open a context and a page, navigate, and wait until there is enough, the page is idle, or the time is over.
 * Errors: E_UPSTREAM (the browser has gone, or the page's process crashed), E_CANCELLED, E_STOPPING, those of `enough`.
 * What the page did wrong stands in the result. */
NODISCARD err_t page_open(struct arena *a, const struct page_options *o, struct page **ret,
                          struct page_result *ret_result);
/* After `enough`: let the page in, so that there is something to see, and wait until its `waitFor` is there or the page
 * is idle, at most CAPTURE_SHOW_MS. What
 * it does now changes nothing but the list of requests. False: it crashed, or `check` wants an end. */
bool page_show(struct page *p, const struct page_options *o, struct page_result *r);
/* The rendered page by what is known of it: vivim.dom/1. E_TIMEOUT, E_UPSTREAM and what called it off (as in page_open), E_INVALID. */
NODISCARD err_t page_read_dom(struct page *p, struct arena *a, bool scroll, struct str *ret_json);
/* JPEG, quality 60, of what is visible; STR_NONE when it does not work: evidence is never a reason to fail. */
struct str page_screenshot(struct page *p, struct arena *a);
/* Dispose of the context. hurry: the answer is waited for well under a second. ret_broken: it did not answer. Accepts NULL. */
void page_close(struct page *p, bool hurry, bool *ret_broken);

/* A stored document instead of the network, scripts off (research section 8). */
NODISCARD err_t page_open_stored(struct arena *a, struct devtools *d, struct str html,
                                 const struct patience *patience, struct page **ret);
/* As page_read_dom, by a provider that was chosen after the page was opened. */
NODISCARD err_t page_read_stored(struct page *p, const struct provider_data *data, struct arena *a,
                                 struct str *ret_json);
/* Does this selector match anything in the page? */
bool page_matches(struct page *p, struct arena *a, struct str selector);

#endif
