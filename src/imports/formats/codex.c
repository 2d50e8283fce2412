/* Codex: ~/.codex/sessions/YYYY/MM/DD/rollout-<time>-<id>.jsonl, a record {timestamp, type, payload} on each line; the oldest files
 * have the payloads bare (research/capture-2026.md). The same words stand twice, as what was sent to the model (response_item) and
 * as what was shown (event_msg). The first has all of it, and much in the user's name that nobody typed; the second says what
 * somebody did type. Messages have no ids: each is named by its line, which stays, for the file is only ever appended to. */
#include "imports/formats/codex.h"

#include "base/limits.h"
#include "imports/formats/formats.h"
#include "imports/formats/session.h"
#include "imports/media.h"

/* --- reading -------------------------------------------------------------------------------------------------- */

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
        struct rollout_item *items = ARENA_ARRAY(r->b->a, struct rollout_item, room);
        if (!items) {
            build_fail(r->b, arena_err(r->b->a));
            return;
        }
        if (r->count)
            memcpy(items, r->items, r->count * sizeof *items);
        r->items = items;
        r->room = room;
    }
    r->items[r->count++] = (struct rollout_item){ payload, at_ms, line, event };
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
    struct str type = rollout_type(payload);
    if (str_eq(type, S("thread_name_updated")))
        r->b->c->title = json_get_str(payload, S("thread_name"));
    else
        add_item(r, payload, at_ms, line, true);
    if (str_eq(type, S("user_message")))
        build_fail(r->b, map_put(&r->typed, str_trim(json_get_str(payload, S("message"))), r));
}

static void take_sent(struct rollout *r, struct json payload, int64_t at_ms, size_t line)
{
    struct str type = rollout_type(payload), call = json_get_str(payload, S("call_id"));
    struct json *kept = rollout_is_output(type) && call.n ? ARENA_NEW(r->b->a, struct json) : NULL;
    r->sent |= str_eq(type, S("message"));
    if (call.n && !rollout_is_output(type))
        build_fail(r->b, map_put(&r->calls, call, r));
    if (kept) {
        *kept = payload;
        build_fail(r->b, map_put(&r->results, call, kept));
    }
    add_item(r, payload, at_ms, line, false);
}

static void take_record(struct rollout *r, struct json record, size_t line)
{
    struct str type = rollout_type(record);
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

/* --- a rollout ---------------------------------------------------------------------------------------------------- */

static err_t read_records(struct rollout *r, struct reader *from)
{
    static const struct str MEMBERS[] = { S("timestamp"), S("type"),      S("payload"),
                                          S("id"),        S("cwd"),       S("git"),
                                          S("role"),      S("content"),   S("name"),
                                          S("call_id"),   S("arguments"), S("output"),
                                          S("summary"),   S("action"),    S("input") };
    CLEANUP(session_end) struct session_records records = { 0 };
    struct json record;
    err_t e;
    session_begin(&records, from, MEMBERS, COUNTOF(MEMBERS));
    records.wanted = is_wanted;
    while ((e = session_next(&records, r->b, &record)) == OK && r->b->err == OK)
        take_record(r, record, records.lines.place);
    return e == E_NOT_FOUND ? OK : e;
}

/* What it is called where its records do not say: in the list of all sessions, {id, thread_name} on each line, which may lie in a
 * folder above. The last one of an id counts. */
static err_t find_name(struct import_source *s, struct builder *b)
{
    static const struct str MEMBERS[] = { S("id"), S("thread_name") };
    CLEANUP(import_bytes_close) struct import_bytes bytes = { 0 };
    CLEANUP(session_end) struct session_records records = { 0 };
    CLEANUP(arena_free) struct arena a = { 0 };
    struct conversation none;
    struct builder list;
    struct json line;
    size_t entry = media_by_name(s->files, S("session_index.jsonl"));
    if (entry == SIZE_MAX || b->c->title.n)
        return OK;
    arena_init(&a, IMPORT_SIDE_FILE_BYTES_MAX);
    build_begin(&list, &a, b->c->provider, &none);
    TRY(import_bytes_open(s->files, entry, &bytes));
    session_begin(&records, bytes.reader, MEMBERS, COUNTOF(MEMBERS));
    while (session_next(&records, &list, &line) == OK)
        if (str_eq(json_get_str(line, S("id")), b->c->source.id))
            b->c->title = str_dup(b->a, json_get_str(line, S("thread_name")));
    err_clear();
    return arena_err(b->a);
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
    TRY(find_name(s, &b));
    rollout_write(&r);
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
