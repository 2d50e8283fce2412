/* Whose row somebody reaches: their own first, whatever others have put under the same id (clients choose ids); then what was
 * shared with them first, as long as it is there. */
#include "identity/identity.h"
#include "identity/inside.h"
#include "ops/fixture.h"
#include "sharing/sharing.h"

static struct account anna, ben, carl;
static struct uuid has[4]; /* who has a row under the id */
static size_t has_count;
static struct uuid id;

static err_t note_exists(struct app *app, struct db *db, struct uuid owner, struct uuid which)
{
    UNUSED(app);
    UNUSED(db);
    for (size_t i = 0; i < has_count; i++)
        if (uuid_eq(has[i], owner) && uuid_eq(which, id))
            return OK;
    return E_NOT_FOUND;
}
static const struct entity NOTE = {
    .name = "note", .plural = "notes", .shareable = true, .exists = note_exists
};

static void make_account(const char *handle, struct account *ret)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(identity_account_make(f.db, str_from(handle), S("of nobody"), false, NOW, ret));
    ok(db_txn_commit(&tx));
}

static void begin(void)
{
    make_account("anna", &anna);
    make_account("ben", &ben);
    make_account("carl", &carl);
    id = uuid_new();
    has_count = 0;
}

static void give(const struct account *from, const struct account *to, enum share_role role,
                 int64_t now_ms)
{
    struct grant g;
    ok(sharing_grant(f.db, &f.arena, from->id, "note", id, to->handle, role, now_ms, &g));
}

static err_t reach(const struct account *who, enum share_action action, struct access *ret)
{
    return sharing_access(&f.app, f.db, &f.arena, who->id, &NOTE, id, action, ret);
}

static void a_grant_does_not_shadow_ones_own_row(void **state)
{
    UNUSED(state);
    struct access access;
    begin();
    has[has_count++] = anna.id;
    has[has_count++] = ben.id; /* chose the same id, and shares it with anna */
    give(&ben, &anna, SHARE_READER, NOW);
    ok(reach(&anna, SHARE_ADMINISTER, &access));
    assert_true(uuid_eq(access.owner_id, anna.id));
    assert_int_equal(access.role, SHARE_OWNER);
    assert_true(access.shared_by.s == NULL);
}

static void of_two_owners_the_one_who_shared_first(void **state)
{
    UNUSED(state);
    struct access access;
    begin();
    has[has_count++] = anna.id;
    has[has_count++] = ben.id;
    give(&anna, &carl, SHARE_EDITOR, NOW);
    give(&ben, &carl, SHARE_READER, NOW + 5);
    ok(reach(&carl, SHARE_WRITE, &access));
    assert_true(uuid_eq(access.owner_id, anna.id));
    bool may = true;
    ok(sharing_allows(f.db, &f.arena, carl.id, SHARE_WRITE, "note", ben.id, id, &may));
    assert_false(may); /* a reader of that one */
    ok(sharing_allows(f.db, &f.arena, carl.id, SHARE_READ, "note", ben.id, id, &may));
    assert_true(may);
    has[0] = ben.id; /* anna's is gone, and her grant goes a moment later */
    has_count = 1;
    ok(reach(&carl, SHARE_READ, &access));
    assert_true(uuid_eq(access.owner_id, ben.id));
}

static void what_is_not_there_is_not_reached(void **state)
{
    UNUSED(state);
    struct access access;
    begin();
    assert_int_equal(reach(&anna, SHARE_READ, &access), E_NOT_FOUND); /* not one's own either */
    give(&ben, &anna, SHARE_EDITOR, NOW);
    assert_int_equal(reach(&anna, SHARE_READ, &access), E_NOT_FOUND);
    has[has_count++] = ben.id;
    ok(reach(&anna, SHARE_WRITE, &access));
    assert_int_equal(reach(&anna, SHARE_ADMINISTER, &access), E_FORBIDDEN);
    assert_int_equal(reach(&carl, SHARE_READ, &access), E_NOT_FOUND);
}

int main(void)
{
    crypto_init();
    const struct CMUnitTest tests[] = {
        TEST(a_grant_does_not_shadow_ones_own_row),
        TEST(of_two_owners_the_one_who_shared_first),
        TEST(what_is_not_there_is_not_reached),
    };
    RUN_ON_BOTH(tests);
}
