/* A source: one entry that holds conversations, and gives one after the other in the normal form. Which format it has is
 * decided by its structure, never by its name; each format is a row of SOURCE_FORMATS (source.c).
 *
 * Foreign and hostile: every format has bounds, survives any bytes, and is fuzzed (fuzz/import_source.c).
 */
#ifndef VIVIM_IMPORTS_SOURCE_H
#define VIVIM_IMPORTS_SOURCE_H

#include "archive/archive.h"
#include "base/limits.h"
#include "imports/files.h"

/* What a format may decide by. */
struct source_head {
    struct str bytes; /* the first ones, at most SOURCE_HEAD_BYTES; cut anywhere */
    bool whole;       /* there are no more */
    /* Of JSON, as far as the bytes go: the names in the top object, or in the first object of the top array. */
    enum { HEAD_NO_JSON, HEAD_ARRAY, HEAD_OBJECT } json;
    struct str names[SOURCE_HEAD_NAMES_MAX];
    size_t name_count;
};
bool source_head_names(const struct source_head *h, const char *name);
/* Where in `bytes` the value of that name begins; SIZE_MAX: there is none, or it is cut off. */
size_t source_head_value(const struct source_head *h, const char *name);

/* What is known beside the bytes, and who renders a page that holds its conversation in its elements alone. */
struct import_reading {
    struct str url; /* where it came from; STR_NONE */
    /* The page as vivim.dom/1, in `a`; NULL: such a page cannot be read here. */
    err_t (*render)(void *context, struct arena *a, struct str html, struct str url_or_none,
                    struct str *ret_dom_json);
    void *context;
};

/* A picture (block.image) or file (block.file) of the conversation given last whose bytes are an entry. */
struct import_media {
    size_t message,
        block;    /* their numbers in the conversation; SIZE_MAX: an earlier wording names it */
    size_t entry; /* SIZE_MAX: none; the store may have it from before */
    struct str media_type, name; /* as the provider says; STR_NONE */
    struct str sha256;           /* of an archive of ours, which names it by this; else STR_NONE */
    struct str base64;           /* it stands in the source itself; then `entry` is none */
};

struct import_source {
    const struct source_format *format;
    const struct import_reading *reading;
    struct import_files *files;
    size_t entry;
    struct source_head head;
    struct reader *reader; /* from the first byte, the head's again */
    struct arena *arena;   /* lives as long as the source */
    void *state;           /* the format's */
    size_t
        place; /* of the last given: its number in the list, its line; from 1, 0: the whole entry */
    struct str list;            /* the list it stands in; STR_NONE */
    struct import_media *media; /* of the conversation given last, in its arena */
    size_t media_count;
    bool own;                   /* the conversation given last is vivim.conversation/1 … */
    struct archive_added added; /* … and what its owner had added to it, in its arena */
    void *made_ids;             /* of conversations that the source gives without an id */
    struct import_bytes bytes;
};

struct source_format {
    const char *name;     /* for people: "ChatGPT export" */
    const char *provider; /* its name in PROVIDERS; NULL: each value says by its structure */
    const char *kind;     /* source.kind: "export", "file", "session" */
    bool (*sniff)(const struct source_head *h);
    err_t (*open)(struct import_source *s); /* may be NULL */
    /* The next conversation, in `a`, which may be emptied first; its texts may lie elsewhere until the next call. E_NOT_FOUND: there are no more. Any other error is that of
     * one place (s->place, and err_detail() says why): who goes on asking gets what stands behind it, or E_NOT_FOUND. */
    err_t (*next)(struct import_source *s, struct arena *a, struct conversation *ret);
    void (*forget)(
        struct import_source
            *s); /* what next gave is copied, and needs nothing of it any more; may be NULL */
    void (*close)(struct import_source *s); /* may be NULL */
};
extern const struct source_format
    *const SOURCE_FORMATS[]; /* NULL-terminated; the first that fits is taken */

/* Look at the entry and open it. s->arena is `a`; `reading` outlives it.
 * E_NOT_FOUND: it is nothing that holds conversations (a picture, somebody's other file): not an error for who opens a zip.
 * E_INVALID: refused, with the reason. The errors of reading. */
NODISCARD err_t import_source_open(struct import_source *s, struct arena *a,
                                   const struct import_reading *reading, struct import_files *f,
                                   size_t entry);
/* The next conversation, all of it in `a`, which may be emptied first; errors as of source_format.next. Pictures and files that lie beside
 * it stand in s->media; what is missing is a finding (media_unavailable). What comes out of an archive of ours is as it was: no
 * finding is added, and its pictures are named with their hashes, wherever they are. source.id is always there, or source.url: where the
 * provider gives none it is made of the entry's name, the time and the first message, so that the same file again gives the
 * same, also when the conversation has grown. */
NODISCARD err_t import_source_next(struct import_source *s, struct arena *a,
                                   struct conversation *ret);
void import_source_close(struct import_source *s); /* for CLEANUP; accepts a zeroed one */

/* The whole of another entry (or of this one), for side files. E_NOT_FOUND, E_LIMIT (over max_bytes), as import_bytes_open. */
NODISCARD err_t import_source_read_entry(struct import_source *s, struct arena *a, size_t entry,
                                         size_t max_bytes, struct str *ret);

#endif
