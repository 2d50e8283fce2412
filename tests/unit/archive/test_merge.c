/* Which stored message is which of a new rendering. */
#include "check.h"

#include "archive/archive_merge.h"
#include "archive/archive_places.h"

/* A rendering laid over what the one before left: the whole, what came of each of its messages, and what these say. */
struct laid {
    struct conversation c;
    struct intern *texts;
    struct merge_list list;
    struct merge_step *steps;
    struct str hash;
};

static uint8_t next_id;

static struct uuid counted_id(void)
{
    return (struct uuid){ { ++next_id } };
}

static uint32_t number_of(struct intern *texts, struct str s)
{
    uint32_t n;
    assert_ok(intern_put(texts, s, false, &n));
    return n;
}

static void make_list(struct arena *a, struct laid *r)
{
    struct places places;
    assert_ok(merge_list_init(&r->list, r->c.message_count));
    assert_ok(places_init(&places, a, &r->c));
    for (size_t i = 0; i < r->c.message_count; i++) {
        struct archive_message row;
        struct merge_message *m = &r->list.m[r->list.count++];
        assert_ok(merge_row_of(a, &r->c.messages[i], i, &row));
        *m = (struct merge_message){ .parent = places_next(&places, i),
                                     .origin = number_of(r->texts, row.origin_id),
                                     .created_ms = row.created_ms,
                                     .role = (uint8_t)r->c.messages[i].role,
                                     .said_by = number_of(r->texts, row.blocks),
                                     .hidden = row.hidden,
                                     .on_path = row.on_path };
        assert_ok(message_hash_read(row.hash, &m->hash));
        assert_ok(merge_look_at(r->texts, row.blocks, m));
    }
}

/* Claude's messages over what the one before left; NULL: there was none. */
static struct laid render(struct arena *a, const char *messages, const struct laid *before)
{
    static const struct merge_options O = { .new_id = counted_id };
    CLEANUP(arena_free) struct arena scratch;
    struct laid r = { .texts = before ? before->texts : ARENA_NEW(a, struct intern) };
    struct merge_list none = { 0 };
    struct str text = str_fmt(a, "{'uuid':'u','chat_messages':[%s]}", messages);
    arena_init(&scratch, MIB(16));
    assert_ok(provider_by_name(S("claude"))->from_json(a, json_of(a, str_cstr(a, text)), &r.c));
    assert_ok(conversation_hash(a, &scratch, &r.c));
    if (!before) {
        next_id = 0;
        intern_init(r.texts, a);
    }
    make_list(a, &r);
    assert_ok(merge_lists(a, r.texts, &r.list, before ? &before->list : &none, &O, &r.steps, NULL));
    r.hash = sha256_tagged(a, merge_chain(&r.list));
    /* the list goes with the test's arena */
    struct merge_message *m = ARENA_ARRAY(a, struct merge_message, r.list.count + 1);
    memcpy(m, r.list.m, r.list.count * sizeof *m);
    arena_free(&r.list.a);
    r.list.m = m;
    return r;
}

/* "new 1, changed 2 v1, …": the first byte of the id, and the version before. */
static void assert_plan(struct arena *a, const struct laid *r, const char *want)
{
    static const char *const NAMES[] = { "new", "same", "moved", "changed", "gone" };
    struct buf b;
    buf_init(&b, a, KIB(4));
    for (size_t i = 0; i < r->list.count; i++)
        buf_putf(&b, "%s%s %d", i ? ", " : "", NAMES[r->steps[i].kind], r->list.m[i].id.b[0]);
    assert_str(buf_str(&b), want);
}

static struct str origin_of(const struct laid *r, size_t i)
{
    return intern_text(r->texts, r->list.m[i].origin);
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
    struct laid one = render(&a, M("a", "1") "," M("b", "2"), NULL);
    assert_plan(&a, &one, "new 1, new 2");
    struct laid again = render(&a, M("a", "1") "," M("b", "2"), &one);
    assert_plan(&a, &again, "same 1, same 2");
    assert_true(str_eq(again.hash, again.c.hash));
}

static void a_changed_message_keeps_its_identity(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct laid one = render(&a, M("a", "1") "," M("b", "2"), NULL);
    struct laid two = render(&a, M("a", "1") "," M("b", "other") "," M("c", "3"), &one);
    assert_plan(&a, &two, "same 1, changed 2, new 3");
    assert_true(str_eq(two.hash, two.c.hash));
}

static void order_and_branches_move(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct laid one = render(&a, M("a", "1") "," M("b", "2"), NULL);
    struct laid two = render(&a, M("b", "2") "," M("a", "1"), &one);
    assert_plan(&a, &two, "moved 2, moved 1");
    assert_int_equal(two.list.m[0].position, 0);
    assert_false(str_eq(two.hash, one.hash));
}

static void what_is_gone_stays_off_the_path(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct laid one = render(&a, M("a", "1") "," M("b", "2") "," M("c", "3"), NULL);
    struct laid two = render(&a, M("a", "1") "," M("c", "3"), &one);
    assert_plan(&a, &two, "same 1, moved 3, gone 2");
    assert_false(two.list.m[2].on_path);
    assert_int_equal(two.list.m[2].position, 2);
    assert_true(str_eq(two.hash, two.c.hash)); /* what is off the path is not in the chain */
    struct laid three = render(&a, M("a", "1") "," M("c", "3"), &two);
    assert_plan(&a, &three, "same 1, same 3, same 2");
    struct laid back = render(&a, M("a", "1") "," M("b", "2") "," M("c", "3"), &three);
    assert_plan(&a, &back, "same 1, moved 2, moved 3");
    assert_true(str_eq(back.hash, one.hash));
}

static void a_poorer_rendering_does_not_replace_a_richer_one(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct laid one = render(&a, M("a", "1") "," TOOL("t", "rich"), NULL);
    struct laid two = render(&a, M("a", "1") "," TOOL("t", REDACTED), &one);
    assert_plan(&a, &two, "same 1, same 2");
    struct str said = intern_text(two.texts, two.list.m[1].said_by);
    assert_true(str_find(said, S("rich"), 0) < said.n);
    /* The conversation's hash is over what is stored, not over what came. */
    assert_true(str_eq(two.hash, one.hash));
    assert_false(str_eq(two.hash, two.c.hash));
}

static void a_richer_rendering_replaces_a_poorer_one(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct laid one = render(&a, TOOL("t", REDACTED), NULL);
    struct laid two = render(&a, TOOL("t", "rich"), &one);
    assert_plan(&a, &two, "changed 1");
    struct laid three = render(&a, TOOL("t", REDACTED " more"), &one);
    assert_plan(&a, &three, "changed 1"); /* both are poor */
}

static void without_ids_what_is_equal_is_the_same(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct laid one = render(&a, M("", "yes") "," M("", "no") "," M("", "yes"), NULL);
    assert_plan(&a, &one, "new 1, new 2, new 3");
    struct laid again = render(&a, M("", "yes") "," M("", "no") "," M("", "yes"), &one);
    assert_plan(&a, &again, "same 1, same 2, same 3");
    struct laid more =
        render(&a, M("", "yes") "," M("", "new") "," M("", "no") "," M("", "yes"), &one);
    assert_plan(&a, &more, "same 1, new 4, moved 2, moved 3");
    struct laid less = render(&a, M("", "no") "," M("", "yes"), &one);
    assert_plan(&a, &less, "moved 2, moved 3, gone 1");
}

static void ids_may_come_and_go(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct laid dom = render(&a, M("", "q") "," M("", "a"), NULL);
    struct laid api = render(&a, M("m1", "q") "," M("m2", "a"), &dom);
    assert_plan(&a, &api, "moved 1, moved 2"); /* they have ids from now on */
    assert_str(origin_of(&api, 1), "m2");
    struct laid again = render(&a, M("", "q") "," M("", "a"), &api);
    assert_plan(&a, &again, "same 1, same 2");
    assert_str(origin_of(&again, 1), "m2");
    struct laid other = render(&a, M("m3", "q"), &api);
    assert_plan(&a, &other, "new 3, gone 1, gone 2"); /* two names: two messages */
}

static void an_id_twice_is_two_messages(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct laid one = render(&a, M("a", "1"), NULL);
    struct laid two = render(&a, M("a", "1") "," M("a", "2"), &one);
    assert_plan(&a, &two, "same 1, new 2");
}

static void parents_follow(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct laid r = render(&a,
                           M("a", "1") ",{'uuid':'b','sender':'assistant','text':'2',"
                                       "'parent_message_uuid':'a'},{'uuid':'c','sender':'human',"
                                       "'text':'3','parent_message_uuid':'nowhere'}",
                           NULL);
    /* the last one is the branch, though its parent is not there; the others stand behind it */
    assert_str(origin_of(&r, 0), "c");
    assert_int_equal(r.list.m[0].parent, 0);
    assert_int_equal(r.list.m[1].parent, 0);
    assert_int_equal(r.list.m[2].parent, 2);
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
