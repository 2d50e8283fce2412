/* HTML as Markdown: what a Takeout holds of Gemini's answers. No browser and no tree: a walk over tags, with a stack for the
 * lists, tables and links that are open. Any bytes give some text; nothing is executed, fetched or believed. Private to imports.
 */
#ifndef VIVIM_IMPORTS_HTML_H
#define VIVIM_IMPORTS_HTML_H

#include "base/buf.h"

/* Appended to `out`. Paragraphs, headings, lists, quotes, code, tables, links, pictures, bold, italic, lines; scripts, styles and
 * comments are left out, other tags are as if they were not there. Linear in the text. The buf's errors. */
void html_markdown(struct str html, struct buf *out);
/* The words alone, on one line. */
void html_words(struct str html, struct buf *out);

#endif
