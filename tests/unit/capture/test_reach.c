/* How far each query of captures reaches: what it asks for and no further. */
#include "capture/capture.h"
#include "capture/capture_store.h"
#include "capture_sql.h"
#include "narrow.h"
#include "ops/fixture.h"

/* A capture that ended in a conversation, with a piece of evidence. */
static void put(struct uuid id, struct uuid conversation, struct sha256 evidence)
{
    const struct capture_row row = { .id = id,
                                     .url = S("https://claude.ai/share/s"),
                                     .provider = S("claude"),
                                     .share_id = S("share:s"),
                                     .outcome = S("ok"),
                                     .conversation_id = conversation,
                                     .created_ms = NOW,
                                     .ended_ms = NOW };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(capture_store_insert(f.db, f.owner, &row));
    ok(capture_store_end(f.db, f.owner, &row));
    ok(capture_store_evidence(f.db, f.owner, id, "json", evidence, 7, NOW));
    ok(capture_store_reread(
        f.db, f.owner, id,
        &(struct reread_row){ .capture_id = id, .provider = S("claude"), .finding = S("better") }));
    ok(db_txn_commit(&tx));
}

static void no_query_reaches_further_than_it_says(void **state)
{
    UNUSED(state);
    struct uuid id = uuid_new(), conversation = uuid_new();
    struct sha256 evidence = { { 1 } };
    const struct narrow_param params[] = {
        { "owner", DBU(f.owner), DBU(uuid_new()) },
        { "id", DBU(id), DBU(uuid_new()) },
        { "conversation", DBU(conversation), DBU(uuid_new()) },
        { "sha256", DBX(str_of((char *)evidence.b, 32)),
          DBX(S("12345678123456781234567812345678")) },
        { "since_ms", DBI(NOW), DBI(NOW + 1) },
        { "outcome", DBS(S("ok")), DBN() },
        { "code", DBN(), DBN() },
        { "detail", DBN(), DBN() },
        { "change", DBS(S("new")), DBN() },
        { "title", DBS(S("T")), DBN() },
        { "new", DBI(1), DBN() },
        { "changed", DBI(0), DBN() },
        { "count", DBI(1), DBN() },
        { "now_ms", DBI(NOW), DBN() },
        { "limit", DBI(9), DBN() },
        { "provider", DBS(S("claude")), DBS(S("chatgpt")) },
        { "from", DBU(id), DBN() },
        { "job", DBU(id), DBU(uuid_new()) },
        { "after", DBU(((struct uuid){ { 0 } })), DBN() },
        { "finding", DBS(S("better")), DBS(S("new")) },
    };
    const struct narrow n = { f.db, params, COUNTOF(params) };
    put(id, conversation, evidence);
    /* it means all other jobs: with another's id it finds this one */
    static const struct db_query *const OTHERS[] = { &SQL_CAPTURE_REREAD_FORGET };
    narrow_all(&n, SQL_ALL_CAPTURE, OTHERS, COUNTOF(OTHERS));
    narrow_complete(SQL_ALL_CAPTURE, OTHERS, COUNTOF(OTHERS));
}

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(no_query_reaches_further_than_it_says) };
    RUN_ON_BOTH(tests);
}
