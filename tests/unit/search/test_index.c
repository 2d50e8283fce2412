/* The index of words, against a naive count: numbers, df, lengths, places, sessions, statistics; after puts, changes, moves and removals
 * in any order it holds what a fresh one of the same documents would. */
#include "ops/fixture.h"
#include "search/index/inside.h"

enum { DOCS_MAX = 60, PARENTS = 3, WORDS = 40 };

struct made { /* what should be there */
    bool there;
    struct search_doc doc;
    char text[400];
};
static struct made made[DOCS_MAX];
static struct uuid parents[PARENTS];
static uint64_t seed;

static unsigned roll(unsigned below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % below;
}

static void make_text(struct made *m)
{
    size_t n = 0;
    unsigned words = 1 + roll(20);
    m->text[0] = 0;
    for (unsigned i = 0; i < words; i++)
        n += (size_t)snprintf(m->text + n, sizeof m->text - n, "%sw%02u", i ? " " : "",
                              roll(1 + roll(WORDS)));
    m->doc.text = str_from(m->text);
}

static struct search_batch *batch;

static void change(size_t i)
{
    struct made *m = &made[i];
    if (m->there && !roll(3)) {
        ok(search_batch_remove(batch, f.owner, S("message"), m->doc.id));
        m->there = false;
        return;
    }
    if (uuid_is_nil(m->doc.id))
        m->doc.id = uuid_new();
    m->there = true;
    m->doc.owner_id = f.owner;
    m->doc.entity = S("message");
    m->doc.parent_id = parents[roll(PARENTS)];
    m->doc.position = (int64_t)roll(1000);
    m->doc.said_ms = roll(4) ? NOW + (int64_t)m->doc.position * 1800 * 1000 : TIME_NONE;
    m->doc.created_ms = NOW;
    make_text(m);
    ok(search_batch_put(batch, &m->doc));
}

/* --- the naive count --------------------------------------------------------------------------- */

static bool next_word(struct str *rest, struct str *ret)
{
    return str_cut(rest, ' ', ret);
}

static int64_t times(const struct made *m, struct str word)
{
    struct str rest = m->doc.text, is;
    int64_t n = 0;
    while (next_word(&rest, &is))
        n += str_eq(is, word);
    return n;
}

static int64_t length(const struct made *m)
{
    struct str rest = m->doc.text, is;
    int64_t n = 0;
    while (next_word(&rest, &is))
        n++;
    return n;
}

static int in_order(const void *x, const void *y)
{
    const struct made *a = *(struct made *const *)x, *b = *(struct made *const *)y;
    if (a->doc.position != b->doc.position)
        return a->doc.position < b->doc.position ? -1 : 1;
    return uuid_cmp(a->doc.id, b->doc.id);
}

static size_t children(struct uuid parent, struct made **list)
{
    size_t count = 0;
    for (size_t i = 0; i < DOCS_MAX; i++)
        if (made[i].there && uuid_eq(made[i].doc.parent_id, parent))
            list[count++] = &made[i];
    qsort(list, count, sizeof *list, in_order);
    return count;
}

static void check_session(struct uuid parent, int64_t session, struct made **docs, size_t count)
{
    struct search_session s;
    struct search_share share;
    int64_t words = 0, sum = 0, last = 0;
    ok(search_index_session(f.index, &f.arena, f.owner, parent, session, &s));
    for (size_t i = 0; i < count; i++)
        words += length(docs[i]);
    assert_int_equal(s.length, words);
    struct search_shares walk = search_shares(s.words);
    while (search_shares_next(&walk, &share)) {
        assert_true((int64_t)share.word > last);
        last = share.word;
        sum += share.count;
    }
    assert_false(walk.damaged);
    assert_int_equal(sum, words);
}

/* Places and sessions of a conversation; gives how many sessions it has. */
static int64_t check_parent(struct uuid parent)
{
    struct made *list[DOCS_MAX];
    struct search_row *rows;
    size_t count = children(parent, list), found, begin = 0;
    int64_t session = 0, said = TIME_NONE;
    ok(search_index_places(f.index, &f.arena, f.owner, parent, 0, INT64_MAX, 1000, &rows, &found));
    assert_int_equal(found, count);
    for (size_t i = 0; i < count; i++) {
        int64_t now = list[i]->doc.said_ms;
        if (now != TIME_NONE && said != TIME_NONE && now - said > SEARCH_SESSION_GAP_MS) {
            check_session(parent, session++, list + begin, i - begin);
            begin = i;
        }
        said = now != TIME_NONE ? now : said;
        assert_true(uuid_eq(rows[i].id, list[i]->doc.id));
        assert_int_equal(rows[i].place, i);
        assert_int_equal(rows[i].session, session);
        assert_int_equal(rows[i].length, length(list[i]));
    }
    if (count)
        check_session(parent, session, list + begin, count - begin);
    return count ? session + 1 : 0;
}

static void check_words(void)
{
    char text[8];
    struct search_known *known;
    for (unsigned w = 0; w < WORDS; w++) {
        size_t count;
        int64_t df = 0;
        snprintf(text, sizeof text, "w%02u", w);
        struct str asked[] = { str_from(text) };
        for (size_t i = 0; i < DOCS_MAX; i++)
            df += made[i].there && times(&made[i], asked[0]) > 0;
        ok(search_index_stems(f.index, &f.arena, f.owner, asked, 1, &known, &count));
        assert_int_equal(count, df > 0); /* nobody's word any more is nowhere */
        if (count)
            assert_int_equal(known[0].df, df);
    }
}

static void check_all(void)
{
    struct search_statistics s;
    int64_t documents = 0, words = 0, sessions = 0;
    for (size_t i = 0; i < DOCS_MAX; i++)
        if (made[i].there) {
            documents++;
            words += length(&made[i]);
        }
    for (size_t i = 0; i < PARENTS; i++)
        sessions += check_parent(parents[i]);
    check_words();
    ok(search_index_statistics(f.index, f.owner, &s));
    assert_int_equal(s.documents, documents);
    assert_int_equal(s.words, words);
    assert_int_equal(s.sessions, sessions);
    assert_int_equal(s.session_words, words);
}

static void in_any_order(void **state)
{
    UNUSED(state);
    memset(made, 0, sizeof made);
    seed = 7;
    for (size_t i = 0; i < PARENTS; i++)
        parents[i] = uuid_new();
    for (int round = 0; round < 25; round++) {
        CLEANUP(db_txn_end) struct db_txn tx = { 0 };
        ok(db_txn_begin(&tx, f.index));
        ok(search_batch_begin(f.index, &batch));
        for (unsigned n = 1 + roll(12); n; n--)
            change(roll(DOCS_MAX));
        ok(search_batch_end(batch));
        search_batch_free(batch);
        ok(db_txn_commit(&tx));
        check_all();
    }
}

/* --- the best by words ----------------------------------------------------------------------------- */

enum { QUERY = 4, BEST = 7 };
static const char *const ASKED[QUERY] = { "w01", "w17", "w09", "w30" };
static const double WEIGHTS[QUERY] = { 0.3, 2.5, 1.1, 4 };
static const double K1 = 1.2, B = 0.75, AVERAGE = 8;

static double naive_bm25(const struct made *m)
{
    double sum = 0, norm = K1 * (1 - B + B * (double)length(m) / AVERAGE);
    for (int i = 0; i < QUERY; i++) {
        double tf = (double)times(m, str_from(ASKED[i]));
        sum += WEIGHTS[i] * tf * (K1 + 1) / (tf + norm);
    }
    return sum;
}

static int more_first(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return a > b ? -1 : a < b;
}

/* Numbers of the asked words, one each; what stands nowhere has none. */
static void find_numbers(uint32_t *numbers, struct search_wanted *any)
{
    struct str stems[QUERY];
    struct search_known *known;
    size_t count;
    for (int i = 0; i < QUERY; i++) {
        stems[i] = str_from(ASKED[i]);
        any[i] = (struct search_wanted){ &numbers[i], 0, WEIGHTS[i] };
    }
    ok(search_index_stems(f.index, &f.arena, f.owner, stems, QUERY, &known, &count));
    for (size_t i = 0; i < count; i++) {
        numbers[known[i].at] = (uint32_t)known[i].word;
        any[known[i].at].count = 1;
    }
}

/* Those that are not measured are really none of the best (db/full_text.h). */
static void the_best_are_found(void **state)
{
    UNUSED(state);
    in_any_order(state);
    uint32_t numbers[QUERY];
    struct search_wanted any[QUERY];
    struct search_row *rows;
    double naive[DOCS_MAX];
    size_t count = 0, found;
    find_numbers(numbers, any);
    for (size_t i = 0; i < DOCS_MAX; i++)
        if (made[i].there && naive_bm25(&made[i]) > 0)
            naive[count++] = naive_bm25(&made[i]);
    qsort(naive, count, sizeof *naive, more_first);
    assert_true(count > 2 * BEST);
    struct search_match m = { .owner = f.owner,
                              .any = any,
                              .any_count = QUERY,
                              .from_ms = TIME_NONE,
                              .before_ms = TIME_NONE,
                              .k1 = K1,
                              .b = B,
                              .average = AVERAGE };
    ok(search_index_find(f.index, &f.arena, &m, SEARCH_BEST, NULL, BEST, &rows, &found));
    assert_int_equal(found, BEST);
    for (size_t i = 0; i < found && !on_postgres; i++) /* which has a measure of its own */
        assert_true(rows[i].found > naive[i] - 1e-9 && rows[i].found < naive[i] + 1e-9);
    ok(search_index_find(f.index, &f.arena, &m, SEARCH_BEST, NULL, DOCS_MAX, &rows, &found));
    assert_int_equal(found, count);
}

/* --- what is removed ------------------------------------------------------------------------------- */

static const struct db_query LEFT = {
    .name = "test_left",
    .sqlite = "SELECT (SELECT COUNT(*) FROM search_word) + (SELECT COUNT(*) FROM search_form) + "
              "(SELECT COUNT(*) FROM search_doc)"
              " + (SELECT COUNT(*) FROM search_session)",
    .postgres = "SELECT (SELECT COUNT(*) FROM search_word) + (SELECT COUNT(*) FROM search_form) + "
                "(SELECT COUNT(*) FROM search_doc)"
                " + (SELECT COUNT(*) FROM search_session)"
};
static const struct db_query LEFT_IN_FTS = {
    .name = "test_left_in_fts",
    .sqlite = "SELECT COUNT(*) FROM search_fts WHERE search_fts MATCH 'meta : kmessage'",
    .postgres = "SELECT COUNT(*) FROM search_doc"
};

static int64_t count_of(const struct db_query *q)
{
    int64_t n;
    ok(db_i64(f.index, q, DB_NO_ARGS, &n));
    return n;
}

static void put_some(struct uuid owner, struct uuid parent, int count)
{
    for (int i = 0; i < count; i++) {
        struct search_doc d = {
            .owner_id = owner,
            .id = uuid_new(),
            .parent_id = parent,
            .entity = S("message"),
            .text = str_fmt(&f.arena, "The kettles of number%d are boiling in the kitchen", i),
            .position = i,
            .created_ms = TIME_NONE,
            .said_ms = TIME_NONE
        };
        ok(search_batch_put(batch, &d));
    }
}

static void in_a_batch(void (*work)(struct uuid owner, struct uuid parent), struct uuid owner,
                       struct uuid parent)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.index));
    ok(search_batch_begin(f.index, &batch));
    work(owner, parent);
    ok(search_batch_end(batch));
    search_batch_free(batch);
    ok(db_txn_commit(&tx));
}

static void fill(struct uuid owner, struct uuid parent)
{
    put_some(owner, parent, 130); /* more than are removed at once */
}
static void end_conversation(struct uuid owner, struct uuid parent)
{
    ok(search_batch_remove(batch, owner, S("conversation"), parent));
}
static void end_owner(struct uuid owner, struct uuid parent)
{
    UNUSED(parent);
    ok(search_batch_remove_owner(batch, owner));
}
static void end_all(struct uuid owner, struct uuid parent)
{
    UNUSED(owner);
    UNUSED(parent);
    ok(search_batch_clear(batch));
}

static void what_is_removed_is_nowhere(void **state)
{
    UNUSED(state);
    static void (*const ENDS[])(struct uuid, struct uuid) = { end_conversation, end_owner,
                                                              end_all };
    struct uuid other = uuid_new(), theirs = uuid_new();
    in_a_batch(fill, other, theirs);
    int64_t left = count_of(&LEFT), fts = count_of(&LEFT_IN_FTS);
    for (size_t i = 0; i < COUNTOF(ENDS); i++) {
        struct uuid parent = uuid_new();
        in_a_batch(fill, f.owner, parent);
        assert_true(count_of(&LEFT) > left);
        in_a_batch(ENDS[i], f.owner, parent);
        bool all = ENDS[i] == end_all;
        assert_int_equal(count_of(&LEFT), all ? 0 : left); /* and nothing of another's */
        assert_int_equal(count_of(&LEFT_IN_FTS), all ? 0 : fts);
    }
}

static void fill_and_end(struct uuid owner, struct uuid parent)
{
    put_some(owner, parent, 3);
    ok(search_batch_remove(batch, owner, S("message"),
                           uuid_new())); /* nobody's: a hidden message */
    put_some(owner, parent, 3);
    end_conversation(owner, parent);
}
static void end_and_fill(struct uuid owner, struct uuid parent)
{
    end_conversation(owner, parent);
    put_some(owner, parent, 7);
}

/* A removal does not write what waits: of what it removes nothing waits behind it, and the rest is written once. */
static void what_waits_is_removed_too(void **state)
{
    UNUSED(state);
    struct uuid parent = uuid_new();
    struct search_row *rows;
    struct search_statistics before, after;
    size_t found;
    int64_t left = count_of(&LEFT), fts = count_of(&LEFT_IN_FTS);
    ok(search_index_statistics(f.index, f.owner, &before));
    in_a_batch(fill_and_end, f.owner, parent);
    assert_int_equal(count_of(&LEFT), left);
    in_a_batch(fill, f.owner, parent);
    in_a_batch(end_and_fill, f.owner, parent);
    ok(search_index_places(f.index, &f.arena, f.owner, parent, 0, INT64_MAX, 1000, &rows, &found));
    ok(search_index_statistics(f.index, f.owner, &after));
    assert_int_equal(found, 7);
    assert_int_equal(after.documents, before.documents + 7);
    assert_int_equal(after.sessions, before.sessions + 1);
    in_a_batch(end_conversation, f.owner, parent);
    assert_int_equal(count_of(&LEFT), left);
    assert_int_equal(count_of(&LEFT_IN_FTS), fts);
}

/* --- bytes --------------------------------------------------------------------------------------------- */

static void damaged_rows_end(void **state)
{
    UNUSED(state);
    struct buf b;
    struct search_word_at at;
    buf_init(&b, &f.arena, KIB(4));
    const struct search_word_at all[] = { { 1, 0, false, false },
                                          { 300, 7, true, false },
                                          { UINT32_MAX, UINT32_MAX, false, true } };
    for (size_t i = 0; i < COUNTOF(all); i++) {
        if (all[i].aside)
            search_words_put_aside(&b);
        search_words_put(&b, all[i]);
    }
    struct search_walk w = search_walk(buf_str(&b));
    for (size_t i = 0; i < COUNTOF(all); i++) {
        assert_true(search_walk_next(&w, &at));
        assert_int_equal(at.word, all[i].word);
        assert_int_equal(at.form, all[i].form);
        assert_int_equal(at.beside, all[i].beside);
        assert_int_equal(at.aside, all[i].aside);
    }
    assert_false(search_walk_next(&w, &at));
    assert_false(w.damaged);
    w = search_walk(str_of(b.s, b.n - 1));
    while (search_walk_next(&w, &at))
        ;
    assert_true(w.damaged);
    w = search_walk(S("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"));
    assert_false(search_walk_next(&w, &at));
    assert_true(w.damaged);
    struct search_shares s = search_shares(S("\x05\x01\xff\xff\xff\xff\x0f\x01"));
    struct search_share share;
    assert_true(search_shares_next(&s, &share) && share.word == 5 && share.count == 1);
    assert_false(search_shares_next(&s, &share)); /* beyond the numbers there are */
    assert_true(s.damaged);
}

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(in_any_order), TEST(the_best_are_found),
                                        TEST(what_is_removed_is_nowhere),
                                        TEST(what_waits_is_removed_too), TEST(damaged_rows_end) };
    RUN_ON_BOTH(tests);
}
