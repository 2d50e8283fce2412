/* Group commit for SQLite (docs/decisions/0002-group-commit.md).
 *
 * One connection writes. Whoever has its turn opens a savepoint in the group's transaction, works, and
 * releases it; the last one in the queue (or of a full or old group) commits for all, and only then
 * everybody is answered. So 64 waiting writers share one sync of the disk. */
#include <stdlib.h>

#include "db/db_inside.h"
#include "os/clock.h"

enum {
    GROUP_MEMBERS_MAX = 128,
    GROUP_AGE_MAX_US = 10000,
    TURN_TIMEOUT_MS = 20000,
    CHECKPOINT_PAGES = 2000, /* new in the log since the last checkpoint */
    LOG_PAGES_MAX =
        4 *
        CHECKPOINT_PAGES, /* from here on it waits for readers (bounded) to begin the log again */
};

/* One COMMIT on the disk, and those who wait for it. */
struct group {
    int members; /* released savepoints that wait for the COMMIT */
    int users;   /* threads that still look at this struct */
    int64_t began_us;
    bool done, marked;
    err_t result;
    char why[sizeof((struct err_detail *)0)->text]; /* when it failed: for every member's thread */
    struct cond ended;
};

struct waiter {
    struct waiter *next;
    struct cond granted_now;
    bool granted;
};

struct db_writer {
    struct mutex lock;
    struct sqlite_connection *connection; /* touched only by whoever has the turn */
    bool taken;
    struct waiter *first, **last;
    struct group *current; /* its transaction is open on the connection */
    int members_max;
    int checkpointed_pages; /* length of the log at the last checkpoint */
};

static err_t read_only_error(void)
{
    return err_note(
        E_READ_ONLY, NULL,
        "a write could not be brought to the disk; restart the server when the disk is sound");
}

err_t db_writer_open(struct db_store *s, bool group_commit)
{
    struct db_writer *w = calloc(1, sizeof *w);
    if (!w)
        return E_BUSY;
    mutex_init(&w->lock);
    w->last = &w->first;
    w->members_max = group_commit ? GROUP_MEMBERS_MAX : 1;
    s->writer = w;
    return sqlite_connection_open(s, true, &w->connection);
}

void db_writer_close(struct db_store *s)
{
    if (!s->writer)
        return;
    assert(!s->writer->taken && !s->writer->current);
    sqlite_connection_close(s->writer->connection);
    mutex_free(&s->writer->lock);
    free(s->writer);
    s->writer = NULL;
}

void *db_writer_connection(struct db_store *s)
{
    return s->writer->connection;
}

/* --- the turn: first come, first served ------------------------------------------------------------ */

static void unlink_waiter(struct db_writer *w, struct waiter *gone)
{
    for (struct waiter **p = &w->first; *p; p = &(*p)->next)
        if (*p == gone) {
            *p = gone->next;
            if (w->last == &gone->next)
                w->last = p;
            return;
        }
}

static err_t take_turn(struct db_writer *w)
{
    if (!w->taken) {
        w->taken = true;
        return OK;
    }
    struct waiter me = { 0 };
    cond_init(&me.granted_now);
    *w->last = &me;
    w->last = &me.next;
    int64_t deadline = clock_monotonic_ms() + TURN_TIMEOUT_MS;
    while (!me.granted) {
        int64_t left = deadline - clock_monotonic_ms();
        if (left <= 0)
            break;
        (void)cond_wait_ms(&me.granted_now, &w->lock, left);
    }
    if (!me.granted)
        unlink_waiter(w, &me);
    cond_free(&me.granted_now);
    return me.granted ? OK : err_note(E_BUSY, NULL, "the store is busy; try again soon");
}

static void pass_turn(struct db_writer *w)
{
    struct waiter *next = w->first;
    if (!next) {
        w->taken = false;
        return;
    }
    w->first = next->next;
    if (!w->first)
        w->last = &w->first;
    next->granted = true;
    cond_signal(&next->granted_now);
}

/* --- groups ------------------------------------------------------------------------------------------- */

static void leave(struct group *g)
{
    if (--g->users == 0) {
        cond_free(&g->ended);
        free(g);
    }
}

static err_t open_group(struct db_writer *w)
{
    if (w->current)
        return OK;
    struct group *g = calloc(1, sizeof *g);
    if (!g)
        return E_BUSY;
    if (sqlite_in_transaction(w->connection)) /* an earlier ROLLBACK found no memory */
        (void)!sqlite_exec(w->connection, "ROLLBACK");
    err_t e = sqlite_exec(w->connection, "BEGIN IMMEDIATE");
    if (e != OK) {
        free(g);
        return e;
    }
    cond_init(&g->ended);
    g->users = 1; /* the writer itself */
    g->began_us = clock_monotonic_us();
    w->current = g;
    return OK;
}

/* The group is over, one way or the other; everybody in it is told. Called with the lock. */
static void end_group(struct db_store *s, err_t result)
{
    struct db_writer *w = s->writer;
    struct group *g = w->current;
    w->current = NULL;
    g->result = result;
    g->done = true;
    s->groups += result == OK;
    s->failed_groups += result != OK;
    cond_broadcast(&g->ended);
    leave(g);
}

/* Something failed on the writer's connection that one member's savepoint cannot undo: nothing of the
 * whole group will be on the disk. After a failed sync nothing more is written at all: a later COMMIT may
 * succeed over lost pages. Called with the turn, without the lock. */
static void lose_group(struct db_store *s, err_t e)
{
    struct db_writer *w = s->writer;
    if (sqlite_last_was_sync(w->connection))
        s->read_only = true;
    if (w->current)
        memcpy(w->current->why, err_detail()->text, sizeof w->current->why);
    if (sqlite_in_transaction(w->connection))
        (void)!sqlite_exec(w->connection, "ROLLBACK");
    mutex_lock(&w->lock);
    if (w->current)
        end_group(s, e);
    mutex_unlock(&w->lock);
}

/* The one place that checkpoints. Those who waited are on their way; only new writers wait for this. What is
 * committed stands in the log, so a checkpoint that fails loses nothing; it is tried again later. */
static void checkpoint(struct db_store *s)
{
    struct db_writer *w = s->writer;
    int pages = sqlite_wal_pages(w->connection);
    if (pages < w->checkpointed_pages)
        w->checkpointed_pages = 0; /* the log began again */
    if (s->read_only || pages - w->checkpointed_pages < CHECKPOINT_PAGES)
        return;
    if (sqlite_checkpoint(w->connection, pages >= LOG_PAGES_MAX) == OK)
        s->checkpoints++;
    else if (sqlite_last_was_sync(w->connection))
        s->read_only = true;
    w->checkpointed_pages = pages;
}

/* COMMIT for all. The turn is ours; the lock is not held while the disk works. */
static void commit_group(struct db_store *s)
{
    struct db_writer *w = s->writer;
    mutex_unlock(&w->lock);
    err_t e = sqlite_exec(w->connection, "COMMIT");
    if (e != OK)
        lose_group(s, e);
    mutex_lock(&w->lock);
    if (e != OK)
        return;
    end_group(s, OK);
    mutex_unlock(&w->lock);
    checkpoint(s);
    mutex_lock(&w->lock);
}

/* Our part is done. Commit when nobody would go on with this group, else leave it to the next. Called with the lock and the turn. */
static void finish_turn(struct db_store *s)
{
    struct db_writer *w = s->writer;
    struct group *g = w->current;
    if (g && g->members == 0 && !w->first) { /* nothing to keep: everyone rolled back */
        (void)!sqlite_exec(w->connection, "ROLLBACK");
        end_group(s, OK);
        s->groups--;
    } else if (g && g->members > 0 &&
               (!w->first || g->members >= w->members_max ||
                clock_monotonic_us() - g->began_us > GROUP_AGE_MAX_US)) {
        commit_group(s);
    }
    pass_turn(w);
}

/* --- a member -------------------------------------------------------------------------------------------- */

err_t db_group_begin(struct db *db)
{
    struct db_writer *w = db->store->writer;
    mutex_lock(&w->lock);
    err_t e = take_turn(w);
    mutex_unlock(&w->lock);
    TRY(e);
    e = db->store->read_only ? read_only_error() : open_group(w);
    if (e == OK) {
        e = sqlite_exec(w->connection, "SAVEPOINT member");
        if (e != OK && !sqlite_in_transaction(w->connection))
            lose_group(db->store, e);
    }
    mutex_lock(&w->lock);
    if (e == OK) {
        w->current->users++;
        db->group = w->current;
    } else {
        finish_turn(db->store);
    }
    mutex_unlock(&w->lock);
    return e;
}

err_t db_group_statement_failed(struct db *db, err_t e)
{
    struct db_writer *w = db->store->writer;
    if (!db->group || db->txn_error != OK ||
        (sqlite_in_transaction(w->connection) && !sqlite_last_was_sync(w->connection)))
        return e;
    /* Disk full, I/O, no memory: SQLite has rolled everything back, the other members' work too. */
    lose_group(db->store, e);
    db->txn_error = e;
    return e;
}

static err_t wait_for(struct db_writer *w, struct group *g)
{
    while (!g->done)
        cond_wait(&g->ended, &w->lock);
    return g->result == OK ? OK : err_note(g->result, NULL, "%s", g->why);
}

err_t db_group_commit(struct db *db)
{
    struct db_writer *w = db->store->writer;
    struct group *g = db->group;
    err_t e = sqlite_exec(w->connection, "RELEASE member");
    if (e != OK)
        e = db_group_statement_failed(db, e);
    if (e != OK) {
        db_group_rollback(db);
        return e;
    }
    mutex_lock(&w->lock);
    g->members++;
    g->marked |= db->marked;
    finish_turn(db->store);
    e = wait_for(w, g);
    bool call = e == OK && g->marked; /* one call for the group, by whoever wakes first */
    g->marked = false;
    leave(g);
    mutex_unlock(&w->lock);
    db->group = NULL;
    if (e == OK)
        db->store->commits++;
    if (call && db->store->hook)
        db->store->hook(db->store->hook_context);
    return e;
}

void db_group_rollback(struct db *db)
{
    struct db_writer *w = db->store->writer;
    struct group *g = db->group;
    if (sqlite_in_transaction(w->connection) && db->txn_error == OK) {
        err_t e = sqlite_exec(w->connection, "ROLLBACK TO member");
        if (e == OK)
            e = sqlite_exec(w->connection, "RELEASE member");
        if (e != OK) /* or the others would commit what this member gave up */
            lose_group(db->store, e);
    }
    mutex_lock(&w->lock);
    finish_turn(db->store);
    leave(g);
    mutex_unlock(&w->lock);
    db->group = NULL;
}
