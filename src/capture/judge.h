/* What came back: a conversation, or which of the ways to fail. Pure: bytes and numbers in, an outcome out. */
#ifndef VIVIM_CAPTURE_JUDGE_H
#define VIVIM_CAPTURE_JUDGE_H

#include "archive/conversation.h"
#include "archive/providers/provider.h"
#include "capture/capture.h"
#include "capture/page.h"

struct verdict {
    enum outcome outcome;       /* OUTCOME_NONE: not decided, the rendered page must be read */
    const char *strategy;       /* of the conversation */
    struct conversation *found; /* with OUTCOME_OK or OUTCOME_PARTIAL */
    struct str detail;          /* more than the outcome's advice; STR_NONE */
};

/* What was asked for. Only what comes from there is stored as the share: the document's address, and the page's own when it is
 * read, must be the share's. */
struct asked {
    const struct provider_table *providers;
    const struct provider *provider;
    struct str url, share_id; /* as in capture_row */
};

/* From the provider's JSON and the HTML. */
NODISCARD err_t judge_data(struct arena *a, const struct asked *asked, const struct page_result *r,
                           struct verdict *ret);
/* From the rendered page (vivim.dom/1), when the data gave nothing. dom STR_NONE: it could not be read. *ret comes with what
 * judge_data said. */
NODISCARD err_t judge_dom(struct arena *a, const struct asked *asked, const struct page_result *r,
                          struct str dom, struct verdict *ret);
/* Found, but its source says that turns of it are not in it (a page of a list): the rendered page may have them. */
bool misses_turns(const struct verdict *v);
/* Does this text stand on a wall (a bot check, a sign-in page) and not in a conversation? */
bool is_wall(struct str html);

#endif
