/* What inline marks are made of: addresses and titles (CommonMark 0.31, 6.3), tags and autolinks (6.5, 6.6), escapes (2.4). */
#include "archive/markdown_parts.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t skip_space(struct str t, size_t at)
{
    while (at < t.n && is_space(t.s[at]))
        at++;
    return at;
}

bool is_escape(struct str t, size_t at)
{
    if (at + 1 >= t.n || t.s[at] != '\\')
        return false;
    unsigned char c = (unsigned char)t.s[at + 1];
    return c > ' ' && c < 0x7f && !is_letter((char)c) && !is_digit((char)c);
}

/* --- targets ------------------------------------------------------------------------------------- */

/* Behind the address at `at`, or SIZE_MAX. */
static size_t address_end(struct str t, size_t at, struct str *ret)
{
    enum { PARENTHESES_MAX = 32 };
    size_t start = at, depth = 0;
    if (at < t.n && t.s[at] == '<') {
        for (at++; at < t.n && t.s[at] != '>'; at += is_escape(t, at) ? 2 : 1)
            if (t.s[at] == '\n' || t.s[at] == '<')
                return SIZE_MAX;
        *ret = str_sub(t, start + 1, at);
        return at < t.n ? at + 1 : SIZE_MAX;
    }
    for (; at < t.n && (unsigned char)t.s[at] > ' ' && t.s[at] != 0x7f;
         at += is_escape(t, at) ? 2 : 1) {
        if (t.s[at] == '(' && ++depth > PARENTHESES_MAX)
            return SIZE_MAX;
        if (t.s[at] == ')' && depth-- == 0)
            break;
    }
    *ret = str_sub(t, start, at);
    bool whole = at < t.n && (t.s[at] == ')' || (is_space(t.s[at]) && depth == 0));
    return whole ? at : SIZE_MAX;
}

static size_t title_end(struct str t, size_t at)
{
    char open = t.s[at], close = open == '(' ? ')' : open;
    for (at++; at < t.n && t.s[at] != close; at += is_escape(t, at) ? 2 : 1)
        if (t.s[at] == open)
            return SIZE_MAX;
    return at < t.n ? at + 1 : SIZE_MAX;
}

size_t target_end(struct str t, size_t at, struct str *ret_address)
{
    struct str address = STR_NONE;
    if (at >= t.n || t.s[at] != '(')
        return at;
    size_t end = address_end(t, skip_space(t, at + 1), &address);
    if (end == SIZE_MAX)
        return at;
    size_t next = skip_space(t, end);
    if (next > end && next < t.n && t.s[next] && strchr("\"'(", t.s[next])) {
        end = title_end(t, next);
        if (end == SIZE_MAX)
            return at;
        next = skip_space(t, end);
    }
    if (next >= t.n || t.s[next] != ')')
        return at;
    *ret_address = address;
    return next + 1;
}

struct str target_title(struct str t, size_t at)
{
    struct str address;
    size_t end = target_end(t, at, &address);
    if (end == at)
        return STR_NONE;
    size_t from = address_end(t, skip_space(t, at + 1), &address), until = end - 1;
    struct str title = str_trim(str_sub(t, from, until)); /* with its quotes */
    return title.n >= 2 ? str_sub(title, 1, title.n - 1) : STR_NONE;
}

/* --- tags ----------------------------------------------------------------------------------------- */

static size_t skip_name(struct str t, size_t at, const char *more)
{
    while (at < t.n && t.s[at] &&
           (is_letter(t.s[at]) || is_digit(t.s[at]) || strchr(more, t.s[at])))
        at++;
    return at;
}

/* Behind `="value"` at `at`; `at`: no value; SIZE_MAX: it is broken. */
static size_t value_end(struct str t, size_t at)
{
    size_t i = skip_space(t, at);
    if (i >= t.n || t.s[i] != '=')
        return at;
    i = skip_space(t, i + 1);
    if (i >= t.n)
        return SIZE_MAX;
    if (t.s[i] == '"' || t.s[i] == '\'') {
        size_t close = str_find_char(t, t.s[i], i + 1);
        return close < t.n ? close + 1 : SIZE_MAX;
    }
    size_t start = i;
    while (i < t.n && !is_space(t.s[i]) && t.s[i] && !strchr("\"'=<>`", t.s[i]))
        i++;
    return i > start ? i : SIZE_MAX;
}

static size_t open_tag_end(struct str t, size_t at)
{
    size_t i = skip_name(t, at + 1, "-");
    for (;;) {
        size_t next = skip_space(t, i);
        bool attribute = next > i && next < t.n &&
                         (is_letter(t.s[next]) || t.s[next] == '_' || t.s[next] == ':');
        if (!attribute) {
            next += next < t.n && t.s[next] == '/';
            return next < t.n && t.s[next] == '>' ? next + 1 : at;
        }
        i = value_end(t, skip_name(t, next, "_.:-"));
        if (i == SIZE_MAX)
            return at;
    }
}

size_t autolink_end(struct str t, size_t at)
{
    size_t i = at + 1, scheme = skip_name(t, i, "+.-");
    bool url = scheme < t.n && t.s[scheme] == ':' && scheme - i >= 2 && scheme - i <= 32 &&
               is_letter(t.s[i]);
    size_t name = url ? scheme : skip_name(t, i, ".!#$%&'*+/=?^_`{|}~-");
    bool mail = !url && name > i && name < t.n && t.s[name] == '@';
    if (!url && !mail)
        return at;
    size_t end = mail ? skip_name(t, name + 1, ".-") : name;
    while (url && end < t.n && (unsigned char)t.s[end] > ' ' && t.s[end] != '<' && t.s[end] != '>')
        end++;
    return end < t.n && t.s[end] == '>' && end > name ? end + 1 : at;
}

size_t tag_end(struct str t, size_t at)
{
    if (at + 2 >= t.n)
        return at;
    if (t.s[at + 1] == '/' && is_letter(t.s[at + 2])) {
        size_t end = skip_space(t, skip_name(t, at + 2, "-"));
        return end < t.n && t.s[end] == '>' ? end + 1 : at;
    }
    return is_letter(t.s[at + 1]) ? open_tag_end(t, at) : at;
}

/* --- escapes ---------------------------------------------------------------------------------------- */

static const struct {
    struct str name;
    char c;
} ENTITIES[] = { { { "&amp;", 5 }, '&' },
                 { { "&lt;", 4 }, '<' },
                 { { "&gt;", 4 }, '>' },
                 { { "&quot;", 6 }, '"' },
                 { { "&#39;", 5 }, '\'' } };

struct str unescaped(struct arena *a, struct str s)
{
    struct buf b;
    if (str_find_char(s, '\\', 0) >= s.n && str_find_char(s, '&', 0) >= s.n)
        return s;
    buf_init(&b, a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        char c = s.s[i];
        if (is_escape(s, i))
            c = s.s[++i];
        for (size_t k = 0; c == '&' && s.s[i] == '&' && k < COUNTOF(ENTITIES); k++)
            if (str_starts(str_sub(s, i, s.n), ENTITIES[k].name) && !(i && s.s[i - 1] == '\\')) {
                c = ENTITIES[k].c;
                i += ENTITIES[k].name.n - 1;
            }
        buf_putc(&b, c);
    }
    return buf_str(&b);
}
