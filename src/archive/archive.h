/* archive: the conversations that people own.
 *
 * Promises: what was stored stays as the provider gave it; a conversation captured again keeps its
 * identity, its unchanged messages keep theirs, and what a changed message said before is kept as a version.
 * What a rendering names no more (a title, a model, a time) stays as it was known.
 * Later, poorer renderings (tool output redacted by the provider) never replace a fuller one.
 * Every change appends ops inside its transaction; nobody is told before the commit.
 *
 * Rules in archive.c, archive_put.c, archive_new.c and archive_write.c; which conversation is meant in archive_identity.c, where a rendering's
 * messages are and how they are read in archive_rendering.c, which are kept in archive_retain.c and archive_keep.c, what several make in
 * archive_fold.c, matching of messages in archive_match.c and archive_merge.c, telling apart in archive_split.c, what comes with an archive of
 * ours in archive_added.c; rows in archive_store.c and
 * archive_source_store.c, routes in archive_http.c. The normal form is conversation.h; how it comes about is providers/.
 */
#ifndef VIVIM_ARCHIVE_ARCHIVE_H
#define VIVIM_ARCHIVE_ARCHIVE_H

#include "archive/conversation.h"
#include "db/db.h"
#include "registry/module.h"

/* A picture or file whose bytes lie in the blob store already and whose hash stands in a block. */
struct archive_media {
    struct sha256 sha256;
    struct str media_type;
    int64_t bytes;
};

struct archive_put_options {
    struct str outcome; /* of the capture: "ok", "partial"; STR_NONE for imports */
    bool dry;           /* nothing is stored: what would come of it is said */
    bool measure; /* count words and findings before and after: costs a reading of all blocks */
    const struct archive_media *media;
    size_t media_count;
    bool
        archived; /* out of an archive of ours: what says the same here and is as new stays as it is */
    bool leaves_trash; /* E_NOT_FOUND where it is in the trash, instead of bringing it back */
    /* nil: none. Where it changes one that is there, what that was is kept under the mark (archive_undo). */
    struct uuid mark;
};

/* How much a conversation says: what a reader sees of it. */
struct archive_measure {
    int64_t messages, words,
        warnings; /* warnings: findings that say that something may be missing */
};

struct archive_put_result {
    struct uuid id;
    struct archive_measure before, after; /* with options.measure; zero before it was there */
    int64_t version;       /* 1 at first; grows when anything changed but the time of the capture */
    bool created, changed; /* neither: everything was there already */
    bool restored;         /* with created: it was in the trash */
    size_t joined;         /* other conversations that became part of it */
    struct uuid source_id; /* of the rendering … */
    bool source_new;       /* … which was not known before */
    /* moved: they say the same, at another place, on another branch, or more is known of them. */
    size_t messages_new, messages_changed, messages_moved, messages_unchanged, messages_gone;
    /* What a reader sees of that: on the current path and not hidden. */
    size_t shown_new, shown_changed;
    int64_t message_count; /* visible now */
    struct str title;      /* as it stands now, perhaps the owner's; STR_NONE; in `a` */
};

/* Store a conversation for `owner`: new, or onto the one that it is (docs/decisions/0014-identity.md): the same link, the
 * same id at the provider in an account that may be the same, or, for a link or file that was never seen, the one that holds
 * the same messages. What comes of several renderings does not depend on the order in which they came (archive_fold.h).
 *
 * c        hashed (conversation_hash); its messages in tree order
 * Opens and commits its own transaction; durable when it returns OK. Errors: E_LIMIT (too large,
 * CONVERSATION_BYTES_MAX, CONVERSATION_MESSAGES_MAX), E_DB and friends. */
NODISCARD err_t archive_put(struct db *db, struct arena *a, struct uuid owner,
                            const struct conversation *c, const struct archive_put_options *options,
                            int64_t now_ms, struct archive_put_result *ret);
/* The same inside an open transaction, `dry` aside: several are durable together. */
NODISCARD err_t archive_put_in(struct db *db, struct arena *a, struct uuid owner,
                               const struct conversation *c,
                               const struct archive_put_options *options, int64_t now_ms,
                               struct archive_put_result *ret);

/* What its owner had added to a conversation where it was before (vivim.annotations/1, docs/export.md). */
struct archive_added_version { /* an earlier wording */
    size_t message;            /* its number in the conversation */
    int64_t version, replaced_ms;
    struct block *blocks;
    size_t block_count;
};
struct archive_added {
    struct str title;                       /* STR_NONE: none of their own */
    struct archive_added_version *versions; /* by message and version, each once */
    size_t version_count;
};
/* Give that to the conversation that `c` has just made new, inside the same transaction: a title where it has none of the
 * owner's, earlier wordings of messages that have none. c: as it was put. E_LIMIT, E_DB and friends. */
NODISCARD err_t archive_add(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                            const struct conversation *c, const struct archive_added *added,
                            int64_t now_ms);
/* The title alone, to one that was there before: the owner's own stays. title: any bytes; STR_NONE gives none. */
NODISCARD err_t archive_add_title(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                                  struct str title, int64_t now_ms, bool *ret_added);

struct archive_conversation { /* a row */
    struct uuid id;
    struct str provider, origin_id, title, model, source_kind, source_url, strategy, recipe,
        outcome, hash, findings;
    struct str account, context_cwd, context_branch, context_tool;
    int64_t version, message_count, created_ms, updated_ms, captured_ms, stored_ms;
    int64_t trashed_ms; /* TIME_NONE: it is not in the trash */
    bool title_own;     /* the owner gave the title: a new capture leaves it */
};

struct archive_message {
    struct uuid id, conversation_id, parent_id;
    struct str origin_id, role, author, model, blocks, hash;
    struct uuid source_id; /* the link, export or file that says it so; nil: not known */
    int64_t position, version, created_ms;
    bool hidden, on_path;
};

/* One link, export or file that a conversation comes from. */
struct archive_source {
    struct uuid id, conversation_id;
    struct str provider, place, account, origin_id, source_kind, source_url, strategy, recipe,
        outcome;                   /* account "": it does not say */
    int64_t first_ms, captured_ms; /* its first and last rendering */
};

/* An earlier wording of a message. */
struct archive_version {
    struct uuid message_id, source_id;
    struct str blocks, hash;
    int64_t version, replaced_ms;
};

/* One conversation of the owner; E_NOT_FOUND (also for another's). */
NODISCARD err_t archive_get(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                            struct archive_conversation *ret);
/* The same, but of the row only what says which one it is: id, version, captured_ms. */
NODISCARD err_t archive_get_state(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                                  struct archive_conversation *ret);

/* Newest capture first; `before` is the last one seen (INT64_MAX and nil at first); provider STR_NONE: all. */
struct archive_page {
    int64_t before_ms;
    struct uuid before_id;
    struct str provider;
    size_t limit; /* 1 .. PAGE_ITEMS_MAX */
};
NODISCARD err_t archive_list(struct db *db, struct arena *a, struct uuid owner,
                             const struct archive_page *page, struct archive_conversation **ret,
                             size_t *ret_count);

/* Messages in reading order after `after_position` (-1 at first); `all` gives hidden ones and side branches too. */
NODISCARD err_t archive_messages(struct db *db, struct arena *a, struct uuid owner,
                                 struct uuid conversation, bool all, int64_t after_position,
                                 size_t limit, struct archive_message **ret, size_t *ret_count);

/* Where it comes from, oldest first, at most CONVERSATION_SOURCES_MAX. */
NODISCARD err_t archive_sources(struct db *db, struct arena *a, struct uuid owner,
                                struct uuid conversation, struct archive_source **ret,
                                size_t *ret_count);
/* What its messages said before, in order of message and version, behind (message, version). */
NODISCARD err_t archive_versions(struct db *db, struct arena *a, struct uuid owner,
                                 struct uuid conversation, struct uuid after_message,
                                 int64_t after_version, size_t limit, struct archive_version **ret,
                                 size_t *ret_count);
/* "These are two conversations": what comes from `source` becomes a conversation of its own, and they stay apart when either is
 * captured again. Opens and commits its own transaction. *ret_id: the new one. The one that it leaves keeps id, title and rights; pictures
 * that both name are both's. E_NOT_FOUND, E_CONFLICT (it is the only source), E_PRECONDITION (expected_version, 0: any). */
NODISCARD err_t archive_split(struct db *db, struct arena *a, struct uuid owner,
                              struct uuid conversation, struct uuid source,
                              int64_t expected_version, int64_t now_ms, struct uuid *ret_id);
/* The source that this link is; E_NOT_FOUND. */
NODISCARD err_t archive_of_link(struct db *db, struct arena *a, struct uuid owner,
                                struct str provider, struct str url, struct archive_source *ret);
/* A rendering that is read again, later and without the network: its pictures get the bytes that the stored conversation has of them,
 * and those that it could not get keep their findings. Before the conversation is hashed. */
NODISCARD err_t archive_adopt_pictures(struct db *db, struct arena *a, struct uuid owner,
                                       struct uuid conversation, struct conversation *c);
/* All ids of an account, oldest first, one by one, without what is in the trash: what an export walks over while captures go on. */
NODISCARD err_t archive_each_id(struct db *db, struct uuid owner,
                                err_t (*visit)(void *context, struct uuid id), void *context);

/* The stored pictures and files of a conversation, by hash. */
struct archive_media_row {
    struct str sha256; /* 32 bytes */
    struct str media_type;
    int64_t bytes;
};
NODISCARD err_t archive_media_list(struct db *db, struct arena *a, struct uuid owner,
                                   struct uuid conversation, size_t limit,
                                   struct archive_media_row **ret, size_t *ret_count);

/* Set the title, inside an open transaction. actor: who does it, the owner or an editor. expected_version 0: any.
 * *ret_version: the one that it has now. E_NOT_FOUND, E_PRECONDITION. */
NODISCARD err_t archive_rename(struct db *db, struct arena *a, struct uuid owner, struct uuid actor,
                               struct uuid id, struct str title, int64_t expected_version,
                               int64_t now_ms, int64_t *ret_version);
/* Remove it with its messages, versions and media rows, inside an open transaction; its files go a little later
 * (ops/erasure.c). *ret_version: the last one. E_NOT_FOUND, E_PRECONDITION. */
NODISCARD err_t archive_delete(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                               int64_t expected_version, int64_t now_ms, int64_t *ret_version);

/* --- the trash: invisible everywhere at once, and gone after TRASH_KEEP_MS or at archive_delete_trashed ----------------------
 * All inside an open transaction, except the list. Rights on it stay, for when it comes back. What is captured or imported again
 * comes back by itself. */

/* E_NOT_FOUND. *ret_version: the one that it has now. */
NODISCARD err_t archive_trash(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                              int64_t now_ms, int64_t *ret_version);
NODISCARD err_t archive_restore(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                                int64_t now_ms, int64_t *ret_version);
NODISCARD err_t archive_delete_trashed(struct db *db, struct arena *a, struct uuid owner,
                                       struct uuid id, int64_t now_ms);
/* Last trashed first; before_ms of the page is a trashed_ms. */
NODISCARD err_t archive_list_trashed(struct db *db, struct arena *a, struct uuid owner,
                                     const struct archive_page *page,
                                     struct archive_conversation **ret, size_t *ret_count);

/* --- undoing what was put under a mark ------------------------------------------------------------------------------------- */

/* Make the conversation what it was before the first change under `mark`, as a new version, inside an open transaction. source: the
 * one that came with that change, and goes with it; nil: none. Who asks has seen that nothing else changed it since.
 * E_NOT_FOUND: there is no such conversation, or nothing is kept under the mark. */
NODISCARD err_t archive_undo(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                             struct uuid mark, struct uuid source, int64_t now_ms,
                             int64_t *ret_version);
/* Nothing is undone any more. Inside an open transaction. */
NODISCARD err_t archive_forget_mark(struct db *db, struct uuid owner, struct uuid mark);

/* What the owner's archive takes, by kind. Reads all of its messages: not for a page that is shown often. */
struct archive_storage {
    struct str kind; /* "text", else the media type */
    int64_t count, bytes;
};
enum { ARCHIVE_STORAGE_MAX = 100 };
NODISCARD err_t archive_storage(struct db *db, struct arena *a, struct uuid owner,
                                struct archive_storage **ret, size_t *ret_count);

/* What one conversation takes: an indexed sum over its messages. One that is not there takes nothing. */
struct archive_size {
    int64_t messages, text_bytes, media, media_bytes;
};
NODISCARD err_t archive_size(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                             struct archive_size *ret);

/* The media type of a stored picture or file that the conversation names; E_NOT_FOUND. */
NODISCARD err_t archive_media_type(struct db *db, struct arena *a, struct uuid owner,
                                   struct uuid conversation, struct sha256 h, struct str *ret);

extern const struct module archive_module;

#endif
