/* Perplexity: /rest/thread, its export, and a thread's Markdown as its export and its API give it (research/capture.md sections 3 and 5). */
#include "archive/providers/provider.h"
#include "archive/providers/sources.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/utf8.h"

/* --- a thread's entries ------------------------------------------------------------------------------------------- */

static struct json block_of(struct json entry, struct str usage)
{
    struct json_iter it = json_iter(json_get(entry, S("blocks")));
    struct json v;
    while (json_next(&it, NULL, &v))
        if (str_eq(json_get_str(v, S("intended_usage")), usage))
            return v;
    return (struct json){ 0 };
}

static void put_entry(struct builder *b, struct json v)
{
    struct json found =
        json_get(json_get(block_of(v, S("web_results")), S("web_result_block")), S("web_results"));
    struct json answer = json_get(block_of(v, S("ask_text")), S("markdown_block"));
    struct str id = build_id(b, json_get(v, S("uuid"))), text = json_get_str(answer, S("answer"));
    int64_t ms = build_time(b, json_get(v, S("entry_updated_datetime")));
    struct message *m = build_message(b, id, STR_NONE, ROLE_USER);
    m->created_ms = ms;
    build_text(b, json_get_str(v, S("query_str")));
    m = build_message(b, STR_NONE, id, ROLE_ASSISTANT); /* an entry has one id */
    m->created_ms = ms;
    m->model = json_get_str(v, S("display_model"));
    build_sources(b, found);
    build_numbered(b, text, S("["), S("]"), found);
    if (!text.n)
        build_finding(b, FOUND_ANSWER_INCOMPLETE, S("a question has no answer in the data"));
}

/* An entry of "Export my data": the words alone. */
static void put_exported(struct builder *b, struct json v)
{
    struct str id = build_id(b, json_get(v, S("entry_uuid"))),
               answer = json_get_str(v, S("answer"));
    int64_t ms = build_time(b, json_get(v, S("created_at")));
    struct message *m = build_message(b, id, STR_NONE, ROLE_USER);
    m->created_ms = ms;
    build_text(b, json_get_str(v, S("query")));
    if (!answer.n) {
        build_finding(b, FOUND_ANSWER_INCOMPLETE, S("a question has no answer in the data"));
        return;
    }
    m = build_message(b, STR_NONE, id, ROLE_ASSISTANT);
    m->created_ms = ms;
    build_text(b, answer);
}

static bool is_exported(struct json root)
{
    return json_is(json_get(root, S("context_uuid")), JSON_STR) &&
           json_is(json_get(root, S("entries")), JSON_ARRAY);
}

static err_t read_exported(struct builder *b, struct json root)
{
    struct json_iter it = json_iter(json_get(root, S("entries")));
    struct json v;
    b->c->title = json_get_str(root, S("context_title"));
    b->c->source.id = json_get_str(root, S("context_uuid"));
    b->c->created_ms = build_time(b, json_get(root, S("created_at")));
    b->c->updated_ms = build_time(b, json_get(root, S("updated_at")));
    while (json_next(&it, NULL, &v))
        put_exported(b, v);
    return build_end(b);
}

static err_t read_thread(struct builder *b, struct json root)
{
    struct json entries = json_get(root, S("entries")), first = json_at(entries, 0), v;
    struct json_iter it = json_iter(entries);
    build_expect(b, 2 * json_count(entries));
    b->c->title = json_get_str(first, S("thread_title"));
    b->c->source.id = build_id(b, json_get(first, S("context_uuid")));
    while (json_next(&it, NULL, &v))
        put_entry(b, v);
    if (json_bool(json_get(root, S("has_next_page")), false))
        build_finding(b, FOUND_TURNS_NOT_CONTIGUOUS, S("the thread goes on behind this page"));
    return build_end(b);
}

/* --- a thread as Markdown: the question as a heading, the answer, its footnotes; roles are inferred --------------- */

/* Without the logo in front, the hidden list of unused footnotes and the mark between turns. */
static struct str without_furniture(struct builder *b, struct str text)
{
    struct buf out;
    struct str line;
    bool hidden = false, first = true;
    buf_init(&out, b->a, text.n + 1);
    while (str_cut(&text, '\n', &line)) {
        struct str s = str_trim(line);
        hidden |= str_starts(s, S("<span style=\"display:none\">"));
        bool skip = hidden || str_starts(s, S("<div align=\"center\">")) ||
                    (first && str_starts(s, S("<img ")));
        if (hidden && str_find(s, S("</span>"), 0) < s.n)
            hidden = false;
        first &= !s.n;
        if (!skip) {
            buf_put(&out, line);
            buf_putc(&out, '\n');
        }
    }
    build_fail(b, buf_err(&out));
    return buf_str(&out);
}

static void put_answer(struct builder *b, struct str text)
{
    text = str_trim(text);
    if (str_ends(text, S("\n---")))
        text = str_trim(str_sub(text, 0, text.n - 3));
    if (!text.n)
        return;
    (void)build_message(b, STR_NONE, STR_NONE, ROLE_ASSISTANT);
    build_text(b, text);
}

static err_t read_markdown(struct builder *b, struct json root)
{
    struct str name = json_get_str(root, S("filename")), bytes, line;
    err_t e = base64_decode(b->a, json_get_str(root, S("file_content_64")), &bytes);
    if (e != OK || !utf8_ok(bytes))
        return err_note(E_INVALID, NULL, "the thread's text is no base64 of UTF-8");
    b->c->title = str_ends(name, S(".md")) ? str_sub(name, 0, name.n - 3) : name;
    build_finding(b, FOUND_ROLE_INFERRED, S("questions are the first headings of their turns"));
    struct str text = without_furniture(b, bytes), rest = text;
    size_t from = 0, at = 0;
    for (; str_cut(&rest, '\n', &line); at += line.n + 1) {
        if (!str_starts(line, S("# ")))
            continue;
        put_answer(b, str_sub(text, from, at));
        (void)build_message(b, STR_NONE, STR_NONE, ROLE_USER);
        build_text(b, str_trim(str_sub(line, 2, line.n)));
        from = at + line.n + 1;
    }
    put_answer(b, str_sub(text, from, text.n));
    return build_end(b);
}

static bool is_markdown(struct json root)
{
    return json_is(json_get(root, S("file_content_64")), JSON_STR) &&
           json_is(json_get(root, S("filename")), JSON_STR);
}

static bool is_thread(struct json root)
{
    struct json entries = json_get(root, S("entries"));
    return json_is(entries, JSON_ARRAY) &&
           (json_exists(json_get(root, S("thread_metadata"))) ||
            json_exists(json_get(json_at(entries, 0), S("query_str"))));
}

static err_t perplexity_from_json(struct arena *a, struct json root, struct conversation *ret)
{
    struct builder b;
    if (!is_markdown(root) && !is_thread(root) && !is_exported(root))
        return err_note(E_INVALID, NULL, "there are no questions in the provider's data");
    build_begin(&b, a, "perplexity", ret);
    return is_markdown(root)   ? read_markdown(&b, root)
           : is_exported(root) ? read_exported(&b, root)
                               : read_thread(&b, root);
}

static bool perplexity_json_is_mine(struct json root)
{
    return is_markdown(root) || is_thread(root) || is_exported(root);
}

const struct provider PROVIDER_PERPLEXITY = { .name = "perplexity",
                                              .json_is_mine = perplexity_json_is_mine,
                                              .from_json = perplexity_from_json };
