/* ChatGPT's text to blocks: its marks (private-use characters that the page shows as citations, names, links and pictures),
 * the older 【8†source】, and the `:::writing` blocks of drafts (research/capture.md section 3, capture-2026.md).
 * Marks go before Markdown is looked at: a fence may close with one right behind it. */
#ifndef VIVIM_ARCHIVE_CHATGPT_TEXT_H
#define VIVIM_ARCHIVE_CHATGPT_TEXT_H

#include "archive/builder.h"

/* Append to the last message; metadata: of the message, with content_references and citations. Each citation stands behind
 * the block that it speaks of; `start` and `end` are its place there in code points, or -1 inside what is no text. */
void chatgpt_text(struct builder *b, struct str text, struct json metadata);

/* The text alone, without marks, with its citations behind it: for what is kept whole (a report). */
struct chatgpt_clean {
    struct str markdown;
    struct chatgpt_mark *marks;
    size_t count;
};
struct chatgpt_mark {
    size_t at; /* in bytes of the markdown */
    struct str url, title;
};
void chatgpt_clean(struct builder *b, struct str text, struct json metadata,
                   struct chatgpt_clean *ret);

#endif
