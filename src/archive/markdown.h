/* Markdown into blocks, in document order: fenced code, mermaid diagrams, GFM tables, display formulas and pictures become
 * blocks of their own, everything between stays verbatim as text. Linear in the text. Sources: CommonMark 0.31 (fences),
 * GFM 0.29 (tables). */
#ifndef VIVIM_ARCHIVE_MARKDOWN_H
#define VIVIM_ARCHIVE_MARKDOWN_H

#include "archive/conversation.h"

/* Append to the message. E_LIMIT, E_BUSY. */
NODISCARD err_t markdown_blocks(struct arena *a, struct str text, struct message *m);

/* The words of a text block without Markdown's marks: for previews and the search index (markdown_words.c). */
void markdown_words(struct str text, struct buf *out);

/* Does the first line begin with a diagram keyword of mermaid? */
bool is_diagram(struct str code);

#endif
