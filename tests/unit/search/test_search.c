/* From an op to a result: the consumer, the index of both databases, paging, owners; over a small
 * made-up entity. */
#include <sched.h>
#include <sys/syscall.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/utf8.h"
#include "ops/fixture.h"
#include "search/inside.h"

/* --- an entity that lives in the test -------------------------------------------------------- */

struct note {
    struct index_text is;
    bool gone, broken;
};
static struct note notes[600];
static size_t note_count;
static _Atomic int text_reads;
/* The consumers' thread reads the notes while the test writes them. */
static pthread_mutex_t notes_lock = PTHREAD_MUTEX_INITIALIZER;
#define NOTED(change)                      \
    do {                                   \
        pthread_mutex_lock(&notes_lock);   \
        change;                            \
        pthread_mutex_unlock(&notes_lock); \
    } while (0)

static struct note *note_of(struct uuid owner, struct uuid id)
{
    for (size_t i = 0; i < note_count; i++)
        if (uuid_eq(notes[i].is.id, id) && uuid_eq(notes[i].is.owner_id, owner))
            return &notes[i];
    return NULL;
}

static err_t note_text(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                       struct uuid id, struct index_text *ret)
{
    UNUSED(app);
    assert_non_null(db);
    struct note is = { .gone = true };
    text_reads++;
    NOTED({
        struct note *n = note_of(owner, id);
        if (n)
            is = *n;
    });
    if (is.gone)
        return E_NOT_FOUND;
    if (is.broken)
        return E_LIMIT;
    *ret = is.is;
    ret->text = str_dup(a, is.is.text); /* as rows would be read: into the caller's arena */
    return arena_err(a);
}

static err_t note_each(struct app *app, struct db *db,
                       err_t (*visit)(void *context, struct uuid owner, struct uuid id),
                       void *context)
{
    UNUSED(app);
    UNUSED(db);
    for (size_t i = 0; i < note_count; i++)
        if (!notes[i].gone)
            TRY(visit(context, notes[i].is.owner_id, notes[i].is.id));
    return OK;
}

static err_t no_text(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                     struct uuid id, struct index_text *ret)
{
    UNUSED(app);
    UNUSED(db);
    UNUSED(a);
    UNUSED(owner);
    UNUSED(id);
    UNUSED(ret);
    return E_NOT_FOUND;
}

static const struct entity ENTITIES[] = {
    { .name = "message", .text = note_text, .each = note_each },
    { .name = "conversation", .text = no_text },
    { .name = "silent" }
};
static const struct module NOTES = { .name = "notes",
                                     .entities = ENTITIES,
                                     .entity_count = COUNTOF(ENTITIES) };
static const struct module *const MODULES[] = { &NOTES, &search_module, NULL };

static int open_search(void **state)
{
    note_count = 0;
    text_reads = 0;
    memset(notes, 0, sizeof notes);
    fixture_open(state);
    f.app.modules = MODULES;
    ok(search_module.init(&f.app));
    go(MODULES);
    return 0;
}

static int close_search(void **state)
{
    ops_stop(&f.app);
    search_module.stop(&f.app);
    return fixture_close(state);
}

static struct note *put_for(struct uuid owner, struct str text)
{
    assert_true(note_count < COUNTOF(notes));
    struct note *n = &notes[note_count];
    const struct index_text is = {
        .owner_id = owner,
        .id = uuid_new(),
        .title = S("A title"),
        .text = text,
        .role = S("user"),
        .provider = S("chatgpt"),
        .created_ms = TIME_NONE,
    };
    NOTED(n->is = is; note_count++);
    append(owner, "message", n->is.id, "created");
    return n;
}

static struct note *put(const char *text)
{
    return put_for(f.owner, str_from(text));
}

static struct search_page ask_for(struct uuid owner, const struct search_ask *ask,
                                  const struct search_place *from, size_t limit)
{
    struct search_page page;
    settle();
    err_t e = search_query(&f.app, f.db, &f.arena, owner, ask, from, limit, &page);
    if (e != OK)
        fail_msg("%.*s: %s %s", STR_ARG(ask->q), err_code(e), err_detail()->text);
    return page;
}

static struct search_page find_for(struct uuid owner, struct str q, const struct search_place *from,
                                   size_t limit)
{
    const struct search_ask ask = { .q = q, .exact = true, .now_ms = NOW };
    return ask_for(owner, &ask, from, limit);
}

static size_t count_of(const char *q)
{
    return find_for(f.owner, str_from(q), NULL, 50).count;
}

/* --- tests ----------------------------------------------------------------------------------- */

static void found(void **state)
{
    UNUSED(state);
    struct note *n = put("The quick brown fox jumps over the lazy dog");
    NOTED(n->is.parent_id = uuid_new(); n->is.created_ms = NOW);
    append(f.owner, "message", n->is.id, "updated");
    put("Nothing of interest");
    struct search_page page = find_for(f.owner, S("fox"), NULL, 10);
    assert_int_equal(page.count, 1);
    assert_false(page.more);
    struct search_result *r = &page.items[0];
    assert_str(r->kind, "message");
    assert_true(uuid_eq(r->id, n->is.id) && uuid_eq(r->message_id, n->is.id));
    assert_true(uuid_eq(r->conversation_id, n->is.parent_id));
    assert_str(r->title, "A title");
    assert_str(r->snippet, "The quick brown fox jumps over the lazy dog");
    assert_int_equal(r->highlight_count, 1);
    assert_int_equal(r->highlights[0].start, 16);
    assert_int_equal(r->highlights[0].length, 3);
    assert_true(r->score > 0);
    assert_string_equal(r->source, "keyword");
    assert_str(r->role, "user");
    assert_str(r->provider, "chatgpt");
    assert_int_equal(r->created_ms, NOW);
    assert_int_equal(count_of("title"), 0); /* shown, not searched */
}

static void the_language(void **state)
{
    UNUSED(state);
    put("alpha beta gamma");
    put("alpha gamma beta");
    put("Crème brûlée für Zoë; snake_case, it's e-mail@example.com C++");
    put("今天重大新闻。ガラスの靴 뉴스를");
    put("");
    static const struct {
        const char *q;
        size_t count;
    } CASES[] = {
        { "alpha", 2 },
        { "ALPHA Beta", 2 },
        { "alpha delta", 2 }, /* what has one of them, too */
        { "delta", 0 },
        { "\"alpha beta\"", 1 },
        { "\"gamma beta\"", 1 },
        { "\"beta alpha\"", 0 },
        { "alpha -\"alpha beta\"", 1 },
        { "alpha -beta", 0 },
        { "alp*", 2 },
        { "alp", 0 },
        { "\"alpha bet\"*", 1 },
        { "-alpha", 3 },
        { "creme brulee", 1 },
        { "CRÈME", 1 },
        { "fur zoe", 1 },
        { "snake_case", 1 },
        { "\"snake case\"", 1 },
        { "\"case snake\"", 0 },
        { "e-mail@example.com", 1 },
        { "C++", 1 },
        { "新闻", 1 },
        { "重大", 1 },
        { "新", 1 },
        { "闻", 1 },
        { "天重大新", 1 },
        { "大重", 0 },
        { "今天重大新闻", 1 },
        { "新今", 0 },
        { "カラス", 1 },
        { "靴", 1 },
        { "뉴스", 1 },
        { "provider:chatgpt", 5 },
        { "role:assistant", 0 },
        { "role:user role:assistant alpha", 2 },
        { "-provider:chatgpt", 0 },
        { "-role:tool alpha", 2 },
        { "alpha lang:fr", 0 },
        { "AND", 0 },
        { "\"", 0 },
        { "alpha OR snake", 3 },
        { "beta OR creme zoe", 3 },
        { "(alpha beta) OR creme", 3 },
        { "-(alpha OR creme)", 2 },
        { "NEAR(alpha beta)", 2 },
        { "text:alpha", 2 },
        { "alpha^2 -", 2 },
        { "alpha )( '' \\ ; -- :*", 2 },
        { "meta:o*", 0 },
        { "'alpha'", 2 },
        { "alpha & | ! <-> beta", 2 },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        size_t got = count_of(CASES[i].q);
        if (got != CASES[i].count)
            fail_msg("%s: %zu results, not %zu", CASES[i].q, got, CASES[i].count);
    }
    struct search_page page;
    const struct search_ask nothing = { .q = S(" ") };
    assert_int_equal(search_query(&f.app, f.db, &f.arena, f.owner, &nothing, NULL, 10, &page),
                     E_INVALID);
}

static void filters(void **state)
{
    UNUSED(state);
    struct note *n = put("apple");
    int64_t day;
    ok(time_parse(S("2026-01-01T00:00:00Z"), &day));
    NOTED(n->is.provider = S("claude"); n->is.role = S("assistant"); n->is.created_ms = day);
    append(f.owner, "message", n->is.id, "updated");
    put("apple"); /* chatgpt, user, no time */
    assert_int_equal(count_of("apple"), 2);
    assert_int_equal(count_of("apple provider:claude"), 1);
    assert_int_equal(count_of("apple provider:Claude provider:chatgpt"), 2);
    assert_int_equal(count_of("apple -provider:claude"), 1);
    assert_int_equal(count_of("apple role:assistant -role:user"), 1);
    assert_int_equal(count_of("apple provider:claude role:user"), 0);
    assert_int_equal(count_of("apple after:2026-01-01"), 1);  /* from that moment on … */
    assert_int_equal(count_of("apple before:2026-01-01"), 0); /* … which is not before it */
    assert_int_equal(count_of("apple before:2026-01-02 after:2025-12-31"), 1);
    assert_int_equal(count_of("after:2025-01-01"), 1); /* filters alone */
}

/* What is asked for stands behind hundreds of better matches that are not. */
static void filters_reach_behind_what_is_better(void **state)
{
    UNUSED(state);
    enum { BETTER = 420 };
    struct uuid best = uuid_new(), other = uuid_new();
    for (int i = 0; i <= BETTER; i++) {
        struct note *n =
            put(i < BETTER ? "the apple is an apple" : "there is an apple among many other words");
        NOTED(n->is.parent_id = i < BETTER ? best : other;
              n->is.author = i < BETTER ? S("Bob Apple") : S("Ánn Smith"));
        append(f.owner, "message", n->is.id, "updated");
    }
    struct str asks[] = { str_fmt(&f.arena, "apple -in:%.*s", STR_ARG(uuid_str(&f.arena, best))),
                          S("apple from:ann"), S("apple from:\"smith ann\""),
                          S("apple -from:bob") };
    for (size_t i = 0; i < COUNTOF(asks); i++) {
        const struct search_ask ask = { .q = asks[i], .grouped = true, .now_ms = NOW };
        struct search_page page = ask_for(f.owner, &ask, NULL, 10);
        if (page.group_count != 1 || !uuid_eq(page.items[0].conversation_id, other))
            fail_msg("%.*s: %zu groups", STR_ARG(asks[i]), page.group_count);
    }
    assert_int_equal(count_of("apple from:an"), 0); /* whole names */
}

static void owners_are_apart(void **state)
{
    UNUSED(state);
    struct uuid other = uuid_new();
    put("secret apple");
    put_for(other, S("their apple"));
    struct search_page page = find_for(f.owner, S("apple"), NULL, 10);
    assert_int_equal(page.count, 1);
    assert_str(page.items[0].snippet, "secret apple");
    page = find_for(other, S("apple"), NULL, 10);
    assert_int_equal(page.count, 1);
    assert_str(page.items[0].snippet, "their apple");
    assert_int_equal(find_for(uuid_new(), S("apple"), NULL, 10).count, 0);
    assert_int_equal(find_for(uuid_new(), S("-x"), NULL, 10).count, 0);
}

static const struct db_query COUNT_DOCS = { .name = "test_count_docs",
                                            .sqlite = "SELECT COUNT(*) FROM search_doc",
                                            .postgres = "SELECT COUNT(*) FROM search_doc" };

static void changes_and_ends(void **state)
{
    UNUSED(state);
    struct uuid conversation = uuid_new();
    struct note *n = put("before"), *m = put("before too");
    NOTED(m->is.parent_id = n->is.parent_id = conversation);
    append(f.owner, "message", n->is.id, "updated");
    append(f.owner, "message", m->is.id, "updated");
    append(f.owner, "silent", uuid_new(), "created"); /* nobody's text */
    append(f.owner, "unheard", uuid_new(), "created");
    assert_int_equal(count_of("before"), 2);
    NOTED(n->is.text = S("after"));
    append(f.owner, "message", n->is.id, "updated");
    assert_int_equal(count_of("before"), 1);
    assert_int_equal(count_of("after"), 1);
    NOTED(n->gone = true); /* the row first: the index has not heard */
    assert_int_equal(count_of("after"), 0);
    append(f.owner, "message", n->is.id, "deleted");
    assert_int_equal(count_of("after"), 0);
    append(f.owner, "conversation", conversation, "deleted"); /* takes its messages with it */
    settle();
    int64_t left;
    ok(db_i64(f.index, &COUNT_DOCS, DB_NO_ARGS, &left));
    assert_int_equal(left, 0);
    put("mine");
    put_for(uuid_new(), S("theirs"));
    append(f.owner, "account", f.owner, "deleted");
    assert_int_equal(count_of("mine"), 0);
    assert_int_equal(find_for(notes[note_count - 1].is.owner_id, S("theirs"), NULL, 10).count, 1);
}

static struct op op_on(const struct note *n, const char *kind)
{
    return (struct op){ .owner_id = n->is.owner_id,
                        .entity = S("message"),
                        .entity_id = n->is.id,
                        .kind = str_from(kind) };
}

static void consume(const struct op *ops, size_t count)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.index));
    ok(SEARCH_CONSUMERS[0].consume(&f.app, f.db, f.index, &f.arena, ops, count));
    ok(db_txn_commit(&tx));
}

/* In one batch a thing is read once, however often it changed, and what it is at the end counts. */
static void a_batch_reads_each_thing_once(void **state)
{
    UNUSED(state);
    struct note *n = put("first"), *m = put("other");
    assert_int_equal(count_of("first"), 1);
    ops_stop(&f.app); /* the batches are ours */
    NOTED(n->is.text = S("second"));
    const struct op changes[] = { op_on(n, "updated"), op_on(n, "updated"), op_on(m, "updated"),
                                  op_on(n, "deleted"), op_on(n, "created"), op_on(m, "updated") };
    text_reads = 0;
    consume(changes, COUNTOF(changes));
    assert_int_equal(text_reads, 2);
    go(MODULES);
    assert_int_equal(count_of("second"), 1);
    assert_int_equal(count_of("other"), 1);
    assert_int_equal(count_of("first"), 0);
    ops_stop(&f.app);
    const struct op ends[] = { op_on(n, "created"), op_on(n, "updated"), op_on(n, "deleted") };
    consume(ends, COUNTOF(ends));
    go(MODULES);
    assert_int_equal(count_of("second"), 0);
}

/* The op "grant deleted" bears the id of what was shared, and took its messages out of the index. */
static void what_is_shared_no_more_is_still_found(void **state)
{
    UNUSED(state);
    struct uuid conversation = uuid_new();
    struct note *n = put("kept");
    NOTED(n->is.parent_id = conversation);
    append(f.owner, "message", n->is.id, "updated");
    append(f.owner, "grant", conversation, "deleted");
    append(f.owner, "access", conversation, "deleted");
    append(f.owner, "capture", conversation, "deleted");
    assert_int_equal(count_of("kept"), 1);
}

static void one_that_cannot_be_read(void **state)
{
    UNUSED(state);
    struct note *n = put("huge");
    assert_int_equal(count_of("huge"), 1);
    NOTED(n->broken = true);
    append(f.owner, "message", n->is.id, "updated");
    put("behind it");
    assert_int_equal(count_of("huge"), 0);
    assert_int_equal(count_of("behind"), 1);
}

static void ranking(void **state)
{
    UNUSED(state);
    put("apple one among very many other words that have nothing to do with the fruit at all, and "
        "so it goes on and on");
    struct note *best = put("apple apple apple pie");
    for (int i = 0; i < 5; i++)
        put("unrelated words here");
    struct search_page page = find_for(f.owner, S("apple"), NULL, 10);
    assert_int_equal(page.count, 2);
    assert_true(uuid_eq(page.items[0].id, best->is.id));
    assert_true(page.items[0].score > page.items[1].score);
}

/* Every fragment of two, three and four characters of a text without spaces, wherever it stands, and no other text. */
static void fragments(void **state)
{
    UNUSED(state);
    static const char TEXT[] = "今天重大新闻发布会在北京举行茶壶与水壶的区别カタカナ한국어";
    struct note *n = put(TEXT);
    put("区壶闻京茶天大北");
    struct str all = str_from(TEXT);
    for (size_t from = 0; from < all.n;) {
        size_t end = from, next = from;
        UNUSED(utf8_next(all, &next));
        for (int chars = 1; chars <= 4 && end < all.n; chars++) {
            UNUSED(utf8_next(all, &end));
            struct search_page page = find_for(f.owner, str_sub(all, from, end), NULL, 10);
            if (chars > 1 && (page.count != 1 || !uuid_eq(page.items[0].id, n->is.id)))
                fail_msg("%.*s: %zu", STR_ARG(str_sub(all, from, end)), page.count);
        }
        from = next;
    }
}

/* Thinking and tools are found behind what was said, shown where nothing said matches, and named; and they go with their text. */
static void what_stands_aside(void **state)
{
    UNUSED(state);
    struct note *aside = put("Done, it compiles");
    NOTED(aside->is.aside = S("error: undefined reference to kettle"));
    append(f.owner, "message", aside->is.id, "updated");
    struct note *said = put("The kettle is an undefined reference"), *both = put("A kettle, said");
    NOTED(both->is.aside = S("and a teapot aside"));
    append(f.owner, "message", both->is.id, "updated");
    struct search_page page = find_for(f.owner, S("kettle"), NULL, 10);
    assert_int_equal(page.count, 3);
    assert_int_equal(page.items[0].aside_count, 0);
    assert_int_equal(page.items[1].aside_count, 0);
    assert_true(uuid_eq(page.items[2].id, aside->is.id));
    assert_int_equal(page.items[2].aside_count, 1);
    assert_str(page.items[2].aside[0], "kettle");
    assert_str(page.items[2].snippet, "error: undefined reference to kettle");
    assert_int_equal(page.items[2].highlight_count, 1);
    page = find_for(f.owner, S("undefined reference"), NULL, 10);
    assert_true(uuid_eq(page.items[0].id, said->is.id));
    assert_true(uuid_eq(page.items[1].id, aside->is.id));
    page = find_for(f.owner, S("kettle teapot"), NULL, 10);
    assert_true(uuid_eq(page.items[0].id, both->is.id));
    assert_int_equal(page.items[0].word_count, 2);
    assert_int_equal(page.items[0].aside_count, 1);
    assert_str(page.items[0].aside[0], "teapot");
    assert_str(page.items[0].snippet, "A kettle, said");
    assert_int_equal(count_of("\"undefined reference to kettle\""), 1);
    NOTED(both->is.aside = STR_NONE);
    append(f.owner, "message", both->is.id, "updated");
    assert_int_equal(count_of("teapot"), 0);
}

static void pages(void **state)
{
    UNUSED(state);
    enum { ALL = 23 };
    bool seen[ALL] = { 0 };
    for (int i = 0; i < ALL; i++)
        put(i % 2 ? "apple" : "apple and more of it"); /* many with equal scores */
    struct search_page page = find_for(f.owner, S("apple"), NULL, 5);
    size_t got = 0, rounds = 0;
    double last = page.items[0].score;
    for (;; rounds++) {
        for (size_t i = 0; i < page.count; i++) {
            size_t which = (size_t)(note_of(f.owner, page.items[i].id) - notes);
            assert_false(seen[which]);
            seen[which] = true;
            assert_true(page.items[i].score <= last);
            last = page.items[i].score;
        }
        got += page.count;
        if (!page.more)
            break;
        struct search_place from = page.next;
        page = find_for(f.owner, S("apple"), &from, 5);
    }
    assert_int_equal(got, ALL);
    assert_int_equal(rounds, 4);
    page = find_for(f.owner, S("apple"), NULL, ALL);
    assert_int_equal(page.count, ALL);
    assert_false(page.more);
    /* Where hits have gone, the page is filled with the next ones. */
    for (int i = 0; i < 10; i++)
        NOTED(note_of(f.owner, page.items[i].id)->gone = true);
    page = find_for(f.owner, S("apple"), NULL, 5);
    assert_int_equal(page.count, 5);
    assert_true(page.more);
}

/* A long text: every word, phrases anywhere, words far apart, one result. */
static void long_text(void **state)
{
    UNUSED(state);
    enum { WORDS = 6000 };
    struct buf b;
    buf_init(&b, &f.arena, MIB(4));
    buf_put(&b, S("first "));
    for (int i = 0; i < WORDS; i++)
        buf_putf(&b, "w%d the v%d u%d ", i, i, i);
    buf_put(&b, S("last"));
    put_for(f.owner, buf_str(&b));
    put("w5 alone");
    static const char *const ONE[] = { "first",
                                       "last",
                                       "first last",
                                       "w4999 first",
                                       "\"first w0 the v0 u0 w1\"",
                                       "\"w5999 the v5999 u5999 last\"",
                                       "w0 w3000 w5999",
                                       "the last",
                                       "lasT FIRST" };
    for (size_t i = 0; i < COUNTOF(ONE); i++) {
        struct search_page page = find_for(f.owner, str_from(ONE[i]), NULL, 10);
        if (page.count != 1)
            fail_msg("%s: %zu results", ONE[i], page.count);
        assert_true(page.items[0].highlight_count > 0);
    }
    assert_int_equal(count_of("w5"), 2);
    assert_int_equal(count_of("w5 -last"), 1); /* excluded as a whole */
    assert_int_equal(count_of("\"w5 alone\""), 1);
    assert_true(str_starts(find_for(f.owner, S("w4000"), NULL, 10).items[0].snippet, S("…")));
}

/* As much as is indexed, and more: the beginning is found, nothing breaks. */
static void too_long_text(void **state)
{
    UNUSED(state);
    struct buf b;
    buf_init(&b, &f.arena, 4 * SEARCH_TEXT_BYTES_MAX);
    buf_put(&b, S("begin "));
    for (int i = 0; b.n < SEARCH_TEXT_BYTES_MAX + 1000; i++)
        buf_putf(&b, "%x汉字%d ", (unsigned)i * 2654435761u, i);
    buf_put(&b, S("behind"));
    put_for(f.owner, buf_str(&b));
    assert_int_equal(count_of("begin"), 1);
    assert_int_equal(count_of("behind"), 0);
    assert_int_equal(count_of("汉字"), 1);
}

/* Everything from the rows: after the cursor expired, or the index was lost. */
static void rebuilt(void **state)
{
    UNUSED(state);
    for (int i = 0; i < 40; i++)
        put("apple");
    assert_int_equal(count_of("apple"), 40);
    ops_stop(&f.app);
    notes[0].gone = true;
    notes[1].is.text = S("pear");
    struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.index));
    ok(SEARCH_CONSUMERS[0].rebuild(&f.app, f.db, f.index, &f.arena));
    ok(db_txn_commit(&tx));
    f.app.modules = MODULES;
    go(MODULES);
    assert_int_equal(count_of("apple"), 38);
    assert_int_equal(count_of("pear"), 1);
}

/* --- many at once ---------------------------------------------------------------------------- */

enum { BORROWERS = 8, LOANS = 2000 };

struct borrower {
    struct thread thread;
    struct search_lent lent;
    _Atomic int tid;
    _Atomic bool began, done;
    bool gives;
};

static void borrow_once(void *arg)
{
    struct borrower *b = arg;
    b->tid = (int)syscall(SYS_gettid);
    b->began = true;
    if (b->gives)
        search_give_back(&b->lent);
    else
        ok(search_lend(&f.app, &b->lent));
    b->done = true;
}

/* Until the thread has done what it does, or the kernel says that it sleeps: it waits for a lock. */
static void wait_until_done_or_asleep(struct borrower *b)
{
    char path[64], text[256];
    while (!b->began)
        sched_yield();
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)b->tid);
    for (bool asleep = false; !asleep && !b->done; sched_yield()) {
        FILE *stat = fopen(path, "r");
        if (!stat)
            continue; /* it has just ended */
        size_t n = fread(text, 1, sizeof text - 1, stat);
        fclose(stat);
        text[n] = 0;
        const char *state = strrchr(text, ')');
        asleep = state && state[1] && state[2] == 'S';
    }
}

/* Lent without its lock, a handle would go to two at once. */
static void a_handle_is_lent_and_given_back_under_the_lock(void **state)
{
    UNUSED(state);
    struct search_room *room = app_room(&f.app, "search");
    struct borrower b = { 0 };
    ok(search_lend(&f.app, &b.lent)); /* so that there is one to lend */
    search_give_back(&b.lent);
    assert_int_equal(room->idle_count, 1);
    for (int gives = 0; gives <= 1; gives++) {
        b.gives = gives;
        b.began = b.done = false;
        mutex_lock(&room->mutex);
        ok(thread_start(&b.thread, "borrower", borrow_once, &b));
        wait_until_done_or_asleep(&b);
        bool through = b.done;
        mutex_unlock(&room->mutex);
        thread_join(&b.thread);
        assert_false(through);
        assert_true(b.done);
        assert_int_equal(room->idle_count, gives);
    }
}

static void borrow_often(void *arg)
{
    UNUSED(arg);
    for (int i = 0; i < LOANS; i++) {
        struct search_lent lent;
        ok(search_lend(&f.app, &lent));
        search_give_back(&lent);
    }
}

/* Each handle comes back, once. Under ThreadSanitizer this says more. */
static void many_borrow_at_once(void **state)
{
    UNUSED(state);
    struct borrower all[BORROWERS] = { 0 };
    for (int i = 0; i < BORROWERS; i++)
        ok(thread_start(&all[i].thread, "borrower", borrow_often, &all[i]));
    for (int i = 0; i < BORROWERS; i++)
        thread_join(&all[i].thread);
    for (int i = 0; i < BORROWERS; i++) {
        ok(search_lend(&f.app, &all[i].lent));
        for (int k = 0; k < i; k++)
            assert_ptr_not_equal(all[k].lent.db, all[i].lent.db);
    }
    for (int i = 0; i < BORROWERS; i++)
        search_give_back(&all[i].lent);
}

#define OPEN(name) cmocka_unit_test_setup_teardown(name, open_search, close_search)

int main(void)
{
    log_init(2, LOG_JSON, LOG_ERROR + 1);
    const struct CMUnitTest tests[] = {
        OPEN(found),
        OPEN(the_language),
        OPEN(filters),
        OPEN(filters_reach_behind_what_is_better),
        OPEN(owners_are_apart),
        OPEN(changes_and_ends),
        OPEN(a_batch_reads_each_thing_once),
        OPEN(what_is_shared_no_more_is_still_found),
        OPEN(one_that_cannot_be_read),
        OPEN(ranking),
        OPEN(what_stands_aside),
        OPEN(fragments),
        OPEN(pages),
        OPEN(long_text),
        OPEN(too_long_text),
        OPEN(rebuilt),
        OPEN(a_handle_is_lent_and_given_back_under_the_lock),
        OPEN(many_borrow_at_once),
    };
    RUN_ON_BOTH(tests);
}
