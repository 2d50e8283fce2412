#include "base/json_pick.h"

struct pick {
    const char *p, *end;
    const struct str *names;
    size_t count;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The next byte that is no space, without going past it; 0 at the end. */
static char peek(struct pick *k)
{
    while (k->p < k->end && is_space(*k->p))
        k->p++;
    return k->p < k->end ? *k->p : 0;
}

/* From the opening quote to behind the closing one. */
static bool skip_string(struct pick *k)
{
    const char *from = ++k->p;
    for (;;) {
        const char *quote = memchr(k->p, '"', (size_t)(k->end - k->p)), *run = quote;
        if (!quote)
            return false;
        while (run > from && run[-1] == '\\')
            run--;
        k->p = quote + 1;
        if (((quote - run) & 1) == 0)
            return true;
    }
}

/* Brackets are counted, not matched: what is wrong with them json_parse says. */
static bool skip_nested(struct pick *k)
{
    for (size_t depth = 0; k->p < k->end;) {
        char c = *k->p;
        if (c == '"') {
            if (!skip_string(k))
                return false;
            continue;
        }
        k->p++;
        depth += c == '{' || c == '[';
        if ((c == '}' || c == ']') && --depth == 0)
            return true;
    }
    return false;
}

static bool skip_value(struct pick *k)
{
    char c = peek(k);
    const char *from = k->p;
    if (c == '"')
        return skip_string(k);
    if (c == '{' || c == '[')
        return skip_nested(k);
    while (k->p < k->end && !is_space(*k->p) && *k->p != ',' && *k->p != '}' && *k->p != ']')
        k->p++;
    return k->p > from;
}

static bool is_wanted(const struct pick *k, struct str name)
{
    for (size_t i = 0; i < k->count; i++)
        if (str_eq(name, k->names[i]))
            return true;
    return false;
}

/* One member, at its name. */
static bool member(struct pick *k, struct buf *out, size_t first)
{
    const char *name = k->p;
    if (peek(k) != '"' || !skip_string(k))
        return false;
    bool wanted = is_wanted(k, str_of(name + 1, (size_t)(k->p - name) - 2));
    if (peek(k) != ':')
        return false;
    k->p++;
    if (!skip_value(k))
        return false;
    if (wanted && out->n > first)
        buf_putc(out, ',');
    if (wanted)
        buf_put(out, str_of(name, (size_t)(k->p - name)));
    return true;
}

static bool members(struct pick *k, struct buf *out)
{
    size_t first = out->n;
    if (peek(k) == '}')
        return k->p++, true;
    for (;;) {
        (void)peek(k);
        if (!member(k, out, first))
            return false;
        char c = peek(k);
        if (c != ',' && c != '}')
            return false;
        k->p++;
        if (c == '}')
            return true;
    }
}

err_t json_pick(struct str text, const struct str *names, size_t count, struct buf *out)
{
    struct pick k = { text.s, text.s + text.n, names, count };
    bool ok = peek(&k) == '{';
    if (ok) {
        k.p++;
        buf_putc(out, '{');
        ok = members(&k, out) && !peek(&k);
        buf_putc(out, '}');
    }
    TRY(buf_err(out));
    return ok ? OK : err_note(E_BAD_JSON, NULL, "it is no whole JSON object");
}
