#include "imports/formats/session.h"

#include "base/json_pick.h"
#include "base/limits.h"

void session_begin(struct session_records *s, struct reader *from, const struct str *names,
                   size_t name_count)
{
    *s = (struct session_records){ .names = names, .name_count = name_count };
    lines_init(&s->lines, from, IMPORT_VALUE_BYTES);
    buf_init(&s->picked, NULL, IMPORT_VALUE_BYTES * 2);
}

void session_end(struct session_records *s)
{
    lines_free(&s->lines);
    buf_free(&s->picked);
}

static err_t read_record(struct session_records *s, struct builder *b, struct str line,
                         struct json *ret)
{
    buf_clear(&s->picked);
    TRY(json_pick(line, s->names, s->name_count, &s->picked));
    return json_parse(b->a, buf_str(&s->picked), JSON_FOREIGN_DEPTH_MAX, ret);
}

static void say_broken(struct session_records *s, struct builder *b)
{
    if (s->broken)
        finding_add(b->a, b->c, FOUND_ELEMENT_SKIPPED, "line %zu could not be read", s->broken);
    s->broken = 0;
}

err_t session_next(struct session_records *s, struct builder *b, struct json *ret)
{
    for (;;) {
        struct str line;
        err_t e = lines_next(&s->lines, &line);
        if (e == E_NOT_FOUND && s->broken && s->lines.whole)
            say_broken(s, b);
        if (e != OK && e != E_LIMIT)
            return e;
        say_broken(s, b); /* something stands behind it */
        if (e == OK && s->wanted && !s->wanted(line))
            continue;
        if (e == OK)
            e = read_record(s, b, line, ret);
        if (e == OK)
            return OK;
        if (e == E_BUSY || arena_err(b->a) != OK)
            return e;
        err_clear();
        s->broken = s->lines.place;
    }
}

bool session_begins(struct str text, const char *const *marks)
{
    text = str_trim(text);
    for (; *marks; marks++)
        if (str_starts(text, str_from(*marks)))
            return true;
    return false;
}

void session_part(struct builder *b, struct str text, struct str tag, struct str *ret_said,
                  struct str *ret_put_in)
{
    struct str begin = str_fmt(b->a, "<%.*s>", STR_ARG(tag)),
               end = str_fmt(b->a, "</%.*s>", STR_ARG(tag));
    struct buf said, put_in;
    size_t from = 0;
    *ret_said = str_trim(text);
    *ret_put_in = STR_NONE;
    if (!begin.n || !end.n || str_find(text, begin, 0) == text.n)
        return;
    buf_init(&said, b->a, CONVERSATION_BYTES_MAX);
    buf_init(&put_in, b->a, CONVERSATION_BYTES_MAX);
    for (;;) {
        size_t at = str_find(text, begin, from);
        size_t to = at < text.n ? str_find(text, end, at) : text.n;
        if (to == text.n) /* also where it is opened and never closed */
            break;
        to += end.n;
        buf_put(&said, str_sub(text, from, at));
        if (put_in.n)
            buf_putc(&put_in, '\n');
        buf_put(&put_in, str_sub(text, at, to));
        from = to;
    }
    buf_put(&said, str_sub(text, from, text.n));
    build_fail(b, buf_err(&said));
    build_fail(b, buf_err(&put_in));
    *ret_said = str_trim(buf_str(&said));
    *ret_put_in = buf_str(&put_in);
}

bool session_says_something(const struct conversation *c)
{
    for (size_t i = 0; i < c->message_count; i++)
        if (!c->messages[i].hidden && c->messages[i].block_count)
            return true;
    return false;
}
