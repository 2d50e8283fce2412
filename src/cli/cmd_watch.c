/* vivim watch PATH... | --agents: what grows there is taken as it grows.
 *
 *   changed? -> quiet for a moment -> look at all -> read what is not as it was taken -> send -> remember
 *
 * The server being away costs nothing but time: what was not taken is taken when it is back. */
#include <signal.h>
#include <stdlib.h>

#include "base/limits.h"
#include "cli/commands.h"
#include "cli/watching.h"
#include "os/clock.h"

enum {
    QUIET_MS = 700,      /* whoever writes is left so long … */
    RESTLESS_MS = 10000, /* … but who never rests is looked at after this */
    LOOK_MS = 60000,     /* also when nobody tells */
    AGAIN_MS = 3000,     /* something may not be taken yet */
    RETRY_MS = 1000,
    RETRY_MAX_MS = 60000
};

static const struct cli_option OPTIONS[] = {
    { "--agents", NULL, "the sessions of your coding agents, where they keep them" },
    { "--account", "NAME", "which of your accounts there it is, where the files do not say" },
    { "--once", NULL, "take what changed since the last time, and end" },
};

/* --- how it ends -------------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t ended;

static void end(int signal_number)
{
    UNUSED(signal_number);
    ended = 1;
}

err_t watch_not_ended(void)
{
    sigset_t waiting;
    sigemptyset(&waiting);
    sigpending(&waiting);
    return ended || sigismember(&waiting, SIGINT) || sigismember(&waiting, SIGTERM) ? E_CANCELLED
                                                                                    : OK;
}

/* Held back but while it waits, so that none is lost between looking and waiting. */
static void hold_signals(struct watching *w)
{
    struct sigaction action = { .sa_handler = end };
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    pthread_sigmask(SIG_BLOCK, &both, &w->during);
}

/* --- again and again ------------------------------------------------------------------------------------------------------------ */

/* The server is away, or has too much to do: it may be back. */
static bool may_pass(err_t e)
{
    switch (e) {
    case E_UPSTREAM:
    case E_TIMEOUT:
    case E_BUSY:
    case E_STORE:
    case E_UNCLEAR:
    case E_READ_ONLY:
    case E_STOPPING:
    case E_REBUILDING:
    case E_RATE:
    case E_FULL:
    case E_IO:
    case E_NOT_FOUND: /* a file that went while it was looked at */
        return true;
    default:
        return false;
    }
}

/* OK: it goes on. */
static err_t settle(struct watching *w, err_t e)
{
    if (e == OK) {
        if (w->retry_ms)
            fprintf(stderr, "vivim: goes on\n");
        w->retry_ms = 0;
        return OK;
    }
    if (!may_pass(e))
        return e;
    if (!w->retry_ms)
        fprintf(stderr, "vivim: %s; trying again until it works\n",
                err_detail()->text[0] ? err_detail()->text : err_title(e));
    err_clear();
    w->retry_ms = !w->retry_ms                     ? RETRY_MS
                  : w->retry_ms * 2 < RETRY_MAX_MS ? w->retry_ms * 2
                                                   : RETRY_MAX_MS;
    return OK;
}

/* Until something changed and rests, or it is time to look unasked. */
static void rest(struct watching *w)
{
    if (w->retry_ms) {
        int64_t until_ms = clock_monotonic_ms() + w->retry_ms, now_ms;
        while (!ended && (now_ms = clock_monotonic_ms()) < until_ms)
            (void)watch_folders_wait(&w->folders, until_ms - now_ms, &w->during);
        return;
    }
    bool told = watch_folders_wait(&w->folders, w->again ? AGAIN_MS : LOOK_MS, &w->during);
    int64_t began_ms = clock_monotonic_ms();
    while (told && !ended && clock_monotonic_ms() - began_ms < RESTLESS_MS)
        told = watch_folders_wait(&w->folders, QUIET_MS, &w->during);
}

static err_t watch(struct watching *w)
{
    for (;;) {
        err_t e = watch_look_once(w);
        if (e == E_CANCELLED || ended)
            return OK;
        if (cli_option(w->c, "--once").s)
            return e;
        TRY(settle(w, e));
        rest(w);
        if (ended)
            return OK;
    }
}

/* A server of our own would hold the data folder for as long as this runs: it is waited for instead. */
static err_t begin(struct watching *w)
{
    struct cli *c = w->c;
    char here[4096];
    TRY(cli_need_store(c));
    c->connected = true;
    c->check = watch_not_ended;
    arena_init(&w->arena, MIB(256));
    map_init(&w->taken_ms, &w->arena);
    for (int i = 0; i < c->argument_count; i++) {
        char *path = str_cstr(c->arena, c->arguments[i]);
        if (!path || !realpath(path, here))
            return err_note(E_NOT_FOUND, NULL, "there is no file or folder %s", path ? path : "");
        c->arguments[i] = str_dup(c->arena, str_from(here));
    }
    TRY(arena_err(c->arena));
    TRY(watch_folders_open(&w->folders));
    return watch_state_open(&w->state, c->server.n ? c->server : c->settings.data,
                            c->server.n ? STR_NONE : c->user);
}

static int run(struct cli *c)
{
    bool agents = cli_option(c, "--agents").s != NULL;
    struct watching w = { .c = c, .folders = { .events = FD_NONE } };
    if (agents == (c->argument_count > 0))
        return cli_usage(c, agents ? "--agents knows where to look; leave PATH out"
                                   : "watch needs PATH..., or --agents");
    hold_signals(&w);
    err_t e = begin(&w);
    if (e == OK)
        e = watch(&w);
    watch_folders_close(&w.folders);
    watch_state_free(&w.state);
    arena_free(&w.arena);
    return e == OK ? EXIT_OK : cli_fail(c, e);
}

const struct command COMMAND_WATCH = {
    .name = "watch",
    .arguments = "PATH...",
    .arguments_max = CLI_ARGUMENTS_MAX,
    .run = run,
    .options = OPTIONS,
    .option_count = COUNTOF(OPTIONS),
    .summary = "take what grows in files and folders, or of your coding agents, as it grows",
    .help =
        "What was there before and was not taken yet is taken first; after that, what changes. A "
        "line that is half\nwritten waits for its end, and a server that is away for its return. "
        "With --server and a token it feeds\na server elsewhere. Ctrl-C ends it. What was taken "
        "is remembered in ~/.local/state/vivim.",
};
