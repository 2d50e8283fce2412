/* Markdown into blocks, in document order: fenced code, mermaid diagrams, GFM tables, display formulas and pictures become
 * blocks of their own, everything between stays verbatim as text. Sources: CommonMark 0.31, GFM 0.29 (tables); formulas as
 * TeX has them, which neither knows. Written here and not taken from a library: docs/decisions/0013-markdown.md.
 *
 * - Code and cells come without the marks of the quotes and lists around them.
 * - A picture inside a link leaves its words there, and follows the link. A picture in the address itself (data:) leaves its words
 *   and a finding.
 * - Nothing is taken out of code (also over several lines), HTML blocks, tags or links.
 * - "$$5 and $$10" and "\[optional\]" in a sentence are no formulas (markdown_tex.c).
 * - CRLF and CR are line ends, and come out as LF.
 *
 * Linear in the text, whatever it is. */
#ifndef VIVIM_ARCHIVE_MARKDOWN_H
#define VIVIM_ARCHIVE_MARKDOWN_H

#include "archive/conversation.h"

/* Append to the message, which is one of c; findings go to c. E_LIMIT, E_BUSY. */
NODISCARD err_t markdown_blocks(struct arena *a, struct conversation *c, struct str text,
                                struct message *m);

/* The text with LF as the only line end; the view itself where it has no other. */
struct str markdown_lines(struct arena *a, struct str text);

/* The words of a text block without Markdown's marks: for previews and the search index (markdown_words.c). */
void markdown_words(struct str text, struct buf *out);

/* Does the first line begin with a diagram keyword of mermaid? */
bool is_diagram(struct str code);

#endif
