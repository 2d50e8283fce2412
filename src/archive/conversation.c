/* Names, the growing lists, and the plain words of blocks. */
#include "archive/conversation.h"

#include <stdarg.h>
#include <stdio.h>

#include "archive/markdown.h"
#include "base/limits.h"
#include "base/utf8.h"

enum { FINDINGS_MAX = 200, FINDING_DETAIL_BYTES_MAX = 300, LIST_FIRST = 1 };

static const char *const ROLE_NAMES[ROLE_COUNT] = { "user", "assistant", "system", "tool" };

static const char *const BLOCK_TYPE_NAMES[BLOCK_TYPE_COUNT] = {
    [BLOCK_TEXT] = "text",
    [BLOCK_CODE] = "code",
    [BLOCK_TABLE] = "table",
    [BLOCK_MATH] = "math",
    [BLOCK_MERMAID] = "mermaid",
    [BLOCK_IMAGE] = "image",
    [BLOCK_FILE] = "file",
    [BLOCK_TOOL_CALL] = "tool_call",
    [BLOCK_TOOL_RESULT] = "tool_result",
    [BLOCK_THINKING] = "thinking",
    [BLOCK_CITATION] = "citation",
    [BLOCK_ARTIFACT] = "artifact",
    [BLOCK_UNKNOWN] = "unknown",
};

static bool name_find(const char *const *names, size_t count, struct str name, size_t *ret)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(name, str_from(names[i]))) {
            *ret = i;
            return true;
        }
    }
    return false;
}

const char *role_name(enum role r)
{
    assert((unsigned)r < ROLE_COUNT);
    return ROLE_NAMES[r];
}

bool role_parse(struct str name, enum role *ret)
{
    size_t i;
    if (!name_find(ROLE_NAMES, ROLE_COUNT, name, &i))
        return false;
    *ret = (enum role)i;
    return true;
}

const char *block_type_name(enum block_type t)
{
    assert((unsigned)t < BLOCK_TYPE_COUNT);
    return BLOCK_TYPE_NAMES[t];
}

bool block_type_parse(struct str name, enum block_type *ret)
{
    size_t i;
    if (!name_find(BLOCK_TYPE_NAMES, BLOCK_TYPE_COUNT, name, &i))
        return false;
    *ret = (enum block_type)i;
    return true;
}

void conversation_init(struct conversation *c, const char *provider)
{
    *c = (struct conversation){ .provider = provider,
                                .created_ms = TIME_NONE,
                                .updated_ms = TIME_NONE };
    c->source.captured_ms = TIME_NONE;
}

/* Room for one more element in a list that doubles at each power of two: most messages are one block. */
static void *list_grow(struct arena *a, void *list, size_t count, size_t size, size_t max)
{
    if (count >= max)
        return NULL;
    if (count != 0 && (count < LIST_FIRST || (count & (count - 1)) != 0))
        return list;
    void *grown = arena_array(a, count == 0 ? LIST_FIRST : count * 2, size);
    if (grown && count)
        memcpy(grown, list, count * size);
    return grown;
}

struct block *block_add(struct arena *a, struct message *m, enum block_type type)
{
    struct block *list = list_grow(a, m->blocks, m->block_count, sizeof *list, MESSAGE_BLOCKS_MAX);
    if (!list)
        return NULL;
    m->blocks = list;
    struct block *b = &list[m->block_count++];
    *b = (struct block){ .type = type };
    if (type == BLOCK_IMAGE)
        b->image.width = b->image.height = -1;
    if (type == BLOCK_CITATION)
        b->citation.start = b->citation.end = -1;
    return b;
}

void conversation_reserve(struct arena *a, struct conversation *c, size_t messages)
{
    struct message *list =
        messages > c->message_room ? ARENA_ARRAY(a, struct message, messages) : NULL;
    if (!list)
        return;
    if (c->message_count)
        memcpy(list, c->messages, c->message_count * sizeof *list);
    c->messages = list;
    c->message_room = messages;
}

struct message *message_add(struct arena *a, struct conversation *c)
{
    if (c->message_count >= CONVERSATION_MESSAGES_MAX)
        return NULL;
    if (c->message_count >= c->message_room)
        conversation_reserve(a, c, c->message_count ? 2 * c->message_count : LIST_FIRST);
    if (c->message_count >= c->message_room)
        return NULL; /* the arena's */
    struct message *m = &c->messages[c->message_count++];
    *m = (struct message){ .created_ms = TIME_NONE, .on_path = true };
    return m;
}

/* E_BUSY: it could not be found out. */
static err_t has_canonical_form(struct str text, bool *ret)
{
    CLEANUP(arena_free) struct arena scratch = { 0 };
    struct json again;
    struct buf canonical;
    arena_init(&scratch, CONVERSATION_BYTES_MAX * 4);
    buf_init(&canonical, &scratch, CONVERSATION_BYTES_MAX);
    err_t e = json_parse(&scratch, text, UNKNOWN_DEPTH_MAX, &again);
    if (e == OK)
        e = json_canonical(&scratch, again, &canonical);
    if (e == E_BUSY)
        return e;
    err_clear();
    *ret = e == OK;
    return OK;
}

err_t block_keep_raw(struct arena *a, struct block *b, struct json v)
{
    struct buf text, quoted;
    struct json_out o;
    bool canonical;
    buf_init(&text, a, CONVERSATION_BYTES_MAX);
    jo_init(&o, &text);
    jo_value(&o, v);
    TRY(buf_err(&text));
    b->unknown.raw = buf_str(&text);
    TRY(has_canonical_form(buf_str(&text), &canonical));
    if (canonical)
        return OK;
    buf_init(&quoted, a, CONVERSATION_BYTES_MAX);
    jo_init(&o, &quoted);
    jo_str(&o, buf_str(&text));
    b->unknown.raw = buf_str(&quoted);
    return buf_err(&quoted);
}

void finding_add(struct arena *a, struct conversation *c, enum finding_code code,
                 const char *format, ...)
{
    char text[FINDING_DETAIL_BYTES_MAX + 1];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t length = n < 0 ? 0 : (size_t)n >= sizeof text ? sizeof text - 1 : (size_t)n;
    struct str detail = utf8_cut(str_of(text, length), FINDING_DETAIL_BYTES_MAX);

    for (size_t i = 0; i < c->finding_count; i++) {
        const struct finding *f = &c->findings[i];
        if (f->code == code && str_eq(f->detail, detail))
            return;
    }
    struct finding *list = list_grow(a, c->findings, c->finding_count, sizeof *list, FINDINGS_MAX);
    if (!list)
        return;
    c->findings = list;
    list[c->finding_count++] = (struct finding){ code, utf8_repair(a, str_dup(a, detail)) };
}

static void words_put(struct buf *out, struct str s)
{
    if (s.n == 0)
        return;
    if (out->n && out->s[out->n - 1] != '\n')
        buf_putc(out, '\n');
    buf_put(out, s);
}

static void text_words(struct buf *out, struct str markdown)
{
    if (markdown.n && out->n && out->s[out->n - 1] != '\n')
        buf_putc(out, '\n');
    markdown_words(markdown, out);
}

static void table_words(struct buf *out, const struct block *b)
{
    for (size_t i = 0; i < b->table.columns; i++)
        words_put(out, b->table.header[i]);
    for (size_t i = 0; i < b->table.rows * b->table.columns; i++)
        words_put(out, b->table.cells[i]);
}

/* What stands beside what was said: how it was thought up … */
static void thinking_words(struct buf *out, const struct block *b)
{
    if (b->type == BLOCK_THINKING) {
        words_put(out, b->thinking.summary);
        words_put(out, b->thinking.text);
    }
}

/* … what tools were asked and what they gave. */
static void tool_words(struct buf *out, const struct block *b, bool with_calls)
{
    if (b->type == BLOCK_TOOL_RESULT) {
        words_put(out, b->tool_result.content);
    } else if (b->type == BLOCK_TOOL_CALL && with_calls) {
        words_put(out, b->tool_call.name);
        words_put(out, b->tool_call.arguments);
    }
}

static void said_words(struct buf *out, const struct block *b)
{
    switch (b->type) {
    case BLOCK_TEXT:
        text_words(out, b->text.markdown);
        break;
    case BLOCK_CODE:
        words_put(out, b->code.code);
        break;
    case BLOCK_TABLE:
        table_words(out, b);
        break;
    case BLOCK_MATH:
        words_put(out, b->math.tex);
        break;
    case BLOCK_MERMAID:
        words_put(out, b->mermaid.code);
        break;
    case BLOCK_IMAGE:
        words_put(out, b->image.alt);
        break;
    case BLOCK_FILE:
        words_put(out, b->file.name);
        words_put(out, b->file.text);
        break;
    case BLOCK_CITATION:
        words_put(out, b->citation.title);
        break;
    case BLOCK_ARTIFACT:
        words_put(out, b->artifact.title);
        words_put(out, b->artifact.content);
        break;
    case BLOCK_TOOL_RESULT:
    case BLOCK_THINKING:
    case BLOCK_TOOL_CALL:
    case BLOCK_UNKNOWN:
    case BLOCK_TYPE_COUNT:
        break;
    }
}

void blocks_text(const struct block *blocks, size_t n, enum blocks_part part, struct buf *out)
{
    bool all = part == BLOCKS_ALL;
    for (size_t i = 0; i < n; i++) {
        if (all || part == BLOCKS_SAID)
            said_words(out, &blocks[i]);
        if (all || part == BLOCKS_THINKING)
            thinking_words(out, &blocks[i]);
        if (all || part == BLOCKS_TOOLS)
            tool_words(out, &blocks[i], !all);
    }
}
