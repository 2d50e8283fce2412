/* How far each query of presence reaches: its account's row and no other. */
#include "narrow.h"
#include "ops/fixture.h"
#include "presence_sql.h"
#include "realtime/presence/presence_store.h"

static void no_query_reaches_further_than_it_says(void **state)
{
    UNUSED(state);
    const struct narrow_param params[] = { { "owner", DBU(f.owner), DBU(uuid_new()) } };
    const struct narrow n = { f.db, params, COUNTOF(params) };
    struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(presence_store_seen(f.db, f.owner, NOW));
    ok(db_txn_commit(&tx));
    narrow_all(&n, SQL_ALL_PRESENCE, NULL, 0);
    narrow_complete(SQL_ALL_PRESENCE, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(no_query_reaches_further_than_it_says) };
    RUN_ON_BOTH(tests);
}
