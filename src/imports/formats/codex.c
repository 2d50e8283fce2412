/* Codex: ~/.codex/sessions/YYYY/MM/DD/rollout-<time>-<id>.jsonl, a record {timestamp, type, payload} on each line; the oldest files
 * have the payloads bare (research/capture-2026.md). The same words stand twice, as what was sent to the model (response_item) and
 * as what was shown (event_msg). The first has all of it, and much in the user's name that nobody typed; the second says what
 * somebody did type. Messages have no ids: each is named by its line, which stays, for the file is only ever appended to. */
#include "archive/builder.h"
#include "base/limits.h"
#include "base/map.h"
#include "imports/formats/formats.h"
#include "imports/formats/session.h"

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

struct item {
    struct json payload;
    int64_t at_ms;
    size_t line;
    bool event;
};

struct rollout {
    struct builder *b;
    struct item *items;
    size_t count, room;
    struct map typed;   /* what somebody typed, as events say */
    struct map results; /* call_id -> struct json *: what came of it */
    struct map calls;   /* call_id: it was made */
    bool sent;          /* there is what was sent to the model: events are doubles */
    struct str model;
    bool answering; /* the last message is the model's, and its calls are … */
    bool called;    /* … made: words begin another */
};

/* --- reading -------------------------------------------------------------------------------------------------- */

static struct str type_of(struct json payload)
{
    return json_get_str(payload, S("type"));
}

/* The events that are read; the others repeat what was sent and are large. */
static bool is_wanted(struct str record)
{
    static const char *const EVENTS[] = { "\"user_message\"", "\"agent_message\"",
                                          "\"agent_reasoning\"", "\"mcp_tool_call_end\"",
                                          "\"thread_name_updated\"" };
    enum { HEAD = 200 };
    struct str head = str_sub(record, 0, HEAD);
    if (str_find(head, S("\"event_msg\""), 0) == head.n)
        return true;
    for (size_t i = 0; i < COUNTOF(EVENTS); i++)
        if (str_find(head, str_from(EVENTS[i]), 0) < head.n)
            return true;
    return false;
}

static void add_item(struct rollout *r, struct json payload, int64_t at_ms, size_t line, bool event)
{
    if (r->count == r->room) {
        size_t room = r->room ? r->room * 2 : 256;
        struct item *items = ARENA_ARRAY(r->b->a, struct item, room);
        if (!items) {
            build_fail(r->b, arena_err(r->b->a));
            return;
        }
        if (r->count)
            memcpy(items, r->items, r->count * sizeof *items);
        r->items = items;
        r->room = room;
    }
    r->items[r->count++] = (struct item){ payload, at_ms, line, event };
}

static void know(struct str *mine, struct str now)
{
    if (!mine->n)
        *mine = now;
}

/* A rollout that was forked repeats the one before, and what that said of itself: the first is its own. */
static void take_meta(struct rollout *r, struct json meta)
{
    struct conversation *c = r->b->c;
    if (c->source.id.n)
        return;
    c->source.id = json_get_str(meta, S("id"));
    c->created_ms = build_time(r->b, json_get(meta, S("timestamp")));
    know(&c->context.cwd, json_get_str(meta, S("cwd")));
    know(&c->context.branch, json_get_str(json_get(meta, S("git")), S("branch")));
}

static void take_event(struct rollout *r, struct json payload, int64_t at_ms, size_t line)
{
    struct str type = type_of(payload);
    if (str_eq(type, S("thread_name_updated")))
        r->b->c->title = json_get_str(payload, S("thread_name"));
    else
        add_item(r, payload, at_ms, line, true);
    if (str_eq(type, S("user_message")))
        build_fail(r->b, map_put(&r->typed, str_trim(json_get_str(payload, S("message"))), r));
}

static bool is_output(struct str type)
{
    return str_ends(type, S("_call_output")) || str_eq(type, S("tool_search_output"));
}

static void take_sent(struct rollout *r, struct json payload, int64_t at_ms, size_t line)
{
    struct str type = type_of(payload), call = json_get_str(payload, S("call_id"));
    struct json *kept = is_output(type) && call.n ? ARENA_NEW(r->b->a, struct json) : NULL;
    r->sent |= str_eq(type, S("message"));
    if (call.n && !is_output(type))
        build_fail(r->b, map_put(&r->calls, call, r));
    if (kept) {
        *kept = payload;
        build_fail(r->b, map_put(&r->results, call, kept));
    }
    add_item(r, payload, at_ms, line, false);
}

static void take_record(struct rollout *r, struct json record, size_t line)
{
    struct str type = type_of(record);
    struct json payload = json_get(record, S("payload"));
    int64_t at_ms = build_time(r->b, json_get(record, S("timestamp")));
    struct conversation *c = r->b->c;
    if (at_ms != TIME_NONE)
        c->updated_ms = at_ms;
    if (!json_exists(payload)) {
        if (json_exists(json_get(record, S("id"))) && !type.n)
            take_meta(r, record);
        else if (type.n)
            take_sent(r, record, at_ms, line);
    } else if (str_eq(type, S("session_meta"))) {
        take_meta(r, payload);
    } else if (str_eq(type, S("turn_context"))) {
        struct str model = json_get_str(payload, S("model"));
        c->model = model.n ? model : c->model;
        know(&c->context.cwd, json_get_str(payload, S("cwd")));
        add_item(r, record, at_ms, line, false); /* the model from here on */
    } else if (str_eq(type, S("event_msg"))) {
        take_event(r, payload, at_ms, line);
    } else if (str_eq(type, S("response_item"))) {
        take_sent(r, payload, at_ms, line);
    } else if (str_eq(type, S("compacted"))) {
        add_item(r, record, at_ms, line, false);
    }
}

/* --- messages ----------------------------------------------------------------------------------------------------- */

static void begin(struct rollout *r, const struct item *i, enum role role, bool hidden)
{
    struct message *m = build_message(r->b, str_fmt(r->b->a, "line-%zu", i->line), STR_NONE, role);
    m->created_ms = i->at_ms;
    m->hidden = hidden;
    m->model = role == ROLE_ASSISTANT ? r->model : STR_NONE;
    r->answering = role == ROLE_ASSISTANT;
    r->called = false;
}

/* The model's message that its next words, thoughts or calls go to. */
static void go_on(struct rollout *r, const struct item *i, bool call)
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
        if (str_eq(type_of(part), S("input_image")))
            build_finding(r->b, FOUND_IMAGE_IN_TEXT, S("input_image"));
        if (b.n && text.n)
            buf_putc(&b, '\n');
        buf_put(&b, text);
    }
    build_fail(r->b, buf_err(&b));
    return buf_str(&b);
}

static bool is_typed(const struct rollout *r, struct str text)
{
    return map_has(&r->typed, str_trim(text)) || !session_begins(text, PUT_IN);
}

/* Each part of the content, for somebody's words and what was put beside them come in one message. */
static void put_user(struct rollout *r, const struct item *i)
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
}

static void put_message(struct rollout *r, const struct item *i)
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
}

static void put_reasoning(struct rollout *r, const struct item *i)
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
}

static void put_call(struct rollout *r, const struct item *i, struct str type)
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
static void put_mcp(struct rollout *r, const struct item *i)
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

static void put_event(struct rollout *r, const struct item *i)
{
    struct str type = type_of(i->payload);
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

static void put_item(struct rollout *r, const struct item *i)
{
    struct str type = type_of(i->payload);
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
    } else if (is_output(type)) {
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

static err_t read_records(struct rollout *r, struct reader *from)
{
    static const char *const MEMBERS[] = { "timestamp", "type",    "payload",   "id",
                                           "cwd",       "git",     "role",      "content",
                                           "name",      "call_id", "arguments", "output",
                                           "summary",   "action",  "input",     NULL };
    CLEANUP(session_end) struct session_records records = { 0 };
    struct json record;
    err_t e;
    session_begin(&records, from, MEMBERS);
    records.wanted = is_wanted;
    while ((e = session_next(&records, r->b, &record)) == OK && r->b->err == OK)
        take_record(r, record, records.lines.place);
    return e == E_NOT_FOUND ? OK : e;
}

static err_t codex_next(struct import_source *s, struct arena *a, struct conversation *ret)
{
    struct builder b;
    struct rollout r = { .b = &b };
    if (s->state)
        return E_NOT_FOUND;
    s->state = s;
    build_begin(&b, a, provider_by_name(S("codex"))->name, ret);
    map_init(&r.typed, a);
    map_init(&r.results, a);
    map_init(&r.calls, a);
    ret->context.tool = S("codex");
    TRY(read_records(&r, s->reader));
    for (size_t i = 0; i < r.count && b.err == OK; i++)
        put_item(&r, &r.items[i]);
    TRY(build_end(&b));
    return session_says_something(ret) ? OK : E_NOT_FOUND;
}

static bool codex_sniff(const struct source_head *h)
{
    if (h->json != HEAD_OBJECT)
        return false;
    bool wrapped = source_head_names(h, "payload") && source_head_names(h, "type") &&
                   source_head_names(h, "timestamp");
    bool bare = source_head_names(h, "id") && source_head_names(h, "instructions") &&
                source_head_names(h, "timestamp") && !source_head_names(h, "messages");
    return wrapped || bare;
}

const struct source_format FORMAT_CODEX = {
    .name = "Codex session",
    .provider = "codex",
    .kind = "session",
    .sniff = codex_sniff,
    .next = codex_next,
};
