/* cli: the same rules for the terminal.
 *
 * A command that touches data is a client of the server's own HTTP API over the Unix socket in the
 * data folder. Where no server runs, the command takes the folder's lock and runs the program
 * inside itself, listening on that socket alone: both ways give the same, because they are the same.
 * With --server it is a client of another machine's, with a token: from then on nothing of this
 * machine's data folder is used.
 * Exit status: 0, 1 (failed), 2 (usage). Data goes to standard output, words about it to standard
 * error; `--json` prints the API's JSON; progress is drawn on a terminal only.
 */
#ifndef VIVIM_CLI_CLI_H
#define VIVIM_CLI_CLI_H

#include <stdio.h>

#include "base/json.h"
#include "base/str.h"
#include "os/settings.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct app;
struct cli;

/* What lies above this room, handed down by main.c. */
struct cli_host {
    int (*serve)(struct cli *c);
    /* Run the program inside this process with its Unix socket alone; E_CONFLICT when a server holds the lock. */
    err_t (*embed_start)(const struct settings *s, struct app **ret);
    void (*embed_stop)(struct app *app);
    const char *version;
};

struct cli_option {
    const char *name;  /* "--url" */
    const char *value; /* "URL" in the help, NULL: a switch */
    const char *help;
};

struct command {
    const char *name;      /* "user add" has the two words */
    const char *arguments; /* "URL", for the help */
    const char *summary;
    const char *help; /* further lines, may be NULL */
    int arguments_min, arguments_max;
    bool
        makes_store; /* where there is none; every other command says that there is none, and makes nothing */
    bool dashes; /* an argument may begin with one dash (-without): only what is an option is one */
    bool here;   /* it is about this machine, and not for --server */
    const struct cli_option *options;
    size_t option_count;
    int (*run)(struct cli *c);
};

enum { CLI_ARGUMENTS_MAX = 64, CLI_OPTIONS_MAX = 32 };

struct cli {
    struct arena *arena;
    const struct cli_host *host;
    const struct command *command;
    struct settings settings;
    struct str arguments[CLI_ARGUMENTS_MAX];
    int argument_count;
    struct {
        const char *name;
        struct str value;
    } options[CLI_OPTIONS_MAX];
    int option_count;
    struct setting_flag flags[CLI_OPTIONS_MAX];
    int flag_count;
    struct str user, config_path;  /* --user, --config */
    struct str server, token_file; /* --server, --token-file; STR_NONE: this machine's */
    struct str token;
    bool json, help;
    struct app *embedded; /* NULL while a server answers */
    bool connected;
    err_t (*check)(
        void); /* asked now and then while a request runs; any error ends it. May be NULL */
};

extern const struct command *const COMMANDS[]; /* NULL-terminated, in the order of the help */

/* Parse, load the settings, run. Gives the exit status. */
int cli_main(const struct cli_host *host, int argc, char **argv, char *const environment[]);

/* The value of an option of this command; STR_NONE when it was not given (a switch: S("")). */
struct str cli_option(const struct cli *c, const char *name);

/* Say what went wrong (the thread's error detail) and what to do, on standard error: a sentence, or with --json one line
 * {code, detail, field}. Gives EXIT_FAILED. */
int cli_fail(struct cli *c, err_t e);
/* A usage error: message and the usage line, or with --json one line {code, detail}. Gives EXIT_USAGE. */
int cli_usage(const struct cli *c, const char *format, ...) PRINTF_LIKE(2, 3);

/* --- the API, from here ------------------------------------------------------------------- */

/* Send a request: over the Unix socket as --user (or the default account), or to --server as whose token it is. body STR_NONE: none.
 * 2xx gives OK and the JSON (JSON_NONE without a body); otherwise the error that the problem's code names, with its detail. */
NODISCARD err_t cli_request(struct cli *c, const char *method, struct str target, struct str body,
                            struct str *ret_text, struct json *ret_json);
/* The same for a GET whose answer is no JSON, or too large to be held: part by part as it comes. What `part` gives ends it. E_UPSTREAM:
 * the answer was cut, what came of it is not the whole. */
NODISCARD err_t cli_download(struct cli *c, struct str target,
                             err_t (*part)(void *context, struct str bytes), void *context);
/* POST the file's bytes. They are streamed; no Content-Type says what they are. */
NODISCARD err_t cli_upload(struct cli *c, struct str target, const char *path,
                           struct json *ret_json);
void cli_disconnect(struct cli *c);
/* What --server and the token say, before anything is asked. E_USAGE; the errors of reading --token-file. */
NODISCARD err_t cli_go_elsewhere(struct cli *c, char *const environment[]);

/* Does a server answer on the data folder's socket? */
bool cli_server_running(struct cli *c);

/* E_NO_STORE, for a command that makes none, and for one that is to act for an account (--user) where there is none: the
 * note says where was looked, and what to pass. */
NODISCARD err_t cli_need_store(struct cli *c);

/* --- output --------------------------------------------------------------------------------- */

bool cli_terminal(FILE *f);
/* One line that is drawn over itself on a terminal's standard error; nothing elsewhere. */
void cli_progress(const char *format, ...) PRINTF_LIKE(1, 2);
void cli_progress_end(void);

#endif
