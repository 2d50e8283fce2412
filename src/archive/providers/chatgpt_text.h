/* ChatGPT's text to blocks: its marks (private-use characters that the page shows as citations, names, links and pictures),
 * the older 【8†source】, and the `:::writing` blocks of drafts (research/capture.md section 3, capture-2026.md).
 * Marks go before Markdown is looked at: a fence may close with one right behind it. */
#ifndef VIVIM_ARCHIVE_CHATGPT_TEXT_H
#define VIVIM_ARCHIVE_CHATGPT_TEXT_H

#include "archive/cited.h"

/* Append to the last message; metadata: of the message, with content_references and citations. Citations
 * stand as build_cited places them. */
void chatgpt_text(struct builder *b, struct str text, struct json metadata);

/* The text alone, without marks, and its citations: for what is kept whole (a report). */
void chatgpt_clean(struct builder *b, struct str text, struct json metadata, struct cited *ret);

#endif
