/* The doorbell between nodes on one PostgreSQL: a thread with a connection of its own that has asked to LISTEN.
 *
 * After commits that were marked it sends a NOTIFY with the id of its node: at once after the first, then for all that came
 * meanwhile together. It is not part of the commit itself, because PostgreSQL lets one transaction at a time commit that
 * notifies, and that one waits for the disk meanwhile (docs/decisions/0010-doorbell.md). What is heard of others calls the
 * commit hook, as a commit here does; what is our own is known already. Nothing depends on hearing: while there is no
 * connection nothing is heard or told, the hook is called once when there is one again and what was to be told is told,
 * and whoever has a hook looks by itself now and then. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "db/pg_link.h"
#include "os/clock.h"

struct db_doorbell {
    struct db_store *store;
    struct pg_link link; /* the thread's */
    struct thread thread;
    struct mutex mutex;
    struct cond cond;
    bool closing;      /* under mutex */
    int wake;          /* an eventfd: there is something to tell, or it is closing */
    _Atomic bool owed; /* there was a commit that the others have not been told of */
    int64_t told_ms;   /* the thread's: when they were told last; 0: not yet */
    bool deaf;         /* the thread's: that there is no connection has been said in the log */
};

static bool is_closing(struct db_doorbell *d)
{
    mutex_lock(&d->mutex);
    bool yes = d->closing;
    mutex_unlock(&d->mutex);
    return yes;
}

static void ring(struct db_doorbell *d)
{
    struct db_store *s = d->store;
    if (s->hook)
        s->hook(s->hook_context, DB_MARK_ALL);
}

/* --- the connection ------------------------------------------------------------------------------------ */

static err_t command(struct db_doorbell *d, const char *sql)
{
    PGresult *r = NULL;
    TRY(link_exec(&d->link, sql, &r));
    ExecStatusType status = PQresultStatus(r);
    bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    /* A connection that broke gives an error without a state. */
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    err_t e = done ? OK : link_error(state, sql, PQresultErrorMessage(r));
    PQclear(r);
    return e;
}

/* Whoever is told of nothing does not know what was said before: so the bell rings once when it is there. */
static err_t begin_to_listen(struct db_doorbell *d)
{
    struct db_store *s = d->store;
    bool probe;
    TRY(link_ask(s, &probe));
    d->link.limit_ms = s->waits.statement_ms[DB_FOR_REQUEST] + s->waits.grace_ms;
    d->link.until_ms = probe ? clock_real_ms() + s->waits.probe_ms : 0;
    TRY(link_open(&d->link, s->waits.connect_ms));
    TRY(command(d, "LISTEN " DB_DOORBELL_CHANNEL));
    d->link.until_ms = 0;
    if (d->deaf)
        log_at(LOG_INFO, "store.doorbell_again");
    d->deaf = false;
    ring(d);
    return OK;
}

/* What came and is not our own is one ring, however many they were. */
static void hand_on(struct db_doorbell *d)
{
    bool others = false;
    PGnotify *n;
    while ((n = PQnotifies(d->link.handle))) {
        others |= strcmp(n->extra, d->store->node) != 0;
        PQfreemem(n);
    }
    if (others)
        ring(d);
}

/* What is committed from here on is told the next time. */
static err_t tell(struct db_doorbell *d)
{
    char sql[sizeof "NOTIFY " DB_DOORBELL_CHANNEL ", ''" + DB_NODE_BYTES];
    snprintf(sql, sizeof sql, "NOTIFY " DB_DOORBELL_CHANNEL ", '%s'", d->store->node);
    d->owed = false;
    d->told_ms = clock_real_ms();
    err_t e = command(d, sql);
    if (e != OK)
        d->owed = true;
    return e;
}

/* Until they may be told again of what there is to tell; with nothing to tell, for ever. */
static int64_t until_tell_ms(const struct db_doorbell *d)
{
    int64_t left_ms =
        !d->told_ms ? 0 : d->told_ms + d->store->waits.doorbell_gap_ms - clock_real_ms();
    return !d->owed ? INT64_MAX : left_ms > 0 ? left_ms : 0;
}

/* For as long as the connection is good. One that rested is asked whether it still is: its peer may be gone without a
 * word, and so may one that was last heard of before the store fell silent. */
static err_t listen_on(struct db_doorbell *d)
{
    struct db_store *s = d->store;
    while (!is_closing(d)) {
        bool came;
        eventfd_t times;
        TRY(link_hear(&d->link, d->wake, until_tell_ms(d), &came));
        /* Before `owed` is looked at: what comes after this wakes again. */
        (void)eventfd_read(d->wake, &times);
        if (!came && (clock_real_ms() - d->link.heard_ms > DB_DOORBELL_REST_MS ||
                      d->link.heard_ms < s->silent_ms))
            TRY(command(d, "SELECT 1"));
        hand_on(d);
        if (until_tell_ms(d) == 0)
            TRY(tell(d));
    }
    return d->owed ? tell(d) : OK;
}

/* --- the thread ------------------------------------------------------------------------------------------ */

static void rest(struct db_doorbell *d)
{
    mutex_lock(&d->mutex);
    if (!d->closing)
        UNUSED(cond_wait_ms(&d->cond, &d->mutex, d->store->waits.ask_again_ms));
    mutex_unlock(&d->mutex);
}

static void run(void *arg)
{
    struct db_doorbell *d = arg;
    while (!is_closing(d)) {
        err_clear();
        err_t e = begin_to_listen(d);
        if (e == OK)
            e = listen_on(d);
        if (e != OK)
            d->link.lost = true; /* it says no goodbye */
        link_close(&d->link);
        if (is_closing(d) || d->store->stop_ms)
            break;
        if (!d->deaf)
            log_at(LOG_WARN, "store.no_doorbell", LZ("code", err_code(e)),
                   LZ("detail", err_log_text()));
        d->deaf = true;
        rest(d);
    }
}

err_t db_doorbell_open(struct db_store *s)
{
    assert(!s->doorbell);
    if (s->backend != DB_POSTGRES)
        return OK;
    struct db_doorbell *d = calloc(1, sizeof *d);
    if (!d)
        return err_note(E_BUSY, NULL, "there is too little memory; try again in a moment");
    d->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (d->wake < 0) {
        free(d);
        return err_note(E_BUSY, NULL, "there are too many open files; try again in a moment");
    }
    d->store = d->link.store = s;
    mutex_init(&d->mutex);
    cond_init(&d->cond);
    s->doorbell = d;
    err_t e = thread_start(&d->thread, "doorbell", run, d);
    if (e != OK)
        db_doorbell_close(s);
    return e;
}

void db_doorbell_ring(struct db_store *s)
{
    struct db_doorbell *d = s->doorbell;
    if (d && !atomic_exchange(&d->owed, true))
        (void)eventfd_write(d->wake, 1);
}

void db_doorbell_close(struct db_store *s)
{
    struct db_doorbell *d = s->doorbell;
    if (!d)
        return;
    mutex_lock(&d->mutex);
    d->closing = true;
    cond_signal(&d->cond);
    mutex_unlock(&d->mutex);
    (void)eventfd_write(d->wake, 1);
    thread_join(&d->thread);
    close(d->wake);
    cond_free(&d->cond);
    mutex_free(&d->mutex);
    free(d);
    s->doorbell = NULL;
}
