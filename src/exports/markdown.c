/* A conversation as a Markdown page for Obsidian, and for everything else that reads CommonMark: front matter, a heading for each
 * message, fences longer than what they hold, folded what is not the answer, footnotes for sources. */
#include "exports/inside.h"

struct page {
    struct buf *out;
    struct arena *a;
    const struct media_names *media;
    size_t notes; /* so far */
};

/* --- pieces ------------------------------------------------------------------------------------ */

/* In double quotes every character of YAML stands for itself or has an escape. */
static void put_yaml(struct buf *out, const char *key, struct str v)
{
    if (!v.s)
        return;
    buf_putf(out, "%s: \"", key);
    for (size_t i = 0; i < v.n; i++) {
        char c = v.s[i];
        if (c == '"' || c == '\\')
            buf_putc(out, '\\');
        if ((unsigned char)c < 0x20 || c == 0x7f)
            buf_putf(out, "\\x%02x", (unsigned)c);
        else
            buf_putc(out, c);
    }
    buf_put(out, S("\"\n"));
}

static void put_time(struct buf *out, const char *key, int64_t ms)
{
    char text[TIME_TEXT_BYTES + 1];
    if (ms != TIME_NONE && time_text(ms, text))
        buf_putf(out, "%s: %s\n", key, text);
}

/* Text on one line in which no mark counts. */
static void put_plain(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.s[i];
        if (c == '\n' || c == '\r' || c == '\t') {
            buf_putc(out, ' ');
            continue;
        }
        if (c && strchr("\\`*_{}[]<>#|~$", c))
            buf_putc(out, '\\');
        buf_putc(out, c);
    }
}

/* An address as the target of a link: between angle brackets, which hold all but themselves and line ends. */
static void put_target(struct buf *out, struct str url)
{
    static const char HEX[] = "0123456789ABCDEF";
    buf_putc(out, '<');
    for (size_t i = 0; i < url.n; i++) {
        unsigned char c = (unsigned char)url.s[i];
        if (c <= 0x20 || c == '<' || c == '>' || c == '\\' || c == 0x7f) {
            buf_putc(out, '%');
            buf_putc(out, HEX[c >> 4]);
            buf_putc(out, HEX[c & 15]);
        } else
            buf_putc(out, (char)c);
    }
    buf_putc(out, '>');
}

static size_t longest_run(struct str s, char c)
{
    size_t longest = 0, run = 0;
    for (size_t i = 0; i < s.n; i++) {
        run = s.s[i] == c ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static void put_fence(struct buf *out, struct str language, struct str code)
{
    size_t fence = longest_run(code, '`') + 1;
    fence = fence < 3 ? 3 : fence;
    for (size_t i = 0; i < fence; i++)
        buf_putc(out, '`');
    for (size_t i = 0; i < language.n && i < 60;
         i++) /* an info string is one line without backticks */
        if (language.s[i] != '`' && (unsigned char)language.s[i] >= 0x20)
            buf_putc(out, language.s[i]);
    buf_putc(out, '\n');
    buf_put(out, code);
    if (!code.n || code.s[code.n - 1] != '\n')
        buf_putc(out, '\n');
    for (size_t i = 0; i < fence; i++)
        buf_putc(out, '`');
    buf_put(out, S("\n\n"));
}

static void put_folded(struct buf *out, const char *what, struct str name)
{
    buf_put(out, S("<details><summary>"));
    page_escape(out, str_from(what));
    if (name.n) {
        buf_put(out, S(": "));
        for (size_t i = 0; i < name.n; i++) /* an element of HTML ends at an empty line */
            page_escape(out,
                        name.s[i] == '\n' || name.s[i] == '\r' ? S(" ") : str_sub(name, i, i + 1));
    }
    buf_put(out, S("</summary>\n\n"));
}

static void end_folded(struct buf *out)
{
    buf_put(out, S("</details>\n\n"));
}

/* --- blocks -------------------------------------------------------------------------------------- */

static void put_cell(struct buf *out, struct str cell)
{
    buf_put(out, S(" "));
    for (size_t i = 0; i < cell.n; i++) {
        if (cell.s[i] == '|' && (i == 0 || cell.s[i - 1] != '\\'))
            buf_putc(out, '\\');
        if (cell.s[i] == '\n')
            buf_put(out, S("<br>"));
        else if (cell.s[i] != '\r')
            buf_putc(out, cell.s[i]);
    }
    buf_put(out, S(" |"));
}

static void put_table(struct buf *out, const struct block *b)
{
    buf_putc(out, '|');
    for (size_t i = 0; i < b->table.columns; i++)
        put_cell(out, b->table.header[i]);
    buf_put(out, S("\n|"));
    for (size_t i = 0; i < b->table.columns; i++)
        buf_put(out, S(" --- |"));
    for (size_t r = 0; r < b->table.rows; r++) {
        buf_put(out, S("\n|"));
        for (size_t i = 0; i < b->table.columns; i++)
            put_cell(out, b->table.cells[r * b->table.columns + i]);
    }
    buf_put(out, S("\n\n"));
}

/* A picture that is stored, else where it was. */
static void put_image(struct page *p, const struct block *b)
{
    struct str type, name = p->media->find(p->media->context, b->image.sha256, &type);
    struct str target = name.s ? name : b->image.source_url;
    buf_put(p->out, name.s ? S("![") : target.n ? S("[") : S(""));
    put_plain(p->out, b->image.alt.n ? b->image.alt : S("picture"));
    if (target.n) {
        buf_put(p->out, S("]("));
        put_target(p->out, target);
        buf_putc(p->out, ')');
    }
    if (!name.s)
        buf_put(p->out, S(" (not stored)"));
    buf_put(p->out, S("\n\n"));
}

static void put_file(struct page *p, const struct block *b)
{
    struct str type, name = p->media->find(p->media->context, b->file.sha256, &type);
    struct str called = b->file.name.n ? b->file.name : S("file");
    buf_put(p->out, S("File: "));
    if (name.s)
        buf_putc(p->out, '[');
    put_plain(p->out, called);
    if (name.s) {
        buf_put(p->out, S("]("));
        put_target(p->out, name);
        buf_putc(p->out, ')');
    }
    buf_put(p->out, S("\n\n"));
    if (!b->file.text.n)
        return;
    put_folded(p->out, "What was read out of it", STR_NONE);
    put_fence(p->out, STR_NONE, b->file.text);
    end_folded(p->out);
}

static struct str language_of(struct str kind)
{
    if (str_ends(kind, S("html")))
        return S("html");
    if (str_ends(kind, S("markdown")))
        return S("markdown");
    if (str_ends(kind, S("svg+xml")))
        return S("svg");
    if (str_ends(kind, S("react")))
        return S("jsx");
    if (str_ends(kind, S("mermaid")))
        return S("mermaid");
    return str_find_char(kind, '/', 0) < kind.n ? STR_NONE : kind;
}

static void put_folded_code(struct page *p, const char *what, struct str name, struct str language,
                            struct str code)
{
    put_folded(p->out, what, name);
    put_fence(p->out, language, code);
    end_folded(p->out);
}

static void put_text(struct page *p, struct str markdown)
{
    buf_put(p->out, markdown);
    buf_put(p->out, S("\n\n"));
}

static void put_block(struct page *p, const struct block *b)
{
    switch (b->type) {
    case BLOCK_TEXT:
        put_text(p, b->text.markdown);
        break;
    case BLOCK_CODE:
        put_fence(p->out, b->code.language, b->code.code);
        break;
    case BLOCK_TABLE:
        put_table(p->out, b);
        break;
    case BLOCK_MATH:
        buf_putf(p->out, "$$\n%.*s\n$$\n\n", STR_ARG(str_trim(b->math.tex)));
        break;
    case BLOCK_MERMAID:
        put_fence(p->out, S("mermaid"), b->mermaid.code);
        break;
    case BLOCK_IMAGE:
        put_image(p, b);
        break;
    case BLOCK_FILE:
        put_file(p, b);
        break;
    case BLOCK_TOOL_CALL:
        put_folded_code(p, "Tool call", b->tool_call.name, S("json"), b->tool_call.arguments);
        break;
    case BLOCK_TOOL_RESULT:
        put_folded_code(p, b->tool_result.is_error ? "Tool result (failed)" : "Tool result",
                        STR_NONE, STR_NONE, b->tool_result.content);
        break;
    case BLOCK_THINKING:
        put_folded(p->out, "Thinking", b->thinking.summary);
        put_text(p, b->thinking.text.n ? b->thinking.text : b->thinking.summary);
        end_folded(p->out);
        break;
    case BLOCK_CITATION:
        break;
    case BLOCK_ARTIFACT:
        buf_put(p->out, S("**"));
        put_plain(p->out, b->artifact.title.n ? b->artifact.title : S("Artifact"));
        buf_put(p->out, S("**\n\n"));
        put_fence(p->out, language_of(b->artifact.kind), b->artifact.content);
        break;
    case BLOCK_UNKNOWN:
    case BLOCK_TYPE_COUNT:
        put_folded_code(p, "Not understood", STR_NONE, S("json"), b->unknown.raw);
        break;
    }
}

/* --- the page ------------------------------------------------------------------------------------ */

static void put_notes(struct page *p, const struct notes *notes)
{
    for (size_t i = 0; i < notes->count; i++) {
        const struct note *n = &notes->items[i];
        buf_putf(p->out, "[^s%zu]: [", p->notes + i + 1);
        put_plain(p->out, n->title.n ? n->title : n->url.n ? n->url : S("source"));
        buf_put(p->out, S("]("));
        put_target(p->out, n->url);
        buf_put(p->out, S(")\n"));
    }
    if (notes->count)
        buf_putc(p->out, '\n');
    p->notes += notes->count;
}

static void put_blocks(struct page *p, struct block *blocks, size_t count)
{
    struct notes notes = { 0 };
    for (size_t i = 0; i < count; i++) {
        struct block b = blocks[i];
        if (b.type == BLOCK_TEXT)
            b.text.markdown =
                notes_set(p->a, &notes, blocks, count, i, p->notes + 1, S("[^s"), S("]"));
        else if (b.type == BLOCK_CITATION && (i == 0 || (blocks[i - 1].type != BLOCK_CITATION &&
                                                         blocks[i - 1].type != BLOCK_TEXT))) {
            struct block alone[2] = { { .type = BLOCK_TEXT, .text = { S("") } }, b };
            put_text(p, notes_set(p->a, &notes, alone, 2, 0, p->notes + 1, S("[^s"), S("]")));
        }
        put_block(p, &b);
    }
    put_notes(p, &notes);
}

static void put_head(struct page *p, const struct archive_conversation *c, size_t count)
{
    struct buf *out = p->out;
    buf_put(out, S("---\n"));
    put_yaml(out, "title", c->title.s ? c->title : S("Untitled"));
    put_yaml(out, "provider", c->provider);
    put_yaml(out, "model", c->model);
    put_time(out, "created", c->created_ms);
    put_time(out, "updated", c->updated_ms);
    put_time(out, "captured", c->captured_ms);
    put_yaml(out, "source", c->source_url);
    put_yaml(out, "source_id", c->origin_id);
    buf_putf(out, "messages: %zu\n", count);
    put_yaml(out, "hash", c->hash);
    buf_put(out, S("---\n\n# "));
    put_plain(out, c->title.n ? c->title : S("Untitled"));
    buf_put(out, S("\n\n"));
}

static const char *speaker(struct str role)
{
    return str_eq(role, S("user"))        ? "You"
           : str_eq(role, S("assistant")) ? "Assistant"
           : str_eq(role, S("system"))    ? "System"
                                          : "Tool";
}

err_t markdown_write(struct buf *out, struct arena *a, const struct whole *w,
                     const struct media_names *media)
{
    struct page p = { out, a, media, 0 };
    struct str before = STR_NONE, author = STR_NONE;
    put_head(&p, &w->row, w->count);
    for (size_t i = 0; i < w->count; i++) {
        const struct archive_message *m = &w->messages[i];
        struct json array;
        struct block *blocks;
        size_t count;
        TRY(json_parse(a, m->blocks, JSON_DEPTH_MAX, &array));
        TRY(blocks_read(a, array, &blocks, &count));
        if (!str_eq(before, m->role) || !str_eq(author, m->author) || str_eq(m->role, S("user"))) {
            buf_putf(out, "## %s", speaker(m->role));
            if (m->author.n) {
                buf_put(out, S(" ("));
                put_plain(out, m->author);
                buf_putc(out, ')');
            }
            buf_put(out, S("\n\n"));
        }
        put_blocks(&p, blocks, count);
        before = m->role;
        author = m->author;
    }
    while (out->n > 1 && out->s[out->n - 1] == '\n' && out->s[out->n - 2] == '\n')
        out->n--;
    return buf_err(out) ? buf_err(out) : arena_err(a);
}
