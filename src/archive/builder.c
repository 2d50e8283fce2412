#include "archive/builder.h"

#include <math.h>

#include "archive/markdown.h"
#include "base/crypto.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/picture_type.h"

void build_begin(struct builder *b, struct arena *a, const char *name, struct conversation *ret)
{
    *b = (struct builder){ .a = a, .c = ret };
    arena_init(&b->scratch, CONVERSATION_ARENA_BYTES_MAX);
    conversation_init(ret, name);
}

void build_fail(struct builder *b, err_t e)
{
    if (b->err == OK)
        b->err = e;
}

err_t build_end(struct builder *b)
{
    build_fail(b, arena_err(b->a));
    build_fail(b, arena_err(&b->scratch));
    arena_free(&b->scratch);
    return b->err;
}

/* --- messages -------------------------------------------------------------------------------- */

struct message *build_here(struct builder *b)
{
    bool usable = b->err == OK && b->here < b->c->message_count;
    if (!usable)
        b->spare = (struct message){ 0 };
    return usable ? &b->c->messages[b->here] : &b->spare;
}

void build_go_to(struct builder *b, size_t message)
{
    assert(message < b->c->message_count);
    b->here = message;
}

void build_expect(struct builder *b, size_t messages)
{
    if (messages > CONVERSATION_MESSAGES_MAX)
        build_fail(b, err_note(E_LIMIT, NULL, "the conversation has %zu messages; %d are the most",
                               messages, CONVERSATION_MESSAGES_MAX));
}

struct message *build_message(struct builder *b, struct str id, struct str parent_id,
                              enum role role)
{
    if (b->err == OK && !message_add(b->a, b->c))
        build_fail(b, build_err(b->a));
    b->here = b->c->message_count ? b->c->message_count - 1 : 0;
    struct message *m = build_here(b);
    m->id = id;
    m->parent_id = parent_id;
    m->role = role;
    return m;
}

struct str build_json_text(struct builder *b, struct json v)
{
    struct buf text;
    struct json_out o;
    buf_init(&text, b->a, CONVERSATION_BYTES_MAX);
    jo_init(&o, &text);
    jo_value(&o, v);
    build_fail(b, buf_err(&text));
    return buf_str(&text);
}

struct str build_id(struct builder *b, struct json v)
{
    if (json_is(v, JSON_STR))
        return json_str(v).n ? json_str(v) : STR_NONE;
    bool number = json_is(v, JSON_I64) || json_is(v, JSON_U64) || json_is(v, JSON_F64);
    return number ? build_json_text(b, v) : STR_NONE;
}

static struct json words_under(struct json object)
{
    static const char *const NAMES[] = { "text", "value", "content" };
    struct json v = json_get(object, str_from(NAMES[0]));
    for (size_t i = 1; i < COUNTOF(NAMES) && !json_exists(v); i++)
        v = json_get(object, str_from(NAMES[i]));
    return v;
}

/* What is no list. As deep as the JSON is, which its parser bounds, without recursion. */
static struct str words_of_one(struct builder *b, struct json v)
{
    struct json whole = v;
    while (json_is(v, JSON_OBJECT))
        v = words_under(v);
    if (json_is(v, JSON_STR))
        return json_str(v);
    struct str digits = build_id(b, v);
    if (digits.n || (!json_is(whole, JSON_OBJECT) && !json_is(v, JSON_ARRAY)))
        return digits;
    build_finding(b, FOUND_UNMODELLED_BLOCK, S("words in a form that is not known"));
    return build_json_text(b, whole);
}

struct str build_words(struct builder *b, struct json v)
{
    struct json one;
    struct buf text;
    if (json_is(v, JSON_STR))
        return json_str(v);
    if (json_is(v, JSON_OBJECT) && json_is(words_under(v), JSON_ARRAY))
        v = words_under(v);
    if (!json_is(v, JSON_ARRAY))
        return words_of_one(b, v);
    buf_init(&text, b->a, CONVERSATION_BYTES_MAX);
    struct json_iter it = json_iter(v);
    while (json_next(&it, NULL, &one)) {
        struct str words = words_of_one(b, one);
        if (text.n && words.n)
            buf_putc(&text, '\n');
        buf_put(&text, words);
    }
    build_fail(b, buf_err(&text));
    return buf_str(&text);
}

const struct role_word ROLE_WORDS[] = { { "user", ROLE_USER },
                                        { "assistant", ROLE_ASSISTANT },
                                        { "system", ROLE_SYSTEM },
                                        { "tool", ROLE_TOOL },
                                        { NULL, ROLE_SYSTEM } };

enum role build_role(struct builder *b, const struct role_word *words, struct str word)
{
    for (; words->word; words++)
        if (str_eq_nocase(word, str_from(words->word)))
            return words->role;
    build_finding(b, FOUND_UNRECOGNISED_ROLE, word);
    return ROLE_SYSTEM;
}

struct str build_replace(struct builder *b, struct str text, struct str old, struct str new,
                         bool all)
{
    struct buf out;
    buf_init(&out, b->a, CONVERSATION_BYTES_MAX);
    size_t from = 0, at = str_find(text, old, 0);
    for (; at < text.n; at = all ? str_find(text, old, from) : text.n) {
        buf_put(&out, str_sub(text, from, at));
        buf_put(&out, new);
        from = at + old.n;
    }
    buf_put(&out, str_sub(text, from, text.n));
    build_fail(b, buf_err(&out));
    return buf_str(&out);
}

/* --- times ------------------------------------------------------------------------------------- */

/* Seconds since 1970 have ten digits, milliseconds thirteen, micro- and nanoseconds three and six more; the year 5138 in
 * seconds lies between. */
static int64_t time_of_number(double n)
{
    static const double SECONDS_MAX = 1e11;
    double unit = 1;
    while (fabs(n) / unit >= SECONDS_MAX && unit < 1e9)
        unit *= 1000;
    return time_from_seconds(n / unit);
}

/* "Sun, 04 Jan 2026 12:00:00 GMT" (RFC 9110, 5322) with the date as RFC 3339 has it; others as they are. */
static struct str date_in_front(struct arena *a, struct str s)
{
    static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    size_t comma = str_find_char(s, ',', 0);
    struct str rest = str_trim(str_sub(s, comma < s.n ? comma + 1 : 0, s.n)), day, month, year;
    int64_t n;
    if (!str_cut(&rest, ' ', &day) || !str_cut(&rest, ' ', &month) || !str_cut(&rest, ' ', &year))
        return s;
    size_t at = str_find(S(MONTHS), month, 0);
    if (month.n != 3 || year.n != 4 || day.n > 2 || at % 3 || at >= sizeof MONTHS - 1 ||
        str_to_i64(day, &n) != OK)
        return s;
    return str_fmt(a, "%.*s-%02zu-%02d %.*s", STR_ARG(year), at / 3 + 1, (int)n, STR_ARG(rest));
}

/* "2026-01-04 12:00:00", "…T12:00:00+0000", "… UTC", "…T12:00Z": as other programs write RFC 3339. Without a zone it is UTC,
 * which servers count in. */
static struct str usual_time(struct arena *a, struct str s)
{
    enum { DATE = 10, MINUTES = 16, SECONDS = 19 };
    struct buf b;
    size_t zone = SECONDS;
    s = date_in_front(a, str_trim(s));
    if (s.n >= MINUTES && s.s[MINUTES - 3] == ':' && (s.n == MINUTES || s.s[MINUTES] != ':'))
        s = str_fmt(a, "%.*s:00%.*s", MINUTES, s.s, STR_ARG(str_sub(s, MINUTES, s.n)));
    if (s.n < SECONDS || (s.s[DATE] != ' ' && s.s[DATE] != 'T' && s.s[DATE] != 't'))
        return s;
    while (zone < s.n && (s.s[zone] == '.' || (s.s[zone] >= '0' && s.s[zone] <= '9')))
        zone++;
    struct str rest = str_trim(str_sub(s, zone, s.n));
    buf_init(&b, a, s.n + 8);
    buf_put(&b, str_sub(s, 0, DATE));
    buf_putc(&b, 'T');
    buf_put(&b, str_sub(s, DATE + 1, zone));
    if (!rest.n || str_eq(rest, S("UTC")) || str_eq(rest, S("GMT")))
        rest = S("Z");
    bool bare = rest.n == 5 && (rest.s[0] == '+' || rest.s[0] == '-'); /* +0000 */
    buf_put(&b, bare ? str_sub(rest, 0, 3) : rest);
    if (bare) {
        buf_putc(&b, ':');
        buf_put(&b, str_sub(rest, 3, 5));
    }
    return buf_str(&b);
}

static int64_t time_of_text(struct arena *a, struct str s)
{
    struct json number;
    int64_t ms = TIME_NONE;
    if (time_parse(s, &ms) != OK && time_parse(usual_time(a, s), &ms) != OK &&
        json_parse(a, s, 1, &number) == OK)
        ms = time_of_number(json_f64(number, (double)NAN));
    err_clear();
    return ms;
}

int64_t build_time(struct builder *b, struct json v)
{
    int64_t ms = TIME_NONE;
    if (json_is(v, JSON_OBJECT)) { /* MongoDB's extended JSON */
        struct json date = json_get(v, S("$date"));
        v = json_is(date, JSON_OBJECT) ? json_get(date, S("$numberLong")) : date;
    }
    if (!json_exists(v) || (json_is(v, JSON_STR) && !json_str(v).n))
        return TIME_NONE;
    if (json_is(v, JSON_STR))
        ms = time_of_text(b->a, json_str(v));
    else
        ms = time_of_number(json_f64(v, (double)NAN));
    if (ms == TIME_NONE)
        build_finding(b, FOUND_TIME_UNREADABLE, build_json_text(b, v));
    return ms;
}

/* --- blocks --------------------------------------------------------------------------------------- */

static struct block *add(struct builder *b, enum block_type type)
{
    if (b->err != OK)
        return NULL;
    struct block *x = block_add(b->a, build_here(b), type);
    if (!x)
        build_fail(b, build_err(b->a));
    return x;
}

void build_text(struct builder *b, struct str markdown)
{
    if (b->err == OK && markdown.n)
        build_fail(b, markdown_blocks(b->a, b->c, markdown, build_here(b)));
}

void build_thinking(struct builder *b, struct str text, struct str summary)
{
    struct block *x = text.n || summary.n ? add(b, BLOCK_THINKING) : NULL;
    if (!x)
        return;
    x->thinking.text = text;
    x->thinking.summary = summary;
}

void build_code(struct builder *b, struct str language, struct str code)
{
    struct block *x = add(b, BLOCK_CODE);
    if (!x)
        return;
    x->code.language = language;
    x->code.code = markdown_lines(b->a, code);
}

void build_call(struct builder *b, struct str id, struct str name, struct str arguments)
{
    struct block *x = add(b, BLOCK_TOOL_CALL);
    if (!x)
        return;
    x->tool_call.id = id;
    x->tool_call.name = name;
    x->tool_call.arguments = arguments;
}

void build_result(struct builder *b, struct str call_id, struct str content, bool is_error)
{
    struct block *x = add(b, BLOCK_TOOL_RESULT);
    if (!x)
        return;
    x->tool_result.call_id = call_id;
    x->tool_result.content = content;
    x->tool_result.is_error = is_error;
}

void build_cite(struct builder *b, struct str url, struct str title)
{
    struct block *x = add(b, BLOCK_CITATION);
    if (!x)
        return;
    x->citation.url = url;
    x->citation.title = title;
}

void build_image(struct builder *b, struct str url, struct str alt, int64_t width, int64_t height)
{
    struct block *x = add(b, BLOCK_IMAGE);
    if (!x)
        return;
    x->image.source_url = url;
    x->image.alt = alt;
    x->image.width = width;
    x->image.height = height;
}

void build_picture(struct builder *b, struct str media_type, struct str base64)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct str bytes;
    if (b->err != OK)
        return;
    if (base64.n / 4 * 3 > IMPORT_MEDIA_BYTES) {
        build_finding(b, FOUND_MEDIA_LIMIT, media_type);
        return;
    }
    arena_init(&a, 2 * IMPORT_MEDIA_BYTES);
    err_t e = base64_decode(&a, base64, &bytes);
    if (e == E_BUSY) {
        build_fail(b, e);
        return;
    }
    if (e != OK || !picture_type(bytes).n) {
        err_clear();
        build_finding(b, FOUND_IMAGE_IN_TEXT, media_type);
        return;
    }
    build_image(b, STR_NONE, STR_NONE, -1, -1);
    struct message *m = build_here(b);
    if (b->err != OK || !m->block_count)
        return;
    struct block *x = &m->blocks[m->block_count - 1];
    x->image.sha256 = sha256_hex(b->a, sha256_of(bytes));
    x->image.base64 = base64;
    build_fail(b, arena_err(b->a));
}

void build_file(struct builder *b, struct str name, struct str media_type, struct str text)
{
    struct block *x = add(b, BLOCK_FILE);
    if (!x)
        return;
    x->file.name = name;
    x->file.media_type = media_type;
    x->file.text = text;
}

void build_file_id(struct builder *b, struct str id)
{
    struct message *m = build_here(b);
    if (m->block_count && m->blocks[m->block_count - 1].type == BLOCK_FILE)
        m->blocks[m->block_count - 1].file.id = id;
}

void build_artifact(struct builder *b, struct str id, struct str kind, struct str title,
                    struct str content)
{
    struct block *x = add(b, BLOCK_ARTIFACT);
    if (!x)
        return;
    x->artifact.id = id;
    x->artifact.kind = kind;
    x->artifact.title = title;
    x->artifact.content = markdown_lines(b->a, content);
}

void build_finding(struct builder *b, enum finding_code code, struct str what)
{
    if (b->err == OK)
        finding_add(b->a, b->c, code, "%.*s", STR_ARG(str_sub(what, 0, 100)));
}

void build_unknown(struct builder *b, struct json v, enum finding_code code, struct str what)
{
    struct block *x = add(b, BLOCK_UNKNOWN);
    if (!x)
        return;
    build_fail(b, block_keep_raw(b->a, x, v));
    build_finding(b, code, what.n ? what : S("it has no type"));
}
