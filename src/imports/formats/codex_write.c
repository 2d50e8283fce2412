/* The items of a rollout of Codex as messages: what the model says, thinks and calls up to its next words is one, each call with what
 * came of it behind it. */
#include "base/limits.h"
#include "imports/formats/codex.h"
#include "imports/formats/session.h"

/* What stands in the user's name and was written by the program. */
static const char *const PUT_IN[] = { "<environment_context",
                                      "<user_instructions",
                                      "<permissions",
                                      "<collaboration_mode",
                                      "<turn_aborted",
                                      "<skill",
                                      "<subagent_notification",
                                      "<user_shell_command",
                                      "<model_switch",
                                      "<apps_instructions",
                                      "<plugins_instructions",
                                      "<personality",
                                      "# AGENTS.md",
                                      "<INSTRUCTIONS>",
                                      "<hook_prompt",
                                      NULL };

enum { TURN_BLOCKS_MAX = 1000 }; /* then the model's turn goes on in another message */

/* --- messages ----------------------------------------------------------------------------------------------------- */

static void begin(struct rollout *r, const struct rollout_item *i, enum role role, bool hidden)
{
    struct message *m = build_message(r->b, str_fmt(r->b->a, "line-%zu", i->line), STR_NONE, role);
    m->created_ms = i->at_ms;
    m->hidden = hidden;
    m->model = role == ROLE_ASSISTANT ? r->model : STR_NONE;
    r->answering = role == ROLE_ASSISTANT;
    r->called = false;
}

/* The model's message that its next words, thoughts or calls go to. */
static void go_on(struct rollout *r, const struct rollout_item *i, bool call)
{
    if (!r->answering || (r->called && !call) || build_here(r->b)->block_count >= TURN_BLOCKS_MAX)
        begin(r, i, ROLE_ASSISTANT, false);
    r->called |= call;
}

static struct str words_of(struct rollout *r, struct json content)
{
    struct buf b;
    struct json_iter it = json_iter(content);
    struct json part;
    if (json_is(content, JSON_STR))
        return json_str(content);
    buf_init(&b, r->b->a, CONVERSATION_BYTES_MAX);
    while (json_is(content, JSON_ARRAY) && json_next(&it, NULL, &part)) {
        struct str text = json_get_str(part, S("text"));
        if (b.n && text.n)
            buf_putc(&b, '\n');
        buf_put(&b, text);
    }
    build_fail(r->b, buf_err(&b));
    return buf_str(&b);
}

/* Behind the words: "data:image/png;base64,…". */
static void put_pictures(struct rollout *r, struct json content)
{
    struct json_iter it = json_iter(content);
    struct json part;
    while (json_is(content, JSON_ARRAY) && json_next(&it, NULL, &part)) {
        struct str url = json_get_str(part, S("image_url")), mark = S(";base64,");
        size_t at = str_find(url, mark, 0);
        if (!str_eq(rollout_type(part), S("input_image")))
            continue;
        if (str_starts(url, S("data:")) && at < url.n)
            build_picture(r->b, str_sub(url, 5, at), str_sub(url, at + mark.n, url.n));
        else
            build_finding(r->b, FOUND_IMAGE_IN_TEXT, S("input_image"));
    }
}

static bool is_typed(const struct rollout *r, struct str text)
{
    return map_has(&r->typed, str_trim(text)) || !session_begins(text, PUT_IN);
}

/* Each part of the content, for somebody's words and what was put beside them come in one message. */
static void put_user(struct rollout *r, const struct rollout_item *i)
{
    struct json content = json_get(i->payload, S("content")), part;
    struct str all = words_of(r, content);
    struct json_iter it = json_iter(content);
    bool typed = false, mixed = false;
    for (bool first = true; json_is(content, JSON_ARRAY) && json_next(&it, NULL, &part);
         first = false) {
        bool own = is_typed(r, json_get_str(part, S("text")));
        mixed |= !first && own != typed;
        typed |= own;
    }
    typed |= json_is(content, JSON_STR) && is_typed(r, all);
    if (!mixed) {
        begin(r, i, typed ? ROLE_USER : ROLE_SYSTEM, !typed);
        build_text(r->b, all);
        put_pictures(r, content);
        return;
    }
    for (int hidden = 1; hidden >= 0; hidden--) {
        begin(r, i, hidden ? ROLE_SYSTEM : ROLE_USER, hidden);
        if (hidden)
            build_here(r->b)->id = str_cat(r->b->a, build_here(r->b)->id, S(":context"));
        it = json_iter(content);
        while (json_next(&it, NULL, &part))
            if (is_typed(r, json_get_str(part, S("text"))) == !hidden)
                build_text(r->b, json_get_str(part, S("text")));
    }
    put_pictures(r, content);
}

static void put_message(struct rollout *r, const struct rollout_item *i)
{
    struct str role = json_get_str(i->payload, S("role"));
    if (str_eq(role, S("user"))) {
        put_user(r, i);
        return;
    }
    if (str_eq(role, S("assistant")))
        go_on(r, i, false);
    else
        begin(r, i, ROLE_SYSTEM, true);
    build_text(r->b, words_of(r, json_get(i->payload, S("content"))));
    put_pictures(r, json_get(i->payload, S("content")));
}

static void put_reasoning(struct rollout *r, const struct rollout_item *i)
{
    struct buf b;
    struct json_iter it = json_iter(json_get(i->payload, S("summary")));
    struct json part;
    buf_init(&b, r->b->a, CONVERSATION_BYTES_MAX);
    while (json_next(&it, NULL, &part)) {
        if (b.n)
            buf_put(&b, S("\n\n"));
        buf_put(&b, json_get_str(part, S("text")));
    }
    build_fail(r->b, buf_err(&b));
    struct str whole = words_of(r, json_get(i->payload, S("content")));
    if (!b.n && !whole.n)
        return; /* sealed: only the provider can read it */
    go_on(r, i, false);
    build_thinking(r->b, whole, buf_str(&b));
}

/* --- calls --------------------------------------------------------------------------------------------------------- */

static struct str text_or_json(struct rollout *r, struct json v)
{
    return json_is(v, JSON_STR) ? json_str(v) : json_exists(v) ? build_json_text(r->b, v) : S("");
}

/* {"output": "…", "metadata": {"exit_code": 1}} as text, or an object; a list of parts. */
static void put_output(struct rollout *r, struct json payload)
{
    struct json output = json_get(payload, S("output")), inner, text = output;
    if (!json_exists(output))
        output = text = json_get(payload, S("tools"));
    bool failed = false;
    struct str words = json_str(output);
    if (json_is(output, JSON_STR) && str_starts(words, S("{\"output\":")) &&
        json_parse(r->b->a, words, JSON_FOREIGN_DEPTH_MAX, &inner) == OK)
        output = inner;
    err_clear();
    if (json_is(output, JSON_OBJECT)) {
        struct json exit = json_get(json_get(output, S("metadata")), S("exit_code"));
        failed = json_i64(exit, 0) != 0 || !json_bool(json_get(output, S("success")), true);
        struct json of = json_get(output, S("output"));
        text = json_exists(of) ? of : json_get(output, S("content"));
    }
    build_result(r->b, json_get_str(payload, S("call_id")),
                 json_is(text, JSON_ARRAY) ? words_of(r, text) : text_or_json(r, text), failed);
    put_pictures(r, text);
}

static void put_call(struct rollout *r, const struct rollout_item *i, struct str type)
{
    static const char *const ARGUMENTS[] = { "arguments", "input", "action", "query" };
    struct str id = json_get_str(i->payload, S("call_id")),
               name = json_get_str(i->payload, S("name"));
    struct json given = { 0 };
    for (size_t k = 0; k < COUNTOF(ARGUMENTS) && !json_exists(given); k++)
        given = json_get(i->payload, str_from(ARGUMENTS[k]));
    go_on(r, i, true);
    build_call(r->b, id, name.n ? name : str_sub(type, 0, type.n - S("_call").n),
               text_or_json(r, given));
    struct json *result = id.n ? map_get(&r->results, id) : NULL;
    if (result)
        put_output(r, *result);
}

/* Calls of tools elsewhere, which older versions tell only here. */
static void put_mcp(struct rollout *r, const struct rollout_item *i)
{
    struct str id = json_get_str(i->payload, S("call_id"));
    struct json call = json_get(i->payload, S("invocation")), result;
    if (id.n && map_has(&r->calls, id))
        return;
    result = json_get(i->payload, S("result"));
    struct json good = json_get(result, S("Ok")), bad = json_get(result, S("Err"));
    struct json content = json_get(good, S("content"));
    go_on(r, i, true);
    build_call(r->b, id,
               str_fmt(r->b->a, "%.*s.%.*s", STR_ARG(json_get_str(call, S("server"))),
                       STR_ARG(json_get_str(call, S("tool")))),
               text_or_json(r, json_get(call, S("arguments"))));
    build_result(r->b, id,
                 json_exists(bad)               ? text_or_json(r, bad)
                 : json_is(content, JSON_ARRAY) ? words_of(r, content)
                                                : text_or_json(r, result),
                 json_exists(bad));
}

/* --- all of it ------------------------------------------------------------------------------------------------------ */

static void put_event(struct rollout *r, const struct rollout_item *i)
{
    struct str type = rollout_type(i->payload);
    if (str_eq(type, S("mcp_tool_call_end")))
        put_mcp(r, i);
    if (r->sent)
        return;
    if (str_eq(type, S("user_message"))) {
        begin(r, i, ROLE_USER, false);
        build_text(r->b, json_get_str(i->payload, S("message")));
    } else if (str_eq(type, S("agent_message"))) {
        go_on(r, i, false);
        build_text(r->b, json_get_str(i->payload, S("message")));
    } else if (str_eq(type, S("agent_reasoning"))) {
        go_on(r, i, false);
        build_thinking(r->b, json_get_str(i->payload, S("text")), STR_NONE);
    }
}

static void put_item(struct rollout *r, const struct rollout_item *i)
{
    struct str type = rollout_type(i->payload);
    struct json inner = json_get(i->payload, S("payload"));
    if (i->event) {
        put_event(r, i);
    } else if (str_eq(type, S("turn_context"))) {
        struct str model = json_get_str(inner, S("model"));
        r->model = model.n ? model : r->model;
    } else if (str_eq(type, S("compacted"))) {
        begin(r, i, ROLE_SYSTEM, true);
        build_text(r->b, json_get_str(inner, S("message")));
    } else if (str_eq(type, S("message"))) {
        put_message(r, i);
    } else if (str_eq(type, S("reasoning"))) {
        put_reasoning(r, i);
    } else if (str_ends(type, S("_call"))) {
        put_call(r, i, type);
    } else if (rollout_is_output(type)) {
        if (!map_has(&r->calls, json_get_str(i->payload, S("call_id")))) {
            begin(r, i, ROLE_TOOL, false);
            put_output(r, i->payload);
        }
    } else if (!str_eq(type, S("ghost_snapshot")) && !str_eq(type, S("compaction")) &&
               !str_eq(type, S("compaction_summary"))) {
        begin(r, i, ROLE_SYSTEM, true);
        build_unknown(r->b, i->payload, FOUND_UNMODELLED_CONTENT_TYPE, type);
    }
}

void rollout_write(struct rollout *r)
{
    for (size_t i = 0; i < r->count && r->b->err == OK; i++)
        put_item(r, &r->items[i]);
}
