/* Claude: chat_snapshots (with and without rendering_mode), the API's form and official exports: a list of messages
 * (research/capture.md sections 3 and 5, capture-2026.md). */
#include "archive/cited.h"
#include "archive/providers/provider.h"
#include "archive/tree.h"
#include "base/limits.h"
#include "base/map.h"

static const struct role_word ROLES[] = { { "human", ROLE_USER },
                                          { "assistant", ROLE_ASSISTANT },
                                          { NULL, ROLE_SYSTEM } };

struct artifact { /* as far as its commands have been replayed */
    struct str title, kind, content;
};

struct talk {
    struct builder *b;
    struct map artifacts; /* id or path -> struct artifact */
};

/* --- artifacts: commands are replayed, each gives a version ------------------------------------------ */

static struct artifact *artifact_of(struct talk *t, struct str id)
{
    struct artifact *art = map_get(&t->artifacts, id);
    if (art)
        return art;
    art = ARENA_NEW(t->b->a, struct artifact);
    if (art)
        build_fail(t->b, map_put(&t->artifacts, id, art));
    return art;
}

static void put_artifact(struct talk *t, struct str id, const struct artifact *art)
{
    build_artifact(t->b, id, art->kind, art->title, art->content);
}

static void replace(struct talk *t, struct artifact *art, struct json input)
{
    struct str old = json_get_str(input, S("old_str"));
    if (!old.n || str_find(art->content, old, 0) >= art->content.n)
        build_finding(t->b, FOUND_ARTIFACT_CHANGE_UNREADABLE, art->title);
    else
        art->content =
            build_replace(t->b, art->content, old, json_get_str(input, S("new_str")), false);
}

static void take_artifact(struct talk *t, struct json input)
{
    struct str id = json_get_str(input, S("id")), title = json_get_str(input, S("title")),
               kind = json_get_str(input, S("type"));
    struct artifact *art = id.n ? artifact_of(t, id) : NULL;
    if (!art)
        return;
    if (title.n)
        art->title = title;
    if (kind.n)
        art->kind = kind;
    if (str_eq(json_get_str(input, S("command")), S("update")))
        replace(t, art, input);
    else if (json_is(json_get(input, S("content")), JSON_STR))
        art->content = json_get_str(input, S("content"));
    put_artifact(t, id, art);
}

static struct str name_of_path(struct str path)
{
    size_t at = 0;
    for (size_t i = 0; i < path.n; i++)
        if (path.s[i] == '/')
            at = i + 1;
    return str_sub(path, at, path.n);
}

static struct str kind_of_path(struct str path)
{
    static const struct {
        const char *ending, *kind;
    } KINDS[] = { { ".md", "text/markdown" },
                  { ".html", "text/html" },
                  { ".svg", "image/svg+xml" } };
    for (size_t i = 0; i < COUNTOF(KINDS); i++)
        if (str_ends(path, str_from(KINDS[i].ending)))
            return str_from(KINDS[i].kind);
    return STR_NONE;
}

/* A file that the answer writes; links name it as computer://PATH. */
static void take_file(struct talk *t, struct json input, bool new)
{
    struct str path = json_get_str(input, S("path"));
    struct artifact *art = path.n ? artifact_of(t, path) : NULL;
    if (!art || (!new && !art->content.s))
        return; /* a change to a file that is not in the conversation is the call alone */
    art->title = name_of_path(path);
    art->kind = kind_of_path(path);
    if (new)
        art->content = json_get_str(input, S("file_text"));
    else
        replace(t, art, input);
    put_artifact(t, path, art);
}

/* --- blocks ----------------------------------------------------------------------------------------------- */

static void put_citations(struct talk *t, struct json list)
{
    struct json_iter it = json_iter(list);
    struct json v;
    while (json_next(&it, NULL, &v)) {
        struct json details = json_get(v, S("details"));
        struct str url = json_get_str(details, S("url")), title = json_get_str(v, S("title"));
        struct message *m = build_here(t->b);
        size_t before = m->block_count;
        build_cite(t->b, url.n ? url : json_get_str(v, S("url")),
                   title.n ? title : json_get_str(details, S("title")));
        m = build_here(t->b);
        if (m->block_count == before)
            return;
        m->blocks[before].citation.start = json_i64(json_get(v, S("start_index")), -1);
        m->blocks[before].citation.end = json_i64(json_get(v, S("end_index")), -1);
    }
}

static void put_thinking(struct talk *t, struct json v)
{
    struct json_iter it = json_iter(json_get(v, S("summaries")));
    struct json one;
    struct str summary = STR_NONE;
    while (json_next(&it, NULL, &one))
        summary = json_get_str(one, S("summary")); /* the last one is what stands over it */
    build_thinking(t->b, build_words(t->b, json_get(v, S("thinking"))), summary);
}

static void put_call(struct talk *t, struct json v)
{
    struct json input = json_get(v, S("input"));
    struct str name = json_get_str(v, S("name"));
    build_call(t->b, build_id(t->b, json_get(v, S("id"))), name, build_json_text(t->b, input));
    if (str_eq(name, S("artifacts")))
        take_artifact(t, input);
    else if (str_eq(name, S("create_file")) || str_eq(name, S("str_replace")))
        take_file(t, input, str_eq(name, S("create_file")));
}

static void put_result_part(struct talk *t, struct buf *text, struct json part)
{
    bool bare = json_is(part, JSON_STR);
    struct str words = bare ? json_str(part) : json_get_str(part, S("text"));
    if (text->n)
        buf_putc(text, '\n');
    buf_put(text, bare || words.n ? words : build_json_text(t->b, part)); /* no text: as it is */
}

static void put_result(struct talk *t, struct json v)
{
    struct json content = json_get(v, S("content")), part;
    struct buf text;
    buf_init(&text, t->b->a, CONVERSATION_BYTES_MAX);
    struct json_iter it = json_iter(content);
    if (json_is(content, JSON_STR))
        buf_put(&text, json_str(content));
    else if (json_exists(content) && !json_is(content, JSON_ARRAY))
        put_result_part(t, &text, content);
    while (json_is(content, JSON_ARRAY) && json_next(&it, NULL, &part))
        put_result_part(t, &text, part);
    build_fail(t->b, buf_err(&text));
    build_result(t->b, build_id(t->b, json_get(v, S("tool_use_id"))), buf_str(&text),
                 json_bool(json_get(v, S("is_error")), false));
}

/* --- what it could not show as text ------------------------------------------------------------------- */

/* In its place the provider writes a sentence that is no word of the conversation, alone in a fence or as text. In a person's words
 * and in code with other lines it is what was said. */
static size_t placeholder_at(struct str text, size_t at)
{
    static const char *const SENTENCES[] = {
        "This block is not supported on your current device yet.",
        "Viewing artifacts created via the Analysis Tool web feature preview isn’t yet "
        "supported on mobile."
    };
    for (size_t i = 0; i < COUNTOF(SENTENCES); i++)
        if (str_starts(str_sub(text, at, text.n), str_from(SENTENCES[i])))
            return strlen(SENTENCES[i]);
    return 0;
}

static size_t take_bare(struct cited *c, size_t at, void *context)
{
    size_t *taken = context, n = placeholder_at(c->whole, at);
    *taken += n;
    return n;
}

/* A fence with nothing else in it. */
static size_t take_fenced(struct cited *c, size_t at, void *context)
{
    size_t *taken = context, line, end;
    struct str inside;
    if (at && c->whole.s[at - 1] != '\n')
        return 0;
    line = str_find_char(c->whole, '\n', at) + 1;
    inside = str_trim(str_sub(c->whole, line, str_find_char(c->whole, '\n', line)));
    if (!placeholder_at(inside, 0) || (end = cited_fence_end(c->whole, at)) == at)
        return 0;
    inside = str_sub(c->whole, line, end);
    while (inside.n && str_find_char(S("`~ \n"), inside.s[inside.n - 1], 0) < 4)
        inside.n--; /* what closes it */
    inside = str_trim(inside);
    if (placeholder_at(inside, 0) != inside.n)
        return 0;
    *taken += inside.n;
    return end - at;
}

static struct str without_placeholders(struct builder *b, struct str text)
{
    struct cited c;
    size_t taken = 0;
    cited_read(b, text, "`~ ", true, take_fenced, &taken, &c);
    cited_read(b, c.text, "TV", false, take_bare, &taken, &c);
    if (!taken)
        return text;
    build_finding(b, FOUND_TEXT_PLACEHOLDER_IGNORED,
                  S("the provider left out what it could not show as text"));
    return c.text;
}

static void put_words(struct builder *b, struct str text)
{
    bool answer = build_here(b)->role == ROLE_ASSISTANT;
    bool suspect = str_find(text, S("not supported on your"), 0) < text.n ||
                   str_find(text, S("supported on mobile"), 0) < text.n;
    build_text(b, answer && suspect ? without_placeholders(b, text) : text);
}

static void put_content(struct talk *t, struct json v)
{
    struct str type = json_get_str(v, S("type"));
    if (json_is(v, JSON_STR)) {
        put_words(t->b, json_str(v));
    } else if (str_eq(type, S("text"))) {
        put_words(t->b, build_words(t->b, json_get(v, S("text"))));
        put_citations(t, json_get(v, S("citations")));
    } else if (str_eq(type, S("thinking"))) {
        put_thinking(t, v);
    } else if (str_eq(type, S("tool_use"))) {
        put_call(t, v);
    } else if (str_eq(type, S("tool_result"))) {
        put_result(t, v);
    } else if (str_eq(type, S("voice_note"))) {
        build_text(t->b, build_words(t->b, json_get(v, S("text"))));
    } else if (!str_eq(type, S("token_budget")) && !str_eq(type, S("flag"))) {
        /* those two are bookkeeping of the provider, never shown */
        build_unknown(t->b, v, FOUND_UNMODELLED_BLOCK, type.n ? type : S("a block without a type"));
    }
}

/* A list of blocks; one block or a text where the list is usual. */
static void put_contents(struct talk *t, struct json v)
{
    struct json_iter it = json_iter(v);
    struct json part;
    if (json_exists(v) && !json_is(v, JSON_ARRAY))
        put_content(t, v);
    while (json_is(v, JSON_ARRAY) && json_next(&it, NULL, &part))
        put_content(t, part);
}

static void put_files(struct talk *t, struct json message)
{
    static const char *const LISTS[] = { "attachments", "files" };
    for (size_t i = 0; i < COUNTOF(LISTS); i++) {
        struct json_iter it = json_iter(json_get(message, str_from(LISTS[i])));
        struct json file;
        while (json_next(&it, NULL, &file)) {
            build_file(t->b, json_get_str(file, S("file_name")), json_get_str(file, S("file_type")),
                       build_words(t->b, json_get(file, S("extracted_content"))));
            build_file_id(t->b, build_id(t->b, json_get(file, S("file_uuid"))));
        }
    }
}

/* --- messages --------------------------------------------------------------------------------------------- */

/* Where there is content, it counts, and `text` is a poorer copy of it; of content that is not understood the text is all we can read. */
static bool understood(const struct message *m)
{
    for (size_t i = 0; i < m->block_count; i++)
        if (m->blocks[i].type != BLOCK_UNKNOWN)
            return true;
    return false;
}

static void write_message(struct builder *b, const struct tree_node *n, void *context)
{
    struct talk *t = context;
    struct message *m = build_message(b, n->id, n->above,
                                      build_role(b, ROLES, json_get_str(n->value, S("sender"))));
    m->created_ms = n->at_ms;
    m->on_path = n->on_path;
    if (json_is(n->value, JSON_OBJECT))
        put_contents(t, json_get(n->value, S("content")));
    else
        put_content(t, n->value); /* words without a message around them */
    if (!understood(build_here(b)))
        put_contents(t, json_get(n->value, S("text")));
    put_files(t, n->value);
}

/* The root's parent is all zeros with a 4 and an 8. */
static struct str parent_of(struct builder *b, struct json message)
{
    struct str id = build_id(b, json_get(message, S("parent_message_uuid")));
    return str_eq(id, S("00000000-0000-4000-8000-000000000000")) ? STR_NONE : id;
}

/* Question and answer may have one time, so only parents say what follows what. */
static void write_messages(struct talk *t, struct json root)
{
    struct json list = json_get(root, S("chat_messages")), v;
    size_t count = json_count(list), n = 0;
    struct tree_node *nodes = arena_array(&t->b->scratch, count + 1, sizeof *nodes);
    struct json_iter it = json_iter(list);
    while (nodes && json_next(&it, NULL, &v)) {
        if (!json_exists(v))
            continue; /* null: no message, and no word of one */
        nodes[n++] = (struct tree_node){ .id = build_id(t->b, json_get(v, S("uuid"))),
                                         .parent = parent_of(t->b, v),
                                         .value = v,
                                         .at_ms = build_time(t->b, json_get(v, S("created_at"))) };
    }
    if (nodes)
        tree_write(t->b, nodes, n, build_id(t->b, json_get(root, S("current_leaf_message_uuid"))),
                   write_message, t);
}

static err_t refused(struct json root)
{
    struct json error = json_get(root, S("error"));
    struct str type = json_get_str(error, S("type"));
    if (str_eq(type, S("permission_error")))
        return err_note(E_FORBIDDEN, NULL,
                        "the provider says that this share is for an organisation alone");
    if (str_eq(type, S("not_found_error")))
        return err_note(E_GONE, NULL, "the provider says that there is no such share");
    return err_note(E_INVALID, NULL, "there are no messages in the provider's data");
}

/* --- what an export holds beside conversations: projects with their documents, and what Claude remembers ------------------- */

static bool is_project(struct json root)
{
    return json_is(json_get(root, S("docs")), JSON_ARRAY) &&
           json_is(json_get(root, S("uuid")), JSON_STR) && json_exists(json_get(root, S("name")));
}

static bool is_memory(struct json root)
{
    return json_is(json_get(root, S("conversations_memory")), JSON_STR) ||
           json_is(json_get(root, S("project_memories")), JSON_OBJECT);
}

/* Its instructions as they are told to Claude, then each document. */
static void read_project(struct builder *b, struct json root)
{
    struct json_iter it = json_iter(json_get(root, S("docs")));
    struct json v;
    struct str told = json_get_str(root, S("prompt_template")),
               about = json_get_str(root, S("description"));
    b->c->title = json_get_str(root, S("name"));
    b->c->created_ms = build_time(b, json_get(root, S("created_at")));
    b->c->updated_ms = build_time(b, json_get(root, S("updated_at")));
    b->c->source.id = str_cat(b->a, S("project:"), json_get_str(root, S("uuid")));
    if (told.n || about.n) {
        (void)build_message(b, S("instructions"), STR_NONE, ROLE_SYSTEM);
        build_text(b, about);
        build_text(b, told);
    }
    while (json_next(&it, NULL, &v)) {
        struct str id = build_id(b, json_get(v, S("uuid"))), name = json_get_str(v, S("filename"));
        struct message *m = build_message(b, id, STR_NONE, ROLE_USER);
        m->created_ms = build_time(b, json_get(v, S("created_at")));
        build_artifact(b, id, kind_of_path(name), name, json_get_str(v, S("content")));
    }
}

static void put_memory(struct builder *b, struct str id, struct str text)
{
    if (!text.n)
        return;
    (void)build_message(b, id, STR_NONE, ROLE_SYSTEM);
    build_text(b, text);
}

static void read_memory(struct builder *b, struct json root)
{
    struct json_iter it = json_iter(json_get(root, S("project_memories")));
    struct str project, account = json_get_str(root, S("account_uuid"));
    struct json v;
    b->c->title = S("What Claude remembers");
    b->c->source.id = account.n ? str_cat(b->a, S("memory:"), account) : S("memory");
    put_memory(b, S("memory"), json_get_str(root, S("conversations_memory")));
    while (json_next(&it, &project, &v))
        put_memory(b, project, json_str(v));
}

static err_t claude_from_json(struct arena *a, struct json root, struct conversation *ret)
{
    struct builder b;
    struct talk t = { .b = &b };
    if (!json_is(json_get(root, S("chat_messages")), JSON_ARRAY) && !is_project(root) &&
        !is_memory(root))
        return refused(root);
    build_begin(&b, a, "claude", ret);
    if (is_project(root) || is_memory(root)) {
        is_project(root) ? read_project(&b, root) : read_memory(&b, root);
        return build_end(&b);
    }
    map_init(&t.artifacts, a);
    ret->title = json_get_str(root, S("snapshot_name"));
    if (!ret->title.n)
        ret->title = json_get_str(root, S("name"));
    ret->model = json_get_str(root, S("model"));
    ret->created_ms = build_time(&b, json_get(root, S("created_at")));
    ret->updated_ms = build_time(&b, json_get(root, S("updated_at")));
    ret->source.id = build_id(&b, json_get(root, S("conversation_uuid")));
    if (!ret->source.id.n)
        ret->source.id = build_id(&b, json_get(root, S("uuid")));
    write_messages(&t, root);
    return build_end(&b);
}

static bool claude_json_is_mine(struct json root)
{
    return (json_is(json_get(root, S("chat_messages")), JSON_ARRAY) &&
            json_exists(json_get(root, S("uuid")))) ||
           is_project(root) || is_memory(root);
}

const struct provider PROVIDER_CLAUDE = { .name = "claude",
                                          .json_is_mine = claude_json_is_mine,
                                          .from_json = claude_from_json };
