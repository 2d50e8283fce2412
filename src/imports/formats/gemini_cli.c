/* Gemini CLI: ~/.gemini/tmp/<project>/chats/session-<time>-<id>.json, since 2026 .jsonl: a head, then records, of which one with the
 * id of another stands in its place, {"$set": …} changes the head or all messages, and {"$rewindTo": id} takes back that message and
 * what follows (research/capture-2026.md). What was taken back stays, off the branch. */
#include "archive/tree.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/utf8.h"
#include "imports/formats/formats.h"
#include "imports/formats/session.h"
#include "imports/media.h"

static const char *const PUT_IN[] = { "<session_context", "<hook_context",
                                      "This is the Gemini CLI.", "<state_snapshot", NULL };

struct chat {
    struct builder *b;
    struct tree_node *nodes;
    bool *gone;
    size_t count, room;
    struct map by_id; /* number + 1 */
};

/* --- records ------------------------------------------------------------------------------------------------------ */

static struct str last_live(const struct chat *k)
{
    for (size_t i = k->count; i-- > 0;)
        if (!k->gone[i])
            return k->nodes[i].id;
    return STR_NONE;
}

static bool grow(struct chat *k)
{
    if (k->count < k->room)
        return true;
    size_t room = k->room ? k->room * 2 : 64;
    struct tree_node *nodes = ARENA_ARRAY(k->b->a, struct tree_node, room);
    bool *gone = ARENA_ARRAY(k->b->a, bool, room);
    if (!nodes || !gone) {
        build_fail(k->b, arena_err(k->b->a));
        return false;
    }
    if (k->count) {
        memcpy(nodes, k->nodes, k->count * sizeof *nodes);
        memcpy(gone, k->gone, k->count * sizeof *gone);
    }
    k->nodes = nodes;
    k->gone = gone;
    k->room = room;
    return true;
}

static void put_record(struct chat *k, struct json v)
{
    struct str id = json_get_str(v, S("id"));
    size_t at = id.n ? (size_t)(uintptr_t)map_get(&k->by_id, id) - 1 : SIZE_MAX;
    if (at == SIZE_MAX) {
        if (!grow(k))
            return;
        at = k->count;
        k->nodes[at] = (struct tree_node){ .id = id.n ? id : STR_NONE, .parent = last_live(k) };
        k->count++;
        if (id.n)
            build_fail(k->b, map_put(&k->by_id, id, (void *)(uintptr_t)(at + 1)));
    }
    k->gone[at] = false;
    k->nodes[at].value = v;
    k->nodes[at].at_ms = build_time(k->b, json_get(v, S("timestamp")));
}

static void rewind_to(struct chat *k, struct str id)
{
    size_t from = (size_t)(uintptr_t)map_get(&k->by_id, id);
    for (size_t i = from ? from - 1 : 0; i < k->count; i++)
        k->gone[i] = true;
}

static void put_all(struct chat *k, struct json messages)
{
    struct json_iter it = json_iter(messages);
    struct json v;
    rewind_to(k, STR_NONE);
    while (json_next(&it, NULL, &v))
        put_record(k, v);
}

static void know(struct str *mine, struct str now)
{
    if (now.n)
        *mine = now;
}

/* The head, or what changes it. */
static void put_head(struct chat *k, struct json v)
{
    struct conversation *c = k->b->c;
    know(&c->source.id, json_get_str(v, S("sessionId")));
    know(&c->title, json_get_str(v, S("summary")));
    know(&c->context.cwd, json_str(json_at(json_get(v, S("directories")), 0)));
    int64_t begun_ms = build_time(k->b, json_get(v, S("startTime"))),
            changed_ms = build_time(k->b, json_get(v, S("lastUpdated")));
    c->created_ms = begun_ms != TIME_NONE ? begun_ms : c->created_ms;
    c->updated_ms = changed_ms != TIME_NONE ? changed_ms : c->updated_ms;
    if (json_is(json_get(v, S("messages")), JSON_ARRAY))
        put_all(k, json_get(v, S("messages")));
}

static void take_record(struct chat *k, struct json v)
{
    struct str back = json_get_str(v, S("$rewindTo"));
    if (back.n)
        rewind_to(k, back);
    else if (json_is(json_get(v, S("$set")), JSON_OBJECT))
        put_head(k, json_get(v, S("$set")));
    else if (json_exists(json_get(v, S("sessionId"))) && !json_exists(json_get(v, S("type"))))
        put_head(k, v);
    else if (json_exists(json_get(v, S("type"))))
        put_record(k, v);
}

/* --- messages --------------------------------------------------------------------------------------------------------- */

static void put_part(struct chat *k, struct json v)
{
    struct json call = json_get(v, S("functionCall")), result = json_get(v, S("functionResponse"));
    struct json data = json_get(v, S("inlineData"));
    if (json_is(v, JSON_STR))
        build_text(k->b, json_str(v));
    else if (json_bool(json_get(v, S("thought")), false))
        build_thinking(k->b, json_get_str(v, S("text")), STR_NONE);
    else if (json_exists(json_get(v, S("text"))))
        build_text(k->b, json_get_str(v, S("text")));
    else if (json_exists(call))
        build_call(k->b, json_get_str(call, S("id")), json_get_str(call, S("name")),
                   build_json_text(k->b, json_get(call, S("args"))));
    else if (json_exists(result))
        build_result(k->b, json_get_str(result, S("id")),
                     build_json_text(k->b, json_get(result, S("response"))), false);
    else if (json_exists(data))
        build_picture(k->b, json_get_str(data, S("mimeType")), json_get_str(data, S("data")));
    else
        build_unknown(k->b, v, FOUND_UNMODELLED_BLOCK, S("a part"));
}

static void put_content(struct chat *k, struct json content)
{
    struct json_iter it = json_iter(content);
    struct json part;
    if (!json_is(content, JSON_ARRAY)) {
        if (json_exists(content))
            put_part(k, content);
        return;
    }
    while (json_next(&it, NULL, &part))
        put_part(k, part);
}

/* What the model got: the words of {"output": …} or {"error": …} of each answer of the function, else what was displayed. */
static void put_result(struct chat *k, struct json call)
{
    struct json_iter it = json_iter(json_get(call, S("result")));
    struct json part, shown = json_get(call, S("resultDisplay"));
    struct str status = json_get_str(call, S("status"));
    struct buf text;
    buf_init(&text, k->b->a, CONVERSATION_BYTES_MAX);
    while (json_next(&it, NULL, &part)) {
        struct json response = json_get(json_get(part, S("functionResponse")), S("response"));
        struct json words = json_get(response, S("output"));
        if (!json_exists(words))
            words = json_get(response, S("error"));
        if (!json_exists(words))
            words = json_exists(response) ? response : json_get(part, S("text"));
        if (text.n)
            buf_putc(&text, '\n');
        if (json_is(words, JSON_STR))
            buf_put(&text, json_str(words));
        else if (json_exists(words))
            buf_put(&text, build_json_text(k->b, words));
    }
    if (!text.n && json_exists(shown))
        buf_put(&text, json_is(shown, JSON_STR) ? json_str(shown) : build_json_text(k->b, shown));
    build_fail(k->b, buf_err(&text));
    if (text.n || status.n)
        build_result(k->b, json_get_str(call, S("id")), buf_str(&text),
                     str_eq(status, S("error")) || str_eq(status, S("cancelled")));
}

static void put_model(struct chat *k, struct json v)
{
    struct json_iter it = json_iter(json_get(v, S("thoughts")));
    struct json one;
    while (json_next(&it, NULL, &one))
        build_thinking(k->b, json_get_str(one, S("description")), json_get_str(one, S("subject")));
    put_content(k, json_get(v, S("content")));
    it = json_iter(json_get(v, S("toolCalls")));
    while (json_next(&it, NULL, &one)) {
        build_call(k->b, json_get_str(one, S("id")), json_get_str(one, S("name")),
                   build_json_text(k->b, json_get(one, S("args"))));
        put_result(k, one);
    }
}

static void begin(struct chat *k, const struct tree_node *n, struct str id, struct str above,
                  enum role role, bool hidden)
{
    struct message *m = build_message(k->b, id, above, role);
    m->created_ms = n->at_ms;
    m->on_path = n->on_path;
    m->hidden = hidden;
}

/* What was typed stands apart where the program sent more than that. */
static void write_person(struct chat *k, const struct tree_node *n)
{
    struct json content = json_get(n->value, S("content")),
                typed = json_get(n->value, S("displayContent"));
    struct json first = json_is(content, JSON_ARRAY) ? json_at(content, 0) : content;
    struct str words = json_is(first, JSON_STR) ? json_str(first) : json_get_str(first, S("text"));
    bool put_in = !json_exists(typed) && session_begins(words, PUT_IN);
    struct str above = n->above;
    if (json_exists(typed) && n->id.n) {
        struct str context = str_cat(k->b->a, n->id, S(":context"));
        begin(k, n, context, above, ROLE_SYSTEM, true);
        put_content(k, content);
        above = context;
        content = typed;
    }
    begin(k, n, n->id, above, put_in ? ROLE_SYSTEM : ROLE_USER, put_in);
    put_content(k, content);
}

static void write_record(struct builder *b, const struct tree_node *n, void *context)
{
    struct chat *k = context;
    struct str type = json_get_str(n->value, S("type")), model = json_get_str(n->value, S("model"));
    if (str_eq(type, S("user"))) {
        write_person(k, n);
    } else if (str_eq(type, S("gemini")) || str_eq(type, S("model"))) {
        begin(k, n, n->id, n->above, ROLE_ASSISTANT, false);
        build_here(b)->model = model;
        if (model.n && n->on_path)
            b->c->model = model;
        put_model(k, n->value);
    } else {
        begin(k, n, n->id, n->above, ROLE_SYSTEM, !str_eq(type, S("error")));
        put_content(k, json_get(n->value, S("content")));
    }
}

/* --- a chat --------------------------------------------------------------------------------------------------------------- */

static struct str cut_last_part(struct str name)
{
    size_t n = name.n - media_last_part(name).n;
    return str_sub(name, 0, n ? n - 1 : 0);
}

/* The folder that it ran in stands in a file beside the chats; what is sent from elsewhere has no hidden names. */
static void find_folder(struct import_source *s, struct builder *b)
{
    static const char *const NAMES[] = { ".project_root", "project_root" };
    struct str folder = s->files->entries[s->entry].name, text;
    for (int up = 0; up < 3 && folder.n && !b->c->context.cwd.n; up++) {
        folder = cut_last_part(folder);
        for (size_t i = 0; i < COUNTOF(NAMES); i++) {
            struct str name =
                folder.n ? str_fmt(b->a, "%.*s/%s", STR_ARG(folder), NAMES[i]) : str_from(NAMES[i]);
            size_t entry = import_files_find(s->files, name);
            if (entry != SIZE_MAX &&
                import_source_read_entry(s, b->a, entry, KIB(4), &text) == OK && utf8_ok(text))
                b->c->context.cwd = str_trim(text);
        }
    }
    err_clear();
}

static err_t read_lines(struct chat *k, struct reader *from)
{
    static const struct str MEMBERS[] = { S("id"),          S("type"),           S("timestamp"),
                                          S("content"),     S("displayContent"), S("thoughts"),
                                          S("model"),       S("toolCalls"),      S("sessionId"),
                                          S("startTime"),   S("summary"),        S("$set"),
                                          S("lastUpdated"), S("directories"),    S("$rewindTo"),
                                          S("messages") };
    CLEANUP(session_end) struct session_records records = { 0 };
    struct json record;
    err_t e;
    session_begin(&records, from, MEMBERS, COUNTOF(MEMBERS));
    while ((e = session_next(&records, k->b, &record)) == OK && k->b->err == OK)
        take_record(k, record);
    return e == E_NOT_FOUND ? OK : e;
}

static err_t read_whole(struct chat *k, struct import_source *s)
{
    struct str text;
    struct json root;
    TRY(source_text(s, IMPORT_VALUE_BYTES, &text));
    TRY(json_parse(k->b->a, text, JSON_FOREIGN_DEPTH_MAX, &root));
    put_head(k, root);
    return OK;
}

static err_t chat_next(struct import_source *s, struct arena *a, struct conversation *ret)
{
    struct builder b;
    struct chat k = { .b = &b };
    if (s->state)
        return E_NOT_FOUND;
    s->state = s;
    build_begin(&b, a, provider_by_name(S("gemini_cli"))->name, ret);
    map_init(&k.by_id, a);
    ret->context.tool = S("gemini-cli");
    TRY(source_head_names(&s->head, "messages") ? read_whole(&k, s) : read_lines(&k, s->reader));
    find_folder(s, &b);
    TRY(build_end(&b));
    tree_write(&b, k.nodes, k.count, last_live(&k), write_record, &k);
    TRY(build_end(&b));
    return session_says_something(ret) ? OK : E_NOT_FOUND;
}

static bool chat_sniff(const struct source_head *h)
{
    return h->json == HEAD_OBJECT && source_head_names(h, "sessionId") &&
           source_head_names(h, "projectHash");
}

const struct source_format FORMAT_GEMINI_CLI = {
    .name = "Gemini CLI session",
    .provider = "gemini_cli",
    .kind = "session",
    .sniff = chat_sniff,
    .next = chat_next,
};
