#include "archive/providers/turbo_stream.h"

#include "base/json_write.h"
#include "base/limits.h"

enum { TURBO_DEPTH_MAX = 512, TURBO_VALUES_MAX = 4000000 };
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

err_t turbo_from_html(struct arena *a, struct str html, struct turbo *ret)
{
    static const char MARK[] = "streamController.enqueue(";
    struct buf text;
    size_t chunks = 0;
    buf_init(&text, a, TURBO_OUTPUT_MAX);
    for (size_t at = 0; (at = str_find(html, S(MARK), at)) < html.n;) {
        at += sizeof MARK - 1;
        size_t end = at < html.n && html.s[at] == '"' ? literal_end(html, at) : 0;
        struct json literal;
        if (!end)
            continue;
        if (json_parse(a, str_sub(html, at, end), 4, &literal) != OK || !json_is(literal, JSON_STR))
            continue; /* a script's escape that JSON does not know: not one of the server's chunks */
        buf_put(&text, json_str(literal));
        chunks++;
        at = end;
    }
    if (!chunks)
        return E_NOT_FOUND;
    TRY(buf_err(&text));
    return turbo_from_text(a, buf_str(&text), ret);
}

/* A later line carries a deferred value, "P12:[…]": its array goes on where the one before ended. */
static struct str line_array(struct str line)
{
    size_t at = 0;
    if (line.n && (line.s[0] == 'P' || line.s[0] == 'E')) {
        at = 1;
        while (at < line.n && line.s[at] >= '0' && line.s[at] <= '9')
            at++;
        at = at < line.n && line.s[at] == ':' ? at + 1 : 0;
    }
    return str_sub(line, at, line.n);
}

err_t turbo_from_text(struct arena *a, struct str text, struct turbo *ret)
{
    struct turbo t = { 0 };
    struct str line;
    bool first = true;
    while (str_cut(&text, '\n', &line)) {
        struct json array, item;
        if (!str_trim(line).n)
            continue;
        err_t e = json_parse(a, line_array(line), JSON_FOREIGN_DEPTH_MAX, &array);
        if (e == E_BUSY)
            return e;
        if (e != OK || !json_is(array, JSON_ARRAY)) {
            if (first)
                return err_note(E_BAD_INPUT, NULL, "the page's state is not a turbo-stream");
            continue;
        }
        first = false;
        size_t more = json_count(array);
        if (t.count + more > TURBO_VALUES_MAX)
            return err_note(E_LIMIT, NULL, "the page's state has too many values");
        struct json *values = ARENA_ARRAY(a, struct json, t.count + more + 1);
        if (!values)
            return arena_err(a);
        if (t.count)
            memcpy(values, t.values, t.count * sizeof *values);
        struct json_iter it = json_iter(array);
        while (json_next(&it, NULL, &item))
            values[t.count++] = item;
        t.values = values;
    }
    *ret = t;
    return t.count ? OK : E_NOT_FOUND;
}

/* --- references -------------------------------------------------------------------------------------- */

static struct json value_at(const struct turbo *t, int64_t index)
{
    return index >= 0 && (uint64_t)index < t->count ? t->values[index] : (struct json){ 0 };
}

/* "_12": the key is the string at index 12. */
static struct str key_of(const struct turbo *t, struct str name)
{
    int64_t index;
    if (name.n < 2 || name.s[0] != '_' || str_to_i64(str_sub(name, 1, name.n), &index) != OK)
        return STR_NONE;
    return json_str(value_at(t, index));
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
        struct str key = key_of(t, name);
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
    struct buf *out;
    uint8_t *open; /* a bit for each index that is being written: a value inside itself */
};

static void put_string(struct buf *out, struct str s)
{
    struct json_out o;
    jo_init(&o, out);
    jo_str(&o, s);
}

static void hydrate(struct hydration *h, int64_t index, int depth);

static void hydrate_object(struct hydration *h, struct json v, int depth)
{
    struct json_iter it = json_iter(v);
    struct str name;
    struct json member;
    bool first = true;
    buf_putc(h->out, '{');
    while (json_next(&it, &name, &member)) {
        struct str key = key_of(h->t, name);
        int64_t index = json_i64(member, -7);
        if (!key.s || index == -7 || index == -1) /* undefined, a hole: absent */
            continue;
        if (!first)
            buf_putc(h->out, ',');
        first = false;
        put_string(h->out, key);
        buf_putc(h->out, ':');
        hydrate(h, index, depth + 1);
    }
    buf_putc(h->out, '}');
}

/* An array of indices; one whose first element is a string is typed: a promise's value is what a later line brings, the rest stays verbatim. */
static void hydrate_array(struct hydration *h, struct json v, int depth)
{
    struct json_iter it = json_iter(v);
    struct json item;
    bool first = true, typed = json_is(json_at(v, 0), JSON_STR);
    buf_putc(h->out, '[');
    while (json_next(&it, NULL, &item)) {
        if (!first)
            buf_putc(h->out, ',');
        first = false;
        if (typed) {
            struct json_out o;
            jo_init(&o, h->out);
            jo_value(&o, item);
        } else {
            hydrate(h, json_i64(item, -5), depth + 1);
        }
    }
    buf_putc(h->out, ']');
}

static void hydrate(struct hydration *h, int64_t index, int depth)
{
    struct json v = value_at(h->t, index);
    bool container = json_is(v, JSON_OBJECT) || json_is(v, JSON_ARRAY);
    if (buf_err(h->out))
        return;
    if (depth > TURBO_DEPTH_MAX) {
        h->out->failed = E_LIMIT;
        return;
    }
    if (index < 0 || json_is(v, JSON_NONE) || (container && h->open[index / 8] & 1 << index % 8)) {
        buf_put(h->out, S("null")); /* constants (null, NaN, infinities), and cycles */
        return;
    }
    if (!container) {
        struct json_out o;
        jo_init(&o, h->out);
        jo_value(&o, v);
        return;
    }
    h->open[index / 8] |= (uint8_t)(1 << index % 8);
    if (json_is(v, JSON_OBJECT))
        hydrate_object(h, v, depth);
    else
        hydrate_array(h, v, depth);
    h->open[index / 8] &= (uint8_t) ~(1 << index % 8);
}

err_t turbo_hydrate(struct arena *a, const struct turbo *t, int64_t index, struct json *ret)
{
    CLEANUP(buf_free) struct buf out = { 0 };
    struct hydration h = { t, &out, arena_alloc(a, t->count / 8 + 1) };
    if (!h.open)
        return arena_err(a);
    buf_init(&out, NULL, TURBO_OUTPUT_MAX);
    hydrate(&h, index, 0);
    if (buf_err(&out))
        return err_note(buf_err(&out), NULL, "the page's state is too deep or too large");
    return json_parse(a, buf_str(&out), TURBO_DEPTH_MAX, ret);
}
