/* exports from inside. Private to the room (and its tests). */
#ifndef VIVIM_EXPORTS_INSIDE_H
#define VIVIM_EXPORTS_INSIDE_H

#include "archive/archive.h"
#include "base/limits.h"
#include "exports/exports.h"
#include "exports/names.h"
#include "exports/zip_out.h"

/* --- selection.c ----------------------------------------------------------------------------- */

enum export_form { EXPORT_JSONL, EXPORT_MARKDOWN, EXPORT_HTML, EXPORT_ARCHIVE };

struct export_item {
    struct uuid owner, id;
};

struct selection {
    struct export_item *items; /* each once */
    size_t count;
};

/* One or more of: ids parted by commas, a query, all. In `a`. E_INVALID: none of them or several, an id that is none; E_NOT_FOUND: one
 * that the caller may not read, or a search that finds nothing; E_LIMIT: EXPORT_IDS_MAX, EXPORT_FOUND_MAX. */
struct selected_by {
    struct str ids, q;
    bool all;
};
NODISCARD err_t selection_make(struct app *app, struct db *db, struct arena *a, struct uuid caller,
                               const struct selected_by *by, struct selection *ret);

/* --- one conversation out of rows ------------------------------------------------------------- */

struct whole {
    struct archive_conversation row;
    struct archive_message *messages;
    size_t count;
};

/* normal.c: the row as vivim.conversation/1 on one line, as conversation_write has it. own: for its owner, who alone sees the account
 * at the provider and the context. E_LIMIT, E_BUSY, E_CORRUPT; what the buffer says is the caller's to ask. */
NODISCARD err_t normal_write(struct json_out *o, struct arena *a, const struct whole *w, bool own);
/* What its owner added to it, as one line of vivim.annotations/1; false: nothing. */
struct annotations {
    const struct whole *whole;        /* with all of its messages */
    struct archive_version *versions; /* as archive_versions gives them */
    size_t version_count;
};
bool annotations_any(const struct annotations *n);
NODISCARD err_t annotations_write(struct json_out *o, struct arena *a, const struct annotations *n);

/* --- notes.c: citations become numbered notes -------------------------------------------------- */

struct note {
    struct str url, title;
};
struct notes { /* of one message; one for each address */
    struct note *items;
    size_t count, cap;
};
/* The text with `open`, number, `close` where the citations behind it say, and its notes added. blocks[at] is a text block; the
 * citations stand right behind it. Numbers are first + place in notes. In `a`. */
struct str notes_set(struct arena *a, struct notes *notes, const struct block *blocks, size_t count,
                     size_t at, size_t first, struct str open, struct str close);

/* --- pages for people --------------------------------------------------------------------------- */

struct media_names { /* where a stored picture or file stands, seen from the page */
    /* STR_NONE: it is not there. `type` is what it is. */
    struct str (*find)(void *context, struct str sha256_hex, struct str *ret_type);
    void *context;
};

/* markdown.c: CommonMark with front matter, tables and footnotes. */
NODISCARD err_t markdown_write(struct buf *out, struct arena *a, const struct whole *w,
                               const struct media_names *media);
/* page.c: a document of its own. */
NODISCARD err_t page_write(struct buf *out, struct arena *a, const struct whole *w,
                           const struct media_names *media);
/* The list of pages: begin, a line for each, end. */
void page_index_begin(struct buf *out, size_t count);
void page_index_line(struct buf *out, struct str file_name, const struct archive_conversation *c);
void page_index_end(struct buf *out);
/* page_text.c: Markdown to HTML in which nothing can act: no elements of the text's own, no addresses but http, https, mailto.
 * E_LIMIT, E_BUSY. */
NODISCARD err_t page_text(struct buf *out, struct arena *a, struct str markdown);
void page_escape(struct buf *out, struct str text); /* for content and for values in "…" */

/* --- exports.c: the walk ------------------------------------------------------------------------- */

struct export_order {
    struct arena arena; /* holds this struct */
    struct app *app;
    enum export_form form;
    struct selection selection;
    struct uuid caller;
    struct str handle;
    struct selected_by by;
    bool one;      /* a file of its own, and no zip */
    bool evidence; /* with what was kept of captures */
    bool no_media;
    int64_t now_ms;
};
/* size.c: how large it will be, from what the rows take; without evidence. An estimate: nothing is written or packed for it. */
struct export_size {
    struct archive_size rows;
    int64_t conversations, bytes; /* bytes: of the file, about */
};
NODISCARD err_t export_estimate(struct db *db, const struct export_order *order,
                                struct export_size *ret);
NODISCARD err_t export_produce(struct db *db, struct arena *a, struct sink *out, void *order);

#endif
