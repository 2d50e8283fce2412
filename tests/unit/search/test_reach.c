/* How far each query of the index reaches: one owner's documents and words, and no further. */
#include "db/full_text.h"
#include "index_sql.h"
#include "narrow.h"
#include "ops/fixture.h"
#include "search/index/inside.h"

static const struct search_doc DOC = {
    .entity = S("message"),
    .text = S("The kettles of the kitchen are old, and they are all in the cupboard"),
    .role = S("user"),
    .created_ms = NOW,
    .said_ms = NOW,
};

static void put(const struct search_doc *doc)
{
    struct search_batch *b;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.index));
    ok(search_batch_begin(f.index, &b));
    ok(search_batch_put(b, doc));
    ok(search_batch_end(b));
    search_batch_free(b);
    ok(db_txn_commit(&tx));
}

static void put_vector(void)
{
    const struct search_epoch_row epoch = {
        .number = 1, .upto = 1, .whole = true, .epoch = S("e")
    };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.index));
    ok(search_index_epoch_add(f.index, f.owner, &epoch, S("own")));
    ok(search_index_epoch_upto(f.index, f.owner, &epoch));
    ok(search_index_vector_put(f.index, f.owner, 1, 1, S("v")));
    ok(db_txn_commit(&tx));
}

static struct search_known known(const char *text)
{
    struct str texts[] = { str_from(text) };
    struct search_known *list;
    size_t count;
    ok(search_index_forms(f.index, &f.arena, f.owner, texts, 1, &list, &count));
    assert_int_equal(count, 1);
    return list[0];
}

static void change(const struct db_query *q, struct db_args args)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.index));
    ok(db_exec(f.index, q, args, NULL));
    ok(db_txn_commit(&tx));
}

static void no_query_reaches_further_than_it_says(void **state)
{
    UNUSED(state);
    struct search_doc doc = DOC;
    doc.owner_id = f.owner;
    doc.id = uuid_new();
    doc.parent_id = uuid_new();
    put(&doc);
    put_vector();
    struct search_known form = known("kettles");
    assert_true(form.form > 0 && form.word > 0);
    long long word = (long long)form.word, number = (long long)form.form;
    struct arena *a = &f.arena;
    struct str match =
        on_postgres ? str_fmt(a, "'%lld'", word) : str_fmt(a, "text : (\"%lld\")", word);
    struct str counts = str_fmt(a, "{\"%lld\":-1,\"%lld\":-1}", word, number == word ? 0 : number);
    const struct db_best best = {
        .k1 = 1, .b = 1, .average = 1, .columns = { 0, 1, 1 }, .limit = 9, .words = 1, .phrases = 1
    };
    const double weight = 1;
    const uint16_t word_of = 0;
    const struct narrow_param params[] = {
        { "owner", DBU(f.owner), DBU(uuid_new()) },
        { "entity", DBS(S("message")), DBS(S("conversation")) },
        { "id", DBU(doc.id), DBU(uuid_new()) },
        { "parent", DBU(doc.parent_id), DBU(uuid_new()) },
        { "doc", DBI(1), DBI(2) },
        { "session", DBI(0), DBI(99) },
        { "position", DBI(99), DBI(-5) },
        { "place", DBI(0), DBN() },
        { "first", DBI(0), DBI(99) },
        { "last", DBI(99), DBI(-1) },
        { "texts", DBS(S("[\"kettl\",\"kettles\"]")), DBN() },
        { "forms", DBS(str_fmt(a, "[[\"kettles\",%lld]]", word)), DBN() },
        { "prefix", DBS(S("ket")), DBS(S("zzzz")) },
        { "end", DBS(S("keu")), DBS(S("aaa")) },
        { "new_words", DBS(S("{\"fresh\":99999}")), DBN() },
        { "fresh", DBS(S("[[99999,1,\"fresher\"]]")), DBN() },
        { "counts", DBS(counts), DBN() },
        { "best", DBX(db_best_bytes(a, &best, &weight, &word_of)), DBN() },
        { "match", DBS(match), DBS(on_postgres ? S("'99999'") : S("text : (\"99999\")")) },
        { "words", DBS(str_fmt(a, "[[\"'%lld'\",1.5]]", word)), DBN() },
        { "from", DBI(NOW), DBI(NOW + 1) },
        { "before", DBI(NOW + 1), DBI(NOW) },
        { "after_found", DBF(1e300), DBF(-1e300) },
        { "after_created", DBI(NOW + 1), DBN() },
        { "after_id", DBU(doc.id), DBN() },
        { "docs", DBS(S("[1]")), DBS(S("[2]")) },
        { "doc_after", DBI(0), DBI(1) },
        { "word_after", DBI(0), DBI(1000) },
        { "word", DBI(form.word), DBI(1000) },
        { "after", DBU(((struct uuid){ { 0 } })), DBU(f.owner) },
        { "step", DBI(1), DBI(2) },
        { "number", DBI(1), DBI(2) },
        { "new_number", DBI(7), DBN() },
        { "newer", DBI(2), DBI(1) },
        { "upto", DBI(1), DBN() },
        { "whole", DBB(true), DBN() },
        { "epoch", DBX(S("e")), DBN() },
        { "own", DBX(S("own")), DBN() },
        { "own_documents", DBI(1), DBN() },
        { "vector", DBX(S("v")), DBN() },
        { "limit", DBI(9), DBN() },
    };
    const struct narrow n = { f.index, params, COUNTOF(params) };
    /* They find words that nothing has any more. */
    const struct db_query *const unused[] = { &SQL_INDEX_WORDS_UNUSED, &SQL_INDEX_FORMS_UNUSED,
                                              &SQL_INDEX_WORDS_GONE };
    narrow_all(&n, SQL_ALL_INDEX, unused, COUNTOF(unused));
    change(&SQL_INDEX_WORDS_COUNT, DB_ARGS(DBS(counts), DBU(f.owner)));
    change(&SQL_INDEX_FORMS_COUNT, DB_ARGS(DBS(counts), DBU(f.owner)));
    narrow_query(&n, unused[2]);
    narrow_query(&n, unused[0]);
    narrow_query(&n, unused[1]);
    narrow_complete(SQL_ALL_INDEX, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(no_query_reaches_further_than_it_says) };
    RUN_ON_BOTH(tests);
}
