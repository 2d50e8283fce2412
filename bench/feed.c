/* What it costs one account to hear of its changes, alone and among 1,000 others that write: µs of CPU time for each page that
 * GET /api/v1/changes (and the event `changes`) gives, with the look at what the account may see and the JSON. Both logs hold the
 * same ops of the reader and of a thing that is shared with it; in the second 100 ops of others, of as many accounts, stand
 * between any two of them. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "archive/archive.h"
#include "base/limits.h"
#include "identity/identity.h"
#include "identity/inside.h"
#include "ops/ops.h"
#include "os/clock.h"
#include "os/entropy.h"
#include "os/file.h"
#include "realtime/feed/feed.h"
#include "sharing/sharing_store.h"

enum { OWN = 400, OTHERS = 1000, BETWEEN = 100, PAGE = 50, ROUNDS = 400 };

static const struct module *const MODULES[] = { &archive_module, NULL };

struct side { /* one of the two logs */
    struct app app;
    struct db *db;
    char *folder;
    double us;
};

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
                                      .fields = "title",
                                      .entity_id = id,
                                      .version = 1 },
                    clock_wall_ms()));
}

/* The rows behind a grant, without its accounts. */
static void share(struct db *db, struct uuid owner, struct uuid id, struct uuid reader)
{
    must(sharing_store_put(db,
                           &(struct grant){ .owner_id = owner,
                                            .entity = S("conversation"),
                                            .entity_id = id,
                                            .grantee_id = reader,
                                            .role = S("reader"),
                                            .version = 1 },
                           clock_wall_ms()));
    must(ops_reader_add(db, owner, "conversation", id, reader));
}

static void fill(struct db *db, struct uuid reader, bool others)
{
    struct account friend; /* a grant counts as long as its owner's account is there */
    struct uuid shared = uuid_new(), accounts[OTHERS];
    for (size_t i = 0; i < OTHERS; i++)
        accounts[i] = uuid_new();
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    must(db_txn_begin(&tx, db));
    must(
        identity_account_make(db, S("friend"), identity_nobody(), false, clock_wall_ms(), &friend));
    share(db, friend.id, shared, reader);
    for (size_t i = 0; i < OWN; i++) {
        append(db, i % 4 ? reader : friend.id, i % 4 ? uuid_new() : shared);
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

/* As the route and the event write it; *ret_more as they say it. */
static size_t page(struct side *s, struct arena *a, struct uuid reader, struct op_cursor *cursor,
                   bool *ret_more)
{
    struct buf b;
    struct json_out o;
    struct json answer;
    bool nothing;
    buf_init(&b, a, MIB(1));
    jo_init(&o, &b);
    jo_object(&o);
    must(changes_write(&s->app, s->db, a, reader, cursor, PAGE, &o, &nothing));
    jo_end(&o);
    must(buf_err(&b));
    must(json_parse(a, buf_str(&b), JSON_DEPTH_MAX, &answer));
    *ret_more = json_bool(json_get(answer, S("more")), false);
    return json_count(json_get(answer, S("items")));
}

/* The whole feed in pages, as a device asks for it that was away. */
static double page_us(struct side *s, struct arena *a, struct uuid reader)
{
    size_t pages = 0;
    double began = cpu_us();
    for (int i = 0; i < ROUNDS; i++) {
        struct op_cursor c = { 0 };
        bool more = true;
        size_t found = 0;
        for (; more; pages++) {
            found += page(s, a, reader, &c, &more);
            arena_reset(a);
        }
        if (found != OWN)
            exit(1);
    }
    return (cpu_us() - began) / (double)pages;
}

static void open_side(struct side *s, struct arena *a, struct uuid reader, bool others)
{
    must(folder_temp(a, "vivim-feed-", &s->folder));
    must(
        db_open(&(struct db_options){ .url = S("sqlite:"), .data_dir = s->folder }, &s->app.store));
    must(db_migrate(s->app.store, NULL));
    must(db_connect(s->app.store, &s->db));
    s->app.modules = MODULES;
    fill(s->db, reader, others);
}

int main(void)
{
    struct arena a, names;
    struct side sides[2] = { 0 };
    struct uuid reader = uuid_new();
    crypto_init();
    arena_init(&a, MIB(64));
    arena_init(&names, MIB(1));
    for (int i = 0; i < 2; i++)
        open_side(&sides[i], &names, reader, i == 1);
    for (int round = 0; round < 5; round++)
        for (int i = 0; i < 2; i++) {
            double one = page_us(&sides[i], &a, reader);
            if (!round || one < sides[i].us)
                sides[i].us = one;
        }
    printf("%.1f us alone, %.1f us among %d others\n", sides[0].us, sides[1].us, OTHERS);
    for (int i = 0; i < 2; i++) {
        db_disconnect(sides[i].db);
        db_close(sides[i].app.store);
        folder_remove(sides[i].folder);
    }
    arena_free(&names);
    arena_free(&a);
}
