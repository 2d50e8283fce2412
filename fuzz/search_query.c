/* room: search
 *
 * What people type may be anything. The first line is the query, the rest a text. The query is refused with E_INVALID or understood; what is
 * understood never makes the database's full text stumble; and the index and the marks agree: a text is found by one term exactly when its
 * snippet shows why. */
#include <stdlib.h>

#include "base/utf8.h"
#include "os/file.h"
#include "search/inside.h"

#define CHECK(what)           \
    do {                      \
        if (!(what))          \
            __builtin_trap(); \
    } while (0)

static struct arena paths;
static char *folder;
static struct db_store *store;
static struct db *db;
static const struct uuid OWNER = { { 1 } };
static const struct search_languages LANGUAGES = { .list = { SEARCH_ENGLISH, SEARCH_GERMAN },
                                                   .count = 2 };

static void clean_up(void)
{
    db_disconnect(db);
    db_close(store);
    folder_remove(folder);
    arena_free(&paths);
}

static void open_store(void)
{
    arena_init(&paths, MIB(1));
    CHECK(folder_temp(&paths, "vivim-fuzz-", &folder) == OK);
    struct db_options o = { .url = S("sqlite:"), .data_dir = folder, .kind = DB_INDEX };
    CHECK(db_open(&o, &store) == OK);
    CHECK(db_migrate(store, NULL) == OK);
    CHECK(db_connect(store, &db) == OK);
    CHECK(atexit(clean_up) == 0);
}

static void check_node(const struct search_query *q, const struct search_node *n)
{
    CHECK(n->kind != SEARCH_NODE_TERM || n->term < q->count);
    CHECK(n->kind != SEARCH_NODE_NOT || (n->parts && !n->parts->next));
    for (const struct search_node *part = n->parts; part; part = part->next)
        check_node(q, part);
}

/* Tokens hold nothing that a full-text expression could take for its own. */
static void check_terms(const struct search_query *q)
{
    CHECK(q->choice_count <= SEARCH_CHOICES_MAX && q->hint_count <= SEARCH_HINTS_MAX);
    check_node(q, q->need);
    for (size_t i = 0; i < q->count; i++) {
        CHECK(q->terms[i].count > 0);
        for (size_t j = 0; j < q->terms[i].count; j++) {
            struct str token = q->terms[i].tokens[j].text;
            CHECK(token.n > 0 && token.n <= SEARCH_TOKEN_BYTES_MAX && utf8_ok(token));
        }
    }
}

static bool check_snippet(struct arena *a, struct str text, enum search_language language,
                          const struct search_query *q)
{
    struct search_snippet s;
    bool *marked = ARENA_ARRAY(a, bool, q->count + 1);
    CHECK(marked);
    for (size_t i = 0; i < q->count; i++)
        marked[i] = q->terms[i].ranked;
    struct search_marks marks = { .terms = marked };
    CHECK(search_snippet(a, a, text, language, q, &marks, &s) == OK);
    CHECK(utf8_ok(s.text) && s.count <= SEARCH_HIGHLIGHTS_MAX);
    int64_t chars = (int64_t)utf8_count(s.text), at = 0;
    CHECK(chars <= SEARCH_SNIPPET_CHARS + 25);
    for (size_t i = 0; i < s.count; i++) {
        CHECK(s.highlights[i].start >= at && s.highlights[i].length > 0);
        at = s.highlights[i].start + s.highlights[i].length;
        CHECK(at <= chars);
    }
    return s.count > 0;
}

static void put(struct str text)
{
    struct search_batch *b;
    struct search_doc doc = { .owner_id = OWNER,
                              .id = { { 2 } },
                              .parent_id = { { 3 } },
                              .entity = S("message"),
                              .text = text,
                              .created_ms = TIME_NONE,
                              .said_ms = TIME_NONE };
    CHECK(search_batch_begin(db, &b) == OK);
    CHECK(search_batch_put(b, &doc) == OK);
    CHECK(search_batch_end(b) == OK);
    search_batch_free(b);
}

/* By everything that a search does before it reads the rows; one result at most. */
static bool is_found(struct arena *a, const struct search_query *q, enum search_language *ret)
{
    struct search_archive source = { .owner = OWNER };
    struct search_ask ask = { .exact = true };
    struct search_run *r = ARENA_NEW(a, struct search_run);
    struct search_hit hits[4];
    size_t count;
    CHECK(r);
    *r = (struct search_run){
        .index = db, .a = a, .reader = OWNER, .ask = &ask, .query = *q, .sources = { &source, 1 }
    };
    CHECK(search_resolve(r) == OK);
    if (r->anything && r->rank.ranked)
        CHECK(search_rank_head(r) == OK);
    CHECK(search_stream(r, NULL, COUNTOF(hits), hits, &count) == OK);
    CHECK(count <= 1);
    if (count)
        *ret = (enum search_language)hits[0].row->language;
    return count == 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_of((const char *)data, size), line;
    struct search_query q;
    struct search_clock clock = { .now_ms = INT64_C(1790000000000) };
    CLEANUP(arena_free) struct arena a = { 0 };
    if (!store)
        open_store();
    if (!size)
        return 0;
    arena_init(&a, MIB(256));
    str_cut(&text, '\n', &line);
    err_t e = search_query_parse(&a, line, false, &clock, &LANGUAGES, &q);
    CHECK(e == OK || e == E_INVALID);
    if (e != OK)
        return 0;
    check_terms(&q);
    text = text.s ? utf8_repair(&a, text) : S("");
    struct db_txn tx = { 0 };
    CHECK(db_txn_begin(&tx, db) == OK);
    put(text);
    enum search_language language = search_language_of(text);
    bool found = is_found(&a, &q, &language);
    db_txn_end(&tx);
    bool shown = check_snippet(&a, text, language, &q);
    bool one = q.count == 1 && q.terms[0].ranked && !q.choice_count && !q.span_count && !q.shared &&
               q.from_ms == TIME_NONE && q.before_ms == TIME_NONE;
    CHECK(!one || shown == found);
    return 0;
}
