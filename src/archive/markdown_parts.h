/* What the splitter is made of, without its state (markdown_scan.h):
 *
 *   markdown_lines.c    which containers (quotes, list items) a line stands in, and what begins there
 *   markdown_inline.c   formulas and pictures within a paragraph
 *   markdown_target.c   "(address "title")", tags and escapes: what inline marks are made of
 *   markdown_tex.c      is what stands between the marks of a formula a formula, or money and prose?
 *
 * All of it is linear in the text: nothing is looked for twice without a note of where it was not found. */
#ifndef VIVIM_ARCHIVE_MARKDOWN_PARTS_H
#define VIVIM_ARCHIVE_MARKDOWN_PARTS_H

#include "archive/markdown.h"

/* --- lines ------------------------------------------------------------------------------------- */

enum {
    CONTAINERS_MAX = 64, /* deeper marks are text: each line is compared with all that are open */
    CODE_INDENT = 4
};

struct place {
    size_t at;    /* in the text */
    unsigned col; /* of its line; a tab reaches to the next multiple of four */
    bool split;   /* some columns of the tab at `at` are used up */
};

struct container {
    bool quote;
    bool empty;     /* an item whose first line is blank and that holds nothing yet */
    unsigned width; /* of an item: how far its content stands in */
};

struct containers {
    struct container open[CONTAINERS_MAX];
    size_t depth;
};

struct fence {
    char mark;
    size_t count;
    unsigned indent;
    struct str info;
};

enum line_kind {
    LINE_TEXT,
    LINE_BLANK,
    LINE_INDENTED,
    LINE_QUOTE,
    LINE_ITEM,
    LINE_HEADING,
    LINE_RULE,
    LINE_FENCE,
    LINE_HTML
};

struct line_start { /* what is of one kind only is set for that kind only */
    enum line_kind kind;
    size_t next;     /* the first character that is not blank */
    unsigned indent; /* how many columns it stands in */
    struct fence fence;
    int html;            /* which of CommonMark's seven kinds of HTML block */
    unsigned mark_bytes; /* of an item */
    bool empty, first;   /* an item with a blank first line; a bullet, or the number 1 */
};

size_t line_end(struct str text, size_t at);
size_t line_after(struct str text, size_t at); /* the next line's beginning, or text.n */
void place_advance(struct str text, struct place *p, unsigned columns);
unsigned place_indent(struct str text, struct place p, size_t *ret_next);
/* How many of the first `depth` containers the line at *p continues; p moves behind their marks. */
size_t containers_match(struct str text, const struct containers *c, size_t depth, struct place *p);
/* What begins at p. `paragraph`: a paragraph is open, which some of these cannot interrupt; `here`: by a line in its own container. */
void line_look(struct str text, struct place p, bool paragraph, bool here, struct line_start *ret);
/* p moves behind the mark of the quote or item that begins there. */
struct container container_open(struct str text, struct place *p, const struct line_start *l);
bool fence_closes(struct str text, struct place p, const struct fence *f);
bool html_ends(struct str line, int kind); /* kinds 1 to 5: within the line */

/* --- within paragraphs ------------------------------------------------------------------------------ */

struct found {
    enum { FOUND_FORMULA, FOUND_PICTURE } kind;
    size_t start, end;   /* in the paragraph */
    struct str words;    /* TeX; of a picture its words as written */
    struct str title;    /* … and its title */
    struct str address;  /* of a picture, escapes resolved */
    size_t link_end;     /* of the link around it, 0: none */
    struct str link_url; /* as written */
};

/* The formulas and pictures of a paragraph, in order; outer ones alone. E_LIMIT, E_BUSY. */
NODISCARD err_t inline_find(struct arena *a, struct str paragraph, struct found **ret,
                            size_t *ret_count);

enum { CODE_MARKS_MAX = 80 }; /* longer runs of backticks are text */

/* Where the last run of so many backticks stands in a paragraph; begins zeroed. */
struct code_spans {
    bool known;
    size_t last[CODE_MARKS_MAX + 1];
};

/* Behind the code span that begins at `at`, or behind its mark where it never ends. */
size_t code_span_end(struct code_spans *c, struct str paragraph, size_t at);

/* The end of the formula whose mark ("$$" or "\[") is at `open`, if its closing one is at `close`; `open`: it is none. */
size_t formula_end(struct str text, size_t open, size_t close);

/* Behind "(address "title")" that begins at `at`; `at`: there is none. The address as written, without <>. */
size_t target_end(struct str text, size_t at, struct str *ret_address);
/* The title in what begins at `at`, as written; STR_NONE. */
struct str target_title(struct str text, size_t at);
/* Behind the tag at `at`, or `at`; not comments and the like. Of "<scheme:…>" and "<name@host>" the same. */
size_t tag_end(struct str text, size_t at);
size_t autolink_end(struct str text, size_t at);
bool is_escape(struct str text, size_t at); /* a backslash that takes a mark's meaning */
/* Escapes and the entities of XML resolved; the view itself where there are none. */
struct str unescaped(struct arena *a, struct str s);

#endif
