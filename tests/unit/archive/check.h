/* What the tests of the archive share: a conversation as a few lines of text that a test can compare, a line for each block. */
#ifndef VIVIM_TEST_ARCHIVE_CHECK_H
#define VIVIM_TEST_ARCHIVE_CHECK_H

#include "base/check.h"

#include "archive/conversation.h"
#include "archive/providers/provider.h"

#define assert_ok(expr)                                                       \
    do {                                                                      \
        err_t ok_ = (expr);                                                   \
        if (ok_ != OK)                                                        \
            fail_msg("%s: %s: %s", #expr, err_code(ok_), err_detail()->text); \
    } while (0)

static inline void put_named(struct buf *b, const char *name, struct str a, struct str c)
{
    buf_putf(b, "%s", name);
    if (a.n)
        buf_putf(b, " %.*s", STR_ARG(a));
    if (c.n)
        buf_putf(b, ": %.*s", STR_ARG(c));
}

static inline void put_table(struct buf *b, const struct block *t)
{
    buf_put(b, S("table"));
    for (size_t i = 0; i < t->table.columns; i++)
        buf_putf(b, "%s%.*s", i ? "|" : ": ", STR_ARG(t->table.header[i]));
    for (size_t i = 0; i < t->table.rows * t->table.columns; i++)
        buf_putf(b, "%s%.*s", i % t->table.columns ? "|" : " / ", STR_ARG(t->table.cells[i]));
}

static inline void put_block(struct buf *b, const struct block *v)
{
    const char *name = block_type_name(v->type);
    switch (v->type) {
    case BLOCK_TEXT:
        put_named(b, name, STR_NONE, v->text.markdown);
        break;
    case BLOCK_CODE:
        put_named(b, name, v->code.language, v->code.code);
        break;
    case BLOCK_TABLE:
        put_table(b, v);
        break;
    case BLOCK_MATH:
        put_named(b, name, v->math.display ? S("display") : S("inline"), v->math.tex);
        break;
    case BLOCK_MERMAID:
        put_named(b, name, STR_NONE, v->mermaid.code);
        break;
    case BLOCK_IMAGE:
        put_named(b, name, v->image.source_url, v->image.alt);
        if (v->image.width >= 0)
            buf_putf(b, " (%d x %d)", (int)v->image.width, (int)v->image.height);
        break;
    case BLOCK_FILE:
        put_named(b, name, v->file.name, v->file.media_type);
        break;
    case BLOCK_TOOL_CALL:
        put_named(b, name, v->tool_call.name, v->tool_call.arguments);
        break;
    case BLOCK_TOOL_RESULT:
        put_named(b, name, v->tool_result.is_error ? S("error") : STR_NONE, v->tool_result.content);
        break;
    case BLOCK_THINKING:
        put_named(b, name, v->thinking.summary, v->thinking.text);
        break;
    case BLOCK_CITATION:
        put_named(b, name, v->citation.url, v->citation.title);
        break;
    case BLOCK_ARTIFACT:
        put_named(b, name, v->artifact.kind, v->artifact.content);
        break;
    case BLOCK_UNKNOWN:
    case BLOCK_TYPE_COUNT:
        put_named(b, name, STR_NONE, v->unknown.raw);
        break;
    }
    buf_putc(b, '\n');
}

static inline struct str said(struct arena *a, const struct message *m)
{
    struct buf b;
    buf_init(&b, a, MIB(16));
    for (size_t i = 0; i < m->block_count; i++)
        put_block(&b, &m->blocks[i]);
    return buf_str(&b);
}

/* "role[ hidden][ off]: " and the blocks, for each message. */
static inline struct str told(struct arena *a, const struct conversation *c)
{
    struct buf b;
    buf_init(&b, a, MIB(16));
    for (size_t i = 0; i < c->message_count; i++) {
        const struct message *m = &c->messages[i];
        buf_putf(&b, "%s%s%s\n", role_name(m->role), m->hidden ? " hidden" : "",
                 m->on_path ? "" : " off");
        buf_put(&b, said(a, m));
    }
    return buf_str(&b);
}

static inline bool found(const struct conversation *c, const char *code)
{
    for (size_t i = 0; i < c->finding_count; i++)
        if (strcmp(finding_name(c->findings[i].code), code) == 0)
            return true;
    return false;
}

/* JSON is easier to read in C with ' for ". */
static inline struct str json_text(struct arena *a, const char *text)
{
    char *z = str_cstr(a, str_from(text));
    assert_non_null(z);
    for (char *p = z; *p; p++)
        if (*p == '\'')
            *p = '"';
    return str_from(z);
}

static inline struct json json_of(struct arena *a, const char *text)
{
    struct json v;
    assert_ok(json_parse(a, json_text(a, text), JSON_FOREIGN_DEPTH_MAX, &v));
    return v;
}

#endif
