/* What is stored of conversations while memory, database, writes and syncs fail at every place. */
#include <dirent.h>

#include "archive/change.h"
#include "check.h"
#include "fault/fault.h"
#include "ops/fixture.h"

#include "archive/archive.h"
#include "archive/archive_identity.h"
#include "archive/archive_store.h"
#include "archive/providers/extract.h"

#define M(id, who, text) "{'uuid':'" id "','sender':'" who "','text':'" text "'}"
#define BEFORE           M("a", "human", "q") "," M("b", "assistant", "x")
#define AFTER            M("a", "human", "q") "," M("b", "assistant", "y") "," M("c", "human", "z")

static const struct archive_media PICTURE = { .sha256 = { { 1 } },
                                              .media_type = { "image/png", 9 },
                                              .bytes = 3 };
static const struct archive_put_options OPTIONS = { .outcome = { "ok", 2 },
                                                    .media = &PICTURE,
                                                    .media_count = 1 };

/* From the provider's JSON to the rows. */
static err_t put_with(int i, const char *messages, const struct archive_put_options *options,
                      struct archive_put_result *ret)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    CLEANUP(arena_free) struct arena scratch = { 0 };
    struct conversation c;
    struct json json;
    arena_init(&a, MIB(16));
    arena_init(&scratch, MIB(16));
    struct str text =
        str_fmt(&a, "{'uuid':'u%d','name':'Title %d','chat_messages':[%s]}", i, i, messages);
    TRY(arena_err(&a));
    for (size_t k = 0; k < text.n; k++)
        if (text.s[k] == '\'')
            ((char *)text.s)[k] = '"';
    TRY(json_parse(&a, text, 32, &json));
    TRY(provider_by_name(S("claude"))->from_json(&a, json, &c));
    c.source.kind = "share";
    c.source.id = str_fmt(&a, "s%d", i);
    c.source.url = str_fmt(&a, "https://claude.ai/share/s%d", i);
    TRY(arena_err(&a));
    TRY(conversation_hash(&a, &scratch, &c));
    return archive_put(f.db, &a, f.owner, &c, options, NOW, ret);
}

static err_t put(int i, const char *messages, struct archive_put_result *ret)
{
    return put_with(i, messages, &OPTIONS, ret);
}

/* The row of number i, and how many messages it has; false: it is not there. */
static bool find(struct arena *a, int i, struct archive_conversation *ret,
                 struct archive_message **ret_messages, size_t *ret_count)
{
    char id[32], url[64];
    snprintf(id, sizeof id, "s%d", i);
    snprintf(url, sizeof url, "https://claude.ai/share/s%d", i);
    struct conversation c = { .provider = "claude" };
    c.source.kind = "share";
    c.source.id = str_from(id);
    c.source.url = str_from(url);
    err_t e = archive_find(f.db, a, f.owner, &c, ret); /* also in the trash */
    assert_true(e == OK || e == E_NOT_FOUND);
    if (e == OK)
        ok(archive_messages(f.db, a, f.owner, ret->id, true, -1, 100, ret_messages, ret_count));
    return e == OK;
}

/* --- stored, and captured again ----------------------------------------------------------------------- */

static err_t stored(int i)
{
    struct archive_put_result r;
    return put(i, BEFORE, &r);
}

static void hold(int i, bool there, size_t count, int64_t version, const char *title)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct archive_conversation c;
    struct archive_message *m;
    struct str type;
    size_t n;
    arena_init(&a, MIB(16));
    assert_int_equal(find(&a, i, &c, &m, &n), there);
    if (!there)
        return;
    assert_int_equal(n, count);
    assert_int_equal(c.version, version);
    assert_int_equal(c.message_count, count);
    if (title)
        assert_true(str_eq(c.title, str_from(title)));
    ok(archive_media_type(f.db, &a, f.owner, c.id, PICTURE.sha256, &type));
}

static void stored_check(int i, bool done)
{
    hold(i, done, 2, 1, NULL);
}

static err_t captured_again(int i)
{
    struct archive_put_result r;
    TRY(put(i, BEFORE, &r));
    return put(i, AFTER, &r);
}

/* The second transaction is all there or not at all, whatever the first was. */
static void captured_again_check(int i, bool done)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct archive_conversation c;
    struct archive_message *m;
    size_t n;
    arena_init(&a, MIB(16));
    if (!find(&a, i, &c, &m, &n))
        assert_false(done);
    else if (done)
        hold(i, true, 3, c.version, NULL); /* a retry finds AFTER, and stores BEFORE first */
    else
        hold(i, true, n == 3 ? 3 : 2, n == 3 ? 2 : 1, NULL);
}

/* --- read, named and removed ----------------------------------------------------------------------------- */

static err_t read_all(struct arena *a, struct uuid id)
{
    struct archive_page page = { .before_ms = INT64_MAX, .limit = 3 };
    struct archive_conversation *list, one;
    struct archive_message *m;
    size_t count;
    TRY(archive_list(f.db, a, f.owner, &page, &list, &count));
    TRY(archive_messages(f.db, a, f.owner, id, false, -1, 100, &m, &count));
    return archive_get(f.db, a, f.owner, id, &one);
}

static err_t named(int i)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct archive_put_result r;
    arena_init(&a, MIB(16));
    TRY(put(i, BEFORE, &r));
    TRY(read_all(&a, r.id));
    return rename_as(f.owner, f.owner, r.id, "Mine", 0);
}

static void named_check(int i, bool done)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct archive_conversation c;
    struct archive_message *m;
    size_t n;
    arena_init(&a, MIB(16));
    bool there = find(&a, i, &c, &m, &n);
    assert_true(there || !done);
    if (there)
        hold(i, true, 2, c.title_own ? 2 : 1, c.title_own ? "Mine" : NULL);
    if (done)
        assert_true(c.title_own);
}

static err_t removed(int i)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct archive_put_result r;
    arena_init(&a, MIB(16));
    TRY(put(i, BEFORE, &r));
    return delete_as(f.owner, r.id);
}

static void removed_check(int i, bool done)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct archive_conversation c;
    struct archive_message *m;
    size_t n;
    arena_init(&a, MIB(16));
    bool there = find(&a, i, &c, &m, &n);
    assert_false(there && done);
    if (there)
        hold(i, true, 2, 1, NULL);
}

/* --- from two places, and told apart --------------------------------------------------------------------- */

#define LONG(n, who, text) \
    "{'uuid':'%08x-aaaa-4bbb-8ccc-00000000000" n "','sender':'" who "','text':'" text "'}"

/* The same messages, whose ids are the provider's own, at another link, and one more. */
static err_t put_other(int i, bool other, struct archive_put_result *ret)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, MIB(1));
    struct str messages = str_fmt(&a, LONG("1", "human", "q") "," LONG("2", "assistant", "x") "%s",
                                  (unsigned)i, (unsigned)i, other ? "," M("", "human", "z") : "");
    const char *text = str_cstr(&a, messages);
    return text ? put(other ? i + 5000000 : i, text, ret) : arena_err(&a);
}

static err_t parted(int i)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct archive_put_result one, two;
    struct archive_source *sources;
    struct uuid new;
    size_t count;
    arena_init(&a, MIB(16));
    TRY(put_other(i, false, &one));
    TRY(put_other(i, true, &two));
    TRY(archive_sources(f.db, &a, f.owner, one.id, &sources, &count));
    if (count == 1)
        return OK; /* tried again behind the last step */
    return archive_split(f.db, &a, f.owner, one.id, sources[1].id, 0, NOW, &new);
}

/* One of two, both as one of three messages, or two of two and three: never anything between. */
static void parted_check(int i, bool done)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct archive_conversation c, d;
    struct archive_message *m;
    size_t n = 0, k = 0;
    arena_init(&a, MIB(16));
    bool one = find(&a, i, &c, &m, &n), two = find(&a, i + 5000000, &d, &m, &k);
    assert_true(one || !two);
    if (done)
        assert_true(one && two && !uuid_eq(c.id, d.id));
    if (!one)
        return;
    bool whole = two && uuid_eq(c.id, d.id);
    assert_int_equal(n, whole ? 3 : 2);
    if (two)
        assert_int_equal(k, 3);
}

/* --- the trash, and what is undone --------------------------------------------------------------------------- */

static err_t thrown_away(int i)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    struct archive_put_result r;
    int64_t version;
    arena_init(&a, MIB(64));
    TRY(put(i, BEFORE, &r)); /* one that is there in the trash comes back */
    TRY(db_txn_begin(&tx, f.db));
    TRY(archive_trash(f.db, &a, f.owner, r.id, NOW, &version));
    return db_txn_commit(&tx);
}

static void thrown_away_check(int i, bool done)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct archive_conversation c, seen;
    struct archive_message *m;
    size_t n;
    arena_init(&a, MIB(64));
    if (!find(&a, i, &c, &m, &n)) {
        assert_false(done);
        return;
    }
    assert_int_equal(n, 2);
    assert_int_equal(archive_get(f.db, &a, f.owner, c.id, &seen) == OK, c.trashed_ms == TIME_NONE);
    if (done)
        assert_int_equal(c.trashed_ms, NOW);
}

static err_t undone(int i)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    struct archive_put_options marked = OPTIONS;
    struct archive_put_result r;
    int64_t version;
    arena_init(&a, MIB(64));
    memcpy(marked.mark.b, &i, sizeof i);
    marked.mark.b[15] = 1;
    TRY(put(i, BEFORE, &r));
    TRY(put_with(i, AFTER, &marked, &r));
    TRY(db_txn_begin(&tx, f.db));
    TRY(archive_undo(f.db, &a, f.owner, r.id, marked.mark, (struct uuid){ { 0 } }, NOW, &version));
    return db_txn_commit(&tx);
}

static void undone_check(int i, bool done)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct archive_conversation c;
    struct archive_message *m;
    size_t n;
    arena_init(&a, MIB(64));
    if (!find(&a, i, &c, &m, &n)) {
        assert_false(done);
        return;
    }
    assert_int_equal(c.message_count, n);
    assert_true(n == 2 || (n == 3 && !done));
    assert_true(str_find(m[1].blocks, n == 2 ? S("\"x\"") : S("\"y\""), 0) < m[1].blocks.n);
}

/* --- what was added elsewhere ------------------------------------------------------------------------- */

static err_t added(int i)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    struct archive_put_result r;
    struct archive_message *m;
    size_t count;
    struct block words = { .type = BLOCK_TEXT, .text = { S("first") } };
    struct archive_added_version version = { 1, 1, NOW, &words, 1 };
    const struct archive_added what = { S("Mine"), &version, 1 };
    TRY(put(i, BEFORE, &r));
    arena_init(&a, MIB(16));
    TRY(archive_messages(f.db, &a, f.owner, r.id, true, -1, 9, &m, &count));
    struct message of[] = { { .hash = m[0].hash }, { .hash = m[1].hash } };
    TRY(db_txn_begin(&tx, f.db));
    TRY(archive_add(f.db, &a, f.owner, r.id,
                    &(struct conversation){ .messages = of, .message_count = 2 }, &what, NOW));
    return db_txn_commit(&tx);
}

static void added_check(int i, bool done)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct archive_conversation c;
    struct archive_version *versions;
    struct archive_message *m;
    size_t n, count;
    arena_init(&a, MIB(16));
    if (!find(&a, i, &c, &m, &n)) {
        assert_false(done);
        return;
    }
    ok(archive_versions(f.db, &a, f.owner, c.id, (struct uuid){ { 0 } }, 0, 9, &versions, &count));
    assert_true(c.title_own || !done);
    assert_int_equal(count, c.title_own);
    assert_int_equal(m[1].version, c.title_own ? 2 : 1);
}

static const struct fault_case CASES[] = {
    { "added", added, added_check },
    { "thrown away", thrown_away, thrown_away_check },
    { "undone", undone, undone_check },
    { "from two places, parted", parted, parted_check },
    { "stored", stored, stored_check },
    { "captured again", captured_again, captured_again_check },
    { "read and named", named, named_check },
    { "removed", removed, removed_check },
};

static void all_or_nothing(void **state)
{
    UNUSED(state);
    fault_each(CASES, COUNTOF(CASES), on_postgres, stores_reopen);
}

/* --- what providers send: too little memory is never taken for a changed format --------------------------- */

static err_t read_any(struct arena *a, struct str bytes, struct conversation *ret)
{
    struct json root;
    if (str_starts(str_trim(bytes), S("<")))
        return extract_page(a, bytes, ret);
    TRY(json_parse(a, bytes, JSON_FOREIGN_DEPTH_MAX, &root));
    struct json first = json_is(root, JSON_ARRAY) ? json_at(root, 0) : root;
    return extract_json(a, first, NULL, ret);
}

static err_t extract(struct str bytes, struct sha256 *ret)
{
    CLEANUP(arena_free) struct arena a = { 0 }, scratch = { 0 };
    struct sha256_ctx sum;
    struct conversation c = { 0 };
    arena_init(&a, MIB(512));
    arena_init(&scratch, MIB(64));
    TRY(read_any(&a, bytes, &c));
    TRY(conversation_hash(&a, &scratch, &c));
    sha256_init(&sum);
    sha256_add(&sum, c.title);
    sha256_add(&sum, c.hash);
    *ret = sha256_end(&sum);
    return OK;
}

/* How often memory was asked for. */
static int extract_with_little(struct str bytes, const char *name)
{
    struct sha256 want, got;
    err_t expected = extract(bytes, &want);
    for (int n = 1;; n += getenv("FAULT_ALL") ? 1 : 1 + n / 8) {
        fault_arm(FAULT_ALLOCATION, n, false);
        err_t e = extract(bytes, &got);
        fault_disarm();
        if (e == expected && e == OK && memcmp(got.b, want.b, sizeof want.b) != 0)
            fail_msg("%s, allocation %d: another result", name, n);
        if (e != expected && (e != E_BUSY || !fault_happened()))
            fail_msg("%s, allocation %d: %s (%s), not %s", name, n, err_code(e), err_detail()->text,
                     err_code(expected));
        if (!fault_happened())
            return n - 1;
    }
}

static void little_memory_is_no_changed_format(void **state)
{
    UNUSED(state);
    static const char *const FOLDERS[] = {
        "fuzz/corpus/provider_json", "src/archive/sample", "../shared/fixtures/chatgpt",
        "../shared/fixtures/claude", /* where they are present */
    };
    int files = 0, asked = 0;
    for (size_t i = 0; i < COUNTOF(FOLDERS); i++) {
        DIR *dir = opendir(FOLDERS[i]);
        for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir)) {
            CLEANUP(arena_free) struct arena a = { 0 };
            char path[400];
            struct str bytes;
            if (d->d_name[0] == '.')
                continue;
            arena_init(&a, MIB(16));
            snprintf(path, sizeof path, "%s/%s", FOLDERS[i], d->d_name);
            ok(file_read(&a, path, MIB(8), &bytes));
            asked += extract_with_little(bytes, path);
            files++;
        }
        if (dir)
            closedir(dir);
    }
    print_message("# %d files asked %d times for memory\n", files, asked);
    assert_true(files > 5 && asked > files);
}

int main(void)
{
    fault_vfs_install();
    const struct CMUnitTest tests[] = { TEST(all_or_nothing),
                                        cmocka_unit_test(little_memory_is_no_changed_format) };
    RUN_ON_BOTH(tests);
}
