/* How far each query of grants reaches: one owner's thing, one grantee, and no further. */
#include "identity/identity.h"
#include "identity/inside.h"
#include "narrow.h"
#include "ops/fixture.h"
#include "sharing/sharing_store.h"
#include "sharing_sql.h"

static struct uuid account(const char *handle)
{
    struct account a;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(identity_account_make(f.db, str_from(handle), S("of nobody"), false, NOW, &a));
    ok(db_txn_commit(&tx));
    return a.id;
}

static void no_query_reaches_further_than_it_says(void **state)
{
    UNUSED(state);
    const struct grant g = { .owner_id = account("owner"),
                             .grantee_id = account("friend"),
                             .entity_id = uuid_new(),
                             .entity = S("conversation"),
                             .role = S("reader") };
    const struct narrow_param params[] = {
        { "owner", DBU(g.owner_id), DBU(account("other")) },
        { "grantee", DBU(g.grantee_id), DBU(account("third")) },
        { "actor", DBU(g.grantee_id), DBU(account("fourth")) },
        { "account", DBU(g.owner_id), DBU(account("fifth")) },
        { "entity", DBS(g.entity), DBS(S("notebook")) },
        { "id", DBU(g.entity_id), DBU(uuid_new()) },
        { "before_ms", DBI(NOW + 1), DBI(NOW - 1) },
        { "before_id", DBU(g.entity_id), DBN() },
        { "limit", DBI(9), DBN() },
    };
    const struct narrow n = { f.db, params, COUNTOF(params) };
    struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(sharing_store_put(f.db, &g, NOW));
    ok(db_txn_commit(&tx));
    narrow_all(&n, SQL_ALL_SHARING, NULL, 0);
    narrow_query(&n, &SQL_SHARING_OF_ACTOR);
    narrow_query(&n, &SQL_SHARING_WITH_ACTOR);
    narrow_query(&n, &SQL_SHARING_FORGET_ACCOUNT);
    narrow_complete(SQL_ALL_SHARING, NULL, 0);
}

/* `(created_ms, entity_id) <= …` would give the last one of a page again on the next. */
static void pages_of_what_is_shared_begin_behind_the_last(void **state)
{
    UNUSED(state);
    struct uuid owner = account("owner"), friend = account("friend"), seen[5] = { 0 };
    struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    for (int i = 0; i < 5; i++) /* ties in time */
        ok(sharing_store_put(f.db,
                             &(struct grant){ .owner_id = owner,
                                              .grantee_id = friend,
                                              .entity_id = uuid_new(),
                                              .entity = S("conversation"),
                                              .role = S("reader") },
                             NOW + i / 2));
    ok(db_txn_commit(&tx));
    struct sharing_page page = { .before_ms = INT64_MAX, .limit = 2 };
    size_t total = 0, count;
    do {
        struct grant *list;
        ok(sharing_shared_with(f.db, &f.arena, friend, "conversation", &page, &list, &count));
        for (size_t i = 0; i < count; i++) {
            for (size_t k = 0; k < total; k++)
                assert_false(uuid_eq(seen[k], list[i].entity_id));
            assert_true(total < COUNTOF(seen));
            assert_true(list[i].created_ms <= page.before_ms);
            seen[total++] = page.before_id = list[i].entity_id;
            page.before_ms = list[i].created_ms;
        }
    } while (count);
    assert_int_equal(total, COUNTOF(seen));
}

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(no_query_reaches_further_than_it_says),
                                        TEST(pages_of_what_is_shared_begin_behind_the_last) };
    RUN_ON_BOTH(tests);
}
