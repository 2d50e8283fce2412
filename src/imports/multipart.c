#include "imports/multipart.h"

#include "base/encode.h"
#include "base/utf8.h"

/* --- parameters of a header's value ---------------------------------------------------------------------- */

/* A quoted one, or a token; a backslash escapes in the quoted one. */
static struct str unquote(struct arena *a, struct str s)
{
    if (!str_starts(s, S("\"")))
        return str_trim(str_sub(s, 0, str_find_char(s, ';', 0)));
    char *to = arena_bytes(a, s.n);
    size_t n = 0;
    for (size_t i = 1; to && i < s.n && s.s[i] != '"'; i++) {
        if (s.s[i] == '\\' && i + 1 < s.n && (s.s[i + 1] == '"' || s.s[i + 1] == '\\'))
            i++;
        to[n++] = s.s[i];
    }
    return to ? str_of(to, n) : STR_NONE;
}

/* The parameter `name` (with its "=") of a value such as form-data; name="x"; filename="y". */
static struct str parameter(struct arena *a, struct str value, struct str name)
{
    bool quoted = false;
    for (size_t i = 0; i < value.n; i++) {
        if (value.s[i] == '\\' && quoted)
            i++;
        else if (value.s[i] == '"')
            quoted = !quoted;
        else if (value.s[i] == ';' && !quoted) {
            struct str rest = str_trim(str_sub(value, i + 1, value.n));
            if (rest.n >= name.n && str_eq_nocase(str_sub(rest, 0, name.n), name))
                return unquote(a, str_sub(rest, name.n, rest.n));
        }
    }
    return STR_NONE;
}

/* RFC 8187: UTF-8''name%20with%20escapes. */
static struct str extended(struct arena *a, struct str value)
{
    struct str text, prefix = S("utf-8''");
    if (value.n < prefix.n || !str_eq_nocase(str_sub(value, 0, prefix.n), prefix) ||
        percent_decode(a, str_sub(value, prefix.n, value.n), false, &text) != OK) {
        err_clear();
        return STR_NONE;
    }
    return text;
}

err_t multipart_init(struct multipart *m, struct arena *a, struct str content_type,
                     struct reader *from)
{
    struct str boundary = parameter(a, content_type, S("boundary="));
    if (!boundary.n || boundary.n > BOUNDARY_BYTES_MAX)
        return err_note(E_BAD_INPUT, "content-type", "multipart/form-data needs its boundary");
    *m = (struct multipart){ .from = from, .buf = arena_bytes(a, MULTIPART_BUFFER_BYTES) };
    if (!m->buf)
        return arena_err(a);
    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary.s, boundary.n);
    m->delimiter_bytes = boundary.n + 4;
    memcpy(m->buf, "\r\n", 2); /* the first delimiter may stand at the very beginning */
    m->have = 2;
    m->inside = true;
    return OK;
}

/* --- the buffer ------------------------------------------------------------------------------------------------ */

static err_t fill(struct multipart *m)
{
    size_t n;
    memmove(m->buf, m->buf + m->at, m->have - m->at);
    m->have -= m->at;
    m->at = 0;
    while (m->have < MULTIPART_BUFFER_BYTES && !m->ended) {
        TRY(m->from->read(m->from, m->buf + m->have, MULTIPART_BUFFER_BYTES - m->have, &n));
        m->have += n;
        m->ended = n == 0;
    }
    return OK;
}

static struct str left(const struct multipart *m)
{
    return str_of(m->buf + m->at, m->have - m->at);
}

static err_t cut(void)
{
    return err_note(E_BAD_INPUT, NULL, "the multipart body is cut or broken");
}

err_t multipart_read(struct multipart *m, char *to, size_t max, size_t *ret_n)
{
    struct str delimiter = str_of(m->delimiter, m->delimiter_bytes);
    *ret_n = 0;
    if (!m->inside)
        return OK;
    size_t found = str_find(left(m), delimiter, 0);
    if (found == left(m).n && !m->ended) {
        TRY(fill(m));
        found = str_find(left(m), delimiter, 0);
    }
    if (found == left(m).n) { /* not here: but its beginning may be */
        if (m->ended || found < delimiter.n)
            return cut();
        found -= delimiter.n - 1;
    } else if (found == 0) {
        m->inside = false;
        return OK;
    }
    *ret_n = found < max ? found : max;
    memcpy(to, m->buf + m->at, *ret_n);
    m->at += *ret_n;
    return OK;
}

/* --- parts ------------------------------------------------------------------------------------------------------- */

static err_t pass_over(struct multipart *m)
{
    char sink[4096];
    for (size_t n = 1; n;)
        TRY(multipart_read(m, sink, sizeof sink, &n));
    return OK;
}

static err_t take_line(struct multipart *m, struct str *ret)
{
    size_t end = str_find(left(m), S("\r\n"), 0);
    if (end == left(m).n)
        return cut();
    *ret = str_sub(left(m), 0, end);
    m->at += end + 2;
    return OK;
}

static void read_disposition(struct arena *a, struct str line, struct multipart_part *p)
{
    static const struct str NAME = { "content-disposition:", 20 };
    if (line.n < NAME.n || !str_eq_nocase(str_sub(line, 0, NAME.n), NAME))
        return;
    struct str value = str_dup(a, str_sub(line, NAME.n, line.n));
    struct str file = extended(a, parameter(a, value, S("filename*=")));
    if (!file.s)
        file = parameter(a, value, S("filename="));
    p->name = utf8_repair(a, parameter(a, value, S("name=")));
    p->file_name = file.s ? utf8_repair(a, file) : STR_NONE;
}

err_t multipart_next(struct multipart *m, struct arena *a, struct multipart_part *ret)
{
    struct multipart_part p = { .name = S("") };
    struct str line;
    if (m->last)
        return E_NOT_FOUND;
    TRY(pass_over(m));
    m->at += m->delimiter_bytes;
    TRY(fill(m));
    m->last = str_starts(left(m), S("--")); /* what stands behind it is nobody's */
    if (m->last)
        return E_NOT_FOUND;
    size_t before = left(m).n;
    TRY(take_line(m, &line)); /* what stands behind a delimiter on its line */
    do {
        TRY(take_line(m, &line));
        if (before - left(m).n > MULTIPART_HEADERS_BYTES_MAX)
            return err_note(E_BAD_INPUT, NULL, "the headers of a part are too long");
        read_disposition(a, line, &p);
    } while (line.n);
    m->inside = true;
    TRY(arena_err(a));
    *ret = p;
    return OK;
}
