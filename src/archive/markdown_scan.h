/* The state of one text that is being divided, and what moves it on. markdown.c goes from line to line; it hands over to
 *
 *   markdown_text.c        what lies between the blocks becomes text
 *   markdown_paragraph.c   the lines of a paragraph, and what is found in it
 *   markdown_fence.c       code and diagrams
 *   markdown_table.c       tables */
#ifndef VIVIM_ARCHIVE_MARKDOWN_SCAN_H
#define VIVIM_ARCHIVE_MARKDOWN_SCAN_H

#include "archive/markdown_parts.h"

struct segment {
    size_t start,
        end;   /* a line of the paragraph in the text, without marks of containers and blanks */
    size_t at; /* its place in the paragraph */
};

struct edit {
    size_t start, end; /* of the text, in its place: */
    struct str words;
};

struct scan {
    struct arena *a;
    struct conversation *c;
    struct message *m;
    struct str text;
    size_t at; /* the line that is looked at */
    struct containers in;
    /* The paragraph that is open: */
    struct segment *lines, few_lines[16];
    size_t line_count, line_cap;
    bool marked;        /* something in it may be a formula or a picture */
    size_t absorb;      /* lines that begin before this belong to it: a formula */
    size_t open_end[2]; /* what opens a formula before this is never closed: $$, \[ */
    /* Text that is not yet in a block: */
    size_t from;
    bool from_quote;  /* it begins inside a quote */
    bool interrupted; /* the line at `at` begins an item, right below another line */
    bool fresh;       /* nothing of it was looked at */
    unsigned dedent;  /* columns that its lines stand in, because of a list that began before */
    struct edit *edits;
    size_t edit_count, edit_cap;
};

/* An array in an arena that doubles; false: no memory. */
bool grow(struct arena *a, void **items, size_t count, size_t *cap, size_t size);
bool is_empty_line(struct str line, bool quote); /* `quote`: marks of quotes are nothing either */

/* The text up to `to` becomes a block; the next begins at `from`. */
NODISCARD err_t cut(struct scan *s, size_t to, size_t from);
/* The same before what begins at `at` in the line at `line`; the caller sets s->from. */
NODISCARD err_t cut_before(struct scan *s, size_t line, size_t at);
/* In the next text `words` stand instead of what is there; edits come in order. */
NODISCARD err_t edit(struct scan *s, size_t start, size_t end, struct str words);

/* The line whose first character is at `start` belongs to the paragraph; s->at moves behind it. */
NODISCARD err_t add_line(struct scan *s, size_t start);
NODISCARD err_t end_paragraph(struct scan *s); /* none open: nothing */
void absorb_formula(struct scan *s, size_t start, size_t depth);

NODISCARD err_t take_fence(struct scan *s, const struct line_start *l);
/* Is the line at `next` a table's first? Then the one after it says how many columns there are. */
bool table_begins(const struct scan *s, size_t next, size_t *ret_columns);
NODISCARD err_t take_table(struct scan *s, size_t next, size_t columns);

#endif
