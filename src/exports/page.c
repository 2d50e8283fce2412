/* A conversation as a page of its own: it needs no other file but pictures beside it, runs nothing and fetches nothing. What it looks
 * like is page.css, inside of it. */
#include "base/embedded.h"
#include "exports/inside.h"

extern const struct embedded_file EXPORT_FILES[];

struct page {
    struct buf *out;
    struct arena *a;
    const struct media_names *media;
    size_t message, notes; /* of the page so far */
};

#define PUT(text) buf_put(p->out, S(text))

/* --- pieces ---------------------------------------------------------------------------------------- */

static void escape(struct page *p, struct str s)
{
    page_escape(p->out, s);
}

static bool is_web(struct str url)
{
    return str_eq_nocase(str_sub(url, 0, 7), S("http://")) ||
           str_eq_nocase(str_sub(url, 0, 8), S("https://"));
}

static void put_link(struct page *p, struct str url, struct str words)
{
    bool good = is_web(url);
    if (good) {
        PUT("<a rel=\"noopener noreferrer nofollow\" href=\"");
        escape(p, url);
        PUT("\">");
    }
    escape(p, words);
    if (good)
        PUT("</a>");
}

static void put_pre(struct page *p, struct str label, struct str code)
{
    PUT("<figure class=\"code\">");
    if (label.n) {
        PUT("<figcaption>");
        escape(p, label);
        PUT("</figcaption>");
    }
    PUT("<pre><code>");
    escape(p, code);
    PUT("</code></pre></figure>\n");
}

static void put_fold(struct page *p, const char *what, struct str name)
{
    PUT("<details><summary>");
    escape(p, str_from(what));
    if (name.n) {
        PUT(": ");
        escape(p, name);
    }
    PUT("</summary>\n");
}

static void put_folded_pre(struct page *p, const char *what, struct str name, struct str code)
{
    put_fold(p, what, name);
    put_pre(p, STR_NONE, code);
    PUT("</details>\n");
}

/* --- blocks ---------------------------------------------------------------------------------------- */

/* A cell's text: one paragraph stands without its element. */
static void put_cell(struct page *p, struct str cell)
{
    size_t from = p->out->n;
    (void)!page_text(p->out, p->a, cell); /* the buffer or the arena says so */
    struct str html = str_sub(buf_str(p->out), from, p->out->n);
    if (!str_starts(html, S("<p>")) || str_find(html, S("</p>\n"), 0) != html.n - 5)
        return;
    memmove(p->out->s + from, html.s + 3, html.n - 8);
    p->out->n -= 8;
}

static void put_table(struct page *p, const struct block *b)
{
    PUT("<div class=\"wide\"><table><thead><tr>");
    for (size_t i = 0; i < b->table.columns; i++) {
        PUT("<th>");
        put_cell(p, b->table.header[i]);
        PUT("</th>");
    }
    PUT("</tr></thead><tbody>\n");
    for (size_t r = 0; r < b->table.rows; r++) {
        PUT("<tr>");
        for (size_t i = 0; i < b->table.columns; i++) {
            PUT("<td>");
            put_cell(p, b->table.cells[r * b->table.columns + i]);
            PUT("</td>");
        }
        PUT("</tr>\n");
    }
    PUT("</tbody></table></div>\n");
}

static void put_absent(struct page *p, const char *what, struct str name, struct str url)
{
    buf_putf(p->out, "<p class=\"absent\">%s, not stored: ", what);
    put_link(p, url, name.n ? name : url.n ? url : S("without a name"));
    PUT("</p>\n");
}

static void put_image(struct page *p, const struct block *b)
{
    struct str type, name = p->media->find(p->media->context, b->image.sha256, &type);
    if (!name.s || !str_starts(type, S("image/"))) {
        put_absent(p, "Picture", b->image.alt, b->image.source_url);
        return;
    }
    PUT("<figure class=\"picture\"><img alt=\"");
    escape(p, b->image.alt);
    PUT("\" src=\"");
    escape(p, name);
    PUT("\">");
    if (b->image.alt.n) {
        PUT("<figcaption>");
        escape(p, b->image.alt);
        PUT("</figcaption>");
    }
    PUT("</figure>\n");
}

static void put_file(struct page *p, const struct block *b)
{
    struct str type, name = p->media->find(p->media->context, b->file.sha256, &type);
    struct str called = b->file.name.n ? b->file.name : S("file");
    if (name.s && (str_starts(type, S("audio/")) || str_starts(type, S("video/")))) {
        bool sound = str_starts(type, S("audio/"));
        buf_putf(p->out, "<figure><%s controls src=\"", sound ? "audio" : "video");
        escape(p, name);
        buf_putf(p->out, "\"></%s><figcaption>", sound ? "audio" : "video");
        escape(p, called);
        PUT("</figcaption></figure>\n");
    } else if (name.s) {
        PUT("<p class=\"file\">File: <a download=\"");
        escape(p, called);
        PUT("\" href=\"");
        escape(p, name);
        PUT("\">");
        escape(p, called);
        PUT("</a></p>\n");
    } else
        put_absent(p, "File", called, STR_NONE);
    if (b->file.text.n)
        put_folded_pre(p, "What was read out of it", STR_NONE, b->file.text);
}

static void put_artifact(struct page *p, const struct block *b)
{
    PUT("<section class=\"artifact\"><h3>");
    escape(p, b->artifact.title.n ? b->artifact.title : S("Artifact"));
    PUT("</h3>\n");
    if (str_ends(b->artifact.kind, S("markdown")))
        (void)!page_text(p->out, p->a, b->artifact.content);
    else
        put_pre(p, b->artifact.kind, b->artifact.content);
    PUT("</section>\n");
}

static err_t put_block(struct page *p, const struct block *b)
{
    switch (b->type) {
    case BLOCK_TEXT:
        return page_text(p->out, p->a, b->text.markdown);
    case BLOCK_CODE:
        put_pre(p, b->code.language, b->code.code);
        break;
    case BLOCK_TABLE:
        put_table(p, b);
        break;
    case BLOCK_MATH:
        PUT("<div class=\"tex display\">");
        escape(p, str_trim(b->math.tex));
        PUT("</div>\n");
        break;
    case BLOCK_MERMAID:
        put_pre(p, S("mermaid"), b->mermaid.code);
        break;
    case BLOCK_IMAGE:
        put_image(p, b);
        break;
    case BLOCK_FILE:
        put_file(p, b);
        break;
    case BLOCK_TOOL_CALL:
        put_folded_pre(p, "Tool call", b->tool_call.name, b->tool_call.arguments);
        break;
    case BLOCK_TOOL_RESULT:
        put_folded_pre(p, b->tool_result.is_error ? "Tool result (failed)" : "Tool result",
                       STR_NONE, b->tool_result.content);
        break;
    case BLOCK_THINKING:
        put_fold(p, "Thinking", b->thinking.summary);
        TRY(page_text(p->out, p->a, b->thinking.text.n ? b->thinking.text : b->thinking.summary));
        PUT("</details>\n");
        break;
    case BLOCK_CITATION:
        break;
    case BLOCK_ARTIFACT:
        put_artifact(p, b);
        break;
    case BLOCK_UNKNOWN:
    case BLOCK_TYPE_COUNT:
        put_folded_pre(p, "Not understood", STR_NONE, b->unknown.raw);
        break;
    }
    return OK;
}

/* --- a message -------------------------------------------------------------------------------------- */

/* The marks of notes_set, once the text around them is HTML: U+E000 number U+E001. */
#define MARK_OPEN  "\xee\x80\x80"
#define MARK_CLOSE "\xee\x80\x81"

/* Ours alone, whatever the source holds. */
static struct str without_marks(struct arena *a, struct str s)
{
    struct buf b;
    size_t from = 0;
    if (str_find(s, S(MARK_OPEN), 0) == s.n && str_find(s, S(MARK_CLOSE), 0) == s.n)
        return s;
    buf_init(&b, a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        if (str_starts(str_sub(s, i, s.n), S(MARK_OPEN)) ||
            str_starts(str_sub(s, i, s.n), S(MARK_CLOSE))) {
            buf_put(&b, str_sub(s, from, i));
            from = i + 3;
        }
    buf_put(&b, str_sub(s, from, s.n));
    return buf_str(&b);
}

static err_t link_marks(struct page *p, size_t from)
{
    struct str all = str_dup(p->a, str_sub(buf_str(p->out), from, p->out->n));
    if (!all.s)
        return arena_err(p->a);
    p->out->n = from;
    for (size_t at = 0; at < all.n;) {
        size_t open = str_find(all, S(MARK_OPEN), at);
        size_t close = open < all.n ? str_find(all, S(MARK_CLOSE), open) : all.n;
        int64_t n;
        buf_put(p->out, str_sub(all, at, open));
        at = open + 3;
        if (close - open > 30 || close == all.n ||
            str_to_i64(str_sub(all, open + 3, close), &n) != OK)
            continue; /* not one of ours */
        buf_putf(p->out, "<sup><a href=\"#s%lld\">%lld</a></sup>", (long long)n, (long long)n);
        at = close + 3;
    }
    return buf_err(p->out);
}

static void put_notes(struct page *p, const struct notes *notes)
{
    if (!notes->count)
        return;
    buf_putf(p->out, "<ol class=\"notes\" start=\"%zu\">\n", p->notes + 1);
    for (size_t i = 0; i < notes->count; i++) {
        const struct note *n = &notes->items[i];
        buf_putf(p->out, "<li id=\"s%zu\">", p->notes + i + 1);
        put_link(p, n->url, n->title.n ? n->title : n->url);
        PUT("</li>\n");
    }
    PUT("</ol>\n");
    p->notes += notes->count;
}

static err_t put_blocks(struct page *p, struct block *blocks, size_t count)
{
    struct notes notes = { 0 };
    for (size_t i = 0; i < count; i++) {
        if (blocks[i].type == BLOCK_TEXT)
            blocks[i].text.markdown = without_marks(p->a, blocks[i].text.markdown);
        struct block b = blocks[i];
        size_t from = p->out->n;
        bool alone =
            b.type == BLOCK_CITATION &&
            (i == 0 || (blocks[i - 1].type != BLOCK_CITATION && blocks[i - 1].type != BLOCK_TEXT));
        if (b.type == BLOCK_TEXT)
            b.text.markdown = notes_set(p->a, &notes, blocks, count, i, p->notes + 1, S(MARK_OPEN),
                                        S(MARK_CLOSE));
        if (alone) {
            struct block two[2] = { { .type = BLOCK_TEXT, .text = { S("") } }, b };
            b.type = BLOCK_TEXT;
            b.text.markdown =
                notes_set(p->a, &notes, two, 2, 0, p->notes + 1, S(MARK_OPEN), S(MARK_CLOSE));
        }
        TRY(put_block(p, &b));
        if (b.type == BLOCK_TEXT)
            TRY(link_marks(p, from));
    }
    put_notes(p, &notes);
    return OK;
}

static const char *speaker(struct str role)
{
    return str_eq(role, S("user"))        ? "You"
           : str_eq(role, S("assistant")) ? "Assistant"
           : str_eq(role, S("system"))    ? "System"
                                          : "Tool";
}

static err_t put_message(struct page *p, const struct archive_message *m, bool continued)
{
    char time[TIME_TEXT_BYTES + 1];
    struct json array;
    struct block *blocks;
    size_t count;
    TRY(json_parse(p->a, m->blocks, JSON_DEPTH_MAX, &array));
    TRY(blocks_read(p->a, array, &blocks, &count));
    ++p->message;
    if (!count)
        return OK; /* a node of the provider's that says nothing */
    buf_putf(p->out, "<article id=\"m%zu\" class=\"%.*s\">\n", p->message, STR_ARG(m->role));
    if (!continued) {
        PUT("<header><h2>");
        escape(p, str_from(speaker(m->role)));
        PUT("</h2>");
        if (m->author.n || m->model.n) {
            PUT("<span>");
            escape(p, m->author.n ? m->author : m->model);
            PUT("</span>");
        }
        if (m->created_ms != TIME_NONE && time_text(m->created_ms, time))
            buf_putf(p->out, "<time datetime=\"%s\">%.10s</time>", time, time);
        PUT("</header>\n");
    }
    TRY(put_blocks(p, blocks, count));
    PUT("</article>\n");
    return OK;
}

/* --- the page ------------------------------------------------------------------------------------------ */

static void put_start(struct buf *out, struct str title)
{
    buf_put(out, S("<!DOCTYPE html>\n<html lang=\"\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                   "<meta name=\"color-scheme\" content=\"light dark\">\n"
                   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                   "style-src 'unsafe-inline'; img-src 'self' data: file:; media-src 'self' data: "
                   "file:; base-uri 'none'; form-action 'none'\">\n"
                   "<meta name=\"referrer\" content=\"no-referrer\">\n<title>"));
    page_escape(out, title.n ? title : S("Untitled"));
    buf_put(out, S("</title>\n<style>\n"));
    buf_put(out, embedded_bytes(&EXPORT_FILES[0]));
    buf_put(out, S("</style>\n</head>\n<body>\n"));
}

static void put_date(struct buf *out, const char *what, int64_t ms)
{
    char text[TIME_TEXT_BYTES + 1];
    if (ms != TIME_NONE && time_text(ms, text))
        buf_putf(out, "<span>%s <time datetime=\"%s\">%.10s</time></span>\n", what, text, text);
}

static void put_head(struct page *p, const struct archive_conversation *c)
{
    PUT("<header class=\"head\">\n<p>");
    escape(p, c->provider);
    if (c->model.n) {
        PUT(" · ");
        escape(p, c->model);
    }
    PUT("</p>\n<h1>");
    escape(p, c->title.n ? c->title : S("Untitled"));
    PUT("</h1>\n<p>");
    put_date(p->out, "begun", c->created_ms);
    put_date(p->out, "captured", c->captured_ms);
    if (is_web(c->source_url)) {
        PUT("<span>");
        put_link(p, c->source_url, c->source_url);
        PUT("</span>");
    }
    PUT("</p>\n</header>\n<main>\n");
}

err_t page_write(struct buf *out, struct arena *a, const struct whole *w,
                 const struct media_names *media)
{
    struct page page = { .out = out, .a = a, .media = media }, *p = &page;
    put_start(out, w->row.title);
    put_head(p, &w->row);
    for (size_t i = 0; i < w->count; i++) {
        const struct archive_message *m = &w->messages[i], *before = i ? &w->messages[i - 1] : NULL;
        bool continued = before && !str_eq(m->role, S("user")) && str_eq(before->role, m->role) &&
                         str_eq(before->author, m->author);
        TRY(put_message(p, m, continued));
    }
    PUT("</main>\n</body>\n</html>\n");
    return buf_err(out) ? buf_err(out) : arena_err(a);
}

void page_index_begin(struct buf *out, size_t count)
{
    put_start(out, S("Conversations"));
    buf_putf(out,
             "<header class=\"head\"><h1>Conversations</h1><p>%zu</p></header>\n<main>\n<ul "
             "class=\"index\">\n",
             count);
}

void page_index_line(struct buf *out, struct str file_name, const struct archive_conversation *c)
{
    char text[TIME_TEXT_BYTES + 1];
    int64_t ms = c->created_ms == TIME_NONE ? c->captured_ms : c->created_ms;
    buf_put(out, S("<li><a href=\""));
    page_escape(out, file_name);
    buf_put(out, S("\">"));
    page_escape(out, c->title.n ? c->title : S("Untitled"));
    buf_put(out, S("</a> <span>"));
    page_escape(out, c->provider);
    if (ms != TIME_NONE && time_text(ms, text))
        buf_putf(out, " · %.10s", text);
    buf_put(out, S("</span></li>\n"));
}

void page_index_end(struct buf *out)
{
    buf_put(out, S("</ul>\n</main>\n</body>\n</html>\n"));
}
