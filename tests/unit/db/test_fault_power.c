/* Power loss: of what was written and not synced any part may be on the disk, in any order, in pieces of a sector.
 *
 * Writers run; every write and sync of the database and every change of a blob's file is recorded, and when each
 * transaction was acknowledged. Then, for many moments, the disk is put together as it may look after a power loss at
 * that moment, and opened: it is sound, every acknowledged transaction is there, every other one whole or not at all. */
#include "db/blob.h"
#include "fault/fault.h"
#include "fixture.h"
#include "os/thread.h"

enum {
    WRITERS = 4,
    WRITES = 120, /* of each: some ten thousand pages, so checkpoints and a log that begins again */
    ROW_BYTES = 30000,
    BESIDE = 1000000,
    BLOBS = 40,
    MOMENTS = 80,
    SECTOR = 512,
    NAMES_MAX = 1024
};

/* --- what is recorded ------------------------------------------------------------------------------------ */

enum { EVENT_ACKNOWLEDGED = 100 };
struct event {
    int change; /* enum file_change or EVENT_ACKNOWLEDGED */
    char *path, *bytes;
    long long n, at; /* acknowledged: n is the transaction */
};
static struct event *events;
static size_t event_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void record(int change, const char *path, const void *bytes, long long n, long long at)
{
    pthread_mutex_lock(&lock);
    if (event_count % 1024 == 0)
        events = realloc(events, (event_count + 1024) * sizeof *events);
    struct event *e = &events[event_count++];
    *e = (struct event){ .change = change, .path = strdup(path), .n = n, .at = at };
    if (change == FILE_RENAME)
        e->bytes = strdup(bytes);
    if (change == FILE_WRITE) {
        e->bytes = malloc((size_t)n);
        memcpy(e->bytes, bytes, (size_t)n);
    }
    pthread_mutex_unlock(&lock);
}

static void observe(enum file_change change, const char *path, const void *bytes, long long n,
                    long long at)
{
    record((int)change, path, bytes, n, at);
}

static void forget_events(void)
{
    for (size_t i = 0; i < event_count; i++) {
        free(events[i].path);
        free(events[i].bytes);
    }
    free(events);
    events = NULL;
    event_count = 0;
}

/* --- the writers -------------------------------------------------------------------------------------------- */

static struct blob_store blobs;
static struct uuid owner = { { 9 } };

static struct str blob_of(int64_t n, char *text, size_t most)
{
    return str_of(text, (size_t)snprintf(text, most, "blob %d", (int)(n % BLOBS)));
}

static err_t put_wide(struct db *db, int64_t n)
{
    static char wide[ROW_BYTES];
    char word[32];
    snprintf(word, sizeof word, "w%lld", (long long)n);
    return db_exec(db, &Q_PUT,
                   DB_ARGS(DBU(id_of(n)), DBI(n), DBF(0), DBB(false), DBS(str_from(word)),
                           DBX(str_of(wide, sizeof wide))),
                   NULL);
}

static void write_pairs(void *arg)
{
    int64_t first = (int64_t)(intptr_t)arg * 10000;
    struct db *db;
    assert_int_equal(db_connect(f.store, &db), OK);
    for (int64_t n = first; n < first + WRITES; n++) {
        CLEANUP(db_txn_end) struct db_txn tx = { 0 };
        char text[64];
        struct sha256 h;
        assert_int_equal(blob_put(&blobs, owner, blob_of(n, text, sizeof text), false, &h), OK);
        assert_int_equal(db_txn_begin(&tx, db), OK);
        assert_int_equal(put_wide(db, n), OK);
        assert_int_equal(put_wide(db, n + BESIDE), OK);
        assert_int_equal(db_txn_commit(&tx), OK);
        record(EVENT_ACKNOWLEDGED, "", NULL, n, 0);
    }
    db_disconnect(db);
}

static void run_writers(void)
{
    struct thread threads[WRITERS] = { 0 };
    for (size_t i = 0; i < WRITERS; i++)
        assert_int_equal(thread_start(&threads[i], "writer", write_pairs, (void *)(intptr_t)i), OK);
    for (size_t i = 0; i < WRITERS; i++)
        thread_join(&threads[i]);
}

/* --- a disk -------------------------------------------------------------------------------------------------- */

static uint64_t chance_state = 88172645463325252u;
static uint64_t chance(uint64_t below)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return chance_state % below;
}

struct image {
    char *bytes;
    size_t n, room;
};

static void set_size(struct image *m, size_t n)
{
    if (n > m->room) {
        m->room = n * 2;
        m->bytes = realloc(m->bytes, m->room);
    }
    if (n > m->n)
        memset(m->bytes + m->n, 0, n - m->n);
    m->n = n;
}

static void put_at(struct image *m, const char *bytes, size_t n, size_t at)
{
    if (at + n > m->n)
        set_size(m, at + n);
    memcpy(m->bytes + at, bytes, n);
}

static void apply(struct image *m, const struct event *e)
{
    if (e->change == FILE_WRITE)
        put_at(m, e->bytes, (size_t)e->n, (size_t)e->at);
    else
        set_size(m, (size_t)e->n);
}

/* Each sector of it for itself, or all, or nothing: also a disk that only reorders is one. */
static void apply_by_chance(struct image *m, const struct event *e)
{
    uint64_t way = chance(4);
    if (way == 0)
        return;
    if (way == 1 || e->change != FILE_WRITE) {
        apply(m, e);
        return;
    }
    size_t at = (size_t)e->at, end = at + (size_t)e->n;
    while (at < end) {
        size_t next = (at / SECTOR + 1) * SECTOR < end ? (at / SECTOR + 1) * SECTOR : end;
        if (chance(2))
            put_at(m, e->bytes + (at - (size_t)e->at), next - at, at);
        at = next;
    }
}

struct disk_file {
    const char *name; /* in the data folder */
    struct image synced;
    size_t synced_to; /* events before this one are in it */
};
static struct disk_file files[] = { { .name = "vivim.db" }, { .name = "vivim.db-wal" } };

static bool changes(const struct event *e, const char *name)
{
    size_t n = strlen(e->path), m = strlen(name);
    return (e->change == FILE_WRITE || e->change == FILE_TRUNCATE) && n > m &&
           e->path[n - m - 1] == '/' && strcmp(e->path + n - m, name) == 0;
}

static bool syncs(const struct event *e, const char *name)
{
    struct event as = *e;
    as.change = FILE_WRITE;
    return e->change == FILE_SYNC && changes(&as, name);
}

/* Everything of the file up to its last sync before `moment` is on the disk. */
static void sync_until(struct disk_file *file, size_t moment)
{
    size_t last = file->synced_to;
    for (size_t i = file->synced_to; i < moment; i++)
        if (syncs(&events[i], file->name))
            last = i + 1;
    for (size_t i = file->synced_to; i < last; i++)
        if (changes(&events[i], file->name))
            apply(&file->synced, &events[i]);
    file->synced_to = last;
}

static void write_file(const char *folder, const char *name, struct image m)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(file_write_atomic(path, str_of(m.bytes ? m.bytes : "", m.n), 0600), OK);
}

static void lose_power(struct disk_file *file, size_t moment, const char *folder)
{
    struct image m = { 0 };
    sync_until(file, moment);
    put_at(&m, file->synced.bytes, file->synced.n, 0);
    for (size_t i = file->synced_to; i < moment; i++)
        if (changes(&events[i], file->name))
            apply_by_chance(&m, &events[i]);
    write_file(folder, file->name, m);
    free(m.bytes);
}

static void read_files(void)
{
    for (size_t i = 0; i < COUNTOF(files); i++) {
        char path[300];
        struct str bytes;
        snprintf(path, sizeof path, "%s/%s", f.folder, files[i].name);
        assert_int_equal(file_read(&f.arena, path, MIB(32), &bytes), OK);
        files[i].synced = (struct image){ 0 };
        files[i].synced_to = 0;
        put_at(&files[i].synced, bytes.s, bytes.n, 0);
    }
}

/* --- the store that is found on it ----------------------------------------------------------------------------- */

static bool has(struct db *db, int64_t n)
{
    static const struct db_query Q_HAS = { "t_has", "SELECT n FROM thing WHERE id = ?1", "", NULL,
                                           1 };
    int64_t found;
    err_t e = db_i64(db, &Q_HAS, DB_ARGS(DBU(id_of(n))), &found);
    assert_true(e == OK || e == E_NOT_FOUND);
    return e == OK;
}

static void hold_transactions(struct db *db, size_t moment)
{
    static bool acknowledged[WRITERS * 10000];
    memset(acknowledged, 0, sizeof acknowledged);
    for (size_t i = 0; i < moment; i++)
        if (events[i].change == EVENT_ACKNOWLEDGED)
            acknowledged[events[i].n] = true;
    for (int64_t w = 0; w < WRITERS; w++)
        for (int64_t n = w * 10000; n < w * 10000 + WRITES; n++) {
            bool there = has(db, n);
            assert_true(there || !acknowledged[n]);
            assert_int_equal(has(db, n + BESIDE), there);
        }
}

static void hold_store(const char *folder, size_t moment)
{
    struct db_options o = { .url = S("sqlite:"), .data_dir = folder };
    struct db_store *s;
    struct db *db;
    assert_int_equal(db_open(&o, &s), OK);
    assert_int_equal(db_connect(s, &db), OK);
    assert_int_equal(db_integrity(db), OK);
    hold_transactions(db, moment);
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    assert_int_equal(db_txn_begin(&tx, db), OK);
    assert_int_equal(put_wide(db, 5 * BESIDE), OK); /* and life goes on */
    assert_int_equal(db_txn_commit(&tx), OK);
    db_disconnect(db);
    db_close(s);
}

static void acknowledged_survives_power_loss(void **state)
{
    UNUSED(state);
    char root[200], folder[200];
    snprintf(root, sizeof root, "%s/blobs", f.folder);
    snprintf(folder, sizeof folder, "%s/after", f.folder);
    blobs.root = root;
    read_files();
    fault_observe(observe);
    run_writers();
    fault_observe(NULL);
    struct db_stats stats;
    db_stats(f.store, &stats);
    assert_true(stats.checkpoints >= 2);
    for (size_t k = 0; k < MOMENTS; k++) {
        size_t moment = event_count * k / MOMENTS + chance(event_count / MOMENTS);
        assert_int_equal(folder_make(folder, 0700), OK);
        for (size_t i = 0; i < COUNTOF(files); i++)
            lose_power(&files[i], moment, folder);
        hold_store(folder, moment);
        folder_remove(folder);
    }
    for (size_t i = 0; i < COUNTOF(files); i++)
        free(files[i].synced.bytes);
    forget_events();
}

/* --- blobs ------------------------------------------------------------------------------------------------------- */

/* A file's bytes are on the disk after its sync, its name after a sync of the folder. */
struct entry {
    const char *path;
    bool bytes_synced, name_synced;
};
static struct entry entries[NAMES_MAX];
static size_t entry_count;

static struct entry *entry_of(const char *path, bool make)
{
    for (size_t i = 0; i < entry_count; i++)
        if (strcmp(entries[i].path, path) == 0)
            return &entries[i];
    if (!make)
        return NULL;
    assert_true(entry_count < NAMES_MAX);
    entries[entry_count] = (struct entry){ .path = path };
    return &entries[entry_count++];
}

static void sync_names(const char *folder)
{
    size_t n = strlen(folder);
    for (size_t i = 0; i < entry_count; i++)
        if (strncmp(entries[i].path, folder, n) == 0 && entries[i].path[n] == '/' &&
            !strchr(entries[i].path + n + 1, '/'))
            entries[i].name_synced = true;
}

static void follow(const struct event *e)
{
    struct entry *entry;
    switch (e->change) {
    case FILE_WRITE:
        entry_of(e->path, true)->bytes_synced = false;
        break;
    case FILE_SYNC:
        entry = entry_of(e->path, false);
        if (entry)
            entry->bytes_synced = true;
        sync_names(e->path);
        break;
    case FILE_MAKE_FOLDER:
        if (!entry_of(e->path, false))
            entry_of(e->path, true)->bytes_synced = true;
        break;
    case FILE_RENAME:
        entry = entry_of(e->bytes, true); /* over a file that was there: the old or the new one */
        entry->bytes_synced =
            (entry->bytes_synced || !entry->name_synced) && entry_of(e->path, true)->bytes_synced;
        break;
    default:
        break;
    }
}

/* The file and every folder above it that is new. */
static void hold_blob(int64_t n)
{
    char text[64], path[300], hex[65] = { 0 };
    struct sha256 h = sha256_of(blob_of(n, text, sizeof text));
    char id[UUID_TEXT_BYTES + 1];
    uuid_text(owner, id);
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", h.b[i]);
    snprintf(path, sizeof path, "%s/%s/%.2s/%s", blobs.root, id, hex, hex);
    const struct entry *file = entry_of(path, false);
    assert_non_null(file);
    assert_true(file->bytes_synced && file->name_synced);
    for (char *slash = strrchr(path, '/'); slash && slash > path; slash = strrchr(path, '/')) {
        *slash = 0;
        const struct entry *folder = entry_of(path, false);
        assert_true(!folder || folder->name_synced);
    }
}

static void a_blob_is_on_the_disk_before_its_row_is_acknowledged(void **state)
{
    UNUSED(state);
    char root[200];
    snprintf(root, sizeof root, "%s/blobs", f.folder);
    blobs.root = root;
    fault_observe(observe);
    assert_int_equal(folder_make(root, 0700), OK); /* as the program does when it starts */
    run_writers();
    fault_observe(NULL);
    entry_count = 0;
    for (size_t i = 0; i < event_count; i++) {
        follow(&events[i]);
        if (events[i].change == EVENT_ACKNOWLEDGED)
            hold_blob(events[i].n);
    }
    forget_events();
}

int main(void)
{
    fault_vfs_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(acknowledged_survives_power_loss, sqlite_up, tear_down),
        cmocka_unit_test_setup_teardown(a_blob_is_on_the_disk_before_its_row_is_acknowledged,
                                        sqlite_up, tear_down),
    };
    return cmocka_run_group_tests_name("db/power", tests, NULL, NULL);
}
