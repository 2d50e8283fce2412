#include "archive/providers/chatgpt_documents.h"

#include "archive/providers/chatgpt_text.h"
#include "base/limits.h"

static struct json parsed(struct builder *b, struct str text)
{
    struct json v = { 0 };
    if (json_parse(b->a, text, JSON_FOREIGN_DEPTH_MAX, &v) != OK) {
        err_clear();
        return (struct json){ 0 };
    }
    return v;
}

/* --- the canvas -------------------------------------------------------------------------------- */

/* A pattern without special characters is the text itself; an escaped one stands for itself. False: it is more than that. */
static bool literal_of(struct builder *b, struct str pattern, struct str *ret)
{
    struct buf out;
    buf_init(&out, b->a, pattern.n + 1);
    for (size_t i = 0; i < pattern.n; i++) {
        char ch = pattern.s[i];
        if (ch == '\\') {
            if (++i == pattern.n)
                return false;
            ch = pattern.s[i];
            bool class =
                (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9');
            if (class && ch != 'n' && ch != 't')
                return false;
            ch = ch == 'n' ? '\n' : ch == 't' ? '\t' : ch;
        } else if (str_find_char(S("^$.|?*+()[]{}"), ch, 0) < 13) {
            return false;
        }
        buf_putc(&out, ch);
    }
    *ret = buf_str(&out);
    return ret->n > 0;
}

static bool is_everything(struct str pattern)
{
    static const char *const WHOLE[] = { ".*", "[\\s\\S]*", "(?s).*", "^.*$", "(?s)^.*$" };
    for (size_t i = 0; i < COUNTOF(WHOLE); i++)
        if (str_eq(pattern, str_from(WHOLE[i])))
            return true;
    return false;
}

static bool change(struct builder *b, struct canvas *doc, struct json update)
{
    struct str pattern = json_get_str(update, S("pattern")),
               new = json_get_str(update, S("replacement")), old;
    if (is_everything(pattern)) {
        doc->content = new;
        return true;
    }
    if (!literal_of(b, pattern, &old) || str_find(doc->content, old, 0) >= doc->content.n)
        return false;
    doc->content =
        build_replace(b, doc->content, old, new, json_bool(json_get(update, S("multiple")), false));
    return true;
}

static void put_canvas(struct builder *b, const struct canvas *doc)
{
    build_artifact(b, doc->id, doc->kind, doc->title, doc->content);
}

bool chatgpt_canvas(struct builder *b, struct canvas *doc, struct str recipient,
                    struct str arguments)
{
    struct json v = parsed(b, arguments), update;
    struct json content = json_get(v, S("content"));
    if (str_eq(recipient, S("canmore.create_textdoc")) && json_is(content, JSON_STR)) {
        *doc = (struct canvas){ .title = json_get_str(v, S("name")),
                                .kind = json_get_str(v, S("type")),
                                .content = json_str(content) };
        put_canvas(b, doc);
        return true;
    }
    struct json updates = json_get(v, S("updates"));
    if (!str_eq(recipient, S("canmore.update_textdoc")) || !json_count(updates) || !doc->content.s)
        return false;
    struct json_iter it = json_iter(updates);
    while (json_next(&it, NULL, &update))
        if (!change(b, doc, update)) {
            build_finding(b, FOUND_ARTIFACT_CHANGE_UNREADABLE, doc->title);
            return false;
        }
    put_canvas(b, doc);
    return true;
}

/* --- reports --------------------------------------------------------------------------------------- */

static struct report report_of(struct json state)
{
    struct json message = json_get(state, S("report_message"));
    struct json parts = json_get(json_get(message, S("content")), S("parts"));
    return (struct report){ .id = json_get_str(message, S("id")),
                            .markdown = json_str(json_at(parts, 0)),
                            .metadata = json_get(message, S("metadata")) };
}

/* The state is an object, or its JSON as text. */
static struct report report_in(struct builder *b, struct json state)
{
    if (!json_exists(state))
        return (struct report){ 0 };
    struct report r = report_of(json_is(state, JSON_STR) ? parsed(b, json_str(state)) : state);
    return r.markdown.n ? r : (struct report){ 0 };
}

struct report chatgpt_report(struct builder *b, struct json metadata, struct str words)
{
    static const char *const CARRIERS[] = { "chatgpt_sdk", "tool_response_metadata" };
    static const char *const STATES[] = { "widget_state", "venus_widget_state" };
    struct str shown = S("The latest state of the widget is:");
    for (size_t i = 0; i < COUNTOF(STATES); i++) {
        struct str key = str_from(STATES[i]);
        struct report r = report_in(b, json_get(metadata, key));
        for (size_t k = 0; k < COUNTOF(CARRIERS) && !r.markdown.n; k++)
            r = report_in(b, json_get(json_get(metadata, str_from(CARRIERS[k])), key));
        if (r.markdown.n)
            return r;
    }
    if (!str_starts(words, shown))
        return (struct report){ 0 };
    return report_in(b, parsed(b, str_trim(str_sub(words, shown.n, words.n))));
}

/* Its first heading. */
static struct str title_of(struct str markdown)
{
    struct str line;
    while (str_cut(&markdown, '\n', &line))
        if (str_starts(line, S("# ")))
            return str_trim(str_sub(line, 2, line.n));
    return STR_NONE;
}

void chatgpt_put_report(struct builder *b, const struct report *r)
{
    struct cited t;
    chatgpt_clean(b, r->markdown, r->metadata, &t);
    build_artifact(b, r->id, S("report"), title_of(t.text), str_trim(t.text));
    for (size_t i = 0; i < t.count; i++)
        build_cite(b, t.marks[i].url, t.marks[i].title);
}
