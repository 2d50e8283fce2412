/* Where the coding agents of whoever runs this keep their sessions, and which files there are sessions. */
#ifndef VIVIM_CLI_AGENTS_H
#define VIVIM_CLI_AGENTS_H

#include "cli/extraction.h"

struct agent_place {
    const char *tool; /* for people: "Claude Code"; NULL: whatever somebody named */
    const char *path; /* a folder, or a file */
    bool (*is_session)(
        struct str name); /* of the files in it, by their names; NULL: any may be one */
};

/* The places that are there, in `a`: by HOME, and what moves them (CLAUDE_CONFIG_DIR, CODEX_HOME, GEMINI_CLI_HOME, XDG_CONFIG_HOME).
 * E_INVALID: there is no HOME; E_BUSY. */
NODISCARD err_t agent_places(struct arena *a, struct agent_place **ret, size_t *ret_count);

struct session_file {
    const struct agent_place *place;
    size_t files;       /* in which of sessions.opened … */
    size_t entry;       /* … it is */
    const char *path;   /* valid UTF-8 */
    int64_t bytes;      /* with the log beside it */
    int64_t changed_ns; /* since 1970; of both the later */
};

struct sessions {
    struct import_files *opened; /* of each place that is there */
    const struct agent_place **of;
    size_t opened_count;
    struct session_file *list;
    size_t count;
};

/* What lies in the places now; all in `a`, which `places` outlives. A place that cannot be read is said on standard error.
 * E_LIMIT, E_BUSY. */
NODISCARD err_t sessions_look(struct sessions *s, struct arena *a, const struct agent_place *places,
                              size_t count);
/* Its conversations; what cannot be read of it is said on standard error. Errors: extraction_ends(). */
NODISCARD err_t sessions_extract(const struct sessions *s, const struct session_file *f,
                                 struct extraction *x);
void sessions_close(struct sessions *s); /* for CLEANUP; accepts a zeroed one */

#endif
