/* Text with marks in it that stand for sources: the marks are taken out, and each becomes a citation behind the block in which
 * it stood. How a mark looks is the provider's; where citations go is the same for all. */
#ifndef VIVIM_ARCHIVE_CITED_H
#define VIVIM_ARCHIVE_CITED_H

#include "archive/builder.h"

enum { CITED_MARKS_MAX = 4000 };

struct cited_mark {
    size_t at; /* in bytes of the text without marks */
    struct str url, title;
};

struct cited {
    struct builder *b;
    struct str text; /* without marks; set when all is read */
    struct buf out;  /* the same as far as it is read */
    struct cited_mark *marks;
    size_t count;
    struct str whole; /* the text as it came, its line ends as LF, for who must look around */
};

/* What stands at `at` of c->whole: how many bytes are taken; 0: it is text. It may write to c->out and call cited_cite. */
typedef size_t (*cited_take)(struct cited *c, size_t at, void *context);

/* Walk the text. `begins`: the bytes with which a mark may begin; `code`: also inside code spans and fences, where brackets
 * are otherwise the code's own. */
void cited_read(struct builder *b, struct str text, const char *begins, bool code, cited_take take,
                void *context, struct cited *ret);
/* A source at this place of the text; the same one twice at one place is one. Nothing known of it: both STR_NONE. */
void cited_cite(struct cited *c, struct str url, struct str title);
/* Append the text as blocks to the message, and each citation behind the block in which it stands. `start` and `end` are its
 * place there in code points, or -1 where that is no text. */
void build_cited(struct builder *b, const struct cited *c);

/* The end of the fenced code whose first line begins at `line`, without its line feed; `line`: none begins there. */
size_t cited_fence_end(struct str text, size_t line);

/* Words as the label of a link or a picture, an address as its target: in a form that Markdown reads as that. */
void put_label(struct buf *out, struct str words);
void put_target(struct buf *out, struct str url);

#endif
