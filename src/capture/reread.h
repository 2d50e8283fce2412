/* Reading the evidence again with the code of today: what comes of it, before anything is written.
 *
 * A job (kind "reextract") goes through the account's captures: of each link the last one that gave a conversation, and what came
 * behind it and was not understood. What was kept is judged as it was when it came; the conversation is merged as if it had been captured
 * then, so that the same evidence twice changes nothing. Each capture has a finding:
 *
 *   new         it was not understood, and gives a conversation now
 *   better      more messages or words, or fewer warnings
 *   changed     as much, in another form
 *   unchanged
 *   poorer      fewer messages or words, and no fewer warnings: never written
 *   unreadable  it is not understood; detail says why
 *   failed      the evidence cannot be read
 *
 * Without `write` that is all. With it what is new, better or changed is stored: versions, as with any capture. A job that was
 * interrupted goes on where it was; the findings of the account's last job are kept.
 */
#ifndef VIVIM_CAPTURE_REREAD_H
#define VIVIM_CAPTURE_REREAD_H

#include "archive/archive.h"
#include "capture/capture.h"

struct reread_row {
    struct uuid capture_id, conversation_id;
    struct str provider, finding, detail, title;
    int64_t messages_before, messages_after, words_before, words_after, warnings_before,
        warnings_after;
};

/* Ask for one. provider STR_NONE: all. *ret_id is the running one's where it asks for the same. E_INVALID (no such provider),
 * E_CONFLICT (one that asks for something else is under way). */
NODISCARD err_t reread_start(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                             struct str provider, bool write, int64_t now_ms, struct uuid *ret_id);
err_t reread_run(struct app *app, struct db *db, struct arena *a, const struct job *job,
                 struct job_run *run);
err_t reread_job_write(struct app *app, struct db *db, struct arena *a, const struct job_row *row,
                       struct json_out *o);
bool reread_finding_is(struct str word); /* one of the seven */

#endif
