/* Renderings as bytes: what is written comes back, also what an older program wrote. */
#include "check.h"

#include "archive/archive_form.h"
#include "base/limits.h"

static const struct archive_conversation ROW = { .provider = { "claude", 6 },
                                                 .title = { "A\nB", 3 },
                                                 .hash = { "h", 1 },
                                                 .findings = { "[]", 2 },
                                                 .outcome = { "", 0 },
                                                 .created_ms = TIME_NONE,
                                                 .updated_ms = 7,
                                                 .captured_ms = 8 };

#define SAID "[{\"type\":\"text\",\"markdown\":\"a\\nb \\u0000\"}]"

static const struct archive_message MESSAGES[] = {
    { .id = { { 1 } },
      .origin_id = { "o", 1 },
      .role = { "user", 4 },
      .blocks = { SAID, sizeof SAID - 1 },
      .hash = { "sha256:1", 8 },
      .created_ms = 9,
      .on_path = true },
    { .id = { { 2 } },
      .parent_id = { { 1 } },
      .role = { "assistant", 9 },
      .author = { "x", 1 },
      .model = { "", 0 },
      .blocks = { "[]", 2 },
      .hash = { "sha256:2", 8 },
      .created_ms = TIME_NONE,
      .hidden = true },
};

struct seen {
    struct arena *a;
    struct buf text;
    size_t only; /* SIZE_MAX: all */
};

static bool wants(void *context, size_t i)
{
    const struct seen *s = context;
    return s->only == SIZE_MAX || s->only == i;
}

static void put_text(struct buf *b, struct str s)
{
    buf_putf(b, " %.*s", s.s ? (int)s.n : 4, s.s ? s.s : "none");
}

static err_t see(void *context, size_t i, const struct archive_message *m)
{
    struct seen *s = context;
    const struct str texts[] = { m->origin_id, m->role, m->author, m->model, m->blocks, m->hash };
    buf_putf(&s->text, "%zu %d<%d", i, m->id.b[0], m->parent_id.b[0]);
    for (size_t k = 0; k < COUNTOF(texts); k++)
        put_text(&s->text, texts[k]);
    buf_putf(&s->text, " %s %d%d;\n", m->created_ms == TIME_NONE ? "never" : "then", m->hidden,
             m->on_path);
    return buf_err(&s->text);
}

static err_t read_form(struct arena *a, struct str form, size_t only, struct str *ret)
{
    struct seen seen = { .a = a, .only = only };
    struct archive_conversation row = { 0 };
    struct str place = STR_NONE;
    const struct message_visit visit = { wants, see, &seen };
    buf_init(&seen.text, a, MIB(1));
    TRY(form_read(a, form, &row, &place, &visit));
    buf_putf(&seen.text, "at %.*s:", STR_ARG(place));
    const struct str texts[] = { row.provider, row.title, row.model, row.outcome };
    for (size_t k = 0; k < COUNTOF(texts); k++)
        put_text(&seen.text, texts[k]);
    buf_putf(&seen.text, " %d %d %d", row.created_ms == TIME_NONE, (int)row.updated_ms,
             (int)row.captured_ms);
    *ret = buf_str(&seen.text);
    return buf_err(&seen.text);
}

static void pack_form(struct arena *a, struct str *ret)
{
    CLEANUP(form_writer_free) struct form_writer w = { 0 };
    struct buf out;
    buf_init(&out, a, MIB(4));
    assert_ok(form_begin(&w, &ROW, S("share:u"), &out));
    for (size_t i = 0; i < COUNTOF(MESSAGES); i++)
        assert_ok(form_add(&w, &MESSAGES[i]));
    assert_ok(form_end(&w));
    *ret = buf_str(&out);
}

#define FIRST  "0 1<0 o user none none " SAID " sha256:1 then 01;\n"
#define SECOND "1 2<1 none assistant x  [] sha256:2 never 10;\n"
#define HEAD   "at share:u: claude A\nB none  1 7 8"

static void what_is_written_comes_back(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str form, said;
    pack_form(&a, &form);
    assert_ok(read_form(&a, form, SIZE_MAX, &said));
    assert_str(said, FIRST SECOND HEAD);
    assert_ok(read_form(&a, form, 1, &said)); /* of what is not wanted nothing is made */
    assert_str(said, SECOND HEAD);
}

static void the_first_line_alone(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct archive_conversation row;
    struct str form, place;
    pack_form(&a, &form);
    assert_ok(form_read(&a, form, &row, &place, NULL));
    assert_str(place, "share:u");
    assert_str(row.title, "A\nB");
}

/* Until 2026 a rendering was one value, with its messages in it. */
static void the_old_form_is_read(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str said;
    struct buf form;
    struct str text = json_text(
        &a, "{'place':'share:u','provider':'claude','title':'A\\nB','model':null,'outcome':'',"
            "'created':-9223372036854775808,'updated':7,'captured':8,'messages':["
            "{'id':'01000000-0000-0000-0000-000000000000','parent':"
            "'00000000-0000-0000-0000-000000000000','origin':'o','role':'user','author':null,"
            "'model':null,'created':9,'hidden':false,'on_path':true,'hash':'sha256:1','blocks':"
            "'[{\\'type\\':\\'text\\',\\'markdown\\':\\'a\\\\nb \\\\u0000\\'}]'},"
            "{'id':'02000000-0000-0000-0000-000000000000','parent':"
            "'01000000-0000-0000-0000-000000000000','origin':null,'role':'assistant',"
            "'author':'x','model':'','created':-9223372036854775808,'hidden':true,"
            "'on_path':false,'hash':'sha256:2','blocks':'[]'}]}");
    buf_init(&form, &a, MIB(1));
    assert_ok(zstd_pack(text, 3, &form));
    assert_ok(read_form(&a, buf_str(&form), SIZE_MAX, &said));
    assert_str(said, FIRST SECOND HEAD);
    assert_ok(read_form(&a, buf_str(&form), 1, &said));
    assert_str(said, SECOND HEAD);
}

static void what_is_damaged_is_said(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str form, said;
    pack_form(&a, &form);
    for (size_t n = 0; n < form.n; n++)
        assert_int_equal(read_form(&a, str_sub(form, 0, n), SIZE_MAX, &said), E_CORRUPT);
    static const char *const BAD[] = {
        "", "[", "{}\n{}", "{}\n", "{'messages':[{}]}", "{}\n{'id':'x'}"
    };
    for (size_t i = 0; i < COUNTOF(BAD); i++) {
        struct buf bad;
        buf_init(&bad, &a, MIB(1));
        assert_ok(zstd_pack(json_text(&a, BAD[i]), 3, &bad));
        err_t e = read_form(&a, buf_str(&bad), SIZE_MAX, &said);
        assert_int_equal(e, i == 3 ? OK : E_CORRUPT);
    }
}

/* Longer than a step of the packer, and each line longer than one of the reader. */
static void lines_of_any_length(void **state)
{
    UNUSED(state);
    CLEANUP(arena_free) struct arena a;
    CLEANUP(form_writer_free) struct form_writer w = { 0 };
    struct archive_message m = MESSAGES[1];
    struct str said;
    struct buf out;
    arena_init(&a, MIB(64));
    buf_init(&out, &a, MIB(8));
    char *blocks = arena_bytes(&a, 700000);
    assert_non_null(blocks);
    memset(blocks, 'z', 700000);
    m.blocks = str_of(blocks, 700000);
    assert_ok(form_begin(&w, &ROW, S("p"), &out));
    for (size_t i = 0; i < 3; i++)
        assert_ok(form_add(&w, &m));
    assert_ok(form_end(&w));
    struct seen seen = { .a = &a, .only = 2 };
    const struct message_visit visit = { wants, see, &seen };
    buf_init(&seen.text, &a, MIB(2));
    assert_ok(form_read(&a, buf_str(&out), NULL, &said, &visit));
    assert_true(seen.text.n > 700000 && seen.text.n < 701000);
    assert_str(said, "p");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_comes_back), cmocka_unit_test(the_first_line_alone),
        cmocka_unit_test(the_old_form_is_read),       cmocka_unit_test(what_is_damaged_is_said),
        cmocka_unit_test(lines_of_any_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
