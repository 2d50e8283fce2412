/* The index while memory, database, writes and syncs fail at every place: a text is found, or is put in again. */
#include "fault/fault.h"
#include "ops/fixture.h"
#include "search/inside.h"

/* Number i as an entity, whose words nobody else has. */
static struct uuid id_of(int i)
{
    struct uuid u = { { 0x30 } };
    for (int k = 0; k < 4; k++)
        u.b[15 - k] = (uint8_t)(i >> (8 * k));
    return u;
}

static err_t note_text(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                       struct uuid id, struct index_text *ret)
{
    UNUSED(app);
    UNUSED(db);
    int i = id.b[13] << 16 | id.b[14] << 8 | id.b[15];
    *ret = (struct index_text){
        .owner_id = owner,
        .id = id,
        .title = S("A title"),
        .text = str_fmt(a, "the word%d of a note, and word%dagain", i, i),
        .role = S("user"),
        .provider = S("claude"),
        .created_ms = NOW,
    };
    return arena_err(a);
}

static const struct entity ENTITIES[] = { { .name = "message", .text = note_text } };
static const struct module NOTES = { .name = "notes", .entities = ENTITIES, .entity_count = 1 };
static const struct module *const MODULES[] = { &NOTES, &search_module, NULL };

static size_t found(int i, err_t *ret)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct search_page page = { 0 };
    char q[32];
    arena_init(&a, MIB(16));
    snprintf(q, sizeof q, "word%d", i);
    const struct search_ask ask = { .q = str_from(q), .exact = true, .now_ms = NOW };
    *ret = search_query(&f.app, f.db, &a, f.owner, &ask, NULL, 10, &page);
    return page.count;
}

/* As the thread of the consumers does it: effects in one transaction of the index. */
static err_t consume(int i, const char *kind)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    struct op op = {
        .owner_id = f.owner, .entity = S("message"), .entity_id = id_of(i), .kind = str_from(kind)
    };
    arena_init(&a, MIB(16));
    TRY(db_txn_begin(&tx, f.index));
    TRY(SEARCH_CONSUMERS[0].consume(&f.app, f.db, f.index, &a, &op, 1));
    return db_txn_commit(&tx);
}

static err_t indexed(int i)
{
    return consume(i, "created");
}

static void indexed_check(int i, bool done)
{
    err_t e;
    assert_int_equal(found(i, &e), done);
    ok(e);
}

/* Found and removed; a search that fails says so and never that there is nothing. */
static err_t removed(int i)
{
    err_t e;
    TRY(consume(i, "created"));
    size_t count = found(i, &e);
    TRY(e);
    assert_int_equal(count, 1);
    TRY(consume(i, "updated")); /* in place of what is there */
    return consume(i, "deleted");
}

static void removed_check(int i, bool done)
{
    err_t e;
    size_t count = found(i, &e);
    ok(e);
    assert_true(count <= !done);
}

static const struct fault_case CASES[] = {
    { "indexed", indexed, indexed_check },
    { "found and removed", removed, removed_check },
};

static void reopen(void)
{
    search_module.stop(&f.app);
    stores_reopen();
    ok(search_module.init(&f.app));
}

static void all_or_nothing(void **state)
{
    UNUSED(state);
    f.app.modules = MODULES;
    ok(search_module.init(&f.app));
    fault_each(CASES, COUNTOF(CASES), on_postgres, reopen);
    search_module.stop(&f.app);
}

int main(void)
{
    fault_vfs_install();
    const struct CMUnitTest tests[] = { TEST(all_or_nothing) };
    RUN_ON_BOTH(tests);
}
