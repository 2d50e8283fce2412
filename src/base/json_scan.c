#include "base/json_scan.h"

#include "base/double.h"
#include "base/utf8.h"

enum { INTEGER_DIGITS_SAFE = 18 }; /* so many digits always fit into an int64_t */

enum want { VALUE, FIRST_VALUE, KEY, FIRST_KEY, AFTER_VALUE };

static int peek(const struct json_scan *s)
{
    return s->at < s->text.n ? (unsigned char)s->text.s[s->at] : -1;
}

static bool take(struct json_scan *s, char c)
{
    if (peek(s) != c)
        return false;
    s->at++;
    return true;
}

static err_t bad(struct json_scan *s, const char *problem)
{
    s->problem = problem;
    return E_BAD_JSON;
}

/* Write text[copied, from) and then `words` in place of text[from, to). */
static void say_otherwise(struct json_scan *s, size_t from, size_t to, struct str words)
{
    buf_put(s->out, str_sub(s->text, s->copied, from));
    buf_put(s->out, words);
    s->copied = to;
}

static void skip_space(struct json_scan *s)
{
    while (take(s, ' ') || take(s, '\n') || take(s, '\r') || take(s, '\t'))
        continue;
}

static err_t scan_word(struct json_scan *s, struct str word)
{
    for (size_t i = 0; i < word.n; i++)
        if (!take(s, word.s[i]))
            return bad(s, "only true, false and null are written without quotes");
    return OK;
}

static size_t skip_digits(struct json_scan *s)
{
    size_t from = s->at;
    while (peek(s) >= '0' && peek(s) <= '9')
        s->at++;
    return s->at - from;
}

static bool fits_64_bits(struct str number)
{
    int64_t i;
    uint64_t u;
    return number.n <= INTEGER_DIGITS_SAFE || str_to_i64(number, &i) == OK ||
           str_to_u64(number, &u) == OK;
}

static err_t scan_number(struct json_scan *s)
{
    size_t from = s->at;
    take(s, '-');
    bool zero = peek(s) == '0';
    size_t digits = skip_digits(s);
    if (digits == 0)
        return bad(s, "a digit must follow the minus sign");
    if (zero && digits > 1) {
        s->at = from;
        return bad(s, "a number must not begin with a needless zero");
    }
    bool integer = true;
    if (take(s, '.')) {
        integer = false;
        if (skip_digits(s) == 0)
            return bad(s, "a digit must follow the point");
    }
    if (take(s, 'e') || take(s, 'E')) {
        integer = false;
        if (!take(s, '+'))
            take(s, '-');
        if (skip_digits(s) == 0)
            return bad(s, "the exponent has no digits");
    }
    struct str number = str_sub(s->text, from, s->at);
    if (integer && fits_64_bits(number))
        return OK;
    double unused;
    if (s->unfit_at == s->text.n && !double_read(number.s, number.n, &unused))
        s->unfit_at = from;
    if (integer)
        say_otherwise(s, s->at, s->at, S("e0"));
    return OK;
}

static int hex_value(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits behind \u. */
static err_t scan_hex4(struct json_scan *s, uint32_t *ret_unit)
{
    uint32_t unit = 0;
    for (int i = 0; i < 4; i++, s->at++) {
        int digit = peek(s) < 0 ? -1 : hex_value(peek(s));
        if (digit < 0)
            return bad(s, "four hexadecimal digits must follow \\u");
        unit = unit << 4 | (uint32_t)digit;
    }
    *ret_unit = unit;
    return OK;
}

/* Behind the backslash and the u, whose backslash is at `from`. */
static err_t scan_unicode_escape(struct json_scan *s, size_t from)
{
    uint32_t unit, low = 0;
    TRY(scan_hex4(s, &unit));
    if (unit < 0xD800 || unit > 0xDFFF)
        return OK;
    size_t end = s->at;
    if (unit < 0xDC00 && take(s, '\\') && take(s, 'u')) {
        TRY(scan_hex4(s, &low));
        if (low >= 0xDC00 && low <= 0xDFFF)
            return OK;
    }
    s->at = end; /* what follows is looked at again, by itself */
    say_otherwise(s, from, end, S("\\ufffd"));
    return OK;
}

static err_t scan_escape(struct json_scan *s)
{
    size_t from = s->at++;
    int c = peek(s);
    if (c < 0)
        return bad(s, "the text ends inside a string");
    if (c == 'u') {
        s->at++;
        return scan_unicode_escape(s, from);
    }
    if (c == 0 || !strchr("\"\\/bfnrt", c))
        return bad(s, "there is no such escape in JSON");
    s->at++;
    return OK;
}

static err_t scan_character(struct json_scan *s)
{
    size_t from = s->at;
    uint32_t c = utf8_next(s->text, &s->at);
    if (c == 0xFFFD && s->at - from == 1) {
        s->at = from;
        return bad(s, "this byte is not valid UTF-8");
    }
    return OK;
}

static err_t scan_string(struct json_scan *s)
{
    for (s->at++;;) {
        int c = peek(s);
        if (c < 0)
            return bad(s, "the text ends inside a string");
        if (c < 0x20)
            return bad(s, "a control character in a string must be escaped");
        if (c == '"') {
            s->at++;
            return OK;
        }
        if (c == '\\')
            TRY(scan_escape(s));
        else if (c < 0x80)
            s->at++;
        else
            TRY(scan_character(s));
    }
}

static err_t scan_open(struct json_scan *s, bool array, enum want *want)
{
    if (s->depth == s->depth_max) {
        s->problem = "arrays and objects are nested too deeply";
        return E_LIMIT;
    }
    s->at++;
    s->in_array[s->depth++] = array;
    *want = array ? FIRST_VALUE : FIRST_KEY;
    return OK;
}

static err_t scan_value(struct json_scan *s, enum want *want)
{
    int c = peek(s);
    *want = AFTER_VALUE;
    switch (c) {
    case '{':
    case '[':
        return scan_open(s, c == '[', want);
    case '"':
        return scan_string(s);
    case 't':
        return scan_word(s, S("true"));
    case 'f':
        return scan_word(s, S("false"));
    case 'n':
        return scan_word(s, S("null"));
    case -1:
        return bad(s, s->depth ? "the text ends where a value is expected" : "the text is empty");
    default:
        if (c == '-' || (c >= '0' && c <= '9'))
            return scan_number(s);
        return bad(s, "a value is expected here");
    }
}

static err_t scan_key(struct json_scan *s, enum want *want)
{
    if (peek(s) != '"')
        return bad(s, "a name in double quotes is expected here");
    TRY(scan_string(s));
    skip_space(s);
    if (!take(s, ':'))
        return bad(s, "a colon is expected after the name");
    *want = VALUE;
    return OK;
}

static err_t scan_after(struct json_scan *s, enum want *want)
{
    bool array = s->in_array[s->depth - 1];
    if (take(s, array ? ']' : '}')) {
        s->depth--;
        return OK;
    }
    if (!take(s, ','))
        return bad(s, array ? "a comma or ] is expected here" : "a comma or } is expected here");
    *want = array ? VALUE : KEY;
    return OK;
}

static err_t scan_step(struct json_scan *s, enum want *want)
{
    bool empty = (*want == FIRST_VALUE && take(s, ']')) || (*want == FIRST_KEY && take(s, '}'));
    if (empty) {
        s->depth--;
        *want = AFTER_VALUE;
        return OK;
    }
    if (*want == AFTER_VALUE)
        return scan_after(s, want);
    if (*want == KEY || *want == FIRST_KEY)
        return scan_key(s, want);
    return scan_value(s, want);
}

err_t json_scan(struct json_scan *s, struct str text, int depth_max, struct buf *out)
{
    assert(depth_max >= 1 && depth_max <= JSON_SCAN_DEPTH_MAX);
    *s = (struct json_scan){ .text = text, .depth_max = depth_max, .unfit_at = text.n, .out = out };
    enum want want = VALUE;
    for (;;) {
        skip_space(s);
        if (want == AFTER_VALUE && s->depth == 0)
            break;
        TRY(scan_step(s, &want));
    }
    if (s->at < text.n)
        return bad(s, "something follows after the end of the value");
    if (s->copied > 0)
        buf_put(out, str_sub(text, s->copied, text.n));
    return buf_err(out);
}
