/* The marks in ChatGPT's text: private-use characters that a page shows as citations, names and lists (research/capture.md section 3).
 * They go before Markdown is looked at: a fence may close with one right behind it. */
#ifndef VIVIM_ARCHIVE_CHATGPT_TEXT_H
#define VIVIM_ARCHIVE_CHATGPT_TEXT_H

#include "base/json.h"

struct chatgpt_citation {
    struct str url, title;
};

struct chatgpt_text {
    struct str markdown; /* without any mark */
    struct chatgpt_citation *citations;
    size_t citation_count;
    bool unresolved; /* a citation whose target the data does not name */
};

/* metadata: of the message, with content_references, citations, search_result_groups. */
NODISCARD err_t chatgpt_text_clean(struct arena *a, struct str text, struct json metadata,
                                   struct chatgpt_text *ret);

#endif
