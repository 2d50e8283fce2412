/* What the archive's rules share when they write: archive.c, archive_put.c, archive_new.c, archive_write.c, archive_split.c. Inside these only. All want an open
 * transaction. */
#ifndef VIVIM_ARCHIVE_ARCHIVE_WRITE_H
#define VIVIM_ARCHIVE_ARCHIVE_WRITE_H

#include "archive/archive_fold.h"
#include "archive/archive_store.h"

/* Append an op: the owner's own doing. */
NODISCARD err_t archive_say(struct db *db, struct uuid owner, const char *entity, struct uuid id,
                            const char *kind, const char *fields, int64_t version, int64_t now_ms);
/* That of a thing whose id was made just now. */
NODISCARD err_t archive_say_new(struct db *db, struct uuid owner, const char *entity,
                                struct uuid id, int64_t now_ms);
/* expected 0: any. E_PRECONDITION. */
NODISCARD err_t archive_check_version(int64_t expected, int64_t now);
/* An op for each of its messages, in pages: a conversation may be larger than a request's arena. */
NODISCARD err_t archive_say_messages(struct db *db, struct uuid owner, struct uuid id,
                                     const char *kind, const char *fields, int64_t now_ms);
/* All rows of a conversation go, and it is told. fields: "joined" where it has become part of another; NULL. */
NODISCARD err_t archive_remove(struct db *db, struct uuid owner,
                               const struct archive_conversation *row, const char *fields,
                               int64_t now_ms);

struct write_options {
    bool
        drop; /* messages that the renderings do not have go: they belong to another conversation */
    bool sources; /* where it comes from has changed */
    bool measure;
    int64_t now_ms,
        seen_ms; /* seen_ms: when it was captured last, also by a rendering that is not kept */
    /* mark: where this changes it, what it was made of is kept under the mark; nil: it is not */
    struct uuid mark;
    struct rendering *const *before;
    size_t before_count;
};

/* Make the rows what the renderings say together, and keep these where they are several. `old`: the row as it is; id nil: there is none yet.
 * list: is put in order. */
NODISCARD err_t archive_write(struct renderings *set, const struct archive_conversation *old,
                              struct rendering **list, size_t count, const struct write_options *o,
                              struct archive_put_result *ret);
/* A conversation that is not there yet, from one rendering: the rows that archive_write would make, one at a time. row: as it shall be;
 * id, version and counts are set. c: hashed. */
NODISCARD err_t archive_write_new(struct db *db, struct arena *a, struct uuid owner,
                                  const struct conversation *c, struct uuid source_id,
                                  struct archive_conversation *row, const struct write_options *o,
                                  struct archive_put_result *ret);
/* What both need: the conversation's own row with its op; how much a message says, how much is said to be missing. */
NODISCARD err_t archive_insert_row(struct db *db, struct uuid owner,
                                   struct archive_conversation *row, const struct write_options *o,
                                   struct archive_put_result *r);
NODISCARD err_t archive_measure_add(struct archive_measure *m, const struct archive_message *row);
int64_t archive_count_warnings(struct str findings);

/* The room's sweep (registry/module.h): what lay in the trash for TRASH_KEEP_MS goes. Opens its own transactions. */
NODISCARD err_t archive_sweep(struct app *app, struct db *db, struct arena *a, int64_t now_ms);

#endif
