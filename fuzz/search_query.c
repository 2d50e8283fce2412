/* room: search
 *
 * What people type may be anything. The first line is the query, the rest a text. The query is
 * refused with E_INVALID or understood; what is understood never makes the database's full text
 * stumble; and the index and the highlights agree: a text is found by one term exactly when its
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

/* Tokens hold nothing that a full-text expression could take for its own. */
static void check_terms(const struct search_terms *t)
{
    CHECK(t->count <= SEARCH_TERMS_MAX && t->provider_count <= SEARCH_FILTERS_MAX &&
          t->role_count <= SEARCH_FILTERS_MAX);
    for (size_t i = 0; i < t->count; i++) {
        CHECK(t->terms[i].count > 0);
        for (size_t j = 0; j < t->terms[i].count; j++) {
            struct str token = t->terms[i].tokens[j];
            CHECK(token.n > 0 && token.n <= SEARCH_TOKEN_BYTES_MAX && utf8_ok(token));
            for (size_t k = 0; k < token.n; k++) {
                unsigned char c = (unsigned char)token.s[k];
                CHECK(c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'));
            }
        }
    }
}

static bool check_snippet(struct arena *a, struct str text, const struct search_terms *t)
{
    struct search_snippet s;
    CHECK(search_snippet(a, a, text, t, &s) == OK);
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

static bool is_found(struct arena *a, struct str text, const struct search_terms *t)
{
    struct search_doc doc = { .owner_id = { { 1 } },
                              .id = { { 2 } },
                              .entity = S("message"),
                              .text = text,
                              .created_ms = TIME_NONE };
    struct search_hit *hits;
    size_t count;
    struct db_txn tx = { 0 };
    CHECK(db_txn_begin(&tx, db) == OK);
    CHECK(SEARCH_KEYWORD.put(db, a, &doc) == OK);
    CHECK(SEARCH_KEYWORD.find(db, a, doc.owner_id, t, NULL, 10, &hits, &count) == OK);
    db_txn_end(&tx);
    CHECK(count <= 1);
    return count == 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_of((const char *)data, size), q;
    struct search_terms t;
    CLEANUP(arena_free) struct arena a = { 0 };
    if (!store)
        open_store();
    if (!size)
        return 0;
    arena_init(&a, MIB(64));
    str_cut(&text, '\n', &q);
    err_t e = search_parse(&a, q, &t);
    CHECK(e == OK || e == E_INVALID);
    if (e != OK)
        return 0;
    check_terms(&t);
    text = text.s ? utf8_repair(&a, text) : S("");
    bool shown = check_snippet(&a, text, &t), found = is_found(&a, text, &t);
    bool one = t.count == 1 && !t.terms[0].exclude && !t.provider_count && !t.role_count &&
               t.before_ms == TIME_NONE && t.after_ms == TIME_NONE;
    CHECK(!one || shown == found);
    return 0;
}
