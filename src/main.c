/* vivim: the one program. Arguments and settings are cli's work; this file joins the two halves. */
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "capture/browser.h"
#include "cli/cli.h"
#include "identity/identity.h"
#include "os/clock.h"
#include "os/entropy.h"
#include "os/process.h"

extern char **environ;

static enum log_level level_of(struct str word)
{
    static const char *const NAMES[] = { "debug", "info", "warn", "error" };
    for (size_t i = 0; i < COUNTOF(NAMES); i++)
        if (str_eq(word, str_from(NAMES[i])))
            return (enum log_level)i;
    return LOG_INFO;
}

static void start_log(const struct settings *s, enum log_level least)
{
    bool human = str_eq(s->log_format, S("human")) ||
                 (str_eq(s->log_format, S("auto")) && isatty(STDERR_FILENO));
    log_init(STDERR_FILENO, human ? LOG_HUMAN : LOG_JSON, least);
}

/* --- serve -------------------------------------------------------------------------------- */

/* What will not work as it may be expected, each with what to do: to the log, and to the person at the terminal. */
static void warn(struct app *app, struct arena *a)
{
    struct str browser, example = http_base_url_example(app->server);
    if (browser_find(a, app->settings->browser, &browser) != OK) {
        log_at(LOG_WARN, "browser.missing", LZ("detail", err_detail()->text));
        printf("\n  Captures will fail: %s.\n", err_detail()->text);
        err_clear();
    }
    if (example.n) {
        log_at(LOG_WARN, "listen.everywhere", LS("example", example),
               LZ("advice", "set VIVIM_BASE_URL to the address that other machines use"));
        printf("\n  It listens for other machines too, but answers them under one address only, "
               "which is yours to\n  choose. Start it with VIVIM_BASE_URL, for example:\n\n    "
               "VIVIM_BASE_URL=%.*s\n\n  Until then it answers this machine alone.\n",
               STR_ARG(example));
    }
}

/* What the person at the terminal needs: where it listens, and how to get in the first time. Said when all is up: what can fail
 * has been done before the first request is answered. */
static err_t greet(struct app *app)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, MIB(1));
    struct db *db;
    struct str link = STR_NONE, base = http_base_url(app->server);
    TRY(db_connect(app->store, &db));
    err_t e = identity_setup_link(db, &a, base, clock_wall_ms(), &link);
    db_disconnect(db);
    TRY(e);
    TRY(app_accept(app));
    warn(app, &a);
    log_at(LOG_INFO, "server.ready", LS("url", base), LI("pid", getpid()),
           LS("data", app->settings->data));
    if (link.s)
        printf("\n  VIVIM is ready. Create the owner's account (this link works once, for 30 "
               "minutes):\n\n    %.*s\n\n",
               STR_ARG(link));
    else
        printf("\n  VIVIM is ready: %.*s\n\n", STR_ARG(base));
    fflush(stdout);
    return OK;
}

/* Blocked before any thread starts, so that every thread inherits it and sigwait alone sees them. */
static sigset_t block_stop_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return set;
}

static void wait_for_stop(const sigset_t *set)
{
    int sig;
    sigwait(set, &sig);
    log_at(LOG_INFO, "server.stopping", LI("signal", sig));
}

static int serve(struct cli *c)
{
    start_log(&c->settings, level_of(c->settings.log_level));
    sigset_t stop = block_stop_signals();
    struct app *app = NULL;
    err_t e = app_start(&c->settings, APP_SERVER, &app);
    if (e == OK)
        e = greet(app);
    if (e != OK) {
        app_stop(app);
        return cli_fail(c, e);
    }
    wait_for_stop(&stop);
    app_stop(app);
    log_at(LOG_INFO, "server.stopped", LI("pid", getpid()));
    return EXIT_OK;
}

/* --- commands without a server ---------------------------------------------------------------- */

static err_t embed_start(const struct settings *s, struct app **ret)
{
    struct app *app;
    TRY(app_start(s, APP_EMBEDDED, &app));
    err_t e = app_accept(app);
    if (e != OK) {
        app_stop(app);
        return e;
    }
    *ret = app;
    return OK;
}

static void embed_stop(struct app *app)
{
    app_stop(app);
}

static void prepare_process(void)
{
    uint8_t key[16];
    umask(077); /* what this process and its browser make is ours alone */
    signal(SIGPIPE, SIG_IGN);
    (void)
        process_raise_open_files(); /* a connection is one; `vivim doctor` says when there are too few */
    crypto_init();
    entropy_fill(key, sizeof key);
    map_seed(key);
    log_init(STDERR_FILENO, LOG_HUMAN, LOG_WARN);
}

int main(int argc, char **argv)
{
    static const struct cli_host HOST = {
        .serve = serve,
        .embed_start = embed_start,
        .embed_stop = embed_stop,
        .version = VIVIM_VERSION,
    };
    prepare_process();
    return cli_main(&HOST, argc, argv, environ);
}
