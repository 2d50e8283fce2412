/* Which stored message is which of a new rendering. */
#include "check.h"

#include "archive/archive_merge.h"

struct rendering {
    struct conversation c;
    struct merge_plan plan;
};

static uint8_t next_id;

static struct uuid counted_id(void)
{
    return (struct uuid){ { ++next_id } };
}

/* Merge a rendering (Claude's messages) onto the rows that the one before left; NULL: there was none. */
static struct rendering render(struct arena *a, const char *messages,
                               const struct rendering *before)
{
    CLEANUP(arena_free) struct arena scratch;
    struct rendering r;
    struct archive_message *rows = NULL;
    size_t count = before ? before->plan.count : 0;
    struct str text = str_fmt(a, "{'uuid':'u','chat_messages':[%s]}", messages);
    arena_init(&scratch, MIB(16));
    assert_ok(provider_by_name(S("claude"))->from_json(a, json_of(a, str_cstr(a, text)), &r.c));
    assert_ok(conversation_hash(a, &scratch, &r.c));
    rows = ARENA_ARRAY(a, struct archive_message, count + 1);
    for (size_t i = 0; i < count; i++)
        rows[before->plan.steps[i].row.position] = before->plan.steps[i].row;
    if (!before)
        next_id = 0;
    assert_ok(merge_messages(a, (struct uuid){ { 99 } }, &r.c, rows, count, counted_id, &r.plan));
    return r;
}

/* "new 1, changed 2 v1, …": the first byte of the id, and the version before. */
static void assert_plan(struct arena *a, const struct rendering *r, const char *want)
{
    static const char *const NAMES[] = { "new", "same", "moved", "changed", "gone" };
    struct buf b;
    buf_init(&b, a, KIB(4));
    for (size_t i = 0; i < r->plan.count; i++)
        buf_putf(&b, "%s%s %d", i ? ", " : "", NAMES[r->plan.steps[i].kind],
                 r->plan.steps[i].row.id.b[0]);
    assert_str(buf_str(&b), want);
}

#define M(id, text) "{'uuid':'" id "','sender':'human','text':'" text "'}"
#define TOOL(id, out)                                                                              \
    "{'uuid':'" id "','sender':'assistant','content':[{'type':'tool_result','content':'" out "'}]" \
    "}"
#define REDACTED "The output of this plugin was redacted."

static void the_same_again_changes_nothing(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct rendering one = render(&a, M("a", "1") "," M("b", "2"), NULL);
    assert_plan(&a, &one, "new 1, new 2");
    assert_false(uuid_is_nil(one.plan.steps[1].row.conversation_id));
    struct rendering again = render(&a, M("a", "1") "," M("b", "2"), &one);
    assert_plan(&a, &again, "same 1, same 2");
    assert_true(str_eq(again.plan.hash, again.c.hash));
}

static void a_changed_message_keeps_its_identity(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct rendering one = render(&a, M("a", "1") "," M("b", "2"), NULL);
    struct rendering two = render(&a, M("a", "1") "," M("b", "other") "," M("c", "3"), &one);
    assert_plan(&a, &two, "same 1, changed 2, new 3");
    assert_true(str_eq(two.plan.hash, two.c.hash));
}

static void order_and_branches_move(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct rendering one = render(&a, M("a", "1") "," M("b", "2"), NULL);
    struct rendering two = render(&a, M("b", "2") "," M("a", "1"), &one);
    assert_plan(&a, &two, "moved 2, moved 1");
    assert_int_equal(two.plan.steps[0].row.position, 0);
    assert_false(str_eq(two.plan.hash, one.plan.hash));
}

static void what_is_gone_stays_off_the_path(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct rendering one = render(&a, M("a", "1") "," M("b", "2") "," M("c", "3"), NULL);
    struct rendering two = render(&a, M("a", "1") "," M("c", "3"), &one);
    assert_plan(&a, &two, "same 1, moved 3, gone 2");
    assert_false(two.plan.steps[2].row.on_path);
    assert_int_equal(two.plan.steps[2].row.position, 2);
    assert_true(str_eq(two.plan.hash, two.c.hash)); /* what is off the path is not in the chain */
    struct rendering three = render(&a, M("a", "1") "," M("c", "3"), &two);
    assert_plan(&a, &three, "same 1, same 3, same 2");
    struct rendering back = render(&a, M("a", "1") "," M("b", "2") "," M("c", "3"), &three);
    assert_plan(&a, &back, "same 1, moved 2, moved 3");
    assert_true(str_eq(back.plan.hash, one.plan.hash));
}

static void a_poorer_rendering_does_not_replace_a_richer_one(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct rendering one = render(&a, M("a", "1") "," TOOL("t", "rich"), NULL);
    struct rendering two = render(&a, M("a", "1") "," TOOL("t", REDACTED), &one);
    assert_plan(&a, &two, "same 1, same 2");
    assert_true(str_find(two.plan.steps[1].row.blocks, S("rich"), 0) <
                two.plan.steps[1].row.blocks.n);
    /* The conversation's hash is over what is stored, not over what came. */
    assert_true(str_eq(two.plan.hash, one.plan.hash));
    assert_false(str_eq(two.plan.hash, two.c.hash));
}

static void a_richer_rendering_replaces_a_poorer_one(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct rendering one = render(&a, TOOL("t", REDACTED), NULL);
    struct rendering two = render(&a, TOOL("t", "rich"), &one);
    assert_plan(&a, &two, "changed 1");
    struct rendering three = render(&a, TOOL("t", REDACTED " more"), &one);
    assert_plan(&a, &three, "changed 1"); /* both are poor */
}

static void without_ids_what_is_equal_is_the_same(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct rendering one = render(&a, M("", "yes") "," M("", "no") "," M("", "yes"), NULL);
    assert_plan(&a, &one, "new 1, new 2, new 3");
    struct rendering again = render(&a, M("", "yes") "," M("", "no") "," M("", "yes"), &one);
    assert_plan(&a, &again, "same 1, same 2, same 3");
    struct rendering more =
        render(&a, M("", "yes") "," M("", "new") "," M("", "no") "," M("", "yes"), &one);
    assert_plan(&a, &more, "same 1, new 4, moved 2, moved 3");
    struct rendering less = render(&a, M("", "no") "," M("", "yes"), &one);
    assert_plan(&a, &less, "moved 2, moved 3, gone 1");
}

static void ids_may_come_and_go(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct rendering dom = render(&a, M("", "q") "," M("", "a"), NULL);
    struct rendering api = render(&a, M("m1", "q") "," M("m2", "a"), &dom);
    assert_plan(&a, &api, "moved 1, moved 2"); /* they have ids from now on */
    assert_str(api.plan.steps[1].row.origin_id, "m2");
    struct rendering again = render(&a, M("", "q") "," M("", "a"), &api);
    assert_plan(&a, &again, "same 1, same 2");
    assert_str(again.plan.steps[1].row.origin_id, "m2");
    struct rendering other = render(&a, M("m3", "q"), &api);
    assert_plan(&a, &other, "new 3, gone 1, gone 2"); /* two names: two messages */
}

static void an_id_twice_is_two_messages(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct rendering one = render(&a, M("a", "1"), NULL);
    struct rendering two = render(&a, M("a", "1") "," M("a", "2"), &one);
    assert_plan(&a, &two, "same 1, new 2");
}

static void parents_follow(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct rendering r =
        render(&a,
               M("a", "1") ",{'uuid':'b','sender':'assistant','text':'2',"
                           "'parent_message_uuid':'a'},{'uuid':'c','sender':'human',"
                           "'text':'3','parent_message_uuid':'nowhere'}",
               NULL);
    /* the last one is the branch, though its parent is not there; the others stand behind it */
    assert_str(r.plan.steps[0].row.origin_id, "c");
    assert_true(uuid_is_nil(r.plan.steps[0].row.parent_id));
    assert_true(uuid_is_nil(r.plan.steps[1].row.parent_id));
    assert_int_equal(r.plan.steps[2].row.parent_id.b[0], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_again_changes_nothing),
        cmocka_unit_test(a_changed_message_keeps_its_identity),
        cmocka_unit_test(order_and_branches_move),
        cmocka_unit_test(what_is_gone_stays_off_the_path),
        cmocka_unit_test(a_poorer_rendering_does_not_replace_a_richer_one),
        cmocka_unit_test(a_richer_rendering_replaces_a_poorer_one),
        cmocka_unit_test(without_ids_what_is_equal_is_the_same),
        cmocka_unit_test(ids_may_come_and_go),
        cmocka_unit_test(an_id_twice_is_two_messages),
        cmocka_unit_test(parents_follow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
