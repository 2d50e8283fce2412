/* What the session files of coding agents share: one JSON record on each line, appended while the agent runs, and words in the
 * user's name that the program put there. */
#ifndef VIVIM_IMPORTS_SESSION_H
#define VIVIM_IMPORTS_SESSION_H

#include "archive/builder.h"
#include "imports/lines.h"

struct session_records {
    struct lines lines;
    struct buf picked;
    const struct str *names; /* of the members that are wanted of each record */
    size_t name_count;
    bool (*wanted)(struct str record); /* by its text, before anything is parsed; NULL: all are */
    size_t broken;                     /* the line that could not be read and may be the last; 0 */
};

/* names, from: live as long as `s`. */
void session_begin(struct session_records *s, struct reader *from, const struct str *names,
                   size_t name_count);
void session_end(struct session_records *s); /* for CLEANUP; accepts a zeroed one */
/* The next record's wanted members, in the builder's arena; its line is s->lines.place. A line that is no JSON is a finding, but
 * for the last one, which may be half written and waits.
 * E_NOT_FOUND: there are no more; the reader's errors; E_BUSY, E_LIMIT: the arena's. */
NODISCARD err_t session_next(struct session_records *s, struct builder *b, struct json *ret);

/* Does the text begin with a tag of the list, whose names stand as they are ("<environment_context", "# AGENTS.md")? */
bool session_begins(struct str text, const char *const *marks);
/* The text parted in what was said and what the program put in between <tag>…</tag>, both trimmed, in the builder's arena. */
void session_part(struct builder *b, struct str text, struct str tag, struct str *ret_said,
                  struct str *ret_put_in);
/* Is there anything in the conversation that is shown? */
bool session_says_something(const struct conversation *c);

#endif
