/* An import at the server, as the commands that begin one see it. */
#ifndef VIVIM_CLI_IMPORTING_H
#define VIVIM_CLI_IMPORTING_H

#include "base/map.h"
#include "cli/cli.h"
#include "cli/extraction.h"
#include "exports/zip_out.h"

/* From now on SIGINT is remembered, and an import that is followed is asked to end. */
void importing_catch_interrupt(void);
bool importing_interrupted(void);

/* Begin one of a file or folder: this machine's server reads it where it lies, another is sent the file. The options --from,
 * --account and --dry-run of the command count, where it has them. E_NOT_FOUND; E_INVALID: a folder for another machine. */
NODISCARD err_t importing_start(struct cli *c, struct str path, struct str *ret_id);
/* Begin one of a file that is sent in any case. name: what it is called. */
NODISCARD err_t importing_send(struct cli *c, const char *path, struct str name,
                               struct str *ret_id);
/* Until it has ended. */
NODISCARD err_t importing_follow(struct cli *c, struct str id, struct str *ret_text,
                                 struct json *ret);
long long importing_count(struct json import, const char *name);
bool importing_is_done(struct json import);
/* Say what came of it, with the reasons of what did not come in; gives the exit status. */
int importing_report(struct cli *c, struct str name, struct str text, struct json import);

/* Conversations in a zip of their own, as they are sent, with the pictures that stood in the sessions: its folder goes with it. */
struct spool {
    char *folder, *path;
    FILE *file;
    struct zip_out zip;
    struct buf part;     /* of the lines, that are not in the zip yet */
    struct arena arena;  /* of … */
    struct map pictures; /* … those that are in it, by their hashes */
    size_t parts;
    struct extraction x;
};
NODISCARD err_t spool_open(struct spool *s, struct arena *a); /* `s` does not move then */
NODISCARD err_t
spool_flush(struct spool *s);      /* all that was written is in the file; E_FULL, E_IO */
void spool_close(struct spool *s); /* for CLEANUP; accepts a zeroed one */

#endif
