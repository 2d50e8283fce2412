/* How far each query of the keyword index reaches: one owner's parts, and no further. */
#include "narrow.h"
#include "ops/fixture.h"
#include "search/inside.h"
#include "search_sql.h"

static void put_part(struct uuid id, struct uuid parent)
{
    const struct search_doc doc = { .owner_id = f.owner,
                                    .id = id,
                                    .parent_id = parent,
                                    .entity = S("message"),
                                    .created_ms = NOW };
    const struct search_part part =
        on_postgres ? (struct search_part){ S("'m' "), S("'word':1 "), S("'r' ") }
                    : (struct search_part){ S("m"), S("word"), S("r") };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.index));
    ok(search_store_add(f.index, &doc, &part));
    ok(db_txn_commit(&tx));
}

static void no_query_reaches_further_than_it_says(void **state)
{
    UNUSED(state);
    struct uuid id = uuid_new();
    const struct narrow_param params[] = {
        { "owner", DBU(f.owner), DBU(uuid_new()) },
        { "entity", DBS(S("message")), DBS(S("conversation")) },
        { "id", DBU(id), DBU(uuid_new()) },
        { "match", DBS(S("word")), DBS(S("other")) },
        { "words", DBS(S("word")), DBN() },
        { "before", DBI(NOW + 1), DBI(NOW) },
        { "after", DBI(NOW), DBI(NOW + 1) },
        { "from_score", DBF(1e300), DBF(-1e300) },
        { "from_created", DBI(NOW + 1), DBN() },
        { "from_id", DBU(id), DBN() },
        { "limit", DBI(9), DBN() },
    };
    const struct narrow n = { f.index, params, COUNTOF(params) };
    /* What is a column on PostgreSQL; and what is removed with its parent, which is asked below. */
    const struct db_query *const fts[] = { &SQL_SEARCH_FTS_REMOVE, &SQL_SEARCH_FTS_REMOVE_ONE,
                                           &SQL_SEARCH_FTS_REMOVE_OWNER };
    put_part(id, (struct uuid){ { 0 } });
    narrow_all(&n, SQL_ALL_SEARCH, fts, on_postgres ? COUNTOF(fts) : 0);
    narrow_complete(SQL_ALL_SEARCH, fts, on_postgres ? COUNTOF(fts) : 0);
}

/* What has a parent goes with it, and only its owner's. */
static void children_go_with_their_parent(void **state)
{
    UNUSED(state);
    struct uuid parent = uuid_new();
    put_part(uuid_new(), parent);
    const struct narrow_param params[] = { { "owner", DBU(f.owner), DBU(uuid_new()) },
                                           { "entity", DBS(S("conversation")), DBN() },
                                           { "id", DBU(parent), DBU(uuid_new()) } };
    const struct narrow n = { f.index, params, COUNTOF(params) };
    narrow_query(&n, &SQL_SEARCH_PART_REMOVE);
    if (!on_postgres)
        narrow_query(&n, &SQL_SEARCH_FTS_REMOVE);
}

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(no_query_reaches_further_than_it_says),
                                        TEST(children_go_with_their_parent) };
    RUN_ON_BOTH(tests);
}
