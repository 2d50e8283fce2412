#include "imports/mime.h"

#include "base/encode.h"
#include "imports/charset.h"

enum { PARTS_MAX = 4096 };

/* --- headers ------------------------------------------------------------------------------------------------------------- */

/* Cut the headers off; *rest is the body. False: there is no empty line. */
static bool cut_headers(struct str *rest, struct str *ret_headers)
{
    struct str whole = *rest, line;
    while (str_cut(rest, '\n', &line)) {
        if (str_trim(line).n)
            continue;
        *ret_headers = str_of(whole.s, (size_t)(line.s - whole.s));
        if (!rest->s)
            *rest = S("");
        return true;
    }
    return false;
}

/* A header's value, with the lines that continue it (RFC 5322, 2.2.3); STR_NONE: it is not there. */
static struct str header(struct arena *a, struct str headers, struct str name)
{
    struct str line;
    struct buf value;
    bool in = false;
    buf_init(&value, a, headers.n + 1);
    while (str_cut(&headers, '\n', &line)) {
        bool continues = line.n && (line.s[0] == ' ' || line.s[0] == '\t');
        if (in && continues)
            buf_putf(&value, " %.*s", STR_ARG(str_trim(line)));
        if (continues)
            continue;
        if (in)
            break;
        size_t colon = str_find_char(line, ':', 0);
        in = colon < line.n && str_eq_nocase(str_sub(line, 0, colon), name);
        if (in)
            buf_put(&value, str_trim(str_sub(line, colon + 1, line.n)));
    }
    return buf_str(&value);
}

/* `charset="utf-8"` in a value that goes on with parameters; STR_NONE: it is not there. */
static struct str parameter(struct str value, struct str name)
{
    struct str part;
    while (str_cut(&value, ';', &part)) {
        size_t eq = str_find_char(part, '=', 0);
        if (!str_eq_nocase(str_trim(str_sub(part, 0, eq)), name))
            continue;
        part = str_trim(str_sub(part, eq + 1, part.n));
        if (part.n >= 2 && part.s[0] == '"' && part.s[part.n - 1] == '"')
            part = str_sub(part, 1, part.n - 1);
        return part;
    }
    return STR_NONE;
}

/* --- bodies ---------------------------------------------------------------------------------------------------------------- */

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* RFC 2045, 6.7; what is no escape stays as it is. */
static err_t unquote(struct arena *a, struct str text, struct str *ret)
{
    struct buf out;
    buf_init(&out, a, text.n + 1);
    for (size_t at = 0; at < text.n;) {
        size_t escape = str_find_char(text, '=', at);
        buf_put(&out, str_sub(text, at, escape));
        struct str s = str_sub(text, escape, escape + 3);
        if (s.n == 3 && digit(s.s[1]) >= 0 && digit(s.s[2]) >= 0) {
            buf_putc(&out, (char)(digit(s.s[1]) * 16 + digit(s.s[2])));
            at = escape + 3;
        } else if (str_starts(s, S("=\r\n"))) {
            at = escape + 3;
        } else if (str_starts(s, S("=\n"))) {
            at = escape + 2;
        } else {
            buf_put(&out, str_sub(s, 0, 1));
            at = escape + 1;
        }
    }
    *ret = buf_str(&out);
    return buf_err(&out);
}

static err_t unpack(struct arena *a, struct str encoding, struct str body, struct str *ret)
{
    struct buf digits;
    *ret = body;
    if (str_eq_nocase(encoding, S("quoted-printable")))
        return unquote(a, body, ret);
    if (!str_eq_nocase(encoding, S("base64")))
        return OK;
    buf_init(&digits, a, body.n + 1);
    for (size_t i = 0; i < body.n; i++)
        if (body.s[i] > ' ')
            buf_putc(&digits, body.s[i]);
    TRY(buf_err(&digits));
    if (base64_decode(a, buf_str(&digits), ret) == OK)
        return OK;
    TRY(arena_err(a));
    return err_note(E_INVALID, NULL, "the page's part is no base64");
}

static err_t take_page(struct arena *a, struct str headers, struct str body, struct mime_page *ret)
{
    struct str bytes, charset = parameter(header(a, headers, S("content-type")), S("charset"));
    TRY(unpack(a, header(a, headers, S("content-transfer-encoding")), body, &bytes));
    if (!ret->url.n)
        ret->url = header(a, headers, S("content-location"));
    return charset_utf8(a, charset, bytes, &ret->html);
}

static bool is_html(struct arena *a, struct str headers)
{
    struct str type = header(a, headers, S("content-type"));
    type = str_trim(str_sub(type, 0, str_find_char(type, ';', 0)));
    return str_eq_nocase(type, S("text/html")) || str_eq_nocase(type, S("application/xhtml+xml"));
}

/* --- the whole ---------------------------------------------------------------------------------------------------------------- */

bool mime_is_page(struct str head)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct str headers;
    arena_init(&a, (size_t)1 << 20);
    if (!cut_headers(&head, &headers) || headers.n > (size_t)1 << 16)
        return false;
    struct str type = header(&a, headers, S("content-type"));
    return str_find(str_lower(&a, type), S("multipart/related"), 0) < type.n ||
           (header(&a, headers, S("snapshot-content-location")).n && is_html(&a, headers));
}

err_t mime_read_page(struct arena *a, struct str bytes, struct mime_page *ret)
{
    struct str headers, body = bytes;
    *ret = (struct mime_page){ 0 };
    if (!cut_headers(&body, &headers))
        return err_note(E_INVALID, NULL, "there is no page in it");
    ret->url = header(a, headers, S("snapshot-content-location"));
    struct str boundary = parameter(header(a, headers, S("content-type")), S("boundary"));
    if (!boundary.n)
        return take_page(a, headers, body, ret);
    struct str mark = str_cat(a, S("--"), boundary);
    size_t at = str_find(body, mark, 0);
    TRY(arena_err(a));
    for (int i = 0; i < PARTS_MAX && at < body.n; i++) {
        size_t next = str_find(body, mark, at + mark.n);
        struct str part = str_sub(body, at + mark.n, next), of_part;
        part = str_sub(part, str_find_char(part, '\n', 0) + 1, part.n); /* the mark's line */
        if (cut_headers(&part, &of_part) && is_html(a, of_part))
            return take_page(a, of_part, part, ret);
        TRY(arena_err(a));
        at = next;
    }
    return err_note(E_INVALID, NULL, "there is no page in it");
}
