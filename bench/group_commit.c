/* Group commit beside its peer: the same threads, rows, connection and synchronous=FULL, once with groups
 * and once with a COMMIT for each transaction (docs/decisions/0002-group-commit.md). Sides take turns in one run;
 * absolute figures of a shared machine are worth little, so the ratio is what counts.
 *
 *   make MODE=release build/release/bench/group_commit && build/release/bench/group_commit [THREADS [READERS]]
 *
 * Writes into a folder of its own under TMPDIR, which decides the disk. READERS threads read all the while. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/limits.h"
#include "db/db_inside.h"
#include "os/clock.h"
#include "os/entropy.h"
#include "os/file.h"

enum { ROUNDS = 5, WARM_MS = 300, ROUND_MS = 1500, THREADS_MAX = 256, VALUE_BYTES = 200 };
enum { GROUP, EACH, SIDES };

static const struct db_query MAKE = {
    "b_make",
    "CREATE TABLE row (id BLOB NOT NULL PRIMARY KEY, n INTEGER NOT NULL, value TEXT NOT NULL) "
    "STRICT",
    "", NULL, 0
};
static const struct db_query PUT = { "b_put", "INSERT INTO row (id, n, value) VALUES (?1, ?2, ?3)",
                                     "", NULL, 3 };
static const struct db_query NEWEST = { "b_newest", "SELECT n FROM row ORDER BY id DESC LIMIT 1",
                                        "", NULL, 0 };

struct side {
    const char *name;
    struct db_store *store;
    int64_t wal_bytes_most;
    double per_second[ROUNDS], cpu_us[ROUNDS], worst_ms[ROUNDS];
};

struct worker {
    struct thread thread;
    struct db_store *store;
    bool reads;
    int64_t done, worst_us;
};

static _Atomic bool stop;

static err_t put_row(struct db *db)
{
    static const char VALUE[VALUE_BYTES + 1] = { [0 ... VALUE_BYTES - 1] = 'v' };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(db_exec(db, &PUT, DB_ARGS(DBU(uuid_new()), DBI(1), DBS(str_of(VALUE, VALUE_BYTES))), NULL));
    return db_txn_commit(&tx);
}

static err_t read_row(struct db *db)
{
    int64_t n;
    err_t e = db_i64(db, &NEWEST, DB_NO_ARGS, &n);
    return e == E_NOT_FOUND ? OK : e; /* nothing was written yet */
}

static void work(void *arg)
{
    struct worker *w = arg;
    struct db *db;
    err_t e = db_connect(w->store, &db);
    assert(e == OK);
    while (!stop) {
        int64_t began = clock_monotonic_us();
        e = w->reads ? read_row(db) : put_row(db);
        assert(e == OK);
        int64_t took = clock_monotonic_us() - began;
        w->worst_us = took > w->worst_us ? took : w->worst_us;
        w->done++;
    }
    db_disconnect(db);
}

static double cpu_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void run_round(struct side *s, int writers, int readers, int64_t ms, int round)
{
    static struct worker workers[THREADS_MAX];
    int count = writers + readers;
    stop = false;
    double cpu = cpu_seconds();
    int64_t began = clock_monotonic_us(), done = 0, worst = 0;
    for (int i = 0; i < count; i++) {
        workers[i] = (struct worker){ .store = s->store, .reads = i >= writers };
        err_t e = thread_start(&workers[i].thread, "bench", work, &workers[i]);
        assert(e == OK);
    }
    clock_sleep_ms(ms);
    stop = true;
    for (int i = 0; i < count; i++) {
        thread_join(&workers[i].thread);
        if (workers[i].reads)
            continue;
        done += workers[i].done;
        worst = workers[i].worst_us > worst ? workers[i].worst_us : worst;
    }
    double seconds = (double)(clock_monotonic_us() - began) / 1e6;
    if (round >= 0) {
        s->per_second[round] = (double)done / seconds;
        s->cpu_us[round] = (cpu_seconds() - cpu) * 1e6 / (double)done;
        s->worst_ms[round] = (double)worst / 1e3;
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *from)
{
    double v[ROUNDS];
    memcpy(v, from, sizeof v);
    qsort(v, ROUNDS, sizeof v[0], by_size);
    return v[ROUNDS / 2];
}

/* The median of the rounds' own ratios, with the least and the greatest. */
static void print_ratio(const char *what, const double *a, const double *b)
{
    double v[ROUNDS];
    for (int i = 0; i < ROUNDS; i++)
        v[i] = a[i] / b[i];
    qsort(v, ROUNDS, sizeof v[0], by_size);
    printf("%-36s %6.2fx  (%.2f to %.2f)\n", what, v[ROUNDS / 2], v[0], v[ROUNDS - 1]);
}

static void open_side(struct side *s, struct arena *a, const char *folder, int which)
{
    char *data = str_cstr(a, str_fmt(a, "%s/%d", folder, which));
    err_t e = folder_make(data, 0700);
    struct db_options o = {
        .url = S("sqlite:"), .data_dir = data, .kind = DB_MAIN, .no_group_commit = which == EACH
    };
    if (e == OK)
        e = db_open(&o, &s->store);
    struct db *db;
    if (e == OK)
        e = db_connect(s->store, &db);
    assert(e == OK);
    struct db_txn tx = { 0 };
    e = db_txn_begin(&tx, db);
    if (e == OK)
        e = s->store->driver->script(db, MAKE.sqlite);
    if (e == OK)
        e = db_txn_commit(&tx);
    assert(e == OK);
    db_disconnect(db);
}

static void print_side(const struct side *s)
{
    struct db_stats stats;
    db_stats(s->store, &stats);
    printf("%-24s %9.0f /s %8.1f us CPU each %8.1f ms worst %6.1f in a COMMIT, %llu checkpoints, "
           "log %lld KiB\n",
           s->name, median(s->per_second), median(s->cpu_us), median(s->worst_ms),
           (double)stats.commits / (double)stats.groups, (unsigned long long)stats.checkpoints,
           (long long)(s->wal_bytes_most / 1024));
}

static int argument(int argc, char **argv, int at, int fallback)
{
    int64_t n = fallback;
    if (argc > at && (str_to_i64(str_from(argv[at]), &n) != OK || n < 0 || n > THREADS_MAX / 2)) {
        fprintf(stderr, "usage: group_commit [THREADS [READERS]], at most %d each\n",
                THREADS_MAX / 2);
        exit(2);
    }
    return (int)n;
}

int main(int argc, char **argv)
{
    static struct side sides[SIDES] = { { .name = "group commit" }, { .name = "one COMMIT each" } };
    int writers = argument(argc, argv, 1, 64), readers = argument(argc, argv, 2, 0);
    struct arena a = { 0 };
    char *folder;
    arena_init(&a, MIB(4));
    err_t e = folder_temp(&a, "vivim-bench-", &folder);
    assert(e == OK);
    for (int i = 0; i < SIDES; i++) {
        open_side(&sides[i], &a, folder, i);
        run_round(&sides[i], writers, readers, WARM_MS, -1);
    }
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < SIDES; i++) {
            struct side *s = &sides[i];
            run_round(s, writers, readers, ROUND_MS, round);
            int64_t n = file_size(str_cstr(&a, str_fmt(&a, "%s/%d/vivim.db-wal", folder, i)));
            s->wal_bytes_most = n > s->wal_bytes_most ? n : s->wal_bytes_most;
        }
    printf("%d writers, %d readers, synchronous=FULL, medians of %d rounds\n", writers, readers,
           ROUNDS);
    for (int i = 0; i < SIDES; i++)
        print_side(&sides[i]);
    print_ratio("transactions a second, group/each", sides[GROUP].per_second,
                sides[EACH].per_second);
    print_ratio("CPU of one transaction, each/group", sides[EACH].cpu_us, sides[GROUP].cpu_us);
    for (int i = 0; i < SIDES; i++)
        db_close(sides[i].store);
    folder_remove(folder);
    arena_free(&a);
    return 0;
}
