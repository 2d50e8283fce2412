/* How far each query of imports reaches: what it asks for and no further. */
#include "archive/archive_store.h"
#include "imports/imports_store.h"
#include "imports_sql.h"
#include "narrow.h"
#include "ops/fixture.h"

static const struct sha256 DIGEST = { { 1 } };

/* An import with a row of its report about a conversation, and an upload. */
static void put(struct uuid id)
{
    const struct import_row row = {
        .id = id, .label = S("l"), .path = S("p"), .way = S("path"), .created_ms = NOW
    };
    const struct import_item item = {
        .number = 1, .outcome = S("new"), .entry = S("e"), .conversation_id = id, .version = 1
    };
    const struct archive_conversation c = { .id = id,
                                            .provider = S("claude"),
                                            .source_kind = S("file"),
                                            .hash = S("h"),
                                            .findings = S("[]"),
                                            .created_ms = TIME_NONE,
                                            .updated_ms = TIME_NONE,
                                            .captured_ms = NOW,
                                            .stored_ms = NOW };
    const struct upload u = {
        .id = id, .name = S("n"), .bytes = 7, .metadata = S(""), .expires_ms = NOW
    };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(archive_store_insert(f.db, f.owner, &c));
    ok(import_store_insert(f.db, f.owner, &row));
    ok(import_store_advance(f.db, f.owner, id, 0, 0, 1, &(struct import_counts){ .made = 1 }));
    ok(import_store_item(f.db, f.owner, id, &item));
    ok(import_store_seen_put(f.db, f.owner, DIGEST, id, 1));
    ok(upload_store_insert(f.db, f.owner, &u));
    ok(db_txn_commit(&tx));
}

static void no_query_reaches_further_than_it_says(void **state)
{
    UNUSED(state);
    struct uuid id = uuid_new();
    const struct narrow_param params[] = {
        { "owner", DBU(f.owner), DBU(uuid_new()) },
        { "id", DBU(id), DBU(uuid_new()) },
        { "import", DBU(id), DBU(uuid_new()) },
        { "conversation", DBU(id), DBU(uuid_new()) },
        { "outcome", DBS(S("new")), DBS(S("failed")) },
        { "number", DBI(1), DBI(2) },
        { "after", DBI(0), DBI(1) },
        { "path", DBS(S("p")), DBS(S("q")) },
        { "from", DBI(0), DBN() },
        { "state", DBS(S("open")), DBN() },
        { "digest", DBX(str_of((const char *)DIGEST.b, 32)),
          DBX(S("12345678123456781234567812345678")) },
        { "before_ms", DBI(NOW + 1), DBI(NOW - 1) },
        { "before_id", DBU(id), DBN() },
        { "limit", DBI(9), DBN() },
        { "label", DBN(), DBN() },
        { "way", DBN(), DBN() },
        { "provider", DBN(), DBN() },
        { "account", DBN(), DBN() },
        { "dry_run", DBB(false), DBN() },
        { "now_ms", DBI(NOW), DBN() },
        { "bytes", DBI(7), DBN() },
        { "entry", DBI(1), DBN() },
        { "place", DBI(1), DBN() },
        { "items", DBI(1), DBN() },
        { "made", DBI(1), DBN() },
        { "changed", DBI(0), DBN() },
        { "unchanged", DBI(0), DBN() },
        { "skipped", DBI(0), DBN() },
        { "failed", DBI(0), DBN() },
        { "media", DBI(0), DBN() },
        { "media_bytes", DBI(0), DBN() },
        { "code", DBN(), DBN() },
        { "detail", DBN(), DBN() },
        { "reason", DBN(), DBN() },
        { "undone", DBI(0), DBN() },
        { "kept", DBI(0), DBN() },
        { "version", DBI(1), DBN() },
        { "captured_ms", DBI(NOW), DBN() },
        { "received", DBI(3), DBN() },
        { "expires_ms", DBI(NOW), DBN() },
        { "name", DBS(S("n")), DBN() },
        { "metadata", DBS(S("")), DBN() },
        { "source", DBN(), DBN() },
    };
    static const struct db_query *const STATES[] = { &SQL_IMPORT_STATE };
    const struct narrow n = { f.db, params, COUNTOF(params) };
    bool done;
    put(id);
    narrow_all(&n, SQL_ALL_IMPORTS, STATES, COUNTOF(STATES));
    narrow_complete(SQL_ALL_IMPORTS, STATES, COUNTOF(STATES));
    /* `from` is a state there, and how much was received elsewhere. */
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(import_store_state(f.db, uuid_new(), id, "open", "done", &done));
    assert_false(done);
    ok(import_store_state(f.db, f.owner, uuid_new(), "open", "done", &done));
    assert_false(done);
    ok(import_store_state(f.db, f.owner, id, "done", "undoing", &done));
    assert_false(done);
    ok(import_store_state(f.db, f.owner, id, "open", "done", &done));
    assert_true(done);
}

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(no_query_reaches_further_than_it_says) };
    RUN_ON_BOTH(tests);
}
