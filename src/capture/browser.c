#include "capture/browser.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/process.h"
#include "os/thread.h"

enum {
    CAPTURES_MAX = 100,
    IDLE_MS = 60000,
    START_TIMEOUT_MS = 30000,
    JANITOR_MS = 5000,
    PIPE_BYTES = 1 << 20,
    ARGUMENTS_MAX = 40
};
#define MEMORY_MAX MIB(600)

/* One start of the browser. It ends when nobody uses it and it is to be retired. */
struct instance {
    struct instance *next;
    struct process process;
    struct devtools *devtools;
    char *profile;
    char version[64];
    int users, captures, captures_measured;
    int64_t idle_since_ms;
    bool retired;
    struct arena arena; /* holds this struct */
};

struct browser_pool {
    struct arena arena; /* holds this struct */
    struct str setting;
    char *temp_dir;
    struct mutex lock;
    struct cond changed;
    struct instance *instances; /* the first one is the current, unless it is retired */
    bool starting, stopping;
    struct thread janitor;
};

/* --- finding --------------------------------------------------------------------------------- */

static bool is_program(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static bool in_path(struct arena *a, const char *name, struct str *ret)
{
    struct str rest = str_from(getenv("PATH")), folder;
    if (strchr(name, '/')) {
        *ret = str_from(name);
        return is_program(name);
    }
    while (str_cut(&rest, ':', &folder)) {
        char *path = str_cstr(a, str_fmt(a, "%.*s/%s", STR_ARG(folder), name));
        if (path && is_program(path)) {
            *ret = str_from(path);
            return true;
        }
    }
    return false;
}

err_t browser_find(struct arena *a, struct str setting, struct str *ret)
{
    static const char *const NAMES[] = { "chromium-headless-shell", "chromium" };
    if (setting.n) {
        char *name = str_cstr(a, setting);
        if (!name)
            return arena_err(a);
        return in_path(a, name, ret)
                   ? OK
                   : err_note(E_NOT_FOUND, NULL, "the browser %s (VIVIM_BROWSER) cannot be started",
                              name);
    }
    for (size_t i = 0; i < COUNTOF(NAMES); i++)
        if (in_path(a, NAMES[i], ret))
            return OK;
    return err_note(E_NOT_FOUND, NULL,
                    "no browser is installed; apt-get install chromium-headless-shell");
}

/* --- starting ---------------------------------------------------------------------------------- */

static void pipe_ends(int ends[2])
{
    for (int i = 0; i < 2; i++) {
        if (ends[i] >= 0)
            close(ends[i]);
        ends[i] = -1;
    }
}

/* The flags of research/capture.md section 6.2. */
static size_t arguments(struct arena *a, struct str path, const char *profile,
                        char *argv[ARGUMENTS_MAX])
{
    static const char *const FLAGS[] = {
        "--headless",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-extensions",
        "--disable-default-apps",
        "--disable-dev-shm-usage",
        "--disable-breakpad",
        "--mute-audio",
        "--hide-scrollbars",
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--disable-features=Translate,OptimizationHints,MediaRouter",
        "--remote-debugging-pipe",
        "--proxy-server=http://127.0.0.1:9",
        "--proxy-bypass-list=<-loopback>",
        "--no-default-browser-check",
    };
    size_t n = 0;
    argv[n++] = str_cstr(a, path);
    for (size_t i = 0; i < COUNTOF(FLAGS); i++)
        argv[n++] = (char *)(uintptr_t)FLAGS[i];
    if (geteuid() == 0)
        argv[n++] = (char *)"--no-sandbox"; /* Chromium's own refuses root */
    argv[n++] = str_cstr(a, str_fmt(a, "--user-data-dir=%s", profile));
    argv[n++] = (char *)"about:blank";
    argv[n] = NULL;
    return n;
}

static err_t start_process(struct instance *b, struct str path)
{
    char *argv[ARGUMENTS_MAX];
    int commands[2] = { -1, -1 }, answers[2] = { -1, -1 };
    arguments(&b->arena, path, b->profile, argv);
    TRY(arena_err(&b->arena));
    if (pipe2(commands, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0) {
        pipe_ends(commands);
        return err_note(E_BUSY, NULL, "no more descriptors");
    }
    (void)fcntl(answers[0], F_SETPIPE_SZ, PIPE_BYTES);
    struct process_fd map[] = { { commands[0], 3 }, { answers[1], 4 } };
    err_t e = process_start(&b->process, argv, NULL, map, COUNTOF(map));
    close(commands[0]);
    close(answers[1]);
    if (e == OK)
        e = devtools_open(commands[1], answers[0], &b->devtools);
    if (e != OK && !b->devtools) {
        close(commands[1]);
        close(answers[0]);
    }
    return e;
}

static err_t greet(struct instance *b, const struct patience *patience)
{
    struct patience p = patience_until(patience, clock_monotonic_ms() + START_TIMEOUT_MS);
    CLEANUP(arena_free) struct arena a = { 0 };
    struct json version;
    arena_init(&a, MIB(4));
    TRY(devtools_call(b->devtools, NULL, &a, "Browser.getVersion", STR_NONE, &p, &version));
    struct str product = json_get_str(version, S("product"));
    memcpy(b->version, product.s ? product.s : "",
           product.n < sizeof b->version ? product.n : sizeof b->version - 1);
    return OK;
}

static void instance_free(struct instance *b)
{
    process_end(&b->process);
    devtools_close(b->devtools);
    if (b->profile)
        folder_remove(b->profile);
    struct arena arena = b->arena;
    arena_free(&arena);
}

static err_t instance_new(struct browser_pool *p, const struct patience *patience,
                          struct instance **ret)
{
    struct arena arena;
    struct str path;
    arena_init(&arena, MIB(1));
    struct instance *b = ARENA_NEW(&arena, struct instance);
    if (!b)
        return arena_err(&arena);
    b->arena = arena;
    err_t e = browser_find(&b->arena, p->setting, &path);
    char *prefix =
        e == OK ? str_cstr(&b->arena, str_fmt(&b->arena, "%s/browser-XXXXXX", p->temp_dir)) : NULL;
    if (e == OK && (!prefix || !mkdtemp(prefix)))
        e = err_note(E_IO, NULL, "a folder for the browser's profile cannot be made in %s",
                     p->temp_dir);
    if (e == OK) {
        b->profile = prefix;
        e = start_process(b, path);
    }
    if (e == OK)
        e = greet(b, patience);
    if (e != OK) {
        struct err_detail d = *err_detail();
        instance_free(b);
        if (patience->check)
            TRY(patience->check(patience->context));
        return err_note(e == E_NOT_FOUND ? e : E_UPSTREAM, NULL, "the browser does not start: %s",
                        d.text);
    }
    log_at(LOG_INFO, "browser.started", LZ("version", b->version), LI("pid", b->process.pid),
           LB("sandbox", geteuid() != 0));
    *ret = b;
    return OK;
}

/* --- the pool --------------------------------------------------------------------------------------- */

static bool worn_out(struct instance *b)
{
    return b->captures >= CAPTURES_MAX || devtools_dead(b->devtools);
}

/* An instance that has worked since it was last measured. Called with the lock. */
static struct instance *take_unmeasured(struct browser_pool *p)
{
    for (struct instance *b = p->instances; b; b = b->next)
        if (b->captures_measured != b->captures) {
            b->captures_measured = b->captures;
            return b;
        }
    return NULL;
}

/* Reading the memory of a browser's processes costs about as much as extracting a conversation: it is done here, now
 * and then, and not before each capture. Only the janitor frees instances, so it may look at one without the lock. */
static void retire_large(struct browser_pool *p)
{
    mutex_lock(&p->lock);
    for (struct instance *b; (b = take_unmeasured(p));) {
        mutex_unlock(&p->lock);
        bool large = process_group_memory(&b->process) > MEMORY_MAX;
        mutex_lock(&p->lock);
        b->retired |= large;
    }
    mutex_unlock(&p->lock);
}

/* Take out one instance that is to end: retired or idle, and not in use. Called with the lock. */
static struct instance *take_ended(struct browser_pool *p)
{
    int64_t now = clock_monotonic_ms();
    for (struct instance **at = &p->instances; *at; at = &(*at)->next) {
        struct instance *b = *at;
        if (b->users == 0 && (b->retired || now - b->idle_since_ms > IDLE_MS || worn_out(b))) {
            *at = b->next;
            return b;
        }
    }
    return NULL;
}

static void end_unused(struct browser_pool *p)
{
    for (;;) {
        mutex_lock(&p->lock);
        struct instance *b = take_ended(p);
        mutex_unlock(&p->lock);
        if (!b)
            return;
        log_at(LOG_INFO, "browser.ended", LI("pid", b->process.pid), LI("captures", b->captures));
        instance_free(b);
    }
}

static void janitor_run(void *arg)
{
    struct browser_pool *p = arg;
    mutex_lock(&p->lock);
    while (!p->stopping) {
        (void)cond_wait_ms(&p->changed, &p->lock, JANITOR_MS);
        mutex_unlock(&p->lock);
        retire_large(p);
        end_unused(p);
        mutex_lock(&p->lock);
    }
    mutex_unlock(&p->lock);
}

err_t browser_pool_new(struct str setting, const char *temp_dir, struct browser_pool **ret)
{
    struct arena arena;
    arena_init(&arena, MIB(1));
    struct browser_pool *p = ARENA_NEW(&arena, struct browser_pool);
    if (!p)
        return arena_err(&arena);
    p->arena = arena;
    p->setting = str_dup(&p->arena, setting);
    p->temp_dir = str_cstr(&p->arena, str_from(temp_dir));
    mutex_init(&p->lock);
    cond_init(&p->changed);
    err_t e = p->temp_dir ? thread_start(&p->janitor, "browser", janitor_run, p) : E_BUSY;
    if (e != OK) {
        browser_pool_free(p);
        return e;
    }
    *ret = p;
    return OK;
}

void browser_pool_free(struct browser_pool *p)
{
    if (!p)
        return;
    mutex_lock(&p->lock);
    p->stopping = true;
    cond_broadcast(&p->changed);
    mutex_unlock(&p->lock);
    thread_join(&p->janitor);
    for (struct instance *b = p->instances, *next; b; b = next) {
        next = b->next;
        assert(b->users == 0); /* the captures have ended before the room stops */
        instance_free(b);
    }
    mutex_free(&p->lock);
    cond_free(&p->changed);
    struct arena arena = p->arena;
    arena_free(&arena);
}

static struct instance *current(struct browser_pool *p)
{
    for (struct instance *b = p->instances; b; b = b->next)
        if (!b->retired && !worn_out(b))
            return b;
    return NULL;
}

err_t browser_acquire(struct browser_pool *p, const struct patience *patience,
                      struct devtools **ret)
{
    err_t e = OK;
    mutex_lock(&p->lock);
    while (p->starting && e == OK) {
        (void)cond_wait_ms(&p->changed, &p->lock, patience_slice_ms(patience));
        e = patience_check(patience);
    }
    struct instance *b = e == OK ? current(p) : NULL;
    if (e == OK && !b) {
        p->starting = true;
        mutex_unlock(&p->lock);
        e = instance_new(p, patience, &b);
        mutex_lock(&p->lock);
        p->starting = false;
        cond_broadcast(&p->changed);
        if (e == OK) {
            b->next = p->instances;
            p->instances = b;
        }
    }
    if (e == OK) {
        b->users++;
        b->captures++;
        *ret = b->devtools;
    }
    mutex_unlock(&p->lock);
    return e;
}

void browser_release(struct browser_pool *p, struct devtools *d, enum browser_state state)
{
    mutex_lock(&p->lock);
    for (struct instance *b = p->instances; b; b = b->next)
        if (b->devtools == d) {
            b->users--;
            b->idle_since_ms = clock_monotonic_ms();
            b->retired |= state != BROWSER_WELL;
            if (state == BROWSER_BROKEN)
                process_kill_group(&b->process, SIGKILL);
            if (b->retired)
                cond_broadcast(&p->changed); /* the janitor need not wait */
        }
    mutex_unlock(&p->lock);
}

struct str browser_version(struct browser_pool *p, struct arena *a)
{
    mutex_lock(&p->lock);
    struct str v = p->instances ? str_dup(a, str_from(p->instances->version)) : S("");
    mutex_unlock(&p->lock);
    return v;
}
