/* A page as its files share it: page_target.c (its context and its commands), page_read.c (what stands on it), page.c (opening and
 * watching it); each uses those before it. Inside these only. */
#ifndef VIVIM_CAPTURE_PAGE_STATE_H
#define VIVIM_CAPTURE_PAGE_STATE_H

#include "capture/page.h"

enum {
    PAGE_WIDTH = 1280,
    PAGE_HEIGHT =
        2000, /* to be read: the higher, the more stands in a page that keeps only what is near */
    PICTURE_HEIGHT = 1000, /* only to be looked at */
    PAGE_HELD_MAX = 8
};

/* A response that the browser holds back until we have looked at its body. */
struct held {
    struct str id;     /* of the interception; STR_NONE: the place is free */
    struct str id_at;  /* of the response, as in page_result */
    int64_t body_call; /* the command whose answer is the body */
    bool document;     /* else the JSON of the conversation */
};

struct page {
    struct arena *arena;
    struct devtools *devtools;
    struct session *session;
    const struct provider_data *data;
    struct str context_id, target_id, frame_id, loader_id;
    struct patience patience; /* for all of it */
    int64_t answer_by, entered_at, loaded_at;
    int64_t navigate_call;
    struct held held[PAGE_HELD_MAX];
    struct str challenged; /* the request that our proxy asked last for its password */
    struct str withheld;   /* the interception whose body was enough */
    bool entered;          /* the document did not decide: it is rendered, and watched */
    bool idle, crashed, enough, json_seen;
};

/* How long one step may take, within the time of the whole page. */
struct patience page_step(const struct page *p);
/* A command to the page's target, within the time of a step; one to the browser itself. */
NODISCARD err_t page_call(struct page *p, const char *method, struct str params, struct json *ret);
NODISCARD err_t page_browser_call(struct page *p, const char *method, struct str params,
                                  struct json *ret);
/* A command whose answer says nothing that the events do not: sent, and not waited for. */
NODISCARD err_t page_tell(struct page *p, const char *method, struct str params);
/* {"key":"text"} */
struct str page_one(struct arena *a, const char *key, struct str text);
/* Make the context and attach to its only page. proxy_port 0: the browser's default proxy, which leads nowhere. */
NODISCARD err_t page_attach(struct page *p, int proxy_port);
/* From the size of a page that nobody looks at to that of a window: the parameters of that command; and the command, waited for. */
struct str page_window_size(struct page *p);
NODISCARD err_t page_resize(struct page *p);
struct str page_runner(void);
/* Read what the browser said meanwhile; true: the page's process has crashed. */
bool page_crashed(struct page *p);

#endif
