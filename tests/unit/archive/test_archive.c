/* What is stored, on both databases: captured again, versions, names, deletion, pages, and the ops that tell of it. */
#include "archive/change.h"
#include "check.h"
#include "ops/fixture.h"

#include "archive/archive.h"
#include "archive/archive_source_store.h"
#include "archive/archive_store.h"
#include "archive/builder.h"
#include "archive_sql.h"
#include "narrow.h"

static struct archive_put_options OPTIONS = { .outcome = S("ok") };

/* Messages in Claude's JSON, at a link; `turn` (or NULL) changes what was read of them. */
static struct archive_put_result put_turned(const char *url, const char *title,
                                            const char *messages,
                                            void (*turn)(struct conversation *c), int64_t now_ms)
{
    CLEANUP(arena_free) struct arena scratch;
    struct conversation c;
    struct archive_put_result r;
    struct str text =
        str_fmt(&f.arena, "{'uuid':'u','name':'%s','chat_messages':[%s]}", title, messages);
    arena_init(&scratch, MIB(16));
    ok(provider_by_name(S("claude"))
           ->from_json(&f.arena, json_of(&f.arena, str_cstr(&f.arena, text)), &c));
    c.source.kind = "share";
    c.source.id = str_from(url);
    c.source.url = str_fmt(&f.arena, "https://claude.ai/share/%s", url);
    if (turn)
        turn(&c);
    ok(conversation_hash(&f.arena, &scratch, &c));
    ok(archive_put(f.db, &f.arena, f.owner, &c, &OPTIONS, now_ms, &r));
    return r;
}

static struct archive_put_result put_at(const char *url, const char *title, const char *messages,
                                        int64_t now_ms)
{
    return put_turned(url, title, messages, NULL, now_ms);
}

static struct archive_put_result put(const char *messages, int64_t now_ms)
{
    return put_at("s", "T", messages, now_ms);
}

static struct archive_conversation got(struct uuid id)
{
    struct archive_conversation c;
    ok(archive_get(f.db, &f.arena, f.owner, id, &c));
    return c;
}

static struct archive_message *messages(struct uuid id, bool all, size_t *ret_count)
{
    struct archive_message *rows;
    ok(archive_messages(f.db, &f.arena, f.owner, id, all, -1, 1000, &rows, ret_count));
    return rows;
}

#define M(id, who, text) "{'uuid':'" id "','sender':'" who "','text':'" text "'}"
#define TOOL(id, out)                                                                              \
    "{'uuid':'" id "','sender':'assistant','content':[{'type':'tool_result','content':'" out "'}]" \
    "}"
#define TWO M("a", "human", "q") "," M("b", "assistant", "x")

static void a_new_conversation(void **state)
{
    UNUSED(state);
    struct archive_put_result r = put(TWO, NOW);
    size_t count;
    assert_true(r.created && r.version == 1 && r.messages_new == 2);
    assert_true(r.shown_new == 2 && r.shown_changed == 0 && r.message_count == 2);
    assert_str(r.title, "T");
    struct archive_conversation c = got(r.id);
    assert_str(c.title, "T");
    assert_str(c.provider, "claude");
    assert_str(c.source_url, "https://claude.ai/share/s");
    assert_str(c.outcome, "ok");
    assert_null(c.model.s);
    assert_true(c.message_count == 2 && c.captured_ms == NOW && c.created_ms == TIME_NONE);
    struct archive_message *m = messages(r.id, false, &count);
    assert_int_equal(count, 2);
    assert_str(m[0].role, "user");
    assert_str(m[1].blocks, "[{\"type\":\"text\",\"markdown\":\"x\"}]");
    assert_str(m[1].origin_id, "b");
    assert_true(m[1].version == 1 && m[1].position == 1);
}

static void captured_again_without_a_change(void **state)
{
    UNUSED(state);
    struct archive_put_result one = put(TWO, NOW), two = put(TWO, NOW + 1000);
    assert_true(uuid_eq(one.id, two.id));
    assert_true(!two.created && !two.changed && two.version == 1 && two.messages_unchanged == 2);
    assert_true(got(one.id).captured_ms == NOW + 1000);
}

/* What an archive brings back: as old as what is here, or older. Of a later time it is a rendering as any other. */
static void captured_once_and_brought_again(void **state)
{
    UNUSED(state);
    struct archive_put_result one = put(TWO, NOW), two, later;
    OPTIONS = (struct archive_put_options){ .archived = true };
    for (int64_t ms = NOW - 1; ms <= NOW; ms++) {
        two = put_at("s", "Another title", TWO, ms);
        assert_true(uuid_eq(one.id, two.id) && !two.changed && two.version == 1);
        assert_str(got(one.id).outcome, "ok");
        assert_str(got(one.id).title, "T");
    }
    later = put(TWO, NOW + 1);
    assert_true(later.changed && !got(one.id).outcome.n);
    OPTIONS = (struct archive_put_options){ .outcome = S("ok") };
}

static void a_changed_answer_is_a_new_version(void **state)
{
    UNUSED(state);
    size_t count;
    struct archive_put_result one = put(TWO, NOW);
    struct uuid id = messages(one.id, true, &count)[1].id;
    struct archive_put_result two =
        put(M("a", "human", "q") "," M("b", "assistant", "y") "," M("c", "human", "z"), NOW + 1);
    assert_true(two.changed && two.version == 2 && two.messages_changed == 1 &&
                two.messages_new == 1);
    assert_true(two.shown_new == 1 && two.shown_changed == 1 && two.message_count == 3);
    struct archive_message *m = messages(one.id, true, &count);
    assert_int_equal(count, 3);
    assert_true(uuid_eq(m[1].id, id) && m[1].version == 2);
    assert_str(m[1].blocks, "[{\"type\":\"text\",\"markdown\":\"y\"}]");
    assert_true(got(one.id).message_count == 3);
}

/* The hash is over what is stored: the answer that the provider has since left out is still here. */
static void a_poorer_rendering_leaves_everything(void **state)
{
    UNUSED(state);
    size_t count;
    struct archive_put_result one = put(M("a", "human", "q") "," TOOL("t", "rich"), NOW);
    struct str hash = got(one.id).hash;
    struct archive_put_result two =
        put(M("a", "human", "q") "," TOOL("t", "The output of this plugin was redacted."), NOW + 1);
    assert_true(!two.changed && two.version == 1);
    assert_true(str_eq(got(one.id).hash, hash));
    struct archive_message *m = messages(one.id, true, &count);
    assert_true(str_find(m[1].blocks, S("rich"), 0) < m[1].blocks.n && m[1].version == 1);
    struct sha256 chain = { { 0 } }, said;
    for (size_t i = 0; i < 2; i++) {
        ok(message_hash_read(m[i].hash, &said));
        chain = conversation_chain_add(chain, said);
    }
    assert_true(str_eq(sha256_tagged(&f.arena, chain), hash));
}

static void what_is_gone_is_kept_off_the_path(void **state)
{
    UNUSED(state);
    size_t count;
    struct archive_put_result one = put(TWO "," M("c", "human", "z"), NOW);
    struct archive_put_result two = put(TWO, NOW + 1);
    assert_true(two.changed && two.messages_gone == 1);
    messages(one.id, false, &count);
    assert_int_equal(count, 2);
    assert_false(messages(one.id, true, &count)[2].on_path);
    assert_int_equal(count, 3);
}

static void a_name_that_the_owner_gave_stays(void **state)
{
    UNUSED(state);
    struct archive_put_result r = put(TWO, NOW);
    ok(rename_as(f.owner, f.owner, r.id, "Mine", 0));
    assert_true(got(r.id).version == 2);
    struct archive_put_result again = put_at("s", "Theirs", TWO, NOW + 1);
    assert_str(got(r.id).title, "Mine");
    assert_str(again.title, "Mine");
    assert_true(!again.changed && again.version == 2);
    assert_int_equal(rename_as(f.owner, f.owner, r.id, "x", 1), E_PRECONDITION);
    assert_int_equal(rename_as(f.owner, f.owner, uuid_new(), "x", 0), E_NOT_FOUND);
    assert_int_equal(rename_as(uuid_new(), f.owner, r.id, "x", 0), E_NOT_FOUND);
    assert_str(got(r.id).title, "Mine");
}

/* The newest op of the log. */
static struct op last_op(void)
{
    struct op_cursor cursor = { 0 };
    struct op *ops, last = { 0 };
    size_t count = 1;
    while (count) {
        ok(ops_read(f.db, &f.arena, &cursor, 100, &ops, &count));
        if (count)
            last = ops[count - 1];
    }
    return last;
}

static void who_renamed_it_is_the_actor(void **state)
{
    UNUSED(state);
    struct uuid editor = uuid_new();
    struct archive_put_result r = put(TWO, NOW);
    ok(rename_as(f.owner, editor, r.id, "Ours", 0));
    struct op op = last_op();
    assert_str(op.fields, "title");
    assert_true(uuid_eq(op.owner_id, f.owner) && uuid_eq(op.actor_id, editor));
}

/* The newest op about this entity. */
static struct op last_op_of(const char *entity)
{
    struct op_cursor cursor = { 0 };
    struct op *ops, last = { 0 };
    size_t count = 1;
    while (count) {
        ok(ops_read(f.db, &f.arena, &cursor, 100, &ops, &count));
        for (size_t i = 0; i < count; i++)
            if (str_eq(ops[i].entity, str_from(entity)))
                last = ops[i];
    }
    return last;
}

static void to_another_branch(struct conversation *c)
{
    c->messages[2].on_path = false;
    c->messages[3].on_path = true;
}
static void order(struct conversation *c)
{
    struct message two = c->messages[2];
    c->messages[2] = c->messages[3];
    c->messages[3] = two;
}
static void hidden(struct conversation *c)
{
    c->messages[1].hidden = true;
}
static void parent(struct conversation *c)
{
    c->messages[2].parent_id = S("a");
}
static void model_of_a_message(struct conversation *c)
{
    c->messages[1].model = S("m-2");
}
static void author_of_a_message(struct conversation *c)
{
    c->messages[1].author = S("Ann");
}
static void time_of_a_message(struct conversation *c)
{
    c->messages[1].created_ms = NOW;
}
static void model_of_all(struct conversation *c)
{
    c->model = S("m-1");
}
static void title(struct conversation *c)
{
    c->title = S("Another");
}
static void times(struct conversation *c)
{
    c->created_ms = NOW - 2;
    c->updated_ms = NOW - 1;
}
static void source(struct conversation *c)
{
    c->source.strategy = "dom";
    c->source.recipe = S("claude@2");
}
static void finding(struct conversation *c)
{
    finding_add(&f.arena, c, FOUND_CODE_TRUNCATED, "at the end");
}
static void branch_at_first(struct conversation *c)
{
    c->messages[2].on_path = true;
    c->messages[3].on_path = false;
}
static void (*one_turn)(struct conversation *c);
static void branch_and_turn(struct conversation *c)
{
    branch_at_first(c);
    one_turn(c);
}

#define FORK                                                                               \
    M("a", "human", "q")                                                                   \
    ",{'uuid':'b','sender':'assistant','text':'x','parent_message_uuid':'a'},{'uuid':'d'," \
    "'sender':'human','text':'z','parent_message_uuid':'b'},{'uuid':'c','sender':'human'," \
    "'text':'y','parent_message_uuid':'b'}"

/* Whatever a new capture changes in a row, the version counts it and the log says what it was, once. */
static void a_version_counts_whatever_changed(void **state)
{
    UNUSED(state);
    static const struct {
        void (*turn)(struct conversation *c);
        const char *fields, *of_message; /* NULL: no message's op */
    } ROWS[] = {
        { to_another_branch, "messages,captured_at", "on_path" },
        { order, "messages,captured_at", "position" },
        { hidden, "messages,captured_at", "hidden" },
        { parent, "messages,captured_at", "parent_id" },
        { model_of_a_message, "messages,captured_at", "model" },
        { author_of_a_message, "messages,captured_at", "author" },
        { time_of_a_message, "messages,captured_at", "created_at" },
        { model_of_all, "model,captured_at", NULL },
        { title, "title,captured_at", NULL },
        { times, "created_at,updated_at,captured_at", NULL },
        { source, "source,captured_at", NULL },
        { finding, "findings,captured_at", NULL },
    };
    for (size_t i = 0; i < COUNTOF(ROWS); i++) {
        const char *url = str_cstr(&f.arena, str_fmt(&f.arena, "turn-%zu", i));
        struct archive_put_result one = put_turned(url, "T", FORK, branch_at_first, NOW);
        struct op before = last_op_of("message");
        one_turn = ROWS[i].turn;
        struct archive_put_result two = put_turned(url, "T", FORK, branch_and_turn, NOW + 1);
        struct op op = last_op_of("conversation"), message = last_op_of("message");
        if (!two.changed || two.version != 2 || got(one.id).version != 2 || op.version != 2 ||
            !str_eq(op.fields, str_from(ROWS[i].fields)) || !str_eq(op.kind, S("updated")))
            fail_msg("%zu: version %d, fields %.*s", i, (int)two.version, STR_ARG(op.fields));
        assert_true(uuid_eq(op.entity_id, one.id));
        assert_true((message.seq != before.seq) == (ROWS[i].of_message != NULL));
        if (ROWS[i].of_message)
            assert_str(message.fields, ROWS[i].of_message);
        struct archive_put_result again = put_turned(url, "T", FORK, branch_and_turn, NOW + 2);
        assert_true(!again.changed && again.version == 2 && again.messages_unchanged == 4);
        assert_str(last_op_of("conversation").fields, "captured_at");
        assert_true(last_op_of("message").seq == message.seq);
    }
}

static void the_current_branch_moves(void **state)
{
    UNUSED(state);
    size_t count;
    struct archive_put_result one = put_turned("s", "T", FORK, branch_at_first, NOW);
    struct str hash = got(one.id).hash;
    assert_str(messages(one.id, false, &count)[2].origin_id, "c");
    struct archive_put_result two = put_turned("s", "T", FORK, to_another_branch, NOW + 1);
    assert_true(two.messages_moved == 2 && two.messages_unchanged == 2 && two.shown_new == 0);
    assert_str(messages(one.id, false, &count)[2].origin_id, "d");
    assert_int_equal(count, 3);
    assert_false(str_eq(got(one.id).hash, hash));
}

/* A rendering that knows less (a page without the provider's JSON) takes nothing away, and is no change. */
static void what_a_rendering_does_not_name_stays(void **state)
{
    UNUSED(state);
    size_t count;
    one_turn = model_of_a_message;
    struct archive_put_result one = put_turned("s", "T", FORK, branch_and_turn, NOW);
    one_turn = model_of_all;
    struct archive_put_result two = put_turned("s", "", FORK, branch_and_turn, NOW + 1);
    assert_true(two.version == 2);
    struct archive_put_result three = put_turned("s", "", FORK, branch_at_first, NOW + 2);
    assert_true(!three.changed && three.version == 2);
    assert_str(got(one.id).title, "T");
    assert_str(got(one.id).model, "m-1");
    assert_str(messages(one.id, true, &count)[1].model, "m-2");
}

static void deleted_for_good(void **state)
{
    UNUSED(state);
    size_t count;
    struct archive_conversation c;
    struct archive_put_result r = put(TWO, NOW), other = put_at("o", "Other", TWO, NOW);
    put(M("a", "human", "changed"), NOW + 1);
    assert_int_equal(delete_as(uuid_new(), r.id), E_NOT_FOUND);
    ok(delete_as(f.owner, r.id));
    assert_int_equal(archive_get(f.db, &f.arena, f.owner, r.id, &c), E_NOT_FOUND);
    assert_int_equal(delete_as(f.owner, r.id), E_NOT_FOUND);
    messages(r.id, true, &count);
    assert_int_equal(count, 0);
    messages(other.id, true, &count);
    assert_int_equal(count, 2);
    assert_str(last_op().kind, "deleted");
    struct archive_put_result again = put(TWO, NOW + 2); /* it can come back, as a new one */
    assert_true(again.created && !uuid_eq(again.id, r.id));
}

static void pages_are_newest_first(void **state)
{
    UNUSED(state);
    struct archive_conversation *rows;
    size_t count;
    struct uuid ids[5];
    for (int i = 0; i < 5; i++)
        ids[i] = put_at(str_cstr(&f.arena, str_fmt(&f.arena, "s%d", i)), "T", TWO, NOW + i / 2)
                     .id; /* ties */
    struct archive_page page = { .before_ms = INT64_MAX, .limit = 2 };
    size_t seen = 0;
    for (;;) {
        ok(archive_list(f.db, &f.arena, f.owner, &page, &rows, &count));
        if (!count)
            break;
        for (size_t i = 0; i < count; i++, seen++)
            for (size_t k = 0; k < 5; k++)
                if (uuid_eq(rows[i].id, ids[k]))
                    ids[k] = (struct uuid){ { 0 } }; /* each once */
        page.before_ms = rows[count - 1].captured_ms;
        page.before_id = rows[count - 1].id;
    }
    assert_int_equal(seen, 5);
    for (size_t k = 0; k < 5; k++)
        assert_true(uuid_is_nil(ids[k]));
    page = (struct archive_page){ .before_ms = INT64_MAX, .limit = 2, .provider = S("chatgpt") };
    ok(archive_list(f.db, &f.arena, f.owner, &page, &rows, &count));
    assert_int_equal(count, 0);
    page.provider = S("claude");
    ok(archive_list(f.db, &f.arena, f.owner, &page, &rows, &count));
    assert_int_equal(count, 2);
    ok(archive_list(f.db, &f.arena, uuid_new(), &page, &rows, &count));
    assert_int_equal(count, 0);
}

/* JSON may say \u0000, a database's text may not; and a title has a limit. */
static void zero_bytes_and_long_titles(void **state)
{
    UNUSED(state);
    size_t count;
    struct archive_put_result r = put_at(
        "s", "A\\u0000B",
        "{'uuid':'m\\u0000','sender':'human','text':'x\\u0000y'}," M("b", "assistant", "a"), NOW);
    assert_str(got(r.id).title, "A\xef\xbf\xbd"
                                "B");
    struct archive_message *m = messages(r.id, true, &count);
    assert_str(m[0].origin_id, "m\xef\xbf\xbd");
    assert_str(m[0].blocks, "[{\"type\":\"text\",\"markdown\":\"x\\u0000y\"}]");
    struct archive_put_result again = put_at(
        "s", "A\\u0000B",
        "{'uuid':'m\\u0000','sender':'human','text':'x\\u0000y'}," M("b", "assistant", "a"), NOW);
    assert_true(!again.changed);
    struct buf title;
    buf_init(&title, &f.arena, KIB(4));
    for (int i = 0; i < 499; i++)
        buf_putc(&title, 'x');
    buf_put(&title, S("\xc3\xa9")); /* two bytes, of which one would fit */
    buf_putc(&title, 0);
    assert_int_equal(got(put_at("long", title.s, TWO, NOW).id).title.n, 499);
}

static void the_most_messages(void **state)
{
    UNUSED(state);
    struct conversation c;
    struct archive_put_result r;
    conversation_init(&c, "claude");
    c.source.kind = "file";
    c.hash = S("sha256:0");
    c.message_count = CONVERSATION_MESSAGES_MAX + 1;
    assert_int_equal(archive_put(f.db, &f.arena, f.owner, &c, &OPTIONS, NOW, &r), E_LIMIT);
    assert_non_null(strstr(err_detail()->text, "1000001 messages; 1000000 are the most"));
}

/* `count` messages, each of them with a text of so many bytes. */
static struct conversation many(struct arena *a, size_t count, size_t bytes)
{
    struct conversation c;
    struct builder b;
    struct buf text;
    CLEANUP(arena_free) struct arena scratch = { 0 };
    buf_init(&text, a, bytes + 1);
    while (text.n < bytes)
        buf_putc(&text, 'x');
    build_begin(&b, a, "claude", &c);
    for (size_t i = 0; i < count; i++) {
        (void)build_message(&b, str_fmt(a, "m%zu", i), STR_NONE,
                            i % 2 ? ROLE_ASSISTANT : ROLE_USER);
        build_code(&b, STR_NONE, buf_str(&text));
    }
    ok(build_end(&b));
    c.source.kind = "file";
    c.source.id = S("many");
    arena_init(&scratch, CONVERSATION_BYTES_MAX);
    ok(conversation_hash(a, &scratch, &c));
    return c;
}

/* What a request or a job has at hand is not what a conversation may have: it is stored, read in pages and deleted all the
 * same. */
static void larger_than_the_arena(void **state)
{
    UNUSED(state);
    enum { COUNT = 450 };
    CLEANUP(arena_free) struct arena all = { 0 }, small = { 0 };
    struct archive_put_result r;
    struct archive_message *rows;
    size_t count;
    arena_init(&all, MIB(64));
    arena_init(&small, KIB(512));
    struct conversation c = many(&all, COUNT, KIB(4));
    ok(archive_put(f.db, &small, f.owner, &c, &OPTIONS, NOW, &r));
    assert_int_equal(r.messages_new, COUNT);
    ok(archive_put(f.db, &small, f.owner, &c, &OPTIONS, NOW, &r));
    assert_int_equal(r.messages_unchanged, COUNT);
    ok(archive_messages(f.db, &small, f.owner, r.id, true, COUNT - 11, 50, &rows, &count));
    assert_int_equal(count, 10);
    int64_t version;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(archive_delete(f.db, &small, f.owner, r.id, 0, NOW, &version));
    ok(db_txn_commit(&tx));
    assert_int_equal(archive_messages(f.db, &small, f.owner, r.id, true, -1, 50, &rows, &count),
                     OK);
    assert_int_equal(count, 0);
}

/* A conversation, its only message, an earlier version of that and a picture, all under one id. */
static void put_one_id(struct uuid id, struct uuid other, struct sha256 picture)
{
    const struct archive_source from = { .id = id,
                                         .conversation_id = id,
                                         .provider = S("claude"),
                                         .place = S("share:u"),
                                         .account = S(""),
                                         .origin_id = S("o"),
                                         .source_kind = S("share"),
                                         .first_ms = NOW,
                                         .captured_ms = NOW };
    struct archive_source another = from;
    another.id = another.conversation_id = other;
    another.place = another.origin_id = S("elsewhere");
    const struct archive_media media = { picture, S("image/png"), 7 };
    const struct archive_conversation c = { .id = id,
                                            .provider = S("claude"),
                                            .origin_id = S("o"),
                                            .source_kind = S("share"),
                                            .source_url = S("u"),
                                            .hash = S("h"),
                                            .findings = S("[]"),
                                            .captured_ms = NOW };
    const struct archive_message m = { .id = id,
                                       .conversation_id = id,
                                       .origin_id = S("o"),
                                       .role = S("assistant"),
                                       .blocks = S("[]"),
                                       .hash = S("h"),
                                       .on_path = true,
                                       .created_ms = TIME_NONE };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(archive_store_insert(f.db, f.owner, &c));
    ok(archive_store_message_insert(f.db, f.owner, &m));
    ok(archive_store_message_replace(f.db, f.owner, &m, NOW));
    ok(archive_store_media(f.db, f.owner, id, &media));
    ok(source_store_insert(f.db, f.owner, &from));
    ok(source_store_insert(f.db, f.owner, &another));
    ok(source_store_keep(f.db, f.owner, id, 0, id, S("form")));
    ok(source_store_tell_apart(f.db, f.owner, id, other));
    ok(source_store_before_keep(f.db, f.owner, other, id, 0, id, S("form")));
    ok(db_txn_commit(&tx));
}

static void trash_it(struct uuid id)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    bool done;
    ok(db_txn_begin(&tx, f.db));
    ok(archive_store_trash(f.db, f.owner, id, NOW, &done));
    assert_true(done);
    ok(db_txn_commit(&tx));
}

/* A media row was read without its owner once, and no test noticed. */
static void no_query_reaches_further_than_it_says(void **state)
{
    UNUSED(state);
    struct uuid id = uuid_new(), other = uuid_new();
    struct sha256 picture = { { 1 } };
    const struct narrow_param params[] = {
        { "owner", DBU(f.owner), DBU(uuid_new()) },
        { "id", DBU(id), DBU(uuid_new()) },
        { "conversation", DBU(id), DBU(uuid_new()) },
        { "provider", DBS(S("claude")), DBS(S("chatgpt")) },
        { "origin", DBS(S("o")), DBS(S("p")) },
        { "place", DBS(S("share:u")), DBS(S("share:v")) },
        { "account", DBS(S("")), DBN() },
        { "cwd", DBN(), DBN() },
        { "branch", DBN(), DBN() },
        { "tool", DBN(), DBN() },
        { "source", DBU(id), DBN() },
        { "other", DBU(other), DBU(uuid_new()) },
        { "to", DBU(other), DBN() },
        { "first_ms", DBI(NOW), DBN() },
        { "after_message", DBU(((struct uuid){ { 0 } })), DBN() },
        { "after_version", DBI(0), DBN() },
        { "sha256", DBX(str_of((char *)picture.b, 32)),
          DBX(S("12345678123456781234567812345678")) },
        { "before_ms", DBI(NOW + 1), DBI(NOW - 1) },
        { "before_id", DBU(id), DBN() },
        { "after", DBI(-1), DBI(0) },
        { "limit", DBI(9), DBN() },
        { "title", DBS(S("t")), DBN() },
        { "model", DBN(), DBN() },
        { "source_kind", DBS(S("share")), DBN() },
        { "source_url", DBN(), DBN() },
        { "strategy", DBN(), DBN() },
        { "recipe", DBN(), DBN() },
        { "outcome", DBN(), DBN() },
        { "hash", DBS(S("h")), DBS(S("i")) },
        { "findings", DBS(S("[]")), DBN() },
        { "version", DBI(2), DBN() },
        { "message_count", DBI(1), DBN() },
        { "created_ms", DBN(), DBN() },
        { "updated_ms", DBN(), DBN() },
        { "captured_ms", DBI(NOW), DBN() },
        { "parent", DBN(), DBN() },
        { "position", DBI(1), DBN() },
        { "role", DBS(S("user")), DBN() },
        { "author", DBN(), DBN() },
        { "blocks", DBS(S("[]")), DBN() },
        { "hidden", DBB(false), DBN() },
        { "on_path", DBB(true), DBN() },
        { "now_ms", DBI(NOW), DBN() },
        { "mark", DBU(other), DBU(uuid_new()) },
        { "number", DBI(1), DBN() },
        { "kept_number", DBI(0), DBI(7) },
        { "to_number", DBI(1), DBN() },
        { "form", DBX(S("form")), DBN() },
    };
    static const struct db_query *const WAITS[] = { &SQL_ARCHIVE_TURN, /* reads no row */
                                                    &SQL_ARCHIVE_RESTORE, &SQL_ARCHIVE_TRASHED };
    put_one_id(id, other, picture);
    const struct narrow n = { f.db, params, COUNTOF(params) };
    narrow_all(&n, SQL_ALL_ARCHIVE, WAITS, COUNTOF(WAITS));
    trash_it(id);
    narrow_query(&n, &SQL_ARCHIVE_RESTORE);
    narrow_query(&n, &SQL_ARCHIVE_TRASHED);
    narrow_complete(SQL_ALL_ARCHIVE, WAITS, 1);
}

static void add(struct uuid id, struct conversation *c, const struct archive_added *added)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(archive_add(f.db, &f.arena, f.owner, id, c, added, NOW));
    ok(db_txn_commit(&tx));
}

/* Only where there is none yet, and of the message that says what the archive had said last; what is said next goes on counting. */
static void what_was_added_elsewhere_comes_back(void **state)
{
    UNUSED(state);
    struct block words[2] = { { .type = BLOCK_TEXT, .text = { S("first") } },
                              { .type = BLOCK_TEXT, .text = { S("second") } } };
    struct archive_added_version versions[] = { { 0, 1, NOW - 5, &words[0], 1 },
                                                { 1, 3, NOW - 9, &words[0], 1 },
                                                { 1, 7, NOW - 8, &words[1], 1 },
                                                { 9, 1, NOW - 8, &words[1], 1 } };
    const struct archive_added added = { S("Mine\0!"), versions, COUNTOF(versions) };
    struct archive_put_result r = put(TWO, NOW);
    size_t count;
    struct archive_message *m = messages(r.id, true, &count);
    struct message of[] = { { .hash = S("sha256:another") }, { .hash = m[1].hash } };
    struct conversation c = { .messages = of, .message_count = 2 };
    for (int again = 0; again < 2; again++) {
        struct archive_version *kept;
        add(r.id, &c, &added);
        assert_str(got(r.id).title, "Mine\xef\xbf\xbd!");
        assert_true(got(r.id).title_own && got(r.id).version == 2);
        ok(archive_versions(f.db, &f.arena, f.owner, r.id, (struct uuid){ { 0 } }, 0, 9, &kept,
                            &count));
        assert_int_equal(count, 2);
        assert_true(uuid_eq(kept[0].message_id, m[1].id) && kept[0].version == 3 &&
                    kept[0].replaced_ms == NOW - 9 && kept[1].version == 7);
        assert_str(kept[1].blocks, "[{\"type\":\"text\",\"markdown\":\"second\"}]");
        assert_true(str_starts(kept[1].hash, S("sha256:")) && !str_eq(kept[0].hash, kept[1].hash));
        struct archive_message *now = messages(r.id, true, &count);
        assert_true(now[0].version == 1 && now[1].version == 8 && str_eq(now[1].hash, m[1].hash));
    }
    put(M("a", "human", "q") "," M("b", "assistant", "y"), NOW + 1);
    assert_true(messages(r.id, true, &count)[1].version == 9);
}

/* `position >= :after` gave the last message of a page again on the next one. */
static void pages_of_messages_begin_behind_the_last(void **state)
{
    UNUSED(state);
    struct archive_put_result r =
        put(TWO "," M("c", "human", "3") "," M("d", "assistant", "4"), NOW);
    for (int all = 0; all <= 1; all++) {
        struct archive_message *m;
        size_t count, seen = 0;
        int64_t after = -1;
        do {
            ok(archive_messages(f.db, &f.arena, f.owner, r.id, all, after, 2, &m, &count));
            for (size_t i = 0; i < count; i++, seen++)
                assert_int_equal(m[i].position, seen);
            after += (int64_t)count;
        } while (count);
        assert_int_equal(seen, 4);
    }
}

/* In Claude's JSON, each below the one before it; who: of two that take turns, "human" twice for no answers. */
static const char *chain(size_t count, const char *const who[2])
{
    struct buf text;
    buf_init(&text, &f.arena, MIB(4));
    for (size_t i = 0; i < count; i++)
        buf_putf(&text,
                 "%s{'uuid':'a-message-of-it-%zu','sender':'%s','text':'says %zu',"
                 "'parent_message_uuid':'a-message-of-it-%zu'}",
                 i ? "," : "", i, who[i % 2], i, i - 1);
    buf_putc(&text, 0);
    assert_int_equal(buf_err(&text), OK);
    return text.s;
}

/* Of one with very many messages only the first are made into rows at once, unless there is something to hold it against. */
static void very_many_messages(void **state)
{
    UNUSED(state);
    static const char *const TALK[] = { "human", "assistant" }, *const QUESTIONS[] = { "human",
                                                                                       "human" };
    enum { MANY = 1100, FROM = 995 };
    struct archive_message *rows;
    size_t count;
    const char *talk = chain(MANY, TALK);
    struct archive_put_result one = put(talk, NOW), again, elsewhere, alone;
    assert_true(one.created && one.messages_new == MANY && one.message_count == MANY);
    assert_int_equal(got(one.id).message_count, MANY);
    ok(archive_messages(f.db, &f.arena, f.owner, one.id, true, FROM - 1, MANY, &rows, &count));
    assert_int_equal(count, MANY - FROM);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(rows[i].position, FROM + i);
        assert_true(!i || uuid_eq(rows[i].parent_id, rows[i - 1].id));
        assert_true(uuid_eq(rows[i].source_id, one.source_id));
    }
    again = put(talk, NOW + 1);
    assert_true(uuid_eq(again.id, one.id) && !again.changed && again.messages_unchanged == MANY);
    elsewhere = put_at("elsewhere", "T", talk, NOW + 2);
    assert_true(uuid_eq(elsewhere.id, one.id) && elsewhere.source_new && !elsewhere.messages_new);
    assert_true(str_eq(got(one.id).hash, got(again.id).hash));
    alone = put_at("alone", "T", chain(MANY, QUESTIONS), NOW + 3); /* nothing to be known by */
    assert_true(alone.created && alone.messages_new == MANY && !uuid_eq(alone.id, one.id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_query_reaches_further_than_it_says),
        TEST(pages_of_messages_begin_behind_the_last),
        TEST(what_was_added_elsewhere_comes_back),
        TEST(a_new_conversation),
        TEST(captured_again_without_a_change),
        TEST(captured_once_and_brought_again),
        TEST(a_changed_answer_is_a_new_version),
        TEST(a_poorer_rendering_leaves_everything),
        TEST(what_is_gone_is_kept_off_the_path),
        TEST(a_name_that_the_owner_gave_stays),
        TEST(who_renamed_it_is_the_actor),
        TEST(a_version_counts_whatever_changed),
        TEST(the_current_branch_moves),
        TEST(what_a_rendering_does_not_name_stays),
        TEST(deleted_for_good),
        TEST(pages_are_newest_first),
        TEST(zero_bytes_and_long_titles),
        TEST(the_most_messages),
        TEST(very_many_messages),
        TEST(larger_than_the_arena),
    };
    RUN_ON_BOTH(tests);
}
