/* Two levels: what stands between values is looked at byte by byte, by the place it stands in (`in`); a value is looked
 * through for its end (skim), for which only quotes, backslashes and brackets count. */
#include "base/json_values.h"

#include "base/limits.h"

enum { PIECE_BYTES = 256 * 1024 };

void json_values_init(struct json_values *v, struct reader *from, const char *const *lists_or_null,
                      size_t value_bytes_max)
{
    assert(value_bytes_max >= 1 && value_bytes_max <= SIZE_MAX / 4);
    *v = (struct json_values){ .from = from,
                               .lists = lists_or_null,
                               .value_bytes_max = value_bytes_max };
    buf_init(&v->window, NULL, value_bytes_max + 2 * PIECE_BYTES);
}

void json_values_free(struct json_values *v)
{
    buf_free(&v->window);
}

static err_t bad(struct json_values *v, const char *what)
{
    unsigned long long at = v->base + v->at;
    v->in = JSON_VALUES_END;
    return err_note(E_BAD_JSON, NULL, "%s at byte %llu", what, at);
}

/* What stands before `begin` goes. Only where more is wanted: moving the rest for each of many small values is most of the work. */
static void drop(struct json_values *v)
{
    buf_consume(&v->window, v->begin);
    v->base += v->begin;
    v->at -= v->begin;
    v->begin = 0;
}

void json_values_forget(struct json_values *v)
{
    v->begin = v->at;
    if (v->window.cap <= 8 * PIECE_BYTES)
        return;
    drop(v);
    buf_shrink(&v->window);
}

/* More bytes behind those of the window. */
static err_t more(struct json_values *v)
{
    size_t n;
    drop(v);
    char *to = buf_reserve(&v->window, PIECE_BYTES);
    if (!to)
        return buf_err(&v->window);
    TRY(v->from->read(v->from, to, PIECE_BYTES, &n));
    v->window.n += n;
    v->ended = n == 0;
    return OK;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The next byte that is no space, 0 at the end; what stood before it is forgotten. */
static err_t next_byte(struct json_values *v, char *ret)
{
    for (;;) {
        while (v->at < v->window.n && is_space(v->window.s[v->at])) {
            v->place += v->in == JSON_VALUES_LINES && v->window.s[v->at] == '\n';
            v->at++;
        }
        if (v->at < v->window.n) {
            *ret = v->window.s[v->at];
            return OK;
        }
        v->begin = v->at;
        if (v->ended) {
            *ret = 0;
            return OK;
        }
        TRY(more(v));
    }
}

/* --- a value ------------------------------------------------------------------------------------------------------ */

/* Inside a string from p: behind its closing quote, or `end`. */
static const char *skim_string(struct json_values *v, const char *p, const char *end)
{
    while (p < end) {
        const char *quote = memchr(p, '"', (size_t)(end - p));
        const char *stop = quote ? quote : end, *run = stop;
        while (run > p && run[-1] == '\\')
            run--;
        bool odd = ((stop - run) & 1) != (run == p && v->odd);
        v->odd = quote ? false : odd;
        if (!quote)
            return end;
        p = quote + 1;
        if (!odd) {
            v->in_string = false;
            return p;
        }
    }
    return end;
}

/* Through an array or object: behind its closing bracket with depth 0, or `end`. */
static const char *skim_nested(struct json_values *v, const char *p, const char *end)
{
    while (p < end) {
        if (v->in_string) {
            p = skim_string(v, p, end);
            continue;
        }
        switch (*p++) {
        case '"':
            v->in_string = true;
            break;
        case '{':
        case '[':
            v->depth++;
            break;
        case '}':
        case ']':
            if (--v->depth == 0)
                return p;
            break;
        default:
            break;
        }
    }
    return end;
}

static const char *skim_scalar(const char *p, const char *end)
{
    while (p < end && !is_space(*p) && *p != ',' && *p != ']' && *p != '}')
        p++;
    return p;
}

/* Looks on from `at`. Did the value end in the window? */
static bool skim(struct json_values *v, char first)
{
    const char *begin = v->window.s + v->at, *end = v->window.s + v->window.n, *p;
    bool done;
    if (first == '{' || first == '[') {
        p = skim_nested(v, begin, end);
        done = v->depth == 0 && p > begin;
    } else if (first == '"') {
        if (v->depth == 0) {
            begin++; /* its opening quote */
            v->depth = 1;
            v->in_string = true;
        }
        p = skim_string(v, begin, end);
        done = !v->in_string;
    } else {
        p = skim_scalar(begin, end);
        done = p < end || v->ended;
    }
    v->at = (size_t)(p - v->window.s);
    return done;
}

/* Of a value that is over the limit nothing is kept, while its end is looked for. */
static void look_at_size(struct json_values *v)
{
    v->too_big = v->too_big || v->window.n - v->begin > v->value_bytes_max;
    if (v->too_big)
        v->begin = v->at;
}

static err_t given(struct json_values *v, struct str *ret)
{
    if (v->too_big || v->at - v->begin > v->value_bytes_max)
        return err_note(E_LIMIT, NULL, "it has more than %zu bytes", v->value_bytes_max);
    *ret = str_sub(buf_str(&v->window), v->begin, v->at);
    return OK;
}

/* The value that begins at `at`, whole in the window. E_LIMIT: looked through to its end all the same. */
static err_t take(struct json_values *v, char first, struct str *ret)
{
    v->begin = v->at;
    v->depth = 0;
    v->in_string = v->odd = v->too_big = false;
    while (!skim(v, first)) {
        if (v->ended)
            return bad(v, "the text ends inside a value");
        look_at_size(v);
        TRY(more(v));
    }
    return given(v, ret);
}

/* One on each line: what is broken in one ends with its line. */
static err_t take_line(struct json_values *v, struct str *ret)
{
    const char *end;
    v->begin = v->at;
    v->too_big = false;
    while (!(end = memchr(v->window.s + v->at, '\n', v->window.n - v->at)) && !v->ended) {
        v->at = v->window.n;
        look_at_size(v);
        TRY(more(v));
    }
    v->at = end ? (size_t)(end - v->window.s) : v->window.n;
    TRY(given(v, ret));
    *ret = str_trim(*ret);
    return OK;
}

/* --- between values ------------------------------------------------------------------------------------------------ */

static bool is_list(const struct json_values *v, struct str name, struct str *ret_name)
{
    for (size_t i = 0; v->lists && v->lists[i]; i++)
        if (str_eq(name, str_from(v->lists[i]))) {
            *ret_name = str_from(v->lists[i]);
            return true;
        }
    return false;
}

/* The next element of the array, or its end. E_NOT_FOUND: it has ended. */
static err_t element(struct json_values *v, struct str *ret)
{
    char c;
    TRY(next_byte(v, &c));
    if (c == ',' && v->place > 0) {
        v->at++;
        TRY(next_byte(v, &c));
    } else if (c != ']' && v->place > 0) {
        return bad(v, c ? "a comma is missing between elements" : "the text ends inside a list");
    }
    if (c == ']') {
        v->at++;
        return E_NOT_FOUND;
    }
    if (!c || c == ',' || c == '}' || c == ':')
        return bad(v, c ? "an element is missing" : "the text ends inside a list");
    v->place++;
    return take(v, c, ret);
}

/* From inside the top object to its next list; what is none is looked through. E_NOT_FOUND: the object has ended. */
static err_t to_list(struct json_values *v)
{
    struct str text, name = STR_NONE;
    char c;
    for (bool first = !v->listed;; first = false) {
        TRY(next_byte(v, &c));
        if (c == ',' && !first) {
            v->at++;
            TRY(next_byte(v, &c));
        } else if (c == '}') {
            v->at++;
            return E_NOT_FOUND;
        }
        if (c != '"')
            return bad(v, c ? "a name is missing" : "the text ends inside an object");
        TRY(take(v, c, &text));
        bool named = is_list(v, str_sub(text, 1, text.n - 1), &name);
        TRY(next_byte(v, &c));
        if (c != ':')
            return bad(v, "a colon is missing behind a name");
        v->at++;
        TRY(next_byte(v, &c));
        v->listed = true;
        if (named && c == '[')
            break;
        if (!c || c == ',' || c == '}' || c == ']' || c == ':')
            return bad(v, "a member's value is missing");
        err_t e = take(v, c, &text);
        if (e != OK && e != E_LIMIT)
            return e;
    }
    v->at++;
    v->list = name;
    v->place = 0;
    v->in = JSON_VALUES_ARRAY;
    return OK;
}

/* Of a list in the top object, or of the top array; goes on behind a list's end. */
static err_t from_lists(struct json_values *v, struct str *ret)
{
    for (;;) {
        if (v->in == JSON_VALUES_OBJECT)
            TRY(to_list(v));
        err_t e = element(v, ret);
        if (e != E_NOT_FOUND || !v->listed)
            return e;
        v->in = JSON_VALUES_OBJECT;
    }
}

/* The first value: the array's first element, that of a list, or the whole. */
static err_t from_top(struct json_values *v, struct str *ret)
{
    char c;
    TRY(next_byte(v, &c));
    if (c == '\xef') { /* a byte order mark */
        while (v->window.n - v->at < 3 && !v->ended)
            TRY(more(v));
        if (str_starts(str_sub(buf_str(&v->window), v->at, v->window.n), S("\xef\xbb\xbf")))
            v->at += 3;
        TRY(next_byte(v, &c));
    }
    if (!c)
        return E_NOT_FOUND;
    if (c == '[' || (c == '{' && v->lists)) {
        v->at++;
        v->place = 0;
        v->in = c == '[' ? JSON_VALUES_ARRAY : JSON_VALUES_OBJECT;
        return from_lists(v, ret);
    }
    v->in = JSON_VALUES_LINES;
    v->place = 1;
    return take(v, c, ret);
}

static err_t from_lines(struct json_values *v, struct str *ret)
{
    char c;
    TRY(next_byte(v, &c));
    return c ? take_line(v, ret) : E_NOT_FOUND;
}

err_t json_values_next(struct json_values *v, struct str *ret_text, struct str *ret_list)
{
    if (v->in == JSON_VALUES_END)
        return E_NOT_FOUND;
    err_t e = v->in == JSON_VALUES_TOP     ? from_top(v, ret_text)
              : v->in == JSON_VALUES_LINES ? from_lines(v, ret_text)
                                           : from_lists(v, ret_text);
    *ret_list = v->list;
    if (e != OK && e != E_LIMIT)
        v->in = JSON_VALUES_END;
    return e;
}
