/* capture: from a share link to a conversation in the archive.
 *
 *   link -> url_policy.c -> a job -> browser.c, page.c (through egress.c, the only way out) -> raw evidence, kept
 *        -> archive/providers (pure C) -> complete? understood? -> its pictures (pictures.c) -> archive
 *
 * The provider's own JSON is preferred (network), then the state in the page's HTML (embedded), then the rendered page by a recipe
 * (dom); which one won is recorded. Nothing is stored as a conversation that is not one: a wall, a stub or an empty page has an
 * outcome of its own, says what to do, and leaves its evidence. One capture of a share is in flight at a time.
 * A page of no known provider is read only where who asks says so: its turns are looked for (finder.js), and it is marked
 * "generic". What was stored is told in numbers and in words, and what was not in the step where it ended.
 * A browser that dies takes nothing with it: the job is queued once more, then it is browser_failed. A page that takes the
 * whole server with it is tried three times; then it is set aside as crashed.
 */
#ifndef VIVIM_CAPTURE_CAPTURE_H
#define VIVIM_CAPTURE_CAPTURE_H

#include "registry/module.h"

/* How a capture ended; the word of the API. */
enum outcome {
    OUTCOME_NONE,
    OUTCOME_OK,
    OUTCOME_PARTIAL,
    OUTCOME_GONE,
    OUTCOME_PRIVATE,
    OUTCOME_CHALLENGE,
    OUTCOME_RATE_LIMITED,
    OUTCOME_FORMAT_CHANGED,
    OUTCOME_SERVER_ERROR,
    OUTCOME_TIMEOUT,
    OUTCOME_BLOCKED,
    OUTCOME_TOO_LARGE,
    OUTCOME_INVALID_URL,
    OUTCOME_BROWSER_FAILED,
    OUTCOME_CRASHED,
    OUTCOME_COUNT
};
const char *outcome_name(enum outcome o);   /* "ok", "format_changed", … */
const char *outcome_advice(enum outcome o); /* a sentence: what happened and what can be done */

struct capture_row {
    struct uuid id, conversation_id;
    struct str url, provider, share_id, outcome, error_code, error_detail;
    int64_t created_ms, ended_ms;
    /* What it brought: "new", "updated", "unchanged"; STR_NONE: nothing was stored. The title as it stood then; messages that
     * are new, that say something else, and all that are shown. */
    struct str change, title;
    int64_t messages_new, messages_changed, message_count;
};
/* The same in words: "new: 12 messages", "updated: 3 new messages, 1 changed", "nothing new"; STR_NONE where change is. */
struct str capture_words(struct arena *a, const struct capture_row *row);

/* Ask for a capture. *ret_id is the running one's of the same share where there is one. any_host: a page of no known provider
 * is meant to be read, too; E_BLOCKED where the server does not do that (VIVIM_CAPTURE_ANY_HOST).
 * E_INVALID_URL, E_BLOCKED (what is wrong with the link), E_RATE (captures an hour). Durable when it returns OK. */
NODISCARD err_t capture_start(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                              struct str url, bool any_host, int64_t now_ms, struct uuid *ret_id);
/* E_NOT_FOUND. */
NODISCARD err_t capture_get(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                            struct capture_row *ret);

/* What was kept of the captures of a conversation, as blobs of its owner's. kind: "json", "html", "dom", "screenshot", "requests",
 * "meta". */
struct capture_evidence_row {
    struct uuid capture_id;
    struct str kind, sha256; /* sha256: 32 bytes */
    int64_t bytes;
};
NODISCARD err_t capture_evidence_of_conversation(struct db *db, struct arena *a, struct uuid owner,
                                                 struct uuid conversation, size_t limit,
                                                 struct capture_evidence_row **ret,
                                                 size_t *ret_count);

/* Consumer of the op log: a conversation that was deleted takes its captures and their evidence along. */
NODISCARD err_t capture_consume(struct app *app, struct db *rows, struct db *effects,
                                struct arena *a, const struct op *ops, size_t count);

extern const struct module capture_module;

#endif
