/* Similar words in a search, from an op to a result: small tables of a made-up language, documents that get their vectors by the
 * room's own thread, a question that shares no word with what is wanted; and that what was removed is not near any more. */
#include "base/log.h"
#include "ops/fixture.h"
#include "search/inside.h"
#include "search/vectors/background.h"
#include "sources_made_up.h"

/* --- an entity that lives in the test --------------------------------------------------------------- */

static const char *const TEXTS[] = {
    "This is the common thing that I have bought for you: thinga0 and thinga1 and thinga2.",
    "This is the common thing that I have bought for you: thingb0 and thingb1 and thingb2.",
    "This is the common thing that I have bought for you: thingc0 and thingc1 and thingc2.",
};
static _Atomic bool gone[COUNTOF(TEXTS)];

/* An archive that is large enough for a table of its own: words of one topic stand beside each other. `OWN_WORD` stands in the first alone. */
enum { OWN_NOTES = 260, OWN_TOPICS = 12, OWN_TOPIC_WORDS = 10, OWN_LENGTH = 80 };
#define OWN_WORD "vozzok"
static bool with_own;

static struct str own_text(struct arena *a, size_t i)
{
    struct buf b;
    buf_init(&b, a, KIB(4));
    buf_put(&b, S("This is the common thing that I have bought for you:"));
    for (size_t k = 0; k < OWN_LENGTH; k++)
        buf_putf(
            &b, " vo%c%cok", (char)('a' + i % OWN_TOPICS),
            (char)('a' + ((uint32_t)(i * OWN_LENGTH + k) * 2654435761U >> 16) % OWN_TOPIC_WORDS));
    for (int k = 0; i == 0 && k < 6; k++)
        buf_put(&b, S(" " OWN_WORD));
    return buf_str(&b);
}

static struct uuid id_of(size_t i)
{
    return (struct uuid){ { 0x20, [14] = (uint8_t)(i >> 8), [15] = (uint8_t)i } };
}

static err_t note_text(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                       struct uuid id, struct index_text *ret)
{
    UNUSED(app);
    UNUSED(db);
    size_t i = id.b[15] + 256U * id.b[14];
    if (with_own ? i >= OWN_NOTES || (i == 0 && gone[0]) : i >= COUNTOF(TEXTS) || gone[i])
        return E_NOT_FOUND;
    *ret = (struct index_text){ .owner_id = owner,
                                .id = id,
                                .title = S("A title"),
                                .text = with_own ? own_text(a, i) : str_from(TEXTS[i]),
                                .role = S("user"),
                                .provider = S("claude"),
                                .created_ms = NOW + (int64_t)i };
    if (with_own) { /* a conversation for each topic */
        ret->parent_id = (struct uuid){ { 0x30, [15] = (uint8_t)(i % OWN_TOPICS) } };
        ret->position = (int64_t)(i / OWN_TOPICS);
    }
    return OK;
}

static const struct entity ENTITIES[] = { { .name = "message", .text = note_text } };
static const struct module NOTES = { .name = "notes", .entities = ENTITIES, .entity_count = 1 };
static const struct module *const MODULES[] = { &NOTES, &search_module, NULL };

/* --- tables, made once ---------------------------------------------------------------------------------- */

static char *made;

static void make_tables(void)
{
    static struct arena a;
    const struct search_table *glosses, *bigrams;
    struct search_background *b;
    arena_init(&a, MIB(16));
    ok(folder_temp(&a, "similar", &made));
    write_glosses(&a, made);
    char *model = str_cstr(&a, str_fmt(&a, "%s/model", made));
    ok(file_write_atomic(model, model_bytes(&a), 0600));
    /* Both, or the room would begin to make the other one from Debian's packages. */
    const struct search_sources sources = { made, model };
    ok(search_background_start(made, &sources, NULL, NULL, &b));
    int64_t until = clock_monotonic_ms() + 120000;
    while (search_background_tables(b, &glosses, &bigrams) != SEARCH_BACKGROUND_READY &&
           clock_monotonic_ms() < until)
        usleep(2000);
    assert(glosses && bigrams);
    search_background_stop(b);
}

static struct settings settings;

static int open_search(void **state)
{
    for (size_t i = 0; i < COUNTOF(TEXTS); i++)
        gone[i] = false;
    fixture_open(state);
    settings.similar_words = str_from(made);
    f.app.settings = &settings;
    f.app.modules = MODULES;
    ok(search_module.init(&f.app));
    go(MODULES);
    ok(search_module.start(&f.app));
    for (size_t i = 0; i < (with_own ? OWN_NOTES : COUNTOF(TEXTS)); i++)
        append(f.owner, "message", id_of(i), "created");
    return 0;
}

static int open_own(void **state)
{
    with_own = true;
    return open_search(state);
}

static int close_search(void **state)
{
    ops_stop(&f.app);
    search_module.stop(&f.app);
    f.app.settings = NULL;
    with_own = false;
    return fixture_close(state);
}

/* --- asking ------------------------------------------------------------------------------------------------ */

static struct arena answer; /* the last one */

static struct search_page ask(const char *q)
{
    struct search_page page;
    const struct search_ask is = { .q = str_from(q), .exact = true, .now_ms = NOW };
    settle();
    arena_reset(&answer);
    ok(search_query(&f.app, f.db, &answer, f.owner, &is, NULL, 10, &page));
    return page;
}

/* Where a document stands among the results; COUNTOF(TEXTS): it does not. */
static size_t place_of(const struct search_page *page, size_t i)
{
    for (size_t k = 0; k < page->count; k++)
        if (uuid_eq(page->items[k].id, id_of(i)))
            return k;
    return COUNTOF(TEXTS);
}

/* Until similar words take part: the thread has given the documents their vectors. */
static struct search_page ask_when_similar(const char *q)
{
    int64_t until = clock_monotonic_ms() + 60000;
    struct search_page page = ask(q);
    while (!page.similar && clock_monotonic_ms() < until) {
        usleep(50000);
        page = ask(q);
    }
    assert_true(page.similar);
    return page;
}

static void what_is_meant_stands_first(void **state)
{
    UNUSED(state);
    static const char *const QUESTIONS[] = {
        "Which common vessel for boiling water over the fire did I buy?",
        "Which common musical instrument that is played with both hands did I buy?",
        "Which common tall plant with green leaves and wood did I buy?",
    };
    for (size_t i = 0; i < COUNTOF(QUESTIONS); i++) {
        struct search_page page = ask_when_similar(QUESTIONS[i]);
        assert_int_equal(place_of(&page, i), 0);
    }
}

static void what_was_removed_is_not_near(void **state)
{
    UNUSED(state);
    static const char QUESTION[] = "the common vessel for boiling water over the fire";
    struct search_page page = ask_when_similar(QUESTION);
    assert_int_equal(place_of(&page, 0), 0);
    gone[0] = true;
    append(f.owner, "message", id_of(0), "deleted");
    page = ask_when_similar(QUESTION);
    assert_int_equal(place_of(&page, 0), COUNTOF(TEXTS));
    gone[0] = false;
    append(f.owner, "message", id_of(0), "created");
    page = ask(QUESTION);
    assert_true(place_of(&page, 0) < COUNTOF(TEXTS));
}

/* The table of the epoch that is used, in the test's arena. */
static struct search_table own_table(struct search_epoch_row *epoch)
{
    struct search_table table = { 0 };
    struct str bytes;
    ok(search_index_epoch(f.index, &f.arena, f.owner, false, epoch));
    ok(search_index_own(f.index, &f.arena, f.owner, epoch->number, &bytes));
    char *aligned = arena_alloc(&f.arena, bytes.n + 1);
    assert_non_null(aligned);
    memcpy(aligned, bytes.s, bytes.n);
    if (bytes.n)
        ok(search_table_open(str_of(aligned, bytes.n), &table));
    return table;
}

static double weight_of(const struct search_result *r, const char *part)
{
    for (size_t i = 0; i < r->part_count; i++)
        if (strcmp(r->parts[i].name, part) == 0)
            return r->parts[i].weight;
    return 0;
}

static double part_of(const struct search_result *r, const char *part)
{
    for (size_t i = 0; i < r->part_count; i++)
        if (strcmp(r->parts[i].name, part) == 0)
            return r->parts[i].value;
    fail_msg("no part is called %s", part);
    return 0;
}

static size_t note_of(const struct search_result *r)
{
    return r->id.b[15] + 256U * r->id.b[14];
}

/* The z-score of the one that stands `step` after this one in its conversation; 0: there is none. False: it is not on the page. */
static bool beside(const struct search_page *page, size_t i, int step, double *ret)
{
    enum { SHRINK = 8, WORDS_BEFORE = 11 };
    int64_t other = (int64_t)i + (int64_t)step * OWN_TOPICS;
    *ret = 0;
    if (other < 0 || other >= OWN_NOTES)
        return true;
    for (size_t k = 0; k < page->count; k++)
        if ((int64_t)note_of(&page->items[k]) == other) {
            double words = WORDS_BEFORE + OWN_LENGTH + (other == 0 ? 6 : 0);
            *ret = part_of(&page->items[k], "sem") * (words + SHRINK) / words;
            return true;
        }
    return false;
}

/* `semnb` is what `sem` of the two beside it says, without what its shortness takes off. */
static void check_neighbours(const struct search_page *page)
{
    size_t checked = 0;
    for (size_t k = 0; k < page->count; k++) {
        double before, after;
        size_t i = note_of(&page->items[k]);
        double soft = part_of(&page->items[k], "soft");
        assert_true(soft >= 0 && soft <= 1);
        if (!beside(page, i, -1, &before) || !beside(page, i, 1, &after))
            continue;
        double got = part_of(&page->items[k], "semnb");
        if (got < before + after - 1e-9 || got > before + after + 1e-9)
            fail_msg("semnb of %zu is %f, not %f", i, got, before + after);
        checked++;
    }
    assert_true(checked > 10);
}

static struct search_page explained(const char *q)
{
    struct search_page page;
    const struct search_ask is = {
        .q = str_from(q), .exact = true, .explain = true, .now_ms = NOW
    };
    arena_reset(&answer);
    ok(search_query(&f.app, f.db, &answer, f.owner, &is, NULL, PAGE_ITEMS_MAX, &page));
    return page;
}

/* What people call things among themselves only their archive knows. A word whose last text goes is in no table any more. */
static void an_own_table(void **state)
{
    UNUSED(state);
    static const char QUESTION[] = "Which common vobcok did I buy?";
    int64_t until = clock_monotonic_ms() + 60000;
    settle();
    struct search_page page = explained(QUESTION);
    while (weight_of(&page.items[0], "bm") != RANK_WEIGHTS[RANK_ALL][RANK_BM] &&
           clock_monotonic_ms() < until) {
        usleep(50000);
        page = explained(QUESTION);
    }
    assert_true(weight_of(&page.items[0], "bm") == RANK_WEIGHTS[RANK_ALL][RANK_BM]);
    assert_true(page.count >= OWN_NOTES / OWN_TOPICS);
    check_neighbours(&page);
    for (size_t i = 0; i < OWN_NOTES / OWN_TOPICS;
         i++) /* those of its topic, with the word or without */
        assert_int_equal(note_of(&page.items[i]) % OWN_TOPICS, 1);

    struct search_epoch_row epoch, after;
    struct search_table table = own_table(&epoch);
    assert_true(search_table_find(&table, S(OWN_WORD)) >= 0);
    assert_true(search_table_find(&table, S("vobcok")) >= 0);
    gone[0] = true;
    append(f.owner, "message", id_of(0), "deleted");
    settle();
    struct search_table left = own_table(&after);
    assert_int_equal(after.number, epoch.number);
    assert_int_equal(left.rows, table.rows - 1);
    assert_int_equal(search_table_find(&left, S(OWN_WORD)), -1);
    assert_true(search_table_find(&left, S("vobcok")) >= 0);
    page = explained(QUESTION);
    assert_true(page.similar && weight_of(&page.items[0], "bm") == RANK_WEIGHTS[RANK_ALL][RANK_BM]);
    assert_int_equal(note_of(&page.items[0]) % OWN_TOPICS, 1);
}

#define OPEN(name) cmocka_unit_test_setup_teardown(name, open_search, close_search)

static int run(void)
{
    const struct CMUnitTest tests[] = {
        OPEN(what_is_meant_stands_first),
        OPEN(what_was_removed_is_not_near),
        cmocka_unit_test_setup_teardown(an_own_table, open_own, close_search),
    };
    RUN_ON_BOTH(tests);
}

int main(void)
{
    log_init(2, LOG_JSON, LOG_ERROR + 1);
    make_tables();
    arena_init(&answer, MIB(64));
    int failed = run();
    arena_free(&answer);
    folder_remove(made);
    return failed;
}
