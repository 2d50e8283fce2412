#include "imports/csv.h"

void csv_init(struct csv *c, struct arena *a, struct str text)
{
    if (str_starts(text, S("\xef\xbb\xbf")))
        text = str_sub(text, 3, text.n);
    *c = (struct csv){ .arena = a, .text = text };
}

static bool at_end_of_line(const struct csv *c)
{
    return c->at >= c->text.n || c->text.s[c->at] == '\n' ||
           (c->text.s[c->at] == '\r' && (c->at + 1 >= c->text.n || c->text.s[c->at + 1] == '\n'));
}

/* From behind the opening quote. Doubled quotes are rare, so a field is a view until there is one. */
static err_t quoted(struct csv *c, struct str *ret)
{
    struct buf out;
    size_t from = c->at;
    buf_init(&out, c->arena, c->text.n + 1);
    for (;;) {
        size_t quote = str_find_char(c->text, '"', c->at);
        for (size_t i = c->at; i < quote; i++)
            c->lines += c->text.s[i] == '\n';
        if (quote >= c->text.n) {
            c->at = c->text.n;
            return err_note(E_INVALID, NULL, "the text ends inside the quotes of line %zu",
                            c->line);
        }
        bool doubled = quote + 1 < c->text.n && c->text.s[quote + 1] == '"';
        c->at = quote + 1 + doubled;
        if (!doubled && !out.n) {
            *ret = str_sub(c->text, from, quote);
            return OK;
        }
        buf_put(&out, str_sub(c->text, from, quote + doubled));
        from = c->at;
        if (!doubled) {
            *ret = buf_str(&out);
            return buf_err(&out);
        }
    }
}

static err_t field(struct csv *c, struct str *ret)
{
    if (c->at < c->text.n && c->text.s[c->at] == '"') {
        c->at++;
        TRY(quoted(c, ret));
        while (!at_end_of_line(c) && c->text.s[c->at] != ',')
            c->at++; /* what stands behind the quotes belongs nowhere */
        return OK;
    }
    size_t from = c->at;
    while (!at_end_of_line(c) && c->text.s[c->at] != ',')
        c->at++;
    *ret = str_sub(c->text, from, c->at);
    return OK;
}

static void end_line(struct csv *c)
{
    if (c->at < c->text.n && c->text.s[c->at] == '\r')
        c->at++;
    if (c->at < c->text.n)
        c->at++;
    c->lines++;
}

err_t csv_next(struct csv *c, struct str fields[CSV_FIELDS_MAX], size_t *ret_count)
{
    size_t n = 0;
    while (c->at < c->text.n && at_end_of_line(c))
        end_line(c);
    if (c->at >= c->text.n)
        return E_NOT_FOUND;
    c->line = c->lines + 1;
    for (bool more = true; more;) {
        if (n == CSV_FIELDS_MAX)
            return err_note(E_LIMIT, NULL, "line %zu has more than %d fields", c->line,
                            CSV_FIELDS_MAX);
        TRY(field(c, &fields[n++]));
        more = c->at < c->text.n && c->text.s[c->at] == ',';
        c->at += more;
    }
    if (c->at < c->text.n)
        end_line(c);
    *ret_count = n;
    return OK;
}
