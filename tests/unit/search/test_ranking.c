/* Every feature against a naive computation: over conversations whose words, times and speakers are made here, a search is asked to explain
 * itself, and each part of each score is computed again from the texts alone. On both databases, so the order is the same on both. */
#include <math.h>

#include "ops/fixture.h"
#include "search/inside.h"

enum {
    CONVERSATIONS = 5,
    MESSAGES = 24,
    ALL = CONVERSATIONS * MESSAGES,
    WORDS = 30,
    HOUR_MS = 3600 * 1000
};

struct message {
    struct uuid id;
    int conversation, place, session;
    int words[32], count, said; /* those from `said` on stand aside */
    bool user, named;
    int64_t said_ms;
    char text[160], aside[64];
};
static struct message messages[ALL];
static struct uuid conversations[CONVERSATIONS];
static uint64_t seed;

static unsigned roll(unsigned below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % below;
}

static void make(struct message *m, int i)
{
    size_t n = 0;
    m->id = uuid_new();
    m->conversation = i / MESSAGES;
    m->place = i % MESSAGES;
    m->user = m->place % 2 == 0;
    m->said = 3 + (int)roll(20);
    m->count = m->said + (i % 3 == 1 ? (int)roll(8) : 0);
    bool later = m->place && roll(6) == 0;
    m->session = m->place ? m[-1].session + later : 0;
    m->said_ms = m->place ? m[-1].said_ms + (later ? 30 * HOUR_MS : HOUR_MS)
                          : NOW - (int64_t)(20 + 10 * m->conversation) * 24 * HOUR_MS;
    for (int k = 0; k < m->count; k++) {
        m->words[k] = (int)roll(1 + roll(WORDS)); /* small numbers are frequent */
        char *to = k < m->said ? m->text : m->aside;
        n = k == 0 || k == m->said ? 0 : n;
        n += (size_t)snprintf(to + n, k < m->said ? sizeof m->text - n : sizeof m->aside - n,
                              "%sw%02d", n ? " " : "", m->words[k]);
    }
}

/* --- the rows -------------------------------------------------------------------------------------- */

static err_t message_text(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                          struct uuid id, struct index_text *ret)
{
    UNUSED(app);
    UNUSED(db);
    UNUSED(a);
    for (int i = 0; i < ALL; i++)
        if (uuid_eq(messages[i].id, id)) {
            const struct message *m = &messages[i];
            *ret = (struct index_text){ .owner_id = owner,
                                        .id = id,
                                        .parent_id = conversations[m->conversation],
                                        .text = str_from(m->text),
                                        .aside = str_from(m->aside),
                                        .role = m->user ? S("user") : S("assistant"),
                                        .position = m->place * 10,
                                        .created_ms = m->said_ms,
                                        .said = true };
            return OK;
        }
    return E_NOT_FOUND;
}

static const struct entity ENTITIES[] = { { .name = "message", .text = message_text } };
static const struct module ROWS = { .name = "rows", .entities = ENTITIES, .entity_count = 1 };
static const struct module *const MODULES[] = { &ROWS, &search_module, NULL };

static int open_ranked(void **state)
{
    fixture_open(state);
    f.app.modules = MODULES;
    seed = 3;
    for (int i = 0; i < CONVERSATIONS; i++)
        conversations[i] = uuid_new();
    for (int i = 0; i < ALL; i++)
        make(&messages[i], i);
    ok(search_module.init(&f.app));
    go(MODULES);
    for (int i = 0; i < ALL; i++) /* not in their order */
        append(f.owner, "message", messages[i * 7 % ALL].id, "created");
    settle();
    return 0;
}

static int close_ranked(void **state)
{
    ops_stop(&f.app);
    search_module.stop(&f.app);
    return fixture_close(state);
}

/* --- naively ------------------------------------------------------------------------------------------- */

/* In quarters: what stands aside counts one, what was said four. */
static int quarters(const struct message *m, int word)
{
    int n = 0;
    for (int k = 0; k < m->count; k++)
        if (m->words[k] == word)
            n += k < m->said ? 4 : 1;
    return n;
}

static double times(const struct message *m, int word)
{
    return quarters(m, word) / 4.0;
}

static int length_of(const struct message *m)
{
    return m->said + (m->count - m->said + 2) / 4;
}

/* 1: it was said there; a quarter: it stands aside there. */
static double stands(const struct message *m, int word)
{
    double best = 0;
    for (int k = 0; k < m->count; k++)
        if (m->words[k] == word && best < 1)
            best = k < m->said ? 1 : 0.25;
    return best;
}

static double idf(int word)
{
    int df = 0;
    for (int i = 0; i < ALL; i++)
        df += times(&messages[i], word) > 0;
    return log(1 + (ALL - df + 0.5) / (df + 0.5));
}

static double average_length(void)
{
    double sum = 0;
    for (int i = 0; i < ALL; i++)
        sum += length_of(&messages[i]);
    return sum / ALL;
}

static double bm25_of(double tf, double length, double average, double weight)
{
    return tf > 0 ? weight * tf * (1.2 + 1) / (tf + 1.2 * (1 - 0.75 + 0.75 * length / average)) : 0;
}

static double bm(const struct message *m, const int *query, int count)
{
    double sum = 0;
    for (int q = 0; q < count; q++)
        sum += bm25_of(times(m, query[q]), length_of(m), average_length(), idf(query[q]));
    return sum;
}

static bool same_session(const struct message *x, const struct message *y)
{
    return x->conversation == y->conversation && x->session == y->session;
}

static double sess(const struct message *m, const int *query, int count)
{
    double length = 0, sessions = 0, all = 0, sum = 0;
    for (int i = 0; i < ALL; i++) {
        all += length_of(&messages[i]);
        sessions += i == 0 || !same_session(&messages[i], &messages[i - 1]);
        if (same_session(&messages[i], m))
            length += length_of(&messages[i]);
    }
    for (int q = 0; q < count; q++) {
        int parts = 0;
        for (int i = 0; i < ALL; i++)
            if (same_session(&messages[i], m))
                parts += quarters(&messages[i], query[q]);
        int tf = parts ? parts < 4 ? 1 : (parts + 2) / 4 : 0;
        sum += bm25_of(tf, length, all / sessions, idf(query[q]));
    }
    return sum;
}

static double cov(const struct message *m, const int *query, int count)
{
    double is = 0, all = 0;
    for (int q = 0; q < count; q++) {
        all += idf(query[q]);
        is += stands(m, query[q]) * idf(query[q]);
    }
    return is / all;
}

static double bi(const struct message *m, const int *query, int count)
{
    double pairs = 0;
    for (int q = 0; q + 1 < count; q++) {
        double near = 0;
        for (int i = 0; i < m->count; i++)
            for (int k = i + 1; k < m->count && k <= i + 2; k++)
                if (((m->words[i] == query[q] && m->words[k] == query[q + 1]) ||
                     (m->words[k] == query[q] && m->words[i] == query[q + 1])) &&
                    near < 1)
                    near = k < m->said ? 1 : 0.25;
        pairs += near;
    }
    return (pairs < 3 ? pairs : 3) / 3.0;
}

static double beside(const struct message *m, int away, const int *query, int count, double best)
{
    int i = (int)(m - messages) + away;
    return i >= 0 && i < ALL && same_session(&messages[i], m)
               ? bm(&messages[i], query, count) / best
               : 0;
}

static double date(const struct message *m, int64_t from_ms)
{
    double day = 24.0 * HOUR_MS, at = (double)(m->said_ms - from_ms) / day;
    double away = at < 0 ? -at : at >= 7 ? at - 7 : 0;
    return away < 21 ? 1 - away / 21 : 0;
}

/* --- the test --------------------------------------------------------------------------------------------- */

static const struct message *message_of(struct uuid id)
{
    for (int i = 0; i < ALL; i++)
        if (uuid_eq(messages[i].id, id))
            return &messages[i];
    fail_msg("a message that nobody made");
    return NULL;
}

static double part_of(const struct search_result *r, const char *name)
{
    for (size_t i = 0; i < r->part_count; i++)
        if (strcmp(r->parts[i].name, name) == 0)
            return r->parts[i].value;
    fail_msg("no part is called %s", name);
    return 0;
}

#define CHECK_PART(name, want)                                                        \
    do {                                                                              \
        double got_ = part_of(r, name), want_ = (want);                               \
        if (fabs(got_ - want_) > 1e-9)                                                \
            fail_msg("\"%s\", %zu: %s is %.12f, not %.12f", q, i, name, got_, want_); \
    } while (0)

static struct search_page asked(const char *q, struct uuid conversation)
{
    struct search_page page;
    const struct search_ask ask = { .q = str_from(q),
                                    .conversation = conversation,
                                    .exact = true,
                                    .explain = true,
                                    .now_ms = NOW };
    ok(search_query(&f.app, f.db, &f.arena, f.owner, &ask, NULL, PAGE_ITEMS_MAX, &page));
    assert_true(page.count > 0);
    return page;
}

/* The best of what can be shown: all whose words are among the candidates, since all matches are. */
enum of { ANYBODY, ASKER, ANSWERER };
static void check(const char *q, const int *query, int count, enum of whose, int64_t from_ms)
{
    struct search_page page = asked(q, (struct uuid){ { 0 } });
    double best = 0, best_sess = 0, last = HUGE_VAL;
    for (int i = 0; i < ALL; i++) {
        double is = bm(&messages[i], query, count);
        best = is > best ? is : best;
        for (int k = -2; k <= 2; k++) { /* sessions of candidates and their neighbours */
            int at = i + k;
            if (is > 0 && at >= 0 && at < ALL &&
                messages[at].conversation == messages[i].conversation &&
                sess(&messages[at], query, count) > best_sess)
                best_sess = sess(&messages[at], query, count);
        }
    }
    for (size_t i = 0; i < page.count; i++) {
        const struct search_result *r = &page.items[i];
        const struct message *m = message_of(r->id);
        CHECK_PART("bm", bm(m, query, count) / best);
        CHECK_PART("cov", cov(m, query, count));
        CHECK_PART("bi", bi(m, query, count));
        CHECK_PART("nb1", beside(m, -1, query, count, best) + beside(m, 1, query, count, best));
        CHECK_PART("nb2", beside(m, -2, query, count, best) + beside(m, 2, query, count, best));
        CHECK_PART("sess", sess(m, query, count) / best_sess);
        CHECK_PART("about", whose == ASKER ? m->user : whose == ANSWERER ? 0.4 * !m->user : 0);
        CHECK_PART("date", from_ms ? date(m, from_ms) : 0);
        assert_true(r->score <= last);
        last = r->score;
    }
}

static void each_feature(void **state)
{
    UNUSED(state);
    check("w20", (const int[]){ 20 }, 1, ANYBODY, 0);
    check("w25 w12 w29", (const int[]){ 25, 12, 29 }, 3, ANYBODY, 0);
    check("w22 w17 w28 w15 w20", (const int[]){ 22, 17, 28, 15, 20 }, 5, ANYBODY, 0);
    check("my w22 w27", (const int[]){ 22, 27 }, 2, ASKER, 0);
    check("what did you say of w22 w27", (const int[]){ 22, 27 }, 2, ANSWERER, 0);
    int64_t day;
    ok(time_parse(S("2026-08-22T00:00:00Z"), &day));
    check("w22 w27 on 2026-08-22", (const int[]){ 22, 27 }, 2, ANYBODY, day);
}

static void whose_words(void **state)
{
    UNUSED(state);
    static const struct {
        const char *q;
        enum rank_speaker whose;
    } ALL_OF[] = {
        { "how I boil tea", RANK_ASKER },
        { "can you tell me what my kettle cost", RANK_ASKER },
        { "what do you recommend for my trip", RANK_ASKER },
        { "what I told you of my trip", RANK_ANYBODY },
        { "boiling tea", RANK_ANYBODY },
        { "your kettle", RANK_ANYBODY },
        { "I need you", RANK_ANYBODY },
        { "do as you need", RANK_ANYBODY },
        { "which kettle did you recommend", RANK_ANSWERER },
        { "the list you previously provided", RANK_ANSWERER },
        { "what you've said of my trip", RANK_ANSWERER },
        { "can you summarize my trip", RANK_ANSWERER },
        { "my resume", RANK_ASKER },
        { "was du mir gestern empfohlen hast", RANK_ANSWERER },
        { "meine Zusammenfassung", RANK_ANSWERER },
        { "ce que tu m'as dit", RANK_ANSWERER },
        { "cosa mi hai detto", RANK_ANSWERER },
        { "lo que me dijiste", RANK_ANSWERER },
        { "o que voc\xc3\xaa disse", RANK_ANSWERER },
    };
    for (size_t i = 0; i < COUNTOF(ALL_OF); i++)
        if (rank_speaker_of(&f.arena, str_from(ALL_OF[i].q)) != ALL_OF[i].whose)
            fail_msg("%s", ALL_OF[i].q);
}

/* What is ranked in one conversation is what is ranked among all, seen from there. */
static void in_one_conversation(void **state)
{
    UNUSED(state);
    struct search_page page = asked("w20 w21 w22", conversations[2]);
    for (size_t i = 0; i < page.count; i++)
        assert_true(uuid_eq(page.items[i].conversation_id, conversations[2]));
    for (size_t i = 0; i < page.count; i++) {
        const struct message *m = message_of(page.items[i].id);
        const int query[] = { 20, 21, 22 };
        double got = part_of(&page.items[i], "cov");
        assert_true(fabs(got - cov(m, query, 3)) < 1e-9);
    }
}

#define OPEN(name) cmocka_unit_test_setup_teardown(name, open_ranked, close_ranked)

int main(void)
{
    const struct CMUnitTest tests[] = { OPEN(each_feature), OPEN(whose_words),
                                        OPEN(in_one_conversation) };
    RUN_ON_BOTH(tests);
}
