/* Where conversations come from: one of several links and exports, in whichever order they come, and told apart again. */
#include "archive/change.h"
#include "check.h"
#include "ops/fixture.h"

#include "archive/archive.h"
#include "archive/archive_rendering.h"
#include "archive/archive_store.h"

/* --- renderings by hand ------------------------------------------------------------------------------ */

struct line {
    const char *id, *text; /* id NULL: the rendering names none */
    enum role role;
    bool off; /* not on the branch */
    const char *parent;
};

struct given {
    const char *kind, *url, *id, *strategy, *account, *title, *outcome;
    int64_t at_ms;
    struct line lines[8];
};

#define ID(n) "0000000" #n "-aaaa-4bbb-8ccc-000000000000" /* as long as a provider's */
#define Q(i, t)                          \
    {                                    \
        ID(i), t, ROLE_USER, false, NULL \
    }
#define A(i, t)                               \
    {                                         \
        ID(i), t, ROLE_ASSISTANT, false, NULL \
    }
#define q(t)                            \
    {                                   \
        NULL, t, ROLE_USER, false, NULL \
    }
#define a(t)                                 \
    {                                        \
        NULL, t, ROLE_ASSISTANT, false, NULL \
    }

/* Answers of the length that a run of equal ones must have. */
#define LONG(t)                                                                                   \
    t " with the words of an answer that nobody else is given, which go on for a while, because " \
      "what two conversations have in common by chance is short: a greeting, a refusal, a "       \
      "sentence about who speaks; and this is none of these, as whoever reads so far has seen. "  \
      "It needs three hundred bytes and some more, so it ends only here, at its own end, at last."

/* ids NULL: they have none; else what each begins with. */
static void put_many(int count, const char *ids, const char *text, struct archive_put_result *ret)
{
    CLEANUP(arena_free) struct arena scratch = { 0 }, here = { 0 };
    struct archive_put_options options = { .outcome = S("ok") };
    struct conversation c;
    static int64_t at_ms = NOW;
    arena_init(&scratch, MIB(16));
    arena_init(&here, MIB(64));
    conversation_init(&c, "claude");
    c.source.kind = "share";
    c.source.url = S("https://claude.ai/share/many");
    c.source.captured_ms = ++at_ms;
    for (int i = 0; i < count; i++) {
        struct message *m = message_add(&here, &c);
        m->id = ids ? str_fmt(&here, "%s %d", ids, i) : STR_NONE;
        block_add(&here, m, BLOCK_TEXT)->text.markdown = str_from(text);
    }
    ok(conversation_hash(&here, &scratch, &c));
    ok(archive_put(f.db, &here, f.owner, &c, &options, NOW + 1000, ret));
}

static struct archive_put_result put(const struct given *g)
{
    CLEANUP(arena_free) struct arena scratch = { 0 }, here = { 0 };
    struct archive_put_result r;
    struct archive_put_options options = { .outcome = str_from(g->outcome ? g->outcome : "ok") };
    struct conversation c;
    arena_init(&scratch, MIB(16));
    arena_init(&here, MIB(64));
    conversation_init(&c, "claude");
    c.title = str_from(g->title);
    c.source.kind = g->kind;
    c.source.url = str_from(g->url);
    c.source.id = str_from(g->id);
    c.source.strategy = g->strategy;
    c.source.account = str_from(g->account);
    c.source.captured_ms = g->at_ms;
    for (const struct line *l = g->lines; l->text; l++) {
        struct message *m = message_add(&here, &c);
        m->id = str_from(l->id);
        m->parent_id = str_from(l->parent);
        m->role = l->role;
        m->on_path = !l->off;
        block_add(&here, m, BLOCK_TEXT)->text.markdown = str_from(l->text);
    }
    ok(conversation_hash(&here, &scratch, &c));
    ok(archive_put(f.db, &here, f.owner, &c, &options, NOW + 1000, &r));
    return r;
}

/* All that is stored of one conversation but ids, versions and when it was first stored. */
static struct str dump(struct uuid id)
{
    struct archive_conversation c;
    struct archive_message *m;
    struct archive_source *s;
    size_t count, sources;
    struct buf b;
    buf_init(&b, &f.arena, MIB(1));
    ok(archive_get(f.db, &f.arena, f.owner, id, &c));
    ok(archive_messages(f.db, &f.arena, f.owner, id, true, -1, 1000, &m, &count));
    ok(archive_sources(f.db, &f.arena, f.owner, id, &s, &sources));
    buf_putf(&b, "%.*s|%.*s|%.*s|%.*s|%.*s|%.*s|%.*s|%lld|%.*s|%lld\n", STR_ARG(c.title),
             STR_ARG(c.origin_id), STR_ARG(c.source_kind), STR_ARG(c.source_url),
             STR_ARG(c.strategy), STR_ARG(c.account), STR_ARG(c.outcome),
             (long long)c.message_count, STR_ARG(c.hash), (long long)(c.captured_ms - NOW));
    for (size_t i = 0; i < count; i++) {
        size_t parent = 99, source = 99;
        for (size_t k = 0; k < count; k++)
            parent = uuid_eq(m[k].id, m[i].parent_id) ? k : parent;
        for (size_t k = 0; k < sources; k++)
            source = uuid_eq(s[k].id, m[i].source_id) ? k : source;
        buf_putf(&b, "%.*s %.*s %d ^%zu %.*s <%.*s\n", STR_ARG(m[i].role), STR_ARG(m[i].origin_id),
                 m[i].on_path, parent, STR_ARG(m[i].blocks),
                 STR_ARG(source == 99 ? S("?") : s[source].place));
    }
    /* sources by place: two of one time stand in the order of their ids */
    for (char first = 0; first < 2; first++)
        for (size_t k = 0; k < sources; k++)
            if (str_starts(s[k].place, S("share:")) == first)
                buf_putf(&b, "%.*s %.*s %lld-%lld\n", STR_ARG(s[k].place), STR_ARG(s[k].account),
                         (long long)(s[k].first_ms - NOW), (long long)(s[k].captured_ms - NOW));
    return buf_str(&b);
}

/* Every conversation, in the order of their text. */
static int compare_text(const void *x, const void *y)
{
    return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

static struct str dump_all(size_t *ret_count)
{
    struct archive_page page = { .before_ms = INT64_MAX, .limit = 50 };
    struct archive_conversation *rows;
    struct str texts[50];
    struct buf b;
    ok(archive_list(f.db, &f.arena, f.owner, &page, &rows, ret_count));
    for (size_t i = 0; i < *ret_count; i++)
        texts[i] = dump(rows[i].id);
    qsort(texts, *ret_count, sizeof *texts, compare_text);
    buf_init(&b, &f.arena, MIB(4));
    for (size_t i = 0; i < *ret_count; i++)
        buf_putf(&b, "%.*s--\n", STR_ARG(texts[i]));
    return buf_str(&b);
}

static void forget_all(void)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(archive_store_forget(f.db, f.owner));
    ok(db_txn_commit(&tx));
}

/* Every order of at most five gives the same rows. */
static void in_every_order(const char *what, const struct given *list, size_t count,
                           size_t conversations)
{
    size_t order[5], n, total = 1;
    struct str first = STR_NONE;
    for (size_t i = 2; i <= count; i++)
        total *= i;
    for (size_t number = 0; number < total; number++) {
        size_t left[5], rest = number;
        for (size_t i = 0; i < count; i++)
            left[i] = i;
        for (size_t i = count; i-- > 0;) {
            size_t at = rest % (i + 1);
            rest /= i + 1;
            order[i] = left[at];
            left[at] = left[i];
        }
        forget_all();
        for (size_t i = 0; i < count; i++)
            put(&list[order[i]]);
        for (size_t i = 0; i < count && number % 7 == 0; i++)
            put(&list[order[i]]); /* and each once more changes nothing */
        struct str now = dump_all(&n);
        if (!first.s)
            first = now;
        if (str_eq(first, now) && n == conversations)
            continue;
        fprintf(stderr, "%.*s\nand first\n%.*s", STR_ARG(now), STR_ARG(first));
        fail_msg("%s, order %zu: %zu conversations", what, number, n);
    }
}

#define SHARE "https://claude.ai/share/11111111-2222-4333-8444-555555555555"
#define OTHER "https://claude.ai/share/66666666-2222-4333-8444-555555555555"
#define OWN   "77777777-2222-4333-8444-555555555555"

static const struct given SHARED = { "share",   SHARE,    "11111111-2222-4333-8444-555555555555",
                                     "network", NULL,     "Shared",
                                     NULL,      NOW + 20, { Q(1, "hello"), A(2, "short"), { 0 } } };
static const struct given EXPORTED = {
    "export",
    NULL,
    OWN,
    NULL,
    "ann@example.org",
    "Exported",
    NULL,
    NOW + 10,
    { Q(1, "hello"), A(2, "short"), Q(3, "and?"), A(4, "more"), { 0 } }
};
static const struct given NAMELESS = {
    "share", OTHER,    NULL,
    "dom",   NULL,     "From the page",
    NULL,    NOW + 30, { q("q one"), a(LONG("one")), q("q two"), a(LONG("two")), { 0 } }
};
static const struct given NAMED = { "export",
                                    NULL,
                                    OWN,
                                    NULL,
                                    NULL,
                                    "Named",
                                    NULL,
                                    NOW + 5,
                                    { Q(1, "q one"),
                                      A(2, LONG("one")),
                                      Q(3, "q two"),
                                      A(4, LONG("two")),
                                      Q(5, "q three"),
                                      A(6, "short"),
                                      { 0 } } };

/* --- one conversation ----------------------------------------------------------------------------------- */

static void a_share_and_its_conversation_are_one(void **state)
{
    UNUSED(state);
    struct archive_put_result one = put(&SHARED), two = put(&EXPORTED);
    assert_true(uuid_eq(one.id, two.id) && !two.created && two.changed);
    assert_int_equal(two.messages_new, 2);
    struct archive_conversation c;
    ok(archive_get(f.db, &f.arena, f.owner, one.id, &c));
    assert_str(c.origin_id, OWN);
    assert_str(c.account, "ann@example.org");
    assert_str(c.title, "Exported");
    assert_true(c.message_count == 4 && c.captured_ms == NOW + 20);
    in_every_order("a share and its export", (struct given[]){ SHARED, EXPORTED }, 2, 1);
}

static void words_alone_are_enough_when_they_are_many(void **state)
{
    UNUSED(state);
    in_every_order("a page without ids", (struct given[]){ NAMELESS, NAMED }, 2, 1);
}

static void two_that_begin_alike_are_two(void **state)
{
    UNUSED(state);
    const struct given list[] = {
        { "share",
          SHARE,
          NULL,
          "dom",
          NULL,
          "x",
          NULL,
          NOW,
          { q("hello"), a("Hello! How can I help?"), q("a joke"), a(LONG("joke")), { 0 } } },
        { "share",
          OTHER,
          NULL,
          "dom",
          NULL,
          "y",
          NULL,
          NOW + 1,
          { q("hello"), a("Hello! How can I help?"), q("a poem"), a(LONG("poem")), { 0 } } },
        /* one answer of some length is not enough, and neither are two short ones */
        { "export",
          NULL,
          OWN,
          NULL,
          NULL,
          "z",
          NULL,
          NOW + 2,
          { q("hello"),
            a("Hello! How can I help?"),
            q("a joke"),
            a(LONG("joke")),
            q("bye"),
            { 0 } } },
    };
    in_every_order("beginning alike", list, 3, 3);
}

static void short_ids_are_not_anybodys_own(void **state)
{
    UNUSED(state);
    const struct given list[] = {
        { "export",
          NULL,
          "one",
          NULL,
          NULL,
          "x",
          NULL,
          NOW,
          { { "1", "hello", ROLE_USER, 0, 0 }, { "2", "hi", ROLE_ASSISTANT, 0, 0 }, { 0 } } },
        { "share",
          SHARE,
          NULL,
          NULL,
          NULL,
          "y",
          NULL,
          NOW + 1,
          { { "1", "hello", ROLE_USER, 0, 0 }, { "2", "hi", ROLE_ASSISTANT, 0, 0 }, { 0 } } },
    };
    in_every_order("ids that count", list, 2, 2);
}

static void two_ids_of_conversations_are_two(void **state)
{
    UNUSED(state);
    struct given fork =
        EXPORTED; /* a provider copies messages, ids and all, into a new conversation */
    fork.id = "88888888-2222-4333-8444-555555555555";
    in_every_order("a fork", (struct given[]){ EXPORTED, fork }, 2, 2);
    struct given other = EXPORTED;
    other.account = "ben@example.org";
    in_every_order("two accounts", (struct given[]){ EXPORTED, other }, 2, 2);
}

static void two_shares_at_different_times(void **state)
{
    UNUSED(state);
    struct given later = SHARED;
    later.url = OTHER;
    later.id = "66666666-2222-4333-8444-555555555555";
    later.at_ms = NOW + 40;
    later.title = "Later";
    later.lines[2] = (struct line)Q(3, "and?");
    later.lines[3] = (struct line)A(4, "more");
    in_every_order("two shares", (struct given[]){ SHARED, later }, 2, 1);
    in_every_order("two shares and the export", (struct given[]){ SHARED, later, EXPORTED }, 3, 1);
}

/* Two that have nothing in common, until an export comes that holds both as branches. */
static void what_joins_two_makes_them_one(void **state)
{
    UNUSED(state);
    const struct given list[] = {
        SHARED,
        { "share",
          OTHER,
          "66666666-2222-4333-8444-555555555555",
          "network",
          NULL,
          "Branch",
          NULL,
          NOW + 25,
          { Q(5, "hallo"), A(6, "kurz"), { 0 } } },
        { "export",
          NULL,
          OWN,
          NULL,
          NULL,
          "Whole",
          NULL,
          NOW + 10,
          { Q(5, "hallo"),
            A(6, "kurz"),
            { ID(1), "hello", ROLE_USER, true, NULL },
            { ID(2), "short", ROLE_ASSISTANT, true, ID(1) },
            { 0 } } },
    };
    in_every_order("two branches and the whole", list, 3, 1);
}

static void a_page_never_replaces_the_data(void **state)
{
    UNUSED(state);
    struct given page = SHARED;
    page.strategy = "dom";
    page.at_ms = NOW + 50;
    page.lines[0] = (struct line)q("hello");
    page.lines[1] = (struct line)a("**short**, as the page shows it");
    in_every_order("data, then the page", (struct given[]){ SHARED, page, EXPORTED }, 3, 1);
    forget_all();
    struct archive_put_result one = put(&SHARED), two = put(&page);
    assert_true(!two.changed && two.messages_unchanged == 2);
    struct archive_message *m;
    size_t count;
    ok(archive_messages(f.db, &f.arena, f.owner, one.id, true, -1, 10, &m, &count));
    assert_int_equal(count, 2);
    assert_true(str_find(m[1].blocks, S("as the page"), 0) == m[1].blocks.n);
}

static void a_part_never_replaces_the_whole(void **state)
{
    UNUSED(state);
    struct given part = SHARED, whole = SHARED;
    whole.lines[2] = (struct line)Q(3, "and?");
    part.outcome = "partial";
    part.at_ms = NOW + 60;
    in_every_order("a part", (struct given[]){ part, whole, EXPORTED }, 3, 1);
    forget_all();
    struct archive_put_result one = put(&whole);
    put(&part);
    struct archive_conversation c;
    ok(archive_get(f.db, &f.arena, f.owner, one.id, &c));
    assert_true(c.message_count == 3);
    assert_str(c.outcome, "ok");
    part.lines[2] = whole.lines[2]; /* as many words, of which it does not know that they are all */
    in_every_order("a part that lacks nothing", (struct given[]){ part, whole }, 2, 1);
    ok(archive_get(f.db, &f.arena, f.owner, put(&part).id, &c));
    assert_str(c.outcome, "ok");
}

/* Captures of one link, and an edit at the provider: versions of one message. */
static void captures_of_one_link(void **state)
{
    UNUSED(state);
    struct given list[4];
    static const char *const WORDS[] = { "first", "second", "third", "fourth" };
    for (size_t i = 0; i < COUNTOF(list); i++) {
        list[i] = SHARED;
        list[i].at_ms = NOW + 100 + (int64_t)i;
        list[i].lines[1].text = WORDS[i];
        if (i == 1)
            list[i].lines[2] = (struct line)Q(3, "taken back later");
    }
    in_every_order("captures of one link", list, 4, 1);
    struct given all[5] = { list[0], list[1], list[2], EXPORTED, NAMELESS };
    in_every_order("and others", all, 5, 2);
}

/* Twelve that each say something else: of the oldest, what they had stays. */
static void renderings_have_a_limit(void **state)
{
    UNUSED(state);
    struct archive_put_result r = { 0 };
    struct given g = SHARED;
    size_t count;
    for (int i = 0; i < 12; i++) {
        g.at_ms = NOW + i;
        g.lines[1].text = str_cstr(&f.arena, str_fmt(&f.arena, "answer %d", i));
        g.lines[2] =
            (struct line){ str_cstr(&f.arena, str_fmt(&f.arena, "id-of-sixteen-by-%02d", i)), "q",
                           ROLE_USER, false, NULL };
        r = put(&g);
    }
    struct archive_message *m;
    ok(archive_messages(f.db, &f.arena, f.owner, r.id, true, -1, 100, &m, &count));
    assert_int_equal(count, 2 + 12);
    assert_true(str_find(m[1].blocks, S("answer 11"), 0) < m[1].blocks.n);
    assert_int_equal(m[1].version, 12);
}

/* --- and two again ------------------------------------------------------------------------------------------ */

static struct uuid source_at(struct uuid id, const char *place)
{
    struct archive_source *s;
    size_t count;
    ok(archive_sources(f.db, &f.arena, f.owner, id, &s, &count));
    for (size_t i = 0; i < count; i++)
        if (str_eq(s[i].place, str_from(place)))
            return s[i].id;
    fail_msg("it does not come from %s", place);
    return (struct uuid){ { 0 } };
}

static void told_apart_they_stay_apart(void **state)
{
    UNUSED(state);
    struct given pair[] = { SHARED, EXPORTED };
    struct str alone[2];
    size_t n;
    for (size_t i = 0; i < 2; i++) {
        forget_all();
        alone[i] = dump(put(&pair[i]).id);
    }
    for (size_t order = 0; order < 2; order++) {
        forget_all();
        struct uuid id = put(&pair[order]).id, new;
        put(&pair[!order]);
        ok(archive_split(f.db, &f.arena, f.owner, id, source_at(id, "share:" SHARE), 0, NOW + 2000,
                         &new));
        assert_str(dump(new), str_cstr(&f.arena, alone[0]));
        assert_str(dump(id), str_cstr(&f.arena, alone[1]));
        for (size_t i = 0; i < 4; i++)
            put(&pair[i % 2]);
        struct given grown = SHARED; /* also when there is more of it than before */
        grown.at_ms = NOW + 500;
        grown.lines[2] = (struct line)Q(3, "and?");
        put(&grown);
        dump_all(&n);
        assert_int_equal(n, 2);
    }
}

static void what_cannot_be_parted(void **state)
{
    UNUSED(state);
    struct uuid id = put(&SHARED).id, source = source_at(id, "share:" SHARE), new = { { 9 } };
    struct uuid nobody = uuid_new();
    struct {
        struct uuid owner, id, source;
        int64_t version;
        err_t want;
    } rows[] = {
        { f.owner, id, source, 0, E_CONFLICT },      { f.owner, id, nobody, 0, E_NOT_FOUND },
        { f.owner, nobody, source, 0, E_NOT_FOUND }, { nobody, id, source, 0, E_NOT_FOUND },
        { f.owner, id, source, 7, E_PRECONDITION },
    };
    for (size_t i = 0; i < COUNTOF(rows); i++)
        assert_int_equal(archive_split(f.db, &f.arena, rows[i].owner, rows[i].id, rows[i].source,
                                       rows[i].version, NOW, &new),
                         rows[i].want);
    assert_int_equal(new.b[0], 9);
}

static void nothing_of_it_stays_when_it_is_deleted(void **state)
{
    UNUSED(state);
    struct uuid id = put(&SHARED).id;
    struct archive_source gone;
    put(&EXPORTED);
    ok(delete_as(f.owner, id));
    assert_int_equal(archive_of_link(f.db, &f.arena, f.owner, S("claude"), S(SHARE), &gone),
                     E_NOT_FOUND);
    struct archive_put_result again = put(&SHARED);
    assert_true(again.created && again.messages_new == 2);
}

static void dry_is_said_and_not_done(void **state)
{
    UNUSED(state);
    CLEANUP(arena_free) struct arena scratch = { 0 };
    struct archive_put_options options = { .outcome = S("ok"), .dry = true, .measure = true };
    struct archive_put_result r;
    struct conversation c;
    size_t n;
    arena_init(&scratch, MIB(16));
    struct str before = dump(put(&SHARED).id);
    conversation_init(&c, "claude");
    c.source.kind = "share";
    c.source.url = S(SHARE);
    c.source.captured_ms = NOW + 20;
    for (int i = 0; i < 3; i++) {
        struct message *m = message_add(&f.arena, &c);
        m->id = str_from(i == 0 ? ID(1) : i == 1 ? ID(2) : ID(3));
        m->role = i == 1 ? ROLE_ASSISTANT : ROLE_USER;
        block_add(&f.arena, m, BLOCK_TEXT)->text.markdown =
            i == 0 ? S("hello") : S("some more words");
    }
    finding_add(&f.arena, &c, FOUND_ANSWER_INCOMPLETE, "x");
    ok(conversation_hash(&f.arena, &scratch, &c));
    ok(archive_put(f.db, &f.arena, f.owner, &c, &options, NOW + 3000, &r));
    assert_true(r.changed && r.messages_new == 1 && r.messages_changed == 1);
    assert_true(r.before.messages == 2 && r.before.words == 2 && r.before.warnings == 0);
    assert_true(r.after.messages == 3 && r.after.words == 7 && r.after.warnings == 1);
    assert_str(dump_all(&n), str_cstr(&f.arena, str_fmt(&f.arena, "%.*s--\n", STR_ARG(before))));
}

/* As with conversations so large that no list stays in memory: each is read again whenever it is asked. */
static void nothing_need_be_held(void **state)
{
    static void (*const AGAIN[])(void **) = { a_share_and_its_conversation_are_one,
                                              a_page_never_replaces_the_data,
                                              a_part_never_replaces_the_whole,
                                              renderings_have_a_limit, told_apart_they_stay_apart };
    size_t usual = rendering_held_max;
    rendering_held_max = 0;
    for (size_t i = 0; i < COUNTOF(AGAIN); i++) {
        forget_all();
        AGAIN[i](state);
    }
    rendering_held_max = usual;
}

/* What says the same is walked over once, however often it is said. */
static void the_same_words_many_times(void **state)
{
    UNUSED(state);
    enum { MANY = 3000 };
    struct archive_put_result first, again;
    for (int ids = 0; ids < 2; ids++) {
        forget_all();
        put_many(MANY, ids ? "one" : NULL, "yes", &first);
        put_many(MANY, ids ? "two" : NULL, "yes", &again);
        assert_int_equal(again.messages_new, ids ? MANY : 0);
        assert_int_equal(again.messages_gone, ids ? MANY : 0);
        assert_int_equal(again.messages_unchanged, ids ? 0 : MANY);
    }
    forget_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_share_and_its_conversation_are_one),
        TEST(words_alone_are_enough_when_they_are_many),
        TEST(two_that_begin_alike_are_two),
        TEST(short_ids_are_not_anybodys_own),
        TEST(two_ids_of_conversations_are_two),
        TEST(two_shares_at_different_times),
        TEST(what_joins_two_makes_them_one),
        TEST(a_page_never_replaces_the_data),
        TEST(a_part_never_replaces_the_whole),
        TEST(captures_of_one_link),
        TEST(renderings_have_a_limit),
        TEST(told_apart_they_stay_apart),
        TEST(what_cannot_be_parted),
        TEST(nothing_of_it_stays_when_it_is_deleted),
        TEST(dry_is_said_and_not_done),
        TEST(nothing_need_be_held),
        TEST(the_same_words_many_times),
    };
    RUN_ON_BOTH(tests);
}
