/* What a search of the web found, as several providers give it. */
#ifndef VIVIM_ARCHIVE_SOURCES_H
#define VIVIM_ARCHIVE_SOURCES_H

#include "archive/cited.h"

/* The results of a search as one tool result: title, address and what was read of each, a line each, parted by empty lines.
 * Objects with url and title (or name), and snippet (or preview). Nothing for an empty list. */
void build_sources(struct builder *b, struct json list);

/* Text with "[n]" (or "[[n]]", or open + n + close) for the nth of the sources, counted from 1: cited. A number that no source
 * has stays as it is, and what is in code does too. */
void build_numbered(struct builder *b, struct str text, struct str open, struct str close,
                    struct json sources);

#endif
