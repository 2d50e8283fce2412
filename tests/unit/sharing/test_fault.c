/* Grants while memory, database, writes and syncs fail at every place: who may read is never half-known. */
#include "fault/fault.h"
#include "identity/identity.h"
#include "identity/inside.h"
#include "ops/fixture.h"
#include "sharing/sharing.h"

static struct account owner, friend;

static err_t make_account(const char *handle, struct account *ret)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, f.db));
    TRY(identity_account_make(f.db, str_from(handle), S("of nobody"), false, NOW, ret));
    return db_txn_commit(&tx);
}

static struct uuid thing(int i)
{
    struct uuid u = { { 0x20 } };
    for (int k = 0; k < 4; k++)
        u.b[15 - k] = (uint8_t)(i >> (8 * k));
    return u;
}

static err_t thing_exists(struct app *app, struct db *db, struct uuid whose, struct uuid id)
{
    UNUSED(app);
    UNUSED(db);
    UNUSED(id);
    return uuid_eq(whose, owner.id) ? OK : E_NOT_FOUND;
}
static const struct entity THING = {
    .name = "conversation", .plural = "conversations", .shareable = true, .exists = thing_exists
};

static enum share_role role_on(int i)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct grant *list;
    size_t count;
    bool reads, writes;
    enum share_role role = SHARE_NONE;
    arena_init(&a, MIB(1));
    ok(sharing_members(f.db, &a, owner.id, "conversation", thing(i), &list, &count));
    assert_true(count <= 1);
    if (count)
        assert_true(sharing_role_parse(list[0].role, &role));
    ok(sharing_allows(f.db, &a, friend.id, SHARE_READ, "conversation", owner.id, thing(i), &reads));
    ok(sharing_allows(f.db, &a, friend.id, SHARE_WRITE, "conversation", owner.id, thing(i),
                      &writes));
    assert_int_equal(reads, role >= SHARE_READER); /* both sides say the same */
    assert_int_equal(writes, role >= SHARE_EDITOR);
    return role;
}

static err_t given(int i)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct grant g;
    arena_init(&a, MIB(1));
    return sharing_grant(f.db, &a, owner.id, "conversation", thing(i), friend.handle, SHARE_EDITOR,
                         NOW, &g);
}

static void given_check(int i, bool done)
{
    assert_int_equal(role_on(i), done ? SHARE_EDITOR : SHARE_NONE);
}

static err_t taken(int i)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct access access;
    arena_init(&a, MIB(1));
    TRY(given(i));
    TRY(sharing_access(&f.app, f.db, &a, friend.id, &THING, thing(i), SHARE_WRITE, &access));
    assert_true(uuid_eq(access.owner_id, owner.id));
    return sharing_revoke(f.db, &a, owner.id, "conversation", thing(i), friend.handle, NOW);
}

static void taken_check(int i, bool done)
{
    enum share_role role = role_on(i);
    assert_true(role == SHARE_NONE || (role == SHARE_EDITOR && !done));
}

static const struct fault_case CASES[] = {
    { "a grant given", given, given_check },
    { "a grant taken", taken, taken_check },
};

static void all_or_nothing(void **state)
{
    UNUSED(state);
    ok(make_account("owner", &owner));
    ok(make_account("friend", &friend));
    fault_each(CASES, COUNTOF(CASES), on_postgres, stores_reopen);
}

int main(void)
{
    fault_vfs_install();
    const struct CMUnitTest tests[] = { TEST(all_or_nothing) };
    RUN_ON_BOTH(tests);
}
