/* The turns of a session of Claude Code as messages: tool calls with what came of them, and what the program put into the
 * user's words apart from them. */
#include "base/limits.h"
#include "imports/formats/claude_code.h"
#include "imports/formats/session.h"

/* What stands in the user's name and was written by the program. */
static const char *const PUT_IN[] = { "<command-name>",
                                      "<command-message>",
                                      "<command-args>",
                                      "<local-command-",
                                      "<bash-",
                                      "<user-prompt-submit-hook",
                                      "<session-start-hook",
                                      "<task-notification>",
                                      "<background-task",
                                      "[Request interrupted by user",
                                      "Caveat: The messages below were",
                                      NULL };
/* … or inside it. */
static const char *const TAGS[] = { "system-reminder", "ide_opened_file", "ide_selection",
                                    "ide_diagnostics", NULL };

struct json *code_result_of(const struct code_session *s, struct str call_id)
{
    return call_id.n ? map_get(&s->results, call_id) : NULL;
}

/* --- blocks ------------------------------------------------------------------------------------------------------ */

/* Pictures and documents that stand in the text itself. */
static bool is_inline(struct str type)
{
    return str_eq(type, S("image")) || str_eq(type, S("document"));
}

static void put_inline(struct builder *b, struct json part)
{
    struct json source = json_get(part, S("source"));
    struct str type = json_get_str(source, S("media_type"));
    type = type.n ? type : json_get_str(part, S("type"));
    if (str_eq(json_get_str(source, S("type")), S("base64")))
        build_picture(b, type, json_get_str(source, S("data")));
    else
        build_finding(b, FOUND_IMAGE_IN_TEXT, type);
}

static void put_inlines(struct builder *b, struct json content)
{
    struct json_iter it = json_iter(content);
    struct json part;
    while (json_is(content, JSON_ARRAY) && json_next(&it, NULL, &part))
        if (is_inline(json_get_str(part, S("type"))))
            put_inline(b, part);
}

static void put_result(struct builder *b, struct json v)
{
    struct json content = json_get(v, S("content")), part;
    struct str id = json_get_str(v, S("tool_use_id"));
    bool failed = json_bool(json_get(v, S("is_error")), false);
    if (!json_is(content, JSON_ARRAY)) {
        build_result(b, id,
                     json_is(content, JSON_STR) ? json_str(content)
                     : json_exists(content)     ? build_json_text(b, content)
                                                : S(""),
                     failed);
        return;
    }
    struct buf text;
    buf_init(&text, b->a, CONVERSATION_BYTES_MAX);
    struct json_iter it = json_iter(content);
    while (json_next(&it, NULL, &part)) {
        if (is_inline(json_get_str(part, S("type"))))
            continue;
        struct str words = json_get_str(part, S("text"));
        if (text.n)
            buf_putc(&text, '\n');
        buf_put(&text, words.s ? words : build_json_text(b, part));
    }
    build_fail(b, buf_err(&text));
    build_result(b, id, buf_str(&text), failed);
    put_inlines(b, content);
}

static void put_call(struct code_session *s, struct json v)
{
    struct str id = json_get_str(v, S("id"));
    struct json *result = code_result_of(s, id);
    build_call(s->b, id, json_get_str(v, S("name")),
               build_json_text(s->b, json_get(v, S("input"))));
    if (result)
        put_result(s->b, *result);
}

static void put_model_part(struct code_session *s, struct json v)
{
    struct str type = json_get_str(v, S("type"));
    if (str_eq(type, S("text")))
        build_text(s->b, json_get_str(v, S("text")));
    else if (str_eq(type, S("thinking")))
        build_thinking(s->b, json_get_str(v, S("thinking")), STR_NONE);
    else if (str_eq(type, S("tool_use")) || str_eq(type, S("server_tool_use")) ||
             str_eq(type, S("mcp_tool_use")))
        put_call(s, v);
    else if (str_ends(type, S("_tool_result")))
        put_result(s->b, v);
    else if (is_inline(type))
        put_inline(s->b, v);
    else if (!str_eq(type,
                     S("redacted_thinking"))) /* sealed words that only the provider can read */
        build_unknown(s->b, v, FOUND_UNMODELLED_BLOCK, type);
}

static void put_model(struct code_session *s, const struct code_turn *t)
{
    for (const struct code_piece *p = t->first; p; p = p->next) {
        struct json_iter it = json_iter(p->content);
        struct json part;
        if (json_is(p->content, JSON_STR))
            build_text(s->b, json_str(p->content));
        while (json_is(p->content, JSON_ARRAY) && json_next(&it, NULL, &part))
            put_model_part(s, part);
    }
}

/* --- a person's words, and what the program put between them ------------------------------------------------------ */

struct parted {
    struct buf said, put_in;
    bool results;  /* without their calls */
    bool pictures; /* or documents */
};

static void add_words(struct buf *to, struct str words)
{
    if (to->n && words.n)
        buf_put(to, S("\n\n"));
    buf_put(to, words);
}

static void part_text(struct code_session *s, struct parted *p, struct str text)
{
    if (session_begins(text, PUT_IN)) {
        add_words(&p->put_in, str_trim(text));
        return;
    }
    for (size_t i = 0; TAGS[i]; i++) {
        struct str put_in;
        session_part(s->b, text, str_from(TAGS[i]), &text, &put_in);
        add_words(&p->put_in, put_in);
    }
    add_words(&p->said, text);
}

static void part_content(struct code_session *s, struct parted *p, struct json content)
{
    struct json_iter it = json_iter(content);
    struct json part;
    if (json_is(content, JSON_STR))
        part_text(s, p, json_str(content));
    while (json_is(content, JSON_ARRAY) && json_next(&it, NULL, &part)) {
        struct str type = json_get_str(part, S("type"));
        if (str_eq(type, S("text")))
            part_text(s, p, json_get_str(part, S("text")));
        else if (str_eq(type, S("tool_result")))
            p->results |= !code_result_of(s, json_get_str(part, S("tool_use_id")));
        else if (is_inline(type))
            p->pictures = true;
        else
            add_words(&p->said, build_json_text(s->b, part));
    }
}

/* Results whose calls are in another file, or cut off. */
static void put_lone_results(struct code_session *s, const struct code_turn *t)
{
    for (const struct code_piece *p = t->first; p; p = p->next) {
        struct json_iter it = json_iter(p->content);
        struct json part;
        while (json_is(p->content, JSON_ARRAY) && json_next(&it, NULL, &part))
            if (str_eq(json_get_str(part, S("type")), S("tool_result")) &&
                !code_result_of(s, json_get_str(part, S("tool_use_id"))))
                put_result(s->b, part);
    }
}

/* --- messages -------------------------------------------------------------------------------------------------------- */

static void begin(struct code_session *s, const struct tree_node *n, struct str id,
                  struct str above, enum role role, bool hidden)
{
    struct message *m = build_message(s->b, id, above, role);
    m->created_ms = n->at_ms;
    m->on_path = n->on_path;
    m->hidden = hidden;
}

/* Both in one record are two messages, the program's first: under an id made of the record's. */
static void write_person(struct code_session *s, const struct tree_node *n,
                         const struct code_turn *t)
{
    struct parted p = { 0 };
    struct str above = n->above, own = n->id;
    buf_init(&p.said, s->b->a, CONVERSATION_BYTES_MAX);
    buf_init(&p.put_in, s->b->a, CONVERSATION_BYTES_MAX);
    for (const struct code_piece *x = t->first; x; x = x->next)
        part_content(s, &p, x->content);
    build_fail(s->b, buf_err(&p.said));
    build_fail(s->b, buf_err(&p.put_in));
    bool shown = p.said.n || p.results || p.pictures;
    if (p.put_in.n || !shown) {
        struct str id = shown && own.n ? str_cat(s->b->a, own, S(":context")) : own;
        begin(s, n, id, above, ROLE_SYSTEM, true);
        build_text(s->b, buf_str(&p.put_in));
        above = id.n ? id : above;
    }
    if (!shown)
        return;
    begin(s, n, own, above, p.results && !p.said.n ? ROLE_TOOL : ROLE_USER, false);
    build_text(s->b, buf_str(&p.said));
    for (const struct code_piece *x = t->first; x; x = x->next)
        put_inlines(s->b, x->content);
    put_lone_results(s, t);
}

static void write_turn(struct builder *b, const struct tree_node *n, void *context)
{
    struct code_session *s = context;
    const struct code_turn *t = &s->turns[n - s->nodes];
    UNUSED(b);
    switch (t->kind) {
    case CODE_PERSON:
        write_person(s, n, t);
        return;
    case CODE_MODEL:
        begin(s, n, n->id, n->above, ROLE_ASSISTANT, false);
        build_here(s->b)->model = t->model;
        break;
    case CODE_ERROR:
        begin(s, n, n->id, n->above, ROLE_SYSTEM, false);
        break;
    case CODE_PROGRAM:
    case CODE_SILENT:
        begin(s, n, n->id, n->above, ROLE_SYSTEM, true);
        break;
    }
    put_model(s, t);
}

void code_write(struct code_session *s)
{
    tree_write(s->b, s->nodes, s->count, s->leaf, write_turn, s);
}
