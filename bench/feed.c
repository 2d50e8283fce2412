/* What it costs one account to hear of its changes, alone and among 1,000 others that write: µs of CPU time for each page of the
 * feed. Both logs hold the same ops of the reader and of things that it hears of; in the second 100 ops of others, of as many
 * accounts, stand between any two of them. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "ops/ops.h"
#include "os/clock.h"
#include "os/entropy.h"
#include "os/file.h"

enum { OWN = 400, OTHERS = 1000, BETWEEN = 100, PAGE = 50, ROUNDS = 400 };

static void must(err_t e)
{
    if (e != OK) {
        fprintf(stderr, "%s: %s\n", err_code(e), err_detail()->text);
        exit(1);
    }
}

static void append(struct db *db, struct uuid owner, struct uuid id)
{
    must(ops_append(db,
                    &(struct op_new){ .owner_id = owner,
                                      .actor_id = owner,
                                      .entity = "conversation",
                                      .kind = "updated",
                                      .entity_id = id,
                                      .version = 1 },
                    clock_wall_ms()));
}

static void fill(struct db *db, struct uuid reader, bool others)
{
    struct uuid friend = uuid_new(), shared = uuid_new(), accounts[OTHERS];
    for (size_t i = 0; i < OTHERS; i++)
        accounts[i] = uuid_new();
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    must(db_txn_begin(&tx, db));
    must(ops_reader_add(db, friend, "conversation", shared, reader));
    for (size_t i = 0; i < OWN; i++) {
        append(db, i % 4 ? reader : friend, i % 4 ? uuid_new() : shared);
        for (size_t j = 0; others && j < BETWEEN; j++)
            append(db, accounts[(i * BETWEEN + j) % OTHERS], uuid_new());
    }
    must(db_txn_commit(&tx));
}

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The whole feed in pages, as a device asks for it that was away. */
static double page_us(struct db *db, struct arena *a, struct uuid reader)
{
    size_t pages = 0;
    double began = cpu_us();
    for (int i = 0; i < ROUNDS; i++) {
        struct op_cursor c = { 0 };
        bool more = true;
        size_t found = 0;
        for (; more; pages++) {
            struct op *ops;
            size_t count;
            must(ops_read_for(db, a, reader, &c, PAGE, &ops, &count, &more));
            found += count;
            arena_reset(a);
        }
        if (found != OWN)
            exit(1);
    }
    return (cpu_us() - began) / (double)pages;
}

static struct db *open_store(struct arena *a, char **ret_folder, struct db_store **ret)
{
    struct db *db;
    must(folder_temp(a, "vivim-feed-", ret_folder));
    must(db_open(&(struct db_options){ .url = S("sqlite:"), .data_dir = *ret_folder }, ret));
    must(db_migrate(*ret, NULL));
    must(db_connect(*ret, &db));
    return db;
}

int main(void)
{
    struct arena a;
    struct db *db[2];
    struct db_store *stores[2];
    char *folders[2];
    struct uuid reader = uuid_new();
    double us[2] = { 0 };
    crypto_init();
    arena_init(&a, MIB(64));
    struct arena names;
    arena_init(&names, MIB(1));
    for (int i = 0; i < 2; i++) {
        db[i] = open_store(&names, &folders[i], &stores[i]);
        fill(db[i], reader, i == 1);
    }
    for (int round = 0; round < 5; round++)
        for (int i = 0; i < 2; i++) {
            double one = page_us(db[i], &a, reader);
            if (!round || one < us[i])
                us[i] = one;
        }
    printf("%.1f us alone, %.1f us among %d others\n", us[0], us[1], OTHERS);
    for (int i = 0; i < 2; i++) {
        db_disconnect(db[i]);
        db_close(stores[i]);
        folder_remove(folders[i]);
    }
    arena_free(&names);
    arena_free(&a);
}
