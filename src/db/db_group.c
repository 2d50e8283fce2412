/* Group commit for SQLite (docs/decisions/0002-group-commit.md).
 *
 * One connection writes. Whoever has its turn opens a savepoint in the group's transaction, works, and
 * releases it; the last one in the queue (or of a full or old group) commits for all, and only then
 * everybody is answered. So 64 waiting writers share one sync of the disk. A member that hands its
 * commit over (docs/decisions/0011-commit-hand-over.md) does not wait: it is told when the group has ended. */
#include <stdatomic.h>
#include <stdlib.h>

#include "db/sqlite_connection.h"
#include "os/clock.h"

enum {
    GROUP_MEMBERS_MAX = 128,
    GROUP_AGE_MAX_US = 10000,
    JOIN_MS = 3, /* how long a commit without hurry waits for another one */
    TURN_TIMEOUT_MS = 20000,
    TURN_LOOK_MS = 200, /* whether the program stops */
    FOREIGN_MS = 1000,  /* one waited in vain for another process: those behind do not wait again */
    CHECKPOINT_PAGES = 2000, /* new in the log since the last checkpoint */
    LOG_PAGES_MAX =
        4 *
        CHECKPOINT_PAGES, /* from here on it waits for readers (bounded) to begin the log again */
};

/* One COMMIT on the disk, and those who wait for it. */
struct group {
    int members;          /* released savepoints that wait for the COMMIT */
    _Atomic bool awaited; /* a thread waits for it, or wants it now */
    _Atomic int users;    /* threads that still look at this struct; the last one frees it */
    int64_t began_us;
    _Atomic unsigned marks;   /* of its members, not told yet */
    struct db_handed *handed; /* who is told; under the writer's lock, as `over` is */
    bool over;
    struct gate ended; /* behind it the result stands */
    err_t result;
    char why[sizeof((struct err_detail *)0)->text]; /* when it failed: for every member's thread */
};

struct waiter {
    struct waiter *next;
    struct gate granted;
};

struct db_writer {
    struct mutex lock;
    struct sqlite_connection *connection; /* touched only by whoever has the turn */
    bool taken;
    struct waiter *first, **last;
    struct group *current; /* its transaction is open on the connection */
    int members_max;
    bool doubtful; /* a group was lost: before the next one the connection is opened anew */
    int checkpointed_pages; /* length of the log at the last checkpoint */
    int64_t foreign_ms;     /* clock_real_ms: until then another process surely holds the lock */
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

struct sqlite_connection *db_writer_connection(struct db_store *s)
{
    return s->writer->connection;
}

/* --- the turn: first come, first served ------------------------------------------------------------ */

static bool unlink_waiter(struct db_writer *w, struct waiter *gone)
{
    for (struct waiter **p = &w->first; *p; p = &(*p)->next)
        if (*p == gone) {
            *p = gone->next;
            if (w->last == &gone->next)
                w->last = p;
            return true;
        }
    return false;
}

/* In steps, for the wait ends earlier when the program stops. */
static bool wait_for_turn(struct db_store *s, struct waiter *me)
{
    int64_t began_ms = clock_real_ms(), left_ms;
    while ((left_ms = db_wait_left(s, began_ms, TURN_TIMEOUT_MS)) > 0)
        if (gate_wait(&me->granted, left_ms < TURN_LOOK_MS ? left_ms : TURN_LOOK_MS))
            return true;
    return false;
}

static err_t take_turn(struct db_store *s)
{
    struct db_writer *w = s->writer;
    struct waiter me = { 0 };
    mutex_lock(&w->lock);
    bool free_now = !w->taken;
    w->taken = true;
    if (!free_now) {
        *w->last = &me;
        w->last = &me.next;
    }
    mutex_unlock(&w->lock);
    if (free_now || wait_for_turn(s, &me))
        return OK;
    mutex_lock(&w->lock);
    bool left_in_time = unlink_waiter(w, &me);
    mutex_unlock(&w->lock);
    if (left_in_time)
        return err_note(E_BUSY, NULL, "the store is busy; try again soon");
    (void)gate_wait(&me.granted, -1); /* it is being granted at this moment */
    return OK;
}

/* Called with the lock; gives who has the turn now, to be told without the lock. */
static struct waiter *pass_turn(struct db_writer *w)
{
    struct waiter *next = w->first;
    if (!next) {
        w->taken = false;
        return NULL;
    }
    w->first = next->next;
    if (!w->first)
        w->last = &w->first;
    return next;
}

/* --- groups ------------------------------------------------------------------------------------------- */

static void leave(struct group *g)
{
    if (--g->users == 0)
        free(g);
}

/* After too little memory or a failing disk a virtual table may still believe what was rolled back: FTS5 of SQLite 3.40,
 * when the memory ends as it joins the transaction, later writes an index without anything that was in it. A new
 * connection knows only what is on the disk. */
static err_t renew_connection(struct db_store *s)
{
    struct sqlite_connection *fresh;
    TRY(sqlite_connection_open(s, true, &fresh));
    sqlite_connection_close(s->writer->connection);
    s->writer->connection = fresh;
    s->writer->doubtful = false;
    return OK;
}

static err_t open_group(struct db_store *s)
{
    struct db_writer *w = s->writer;
    if (w->current)
        return OK;
    if (w->doubtful)
        TRY(renew_connection(s));
    struct group *g = calloc(1, sizeof *g);
    if (!g)
        return E_BUSY;
    if (sqlite_in_transaction(w->connection)) /* an earlier ROLLBACK found no memory */
        (void)!sqlite_control(w->connection, CONTROL_ROLLBACK);
    bool wait = clock_real_ms() >= w->foreign_ms;
    sqlite_wait_for_others(w->connection, wait);
    err_t e = sqlite_control(w->connection, CONTROL_BEGIN_IMMEDIATE);
    sqlite_wait_for_others(w->connection, true);
    if (e == E_BUSY && wait)
        w->foreign_ms = clock_real_ms() + FOREIGN_MS;
    if (e != OK) {
        free(g);
        return e;
    }
    g->users = 1; /* the writer itself */
    g->began_us = clock_monotonic_us();
    w->current = g;
    return OK;
}

/* One call for the group, by whoever comes first. */
static void call_hook(struct db_store *s, struct group *g)
{
    unsigned marks = g->result == OK ? atomic_exchange(&g->marks, 0) : 0;
    if (marks && s->hook)
        s->hook(s->hook_context, marks);
}

static err_t result_of(const struct group *g)
{
    return g->result == OK ? OK : err_note(g->result, NULL, "%s", g->why);
}

/* Tell those who handed their commits over; the newest stands first. What this thread was about to say is kept. */
static void tell_handed(struct db_store *s, struct group *g, struct db_handed *list)
{
    struct err_detail detail = *err_detail();
    struct db_handed *oldest = NULL;
    while (list) {
        struct db_handed *next = list->next;
        list->next = oldest;
        oldest = list;
        list = next;
    }
    bool any = oldest != NULL;
    while (oldest) {
        struct db_handed *next = oldest->next; /* told, it may be gone */
        oldest->told(oldest, result_of(g));
        oldest = next;
    }
    if (any) /* else a thread that waits calls it */
        call_hook(s, g);
    err_restore(&detail);
}

/* The group is over, one way or the other; everybody in it is told. Called with the turn. */
static void end_group(struct db_store *s, err_t result)
{
    struct db_writer *w = s->writer;
    struct group *g = w->current;
    w->current = NULL;
    g->result = result;
    s->groups += result == OK;
    s->failed_groups += result != OK;
    s->commits += result == OK ? (uint64_t)g->members : 0;
    mutex_lock(&w->lock);
    g->over = true;
    struct db_handed *handed = g->handed;
    mutex_unlock(&w->lock);
    gate_open(&g->ended);
    tell_handed(s, g, handed);
    leave(g);
}

/* Something failed on the writer's connection that one member's savepoint cannot undo: nothing of the
 * whole group will be on the disk. After a failed sync nothing more is written at all: a later COMMIT may
 * succeed over lost pages. Called with the turn, without the lock. */
static void lose_group(struct db_store *s, err_t e)
{
    struct db_writer *w = s->writer;
    w->doubtful = true;
    if (sqlite_last_was_sync(w->connection))
        s->read_only = true;
    if (w->current)
        memcpy(w->current->why, err_detail()->text, sizeof w->current->why);
    if (sqlite_in_transaction(w->connection))
        (void)!sqlite_control(w->connection, CONTROL_ROLLBACK);
    if (w->current)
        end_group(s, e);
}

/* The one place that checkpoints. What is committed stands in the log, so a checkpoint that fails loses nothing; it is
 * tried again later. Called with the turn, without a group. */
static err_t checkpoint_now(struct db_store *s, enum checkpoint how, bool *ret_done)
{
    struct db_writer *w = s->writer;
    err_t e = sqlite_checkpoint(w->connection, how, ret_done);
    if (e == OK)
        s->checkpoints++;
    else if (sqlite_last_was_sync(w->connection))
        s->read_only = true;
    return e;
}

/* Those who waited are on their way; only new writers wait for this. */
static void checkpoint(struct db_store *s)
{
    struct db_writer *w = s->writer;
    int pages = sqlite_wal_pages(w->connection);
    bool done;
    if (pages < w->checkpointed_pages)
        w->checkpointed_pages = 0; /* the log began again */
    if (s->read_only || pages - w->checkpointed_pages < CHECKPOINT_PAGES)
        return;
    (void)!checkpoint_now(s, pages >= LOG_PAGES_MAX ? CHECKPOINT_RESTART : CHECKPOINT_PASSIVE,
                          &done);
    w->checkpointed_pages = pages;
}

/* COMMIT for all. */
static void commit_group(struct db_store *s)
{
    err_t e = sqlite_control(s->writer->connection, CONTROL_COMMIT);
    if (e != OK) {
        lose_group(s, e);
        return;
    }
    end_group(s, OK);
    checkpoint(s);
}

/* Is it for us to end the group: is it full or old, or does somebody wait for it with whom nobody else would go on, or
 * is nothing in it? Those who handed their commits over ask for it when they have no more (db_flush). Called with the turn
 * and the lock. */
static bool group_is_due(const struct db_writer *w)
{
    const struct group *g = w->current;
    if (!g)
        return false;
    if (g->members >= w->members_max ||
        (g->members > 0 && clock_monotonic_us() - g->began_us > GROUP_AGE_MAX_US))
        return true;
    return !w->first && (g->awaited || g->members == 0);
}

static void finish_group(struct db_store *s)
{
    if (s->writer->current->members > 0) {
        commit_group(s);
        return;
    }
    (void)!sqlite_control(s->writer->connection,
                          CONTROL_ROLLBACK); /* everyone rolled back: nothing to keep */
    end_group(s, OK);
    s->groups--;
}

/* Our part is done: end the group where that is for us to do, and pass the turn on. Called with the turn. */
static void finish_turn(struct db_store *s)
{
    struct db_writer *w = s->writer;
    mutex_lock(&w->lock);
    while (group_is_due(w)) {
        mutex_unlock(&w->lock); /* it is not held while the disk works */
        finish_group(s);
        mutex_lock(&w->lock);
    }
    struct waiter *next = pass_turn(w);
    mutex_unlock(&w->lock);
    if (next)
        gate_open(&next->granted);
}

err_t db_writer_renew(struct db_store *s, err_t (*between)(struct db_store *s))
{
    struct db_writer *w = s->writer;
    TRY(take_turn(s));
    if (w->current)
        finish_group(s);
    err_t e = between(s);
    w->doubtful = true;
    w->checkpointed_pages = 0;
    if (e == OK)
        e = renew_connection(s);
    finish_turn(s);
    return e;
}

/* --- a member -------------------------------------------------------------------------------------------- */

err_t db_group_begin(struct db *db)
{
    struct db_writer *w = db->store->writer;
    TRY(take_turn(db->store));
    err_t e = db->store->read_only ? read_only_error() : open_group(db->store);
    if (e == OK) {
        e = sqlite_control(w->connection, CONTROL_SAVEPOINT);
        if (e != OK && !sqlite_in_transaction(w->connection))
            lose_group(db->store, e);
    }
    if (e != OK) {
        finish_turn(db->store);
        return e;
    }
    w->current->users++;
    db->group = w->current;
    return OK;
}

err_t db_group_statement_failed(struct db *db, err_t e)
{
    struct db_writer *w = db->store->writer;
    bool grave = e == E_FULL || e == E_IO || e == E_BUSY;
    if (!db->group || db->txn_error != OK || (sqlite_in_transaction(w->connection) && !grave))
        return e;
    /* Disk full, I/O, no memory: SQLite may have rolled everything back, the other members' work too; where it has
     * not, what its virtual tables hold is not sure any more. */
    lose_group(db->store, e);
    db->txn_error = e;
    return e;
}

/* Where somebody has the turn, or waits for it, that one makes it. */
static void ask_for_commit(struct db_store *s, struct group *g)
{
    g->awaited = true;
    if (take_turn(s) == OK)
        finish_turn(s);
}

/* The last to look at the group. */
static err_t wait_for(struct db_store *s, struct group *g)
{
    (void)gate_wait(&g->ended, -1);
    err_t e = result_of(g);
    call_hook(s, g);
    leave(g);
    return e;
}

err_t db_group_commit(struct db *db)
{
    struct db_writer *w = db->store->writer;
    struct group *g = db->group;
    err_t e = sqlite_control(w->connection, CONTROL_SAVEPOINT_RELEASE);
    if (e != OK)
        e = db_group_statement_failed(db, e);
    if (e != OK) {
        db_group_rollback(db);
        return e;
    }
    g->members++;
    g->marks |= db->marks;
    db->group = NULL;
    if (db->hands_over)
        db->handed = g;
    else if (!db->joins)
        g->awaited = true;
    finish_turn(db->store);
    if (db->handed)
        return OK;
    if (db->joins && !gate_wait(&g->ended, JOIN_MS))
        ask_for_commit(db->store, g);
    return wait_for(db->store, g);
}

void db_group_rollback(struct db *db)
{
    struct db_writer *w = db->store->writer;
    struct group *g = db->group;
    if (sqlite_in_transaction(w->connection) && db->txn_error == OK) {
        err_t e = sqlite_control(w->connection, CONTROL_SAVEPOINT_ROLLBACK);
        if (e == OK)
            e = sqlite_control(w->connection, CONTROL_SAVEPOINT_RELEASE);
        if (e != OK) /* or the others would commit what this member gave up */
            lose_group(db->store, e);
    }
    finish_turn(db->store);
    leave(g);
    db->group = NULL;
}

/* --- hand-over ---------------------------------------------------------------------------------------------- */

void db_group_flush(struct db_store *s)
{
    struct db_writer *w = s->writer;
    if (take_turn(s) != OK)
        return; /* whoever has it has it for long: it finds the group old */
    if (w->current)
        w->current->awaited = true;
    finish_turn(s);
}

err_t db_group_settle(struct db *db)
{
    struct group *g = db->handed;
    db->handed = NULL;
    ask_for_commit(db->store, g);
    return wait_for(db->store, g);
}

err_t db_group_hand_over(struct db *db, struct db_handed *h, bool *ret_told)
{
    struct db_writer *w = db->store->writer;
    struct group *g = db->handed;
    db->handed = NULL;
    mutex_lock(&w->lock);
    *ret_told = !g->over;
    if (*ret_told) {
        h->next = g->handed;
        g->handed = h;
    }
    mutex_unlock(&w->lock);
    err_t e = *ret_told ? OK : wait_for(db->store, g);
    if (*ret_told)
        leave(g);
    return e;
}

/* --- the log ----------------------------------------------------------------------------------------------- */

err_t db_cut_log(struct db_store *s)
{
    struct db_writer *w = s->writer;
    bool done = false;
    if (!w)
        return OK; /* PostgreSQL */
    if (s->is_derived)
        TRY(derived_usable(&s->derived));
    TRY(take_turn(s));
    if (w->current)
        finish_group(s);
    err_t e = s->read_only ? read_only_error() : checkpoint_now(s, CHECKPOINT_TRUNCATE, &done);
    w->checkpointed_pages = 0;
    finish_turn(s);
    return e == OK && !done ? E_BUSY : e;
}
