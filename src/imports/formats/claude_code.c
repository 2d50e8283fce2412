/* Claude Code: ~/.claude/projects/<folder>/<session>.jsonl, a record on each line (research/capture-2026.md). Records form a tree
 * by parentUuid, in which a turn of the model is several records with one message id, the results of its tools are records in the
 * user's name, and much is book-keeping. A subagent's file is a session of its own. */
#include "imports/formats/claude_code.h"

#include "archive/providers/provider.h"
#include "base/limits.h"
#include "imports/formats/formats.h"
#include "imports/formats/session.h"
#include "imports/media.h"

enum { FILES_BEFORE_MAX = 32 };

/* --- turns ------------------------------------------------------------------------------------------------------ */

static void *number(size_t turn)
{
    return (void *)(uintptr_t)(turn + 1);
}

/* SIZE_MAX: there is none. */
static size_t turn_of(const struct map *m, struct str key)
{
    return key.n ? (size_t)(uintptr_t)map_get(m, key) - 1 : SIZE_MAX;
}

static void name_turn(struct code_session *s, struct map *m, struct str key, size_t turn)
{
    if (key.n)
        build_fail(s->b, map_put(m, key, number(turn)));
}

static bool grow(struct code_session *s)
{
    if (s->count < s->room)
        return true;
    size_t room = s->room ? s->room * 2 : 256;
    struct tree_node *nodes = ARENA_ARRAY(s->b->a, struct tree_node, room);
    struct code_turn *turns = ARENA_ARRAY(s->b->a, struct code_turn, room);
    if (!nodes || !turns) {
        build_fail(s->b, arena_err(s->b->a));
        return false;
    }
    if (s->count) {
        memcpy(nodes, s->nodes, s->count * sizeof *nodes);
        memcpy(turns, s->turns, s->count * sizeof *turns);
    }
    s->nodes = nodes;
    s->turns = turns;
    s->room = room;
    return true;
}

/* A compaction begins a new tree and says what it goes on from. */
static struct str parent_of(struct json record)
{
    struct str parent = json_get_str(record, S("parentUuid"));
    return parent.n ? parent : json_get_str(record, S("logicalParentUuid"));
}

static size_t add_turn(struct code_session *s, struct json record, enum code_kind kind)
{
    if (!grow(s))
        return SIZE_MAX;
    struct str uuid = json_get_str(record, S("uuid"));
    s->nodes[s->count] = (struct tree_node){
        .id = uuid.n ? uuid : STR_NONE,
        .parent = parent_of(record),
        .value = record,
        .at_ms = build_time(s->b, json_get(record, S("timestamp"))),
        .silent = kind == CODE_SILENT,
    };
    s->turns[s->count] = (struct code_turn){ .kind = kind };
    name_turn(s, &s->by_uuid, uuid, s->count);
    return s->count++;
}

static void add_piece(struct code_session *s, size_t turn, struct json content)
{
    struct code_piece *p = turn < s->count ? ARENA_NEW(s->b->a, struct code_piece) : NULL;
    if (!p)
        return;
    p->content = content;
    struct code_turn *t = &s->turns[turn];
    if (t->last)
        t->last->next = p;
    else
        t->first = p;
    t->last = p;
}

/* --- what a record is ------------------------------------------------------------------------------------------------ */

static bool is_true(struct json record, struct str name)
{
    return json_bool(json_get(record, name), false);
}

/* One answer of the API is written as several records, a block in each. */
static void add_model(struct code_session *s, struct json record)
{
    struct json message = json_get(record, S("message")), part;
    struct str id = json_get_str(message, S("id")), model = json_get_str(message, S("model"));
    bool by_program = str_eq(model, S("<synthetic>"));
    size_t turn = by_program ? SIZE_MAX : turn_of(&s->by_message, id);
    if (turn == SIZE_MAX)
        turn = add_turn(s, record,
                        !by_program                               ? CODE_MODEL
                        : is_true(record, S("isApiErrorMessage")) ? CODE_ERROR
                                                                  : CODE_PROGRAM);
    else
        name_turn(s, &s->by_uuid, json_get_str(record, S("uuid")), turn);
    if (turn == SIZE_MAX)
        return;
    if (!by_program) {
        name_turn(s, &s->by_message, id, turn);
        s->turns[turn].model = model;
        if (model.n && !s->before)
            s->b->c->model = model;
    }
    struct json content = json_get(message, S("content"));
    add_piece(s, turn, content);
    struct json_iter it = json_iter(content);
    while (json_is(content, JSON_ARRAY) && json_next(&it, NULL, &part))
        name_turn(s, &s->calls, json_get_str(part, S("id")), turn);
}

/* Results go behind their calls. Gives the turn that all of the record went to; SIZE_MAX: there is more in it. */
static size_t take_results(struct code_session *s, struct json content)
{
    struct json_iter it = json_iter(content);
    struct json part;
    size_t turn = SIZE_MAX;
    bool all = json_is(content, JSON_ARRAY) && json_count(content) > 0;
    while (json_is(content, JSON_ARRAY) && json_next(&it, NULL, &part)) {
        struct str id = json_get_str(part, S("tool_use_id"));
        size_t of = turn_of(&s->calls, id);
        struct json *kept = of != SIZE_MAX ? ARENA_NEW(s->b->a, struct json) : NULL;
        if (!kept) {
            all = false;
            continue;
        }
        *kept = part;
        build_fail(s->b, map_put(&s->results, id, kept));
        turn = of;
    }
    return all ? turn : SIZE_MAX;
}

static void add_person(struct code_session *s, struct json record)
{
    struct json content = json_get(json_get(record, S("message")), S("content"));
    size_t turn = take_results(s, content);
    if (turn != SIZE_MAX) {
        name_turn(s, &s->by_uuid, json_get_str(record, S("uuid")), turn);
        return;
    }
    bool by_program = is_true(record, S("isMeta")) || is_true(record, S("isCompactSummary"));
    add_piece(s, add_turn(s, record, by_program ? CODE_PROGRAM : CODE_PERSON), content);
}

/* Words that somebody typed while the model was at work. */
static void add_attachment(struct code_session *s, struct json record)
{
    struct json attachment = json_get(record, S("attachment"));
    bool typed = str_eq(json_get_str(attachment, S("type")), S("queued_command"));
    size_t turn = add_turn(s, record, typed ? CODE_PERSON : CODE_SILENT);
    if (typed)
        add_piece(s, turn, json_get(attachment, S("prompt")));
}

static void add_summary(struct code_session *s, struct json record)
{
    struct str leaf = json_get_str(record, S("leafUuid"));
    struct str *words = leaf.n ? ARENA_NEW(s->b->a, struct str) : NULL;
    if (!words)
        return;
    *words = json_get_str(record, S("summary"));
    build_fail(s->b, map_put(&s->summaries, leaf, words));
}

static void know(struct str *mine, struct str now)
{
    if (now.n)
        *mine = now;
}

static void know_session(struct code_session *s, struct json record)
{
    struct conversation *c = s->b->c;
    if (s->before)
        return;
    know(&s->id, json_get_str(record, S("sessionId")));
    know(&s->agent, json_get_str(record, S("agentId")));
    know(&s->branch, json_get_str(record, S("gitBranch")));
    if (!c->context.cwd.n)
        c->context.cwd = json_get_str(record, S("cwd"));
}

static void add_record(struct code_session *s, struct json record)
{
    struct str type = json_get_str(record, S("type")), uuid = json_get_str(record, S("uuid"));
    size_t before = s->count;
    know_session(s, record);
    if (uuid.n && map_has(&s->by_uuid, uuid))
        return; /* a session that goes on with another repeats it */
    if (str_eq(type, S("assistant"))) {
        add_model(s, record);
    } else if (str_eq(type, S("user"))) {
        add_person(s, record);
    } else if (str_eq(type, S("attachment")) && uuid.n) {
        add_attachment(s, record);
    } else if (str_eq(type, S("system")) && uuid.n) {
        bool says = json_get_str(record, S("content")).n > 0;
        size_t turn = add_turn(s, record, says ? CODE_PROGRAM : CODE_SILENT);
        if (says)
            add_piece(s, turn, json_get(record, S("content")));
    } else if (uuid.n) {
        (void)add_turn(s, record, CODE_SILENT);
    } else if (str_eq(type, S("summary"))) {
        add_summary(s, record);
    } else if (!s->before) {
        know(&s->title, json_get_str(record, S("customTitle")));
        know(&s->ai_title, json_get_str(record, S("aiTitle")));
    }
    bool main = !s->before && !is_true(record, S("isSidechain"));
    size_t turn = turn_of(&s->by_uuid, uuid);
    if (main && turn < s->count && (s->count > before || !s->nodes[turn].silent))
        s->leaf = s->nodes[turn].id;
}

/* --- a session ------------------------------------------------------------------------------------------------------------- */

static const struct str MEMBERS[] = {
    S("type"),        S("uuid"),    S("parentUuid"),        S("logicalParentUuid"),
    S("sessionId"),   S("agentId"), S("timestamp"),         S("cwd"),
    S("gitBranch"),   S("message"), S("isSidechain"),       S("isMeta"),
    S("attachment"),  S("content"), S("isApiErrorMessage"), S("isCompactSummary"),
    S("customTitle"), S("aiTitle"), S("summary"),           S("leafUuid")
};

static err_t read_records(struct code_session *s, struct reader *from)
{
    CLEANUP(session_end) struct session_records records = { 0 };
    struct json record;
    err_t e;
    session_begin(&records, from, MEMBERS, COUNTOF(MEMBERS));
    while ((e = session_next(&records, s->b, &record)) == OK && s->b->err == OK)
        add_record(s, record);
    return e == E_NOT_FOUND ? OK : e;
}

/* What the session goes on from where that is not in it: the parent of its first record that has one elsewhere. */
static struct str goes_on_from(const struct code_session *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->nodes[i].parent.n && !map_has(&s->by_uuid, s->nodes[i].parent))
            return s->nodes[i].parent;
    return STR_NONE;
}

/* Of the other files what leads here stays; their other branches are theirs, and go on without this session. */
static err_t keep_what_leads_here(struct code_session *s, size_t own)
{
    bool *leads = ARENA_ARRAY(s->b->a, bool, s->count + 1);
    if (!leads)
        return arena_err(s->b->a);
    for (size_t i = 0; i < own; i++) {
        size_t up = turn_of(&s->by_uuid, s->nodes[i].parent);
        for (; up < s->count && up >= own && !leads[up];
             up = turn_of(&s->by_uuid, s->nodes[up].parent))
            leads[up] = true;
    }
    for (size_t i = own; i < s->count; i++) {
        s->nodes[i].silent |= !leads[i];
        s->nodes[i].at_ms = leads[i] ? s->nodes[i].at_ms : TIME_NONE;
    }
    return OK;
}

/* A session that was resumed or compacted begins in another file: that is read too, and what it goes on from. The whole is given for
 * this file; the archive sees by the messages' ids that it is the conversation of the other one, too. */
static err_t read_before(struct code_session *s, struct import_source *source)
{
    struct str missing = goes_on_from(s);
    size_t own = s->count;
    s->before = true;
    for (int i = 0; i < FILES_BEFORE_MAX && missing.n; i++) {
        CLEANUP(import_bytes_close) struct import_bytes bytes = { 0 };
        size_t entry;
        TRY(code_find_record(source, missing, &entry));
        if (entry == SIZE_MAX)
            break;
        TRY(import_bytes_open(source->files, entry, &bytes));
        TRY(read_records(s, bytes.reader));
        struct str next = goes_on_from(s);
        missing = str_eq(next, missing) ? STR_NONE : next;
    }
    return s->b->err == OK ? keep_what_leads_here(s, own) : OK;
}

/* A parent is the turn that its record became a part of. */
static void settle_parents(struct code_session *s)
{
    for (size_t i = 0; i < s->count; i++) {
        size_t turn = turn_of(&s->by_uuid, s->nodes[i].parent);
        if (turn < s->count)
            s->nodes[i].parent = turn == i ? STR_NONE : s->nodes[turn].id;
    }
}

/* Summaries stand in later sessions' files too: one is this session's where it is of a record in it. The last one counts. */
static struct str summary_of(const struct code_session *s)
{
    for (size_t i = s->summaries.count; i-- > 0;) {
        const struct map_entry *e = &s->summaries.entries[i];
        if (map_has(&s->by_uuid, e->key))
            return *(const struct str *)e->value;
    }
    return STR_NONE;
}

/* What a subagent was called for, from the file beside its own. */
static struct str errand_of(struct import_source *s, struct builder *b)
{
    struct str own = s->files->entries[s->entry].name, text;
    struct json root;
    if (!str_ends(own, S(".jsonl")))
        return STR_NONE;
    struct str beside = str_fmt(b->a, "%.*s.meta.json", STR_ARG(str_sub(own, 0, own.n - 6)));
    size_t entry = import_files_find(s->files, beside);
    if (entry != SIZE_MAX &&
        import_source_read_entry(s, b->a, entry, IMPORT_SIDE_FILE_BYTES_MAX, &text) == OK &&
        json_parse(b->a, text, JSON_FOREIGN_DEPTH_MAX, &root) == OK)
        return json_get_str(root, S("description"));
    err_clear();
    return STR_NONE;
}

static void describe(struct code_session *s, struct import_source *source)
{
    struct conversation *c = s->b->c;
    bool apart = s->agent.n && !s->leaf.n; /* a subagent's records alone */
    c->source.id =
        apart ? str_fmt(s->b->a, "%.*s/agent-%.*s", STR_ARG(s->id), STR_ARG(s->agent)) : s->id;
    c->title = s->title.n ? s->title : s->ai_title.n ? s->ai_title : summary_of(s);
    if (!c->title.n && apart)
        c->title = errand_of(source, s->b);
    c->context.branch = s->branch;
    c->context.tool = S("claude-code");
    for (size_t i = 0; i < s->count; i++) {
        int64_t at_ms = s->nodes[i].at_ms;
        if (at_ms != TIME_NONE && (c->created_ms == TIME_NONE || at_ms < c->created_ms))
            c->created_ms = at_ms;
        if (at_ms != TIME_NONE && (c->updated_ms == TIME_NONE || at_ms > c->updated_ms))
            c->updated_ms = at_ms;
    }
}

static err_t code_next(struct import_source *source, struct arena *a, struct conversation *ret)
{
    struct builder b;
    struct code_session s = { .b = &b };
    if (source->state)
        return E_NOT_FOUND;
    source->state = source;
    build_begin(&b, a, provider_by_name(S("claude_code"))->name, ret);
    map_init(&s.by_uuid, a);
    map_init(&s.by_message, a);
    map_init(&s.calls, a);
    map_init(&s.results, a);
    map_init(&s.summaries, a);
    TRY(read_records(&s, source->reader));
    TRY(build_end(&b));
    TRY(read_before(&s, source));
    TRY(build_end(&b));
    settle_parents(&s);
    describe(&s, source);
    code_write(&s);
    TRY(build_end(&b));
    return session_says_something(ret) ? OK : E_NOT_FOUND;
}

static bool code_sniff(const struct source_head *h)
{
    if (h->json != HEAD_OBJECT || !source_head_names(h, "type"))
        return false;
    bool snapshot = source_head_names(h, "messageId") && source_head_names(h, "snapshot");
    return source_head_names(h, "sessionId") || source_head_names(h, "leafUuid") || snapshot;
}

const struct source_format FORMAT_CLAUDE_CODE = {
    .name = "Claude Code session",
    .provider = "claude_code",
    .kind = "session",
    .sniff = code_sniff,
    .next = code_next,
};
