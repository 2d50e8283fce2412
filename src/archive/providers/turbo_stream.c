#include "archive/providers/turbo_stream.h"

#include "base/buf.h"
#include "base/json_build.h"
#include "base/limits.h"

enum { TURBO_VALUES_MAX = 4000000 };
#define TURBO_OUTPUT_MAX MIB(256)

/* --- reading ------------------------------------------------------------------------------------- */

/* The end of the string literal that begins with the quote at `at`: behind its closing quote; 0: it does not end. */
static size_t literal_end(struct str html, size_t at)
{
    for (size_t i = at + 1; i < html.n;) {
        size_t quote = str_find_char(html, '"', i);
        if (quote >= html.n)
            return 0;
        size_t slashes = 0;
        while (quote - slashes > at + 1 && html.s[quote - slashes - 1] == '\\')
            slashes++;
        if (slashes % 2 == 0)
            return quote + 1;
        i = quote + 1;
    }
    return 0;
}

/* A later line carries deferred values, "P12:[…]": they go on where the line before ended. In place, the lines become one
 * array of arrays: a line feed a comma, what stands before an array blanks. (JSON has no bare line feed inside a string.) */
static void join_lines(char *text, size_t n)
{
    bool begun = false;
    for (size_t at = 0; at < n;) {
        size_t end = str_find_char(str_of(text, n), '\n', at), colon = at + 1;
        while (colon < end && text[colon] >= '0' && text[colon] <= '9')
            colon++;
        if ((text[at] == 'P' || text[at] == 'E') && colon < end && text[colon] == ':')
            memset(text + at, ' ', colon - at + 1);
        if (begun && str_trim(str_of(text + at, end - at)).n)
            text[at - 1] = ',';
        begun |= str_trim(str_of(text + at, end - at)).n > 0;
        at = end + 1;
    }
}

static err_t index_values(struct arena *a, struct turbo *t)
{
    struct json_iter lines = json_iter(t->lines);
    struct json line, item;
    size_t count = 0;
    while (json_next(&lines, NULL, &line))
        count += json_is(line, JSON_ARRAY) ? json_count(line) : 0;
    if (count > TURBO_VALUES_MAX)
        return err_note(E_LIMIT, NULL, "the page's state has too many values");
    t->at = ARENA_ARRAY(a, uint32_t, count + 1);
    if (!t->at)
        return arena_err(a);
    lines = json_iter(t->lines);
    while (json_next(&lines, NULL, &line)) {
        struct json_iter it = json_iter(line);
        while (json_is(line, JSON_ARRAY) && json_next(&it, NULL, &item))
            t->at[t->count++] = item.at;
    }
    return t->count ? OK : E_NOT_FOUND;
}

/* text: an opening bracket, then the lines; it is changed. Where a later line is no JSON, the first one alone counts. */
static err_t read_lines(struct arena *a, struct buf *text, struct turbo *ret)
{
    struct turbo t = { .text_bytes = text->n };
    size_t first_end = str_find_char(buf_str(text), '\n', 0);
    buf_putc(text, ']');
    TRY(buf_err(text));
    join_lines(text->s + 1, text->n - 2);
    err_t e = json_parse(a, buf_str(text), JSON_FOREIGN_DEPTH_MAX, &t.lines);
    if (e == E_BAD_JSON && first_end < text->n) {
        text->s[first_end] = ']';
        e = json_parse(a, str_sub(buf_str(text), 0, first_end + 1), JSON_FOREIGN_DEPTH_MAX,
                       &t.lines);
    }
    if (e == E_BUSY || e == E_LIMIT)
        return e;
    if (e != OK || !json_is(json_at(t.lines, 0), JSON_ARRAY))
        return err_note(E_BAD_INPUT, NULL, "the page's state is not a turbo-stream");
    TRY(index_values(a, &t));
    *ret = t;
    return OK;
}

/* Room for the lines and both brackets at once; what is not touched costs nothing. */
static void text_begin(struct buf *text, size_t most_bytes)
{
    buf_init(text, NULL, TURBO_OUTPUT_MAX);
    if (most_bytes < TURBO_OUTPUT_MAX - 2 && !buf_reserve(text, most_bytes + 2))
        return;
    buf_putc(text, '[');
}

err_t turbo_from_html(struct arena *a, struct str html, struct turbo *ret)
{
    CLEANUP(buf_free) struct buf text = { 0 };
    struct str mark = S("streamController.enqueue(");
    text_begin(&text, html.n);
    for (size_t at = 0; (at = str_find(html, mark, at)) < html.n;) {
        size_t open = at += mark.n;
        size_t end = open < html.n && html.s[open] == '"' ? literal_end(html, open) : 0;
        err_t e = end ? json_unquote(str_sub(html, open, end), &text) : E_BAD_JSON;
        if (e == E_BUSY)
            return e;
        if (e == OK)
            at = end; /* otherwise it is a script's own call, not one of the server's chunks */
    }
    TRY(buf_err(&text));
    return text.n > 1 ? read_lines(a, &text, ret) : E_NOT_FOUND;
}

err_t turbo_from_text(struct arena *a, struct str lines, struct turbo *ret)
{
    CLEANUP(buf_free) struct buf text = { 0 };
    text_begin(&text, lines.n);
    buf_put(&text, lines);
    return read_lines(a, &text, ret);
}

/* --- references -------------------------------------------------------------------------------------- */

static struct json value_at(const struct turbo *t, int64_t index)
{
    if (index < 0 || (uint64_t)index >= t->count)
        return (struct json){ 0 };
    return (struct json){ t->lines.tape, t->lines.strings, t->at[index] };
}

/* "_12": the key is the string at index 12. -1: it is no such name. */
static int64_t key_index(struct str name)
{
    int64_t index;
    if (name.n < 2 || name.s[0] != '_' || str_to_i64(str_sub(name, 1, name.n), &index) != OK)
        return -1;
    return index;
}

void turbo_each(const struct turbo *t, int64_t index,
                bool (*f)(void *context, struct str key, int64_t value), void *context)
{
    struct json_iter it = json_iter(value_at(t, index));
    struct str name;
    struct json v;
    if (!json_is(value_at(t, index), JSON_OBJECT))
        return;
    while (json_next(&it, &name, &v)) {
        struct str key = json_str(value_at(t, key_index(name)));
        if (key.s && json_is(v, JSON_I64) && !f(context, key, json_i64(v, -1)))
            return;
    }
}

struct member {
    struct str key;
    int64_t value;
};

static bool take_member(void *context, struct str key, int64_t value)
{
    struct member *m = context;
    if (!str_eq(key, m->key))
        return true;
    m->value = value;
    return false;
}

int64_t turbo_member(const struct turbo *t, int64_t index, struct str key)
{
    struct member m = { key, -1 };
    turbo_each(t, index, take_member, &m);
    return m.value;
}

/* --- hydrating ---------------------------------------------------------------------------------------------- */

struct hydration {
    const struct turbo *t;
    struct json_build *out;
    uint8_t *open; /* a bit for each index that is being written: a value inside itself */
};

static void hydrate(struct hydration *h, int64_t index);

static void hydrate_object(struct hydration *h, struct json v)
{
    struct json_iter it = json_iter(v);
    struct str name;
    struct json member;
    json_build_object(h->out);
    while (json_next(&it, &name, &member)) {
        struct json key = value_at(h->t, key_index(name));
        int64_t index = json_i64(member, -7);
        if (!json_is(key, JSON_STR) || index == -7 || index == -1) /* undefined, a hole: absent */
            continue;
        json_build_put(h->out, key);
        hydrate(h, index);
    }
    json_build_close(h->out);
}

/* An array of indices; one whose first element is a string is typed: a promise's value is what a later line brings, the rest stays verbatim. */
static void hydrate_array(struct hydration *h, struct json v)
{
    struct json_iter it = json_iter(v);
    struct json item;
    if (json_is(json_at(v, 0), JSON_STR)) {
        json_build_put(h->out, v);
        return;
    }
    json_build_array(h->out);
    while (json_next(&it, NULL, &item))
        hydrate(h, json_i64(item, -5));
    json_build_close(h->out);
}

static void hydrate_container(struct hydration *h, struct json v, int64_t index)
{
    uint8_t bit = (uint8_t)(1 << index % 8);
    if (h->open[index / 8] & bit) {
        json_build_null(h->out); /* a cycle */
        return;
    }
    h->open[index / 8] |= bit;
    if (json_is(v, JSON_OBJECT))
        hydrate_object(h, v);
    else
        hydrate_array(h, v);
    h->open[index / 8] &= (uint8_t)~bit;
}

static void hydrate(struct hydration *h, int64_t index)
{
    struct json v =
        value_at(h->t, index); /* of a constant (null, NaN, infinities) there is none: null */
    if (h->out->failed != OK)
        return;
    if (json_is(v, JSON_OBJECT) || json_is(v, JSON_ARRAY))
        hydrate_container(h, v, index);
    else
        json_build_put(h->out, v);
}

err_t turbo_hydrate(struct arena *a, const struct turbo *t, int64_t index, struct json *ret)
{
    struct json_build out;
    struct hydration h = { t, &out, arena_alloc(a, t->count / 8 + 1) };
    if (!h.open)
        return arena_err(a);
    json_build_init(&out, a, t->lines, t->text_bytes);
    hydrate(&h, index);
    err_t e = json_build_end(&out, ret);
    return e == E_LIMIT ? err_note(e, NULL, "the page's state is too deep or too large") : e;
}
