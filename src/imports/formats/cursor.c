/* Cursor: state.vscdb, a SQLite file of keys and values in which conversations stand beside tokens and settings
 * (research/capture-2026.md). It is copied, with the log beside it, and of the copy the keys of conversations alone are asked for:
 * composerData:<id> and its bubbleId:<id>:<bubble>, and the two keys under which older versions kept them for each workspace. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/builder.h"
#include "base/encode.h"
#include "base/limits.h"
#include "db/key_file.h"
#include "imports/formats/formats.h"
#include "imports/media.h"
#include "os/file.h"

enum { COPY_TRIES = 3, TURN_BLOCKS_MAX = 1000, KEY_BYTES_MAX = 512 };

enum phase { PHASE_CHATS, PHASE_WORKSPACE, PHASE_COMPOSERS, PHASE_END };

struct vault {
    struct key_file *keys;
    char *folder; /* of the copy */
    struct str cwd;
    enum phase phase;
    struct json_iter list; /* of PHASE_CHATS and PHASE_WORKSPACE; in the source's arena */
    bool listed;
    char after[KEY_BYTES_MAX]; /* of PHASE_COMPOSERS: the key given last */
    size_t after_n;
};

/* --- the copy ------------------------------------------------------------------------------------------------------ */

static err_t copy(struct reader *from, const char *path, int64_t *io_left)
{
    CLEANUP(fd_close) struct fd to = { -1 };
    char bytes[KIB(64)];
    size_t n = 1;
    TRY(file_write_atomic(path, S(""), 0600));
    to.fd = open(path, O_WRONLY | O_CLOEXEC);
    if (to.fd < 0)
        return err_note(E_IO, NULL, "making a copy of it failed");
    while (n) {
        TRY(from->read(from, bytes, sizeof bytes, &n));
        *io_left -= (int64_t)n;
        if (*io_left < 0)
            return err_note(E_LIMIT, NULL, "it has more than %lld MiB",
                            (long long)(CURSOR_FILE_BYTES_MAX >> 20));
        TRY(file_write_all(to.fd, str_of(bytes, n)));
    }
    return OK;
}

static err_t copy_entry(struct import_source *s, size_t entry, const char *path, int64_t *io_left)
{
    CLEANUP(import_bytes_close) struct import_bytes from = { 0 };
    TRY(import_bytes_open(s->files, entry, &from));
    return copy(from.reader, path, io_left);
}

static err_t copy_path(const char *from, const char *path, int64_t *io_left)
{
    CLEANUP(file_reader_close) struct file_reader f = { .fd = FD_NONE };
    err_t e = file_reader_open(&f, from);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    return copy(&f.reader, path, io_left);
}

/* The log lies beside the file: in what was given, or, of a file given alone, where that is. */
static err_t copy_both(struct import_source *s, struct vault *v)
{
    const struct import_entry *e = &s->files->entries[s->entry];
    const char *to = str_cstr(s->arena, str_fmt(s->arena, "%s/state.vscdb", v->folder));
    const char *log = str_cstr(s->arena, str_fmt(s->arena, "%s/state.vscdb-wal", v->folder));
    const char *beside = e->path ? str_cstr(s->arena, str_fmt(s->arena, "%s-wal", e->path)) : NULL;
    size_t entry = import_files_find(s->files, str_cat(s->arena, e->name, S("-wal")));
    int64_t left = CURSOR_FILE_BYTES_MAX;
    TRY(arena_err(s->arena));
    TRY(copy_entry(s, s->entry, to, &left));
    if (entry != SIZE_MAX)
        return copy_entry(s, entry, log, &left);
    return beside ? copy_path(beside, log, &left) : OK;
}

struct stamp {
    int64_t bytes[2], changed_ns[2];
};

static struct stamp stamp_of(struct arena *a, const char *path)
{
    struct stamp ret = { 0 };
    const char *log = str_cstr(a, str_fmt(a, "%s-wal", path)), *both[] = { path, log };
    struct stat st;
    for (size_t i = 0; i < COUNTOF(both); i++)
        if (both[i] && stat(both[i], &st) == 0) {
            ret.bytes[i] = st.st_size;
            ret.changed_ns[i] = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
        }
    return ret;
}

/* Two files that belong together: whoever writes to them while they are copied makes the copy worth nothing. */
static err_t copy_still(struct import_source *s, struct vault *v)
{
    const char *path = s->files->entries[s->entry].path;
    for (int i = 0; i < COPY_TRIES; i++) {
        struct stamp before = { 0 }, after = { 0 };
        if (path)
            before = stamp_of(s->arena, path);
        TRY(copy_both(s, v));
        if (path)
            after = stamp_of(s->arena, path);
        if (memcmp(&before, &after, sizeof before) == 0)
            return OK;
    }
    return err_note(E_INVALID, NULL,
                    "Cursor writes to it all the time; try again when Cursor rests or is closed");
}

/* --- opening --------------------------------------------------------------------------------------------------------- */

static void vault_close(struct import_source *s)
{
    struct vault *v = s->state;
    if (!v)
        return;
    key_file_close(v->keys);
    if (v->folder)
        folder_remove(v->folder);
    s->state = NULL;
}

/* Of a workspace's own file: {"folder": "file:///home/…"} stands beside it. */
static struct str workspace_of(struct import_source *s)
{
    struct str own = s->files->entries[s->entry].name, last = media_last_part(own), text, path;
    struct str name = str_cat(s->arena, str_sub(own, 0, own.n - last.n), S("workspace.json"));
    size_t entry = import_files_find(s->files, name);
    struct json root;
    bool read = entry != SIZE_MAX &&
                import_source_read_entry(s, s->arena, entry, KIB(64), &text) == OK &&
                json_parse(s->arena, text, JSON_FOREIGN_DEPTH_MAX, &root) == OK;
    struct str folder = read ? json_get_str(root, S("folder")) : STR_NONE, scheme = S("file://");
    err_clear();
    if (!str_starts(folder, scheme) ||
        percent_decode(s->arena, str_sub(folder, scheme.n, folder.n), false, &path) != OK)
        return STR_NONE;
    return path;
}

static err_t open_keys(struct import_source *s, struct vault *v)
{
    const char *path = str_cstr(s->arena, str_fmt(s->arena, "%s/state.vscdb", v->folder));
    if (!path)
        return arena_err(s->arena);
    err_t e = key_file_open(path, IMPORT_VALUE_BYTES, &v->keys);
    if (e == E_CORRUPT || e == E_NOT_FOUND)
        return err_note(E_INVALID, NULL, "Cursor's file is damaged, or was cut off");
    TRY(e);
    return key_file_has(v->keys, KEY_TABLE_CURSOR) || key_file_has(v->keys, KEY_TABLE_ITEMS)
               ? OK
               : err_note(E_NOT_FOUND, NULL, "there are no conversations in this database");
}

static err_t vault_open(struct import_source *s)
{
    struct vault *v = ARENA_NEW(s->arena, struct vault);
    if (!v)
        return arena_err(s->arena);
    s->state = v;
    err_t e = folder_temp(s->arena, "vivim-cursor-", &v->folder);
    if (e == OK)
        e = copy_still(s, v);
    if (e == OK)
        e = open_keys(s, v);
    if (e != OK) {
        struct err_detail detail = *err_detail();
        vault_close(s);
        err_restore(&detail);
        return e;
    }
    v->cwd = workspace_of(s);
    return OK;
}

/* --- one conversation -------------------------------------------------------------------------------------------------- */

struct talk {
    struct builder *b;
    struct vault *v;
    struct str composer;
    bool answering, called;
};

static void begin(struct talk *t, struct json bubble, struct str id, enum role role)
{
    struct message *m = build_message(t->b, id, STR_NONE, role);
    struct str model = json_get_str(json_get(bubble, S("modelInfo")), S("modelName"));
    m->created_ms = build_time(t->b, json_get(bubble, S("createdAt")));
    m->model = role == ROLE_ASSISTANT ? model.n ? model : t->b->c->model : STR_NONE;
    t->answering = role == ROLE_ASSISTANT;
    t->called = false;
}

static struct str text_or_json(struct talk *t, struct json v)
{
    return json_is(v, JSON_STR) ? json_str(v) : json_exists(v) ? build_json_text(t->b, v) : S("");
}

static void put_tool(struct talk *t, struct json tool)
{
    struct str id = json_get_str(tool, S("toolCallId")), status = json_get_str(tool, S("status"));
    struct json args = json_get(tool, S("rawArgs")), result = json_get(tool, S("result"));
    if (!json_exists(args))
        args = json_get(tool, S("params"));
    t->called = true;
    build_call(t->b, id, json_get_str(tool, S("name")), text_or_json(t, args));
    if (json_exists(result) || str_eq(status, S("error")) || str_eq(status, S("cancelled")))
        build_result(t->b, id, text_or_json(t, result),
                     str_eq(status, S("error")) || str_eq(status, S("cancelled")));
}

/* The model's words, thoughts and calls are bubbles of their own: those up to the next words are one message. */
static void put_bubble(struct talk *t, struct json v, struct str id)
{
    struct str text = json_get_str(v, S("text")),
               thought = json_get_str(json_get(v, S("thinking")), S("text"));
    struct json tool = json_get(v, S("toolFormerData")), type = json_get(v, S("type"));
    bool calls = json_get_str(tool, S("name")).n > 0;
    bool person = json_i64(type, 0) == 1 || str_eq(json_str(type), S("user"));
    if (!text.n)
        text = json_get_str(v, S("rawText"));
    if (!text.n && !thought.n && !calls)
        return;
    if (person || !t->answering || (t->called && !calls) ||
        build_here(t->b)->block_count >= TURN_BLOCKS_MAX)
        begin(t, v, id, person ? ROLE_USER : ROLE_ASSISTANT);
    build_thinking(t->b, thought, STR_NONE);
    build_text(t->b, text);
    if (calls)
        put_tool(t, tool);
}

static err_t put_named_bubble(struct talk *t, struct str id)
{
    struct str text;
    struct json v;
    struct str key = str_fmt(t->b->a, "bubbleId:%.*s:%.*s", STR_ARG(t->composer), STR_ARG(id));
    TRY(arena_err(t->b->a));
    err_t e = key_file_get(t->v->keys, t->b->a, KEY_TABLE_CURSOR, key, &text);
    if (e == OK)
        e = json_parse(t->b->a, text, JSON_FOREIGN_DEPTH_MAX, &v);
    if (e == OK) {
        put_bubble(t, v, id);
        return OK;
    }
    if (e == E_BUSY || arena_err(t->b->a) != OK)
        return e;
    err_clear();
    build_finding(t->b, FOUND_TURNS_NOT_CONTIGUOUS, S("a message is named and not there"));
    return OK;
}

static err_t put_bubbles(struct talk *t, struct json list, bool inside)
{
    struct json_iter it = json_iter(list);
    struct json v;
    while (json_next(&it, NULL, &v)) {
        struct str id = json_get_str(v, S("bubbleId"));
        if (!id.n)
            id = json_get_str(v, S("id"));
        if (inside)
            put_bubble(t, v, id.n ? id : STR_NONE);
        else if (id.n)
            TRY(put_named_bubble(t, id));
    }
    return OK;
}

/* E_NOT_FOUND: nothing is said in it. */
static err_t composer_conversation(struct vault *v, struct arena *a, struct json root,
                                   struct str id, struct conversation *ret)
{
    struct builder b;
    struct talk t = { .b = &b, .v = v, .composer = id };
    struct json named = json_get(root, S("fullConversationHeadersOnly")),
                inside = json_get(root, S("conversation"));
    struct json place = json_get(json_get(root, S("workspaceIdentifier")), S("uri"));
    struct str folder = json_get_str(place, S("fsPath"));
    if (!json_count(inside))
        inside = json_get(root, S("bubbles"));
    if (!json_count(named) && !json_count(inside))
        return E_NOT_FOUND;
    build_begin(&b, a, provider_by_name(S("cursor"))->name, ret);
    ret->source.id = id;
    ret->title = json_get_str(root, S("name"));
    if (!ret->title.n)
        ret->title = json_get_str(root, S("chatTitle"));
    ret->model = json_get_str(json_get(root, S("modelConfig")), S("modelName"));
    ret->created_ms = build_time(&b, json_get(root, S("createdAt")));
    ret->updated_ms = build_time(&b, json_get(root, S("lastUpdatedAt")));
    if (ret->updated_ms == TIME_NONE)
        ret->updated_ms = build_time(&b, json_get(root, S("lastSendTime")));
    ret->context.cwd = folder.n ? folder : str_dup(a, v->cwd);
    ret->context.tool = S("cursor");
    TRY(put_bubbles(&t, json_count(inside) ? inside : named, json_count(inside) > 0));
    TRY(build_end(&b));
    return ret->message_count ? OK : E_NOT_FOUND;
}

/* --- which ones ---------------------------------------------------------------------------------------------------------- */

/* The list that an older version kept under one key, in the source's arena. */
static err_t list_open(struct import_source *s, struct vault *v, const char *key, const char *name)
{
    struct str text;
    struct json root;
    v->listed = true;
    v->list = json_iter((struct json){ 0 });
    err_t e = key_file_get(v->keys, s->arena, KEY_TABLE_ITEMS, str_from(key), &text);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    TRY(json_parse(s->arena, text, JSON_FOREIGN_DEPTH_MAX, &root));
    v->list = json_iter(json_get(root, str_from(name)));
    return OK;
}

/* The value anew, in `a`, which a conversation outlives the source with. */
static err_t own_value(struct arena *a, struct json v, struct json *ret)
{
    struct buf text;
    struct json_out o;
    buf_init(&text, a, CONVERSATION_BYTES_MAX);
    jo_init(&o, &text);
    jo_value(&o, v);
    TRY(buf_err(&text));
    return json_parse(a, buf_str(&text), JSON_FOREIGN_DEPTH_MAX, ret);
}

/* The next value of a list; E_NOT_FOUND: there is none that is a conversation. */
static err_t next_listed(struct import_source *s, struct vault *v, struct arena *a, const char *key,
                         const char *list, const char *id, struct conversation *ret)
{
    struct json value, own;
    if (!v->listed)
        TRY(list_open(s, v, key, list));
    while (json_next(&v->list, NULL, &value)) {
        arena_reset(a);
        s->place++;
        TRY(own_value(a, value, &own));
        err_t e = composer_conversation(v, a, own, json_get_str(own, str_from(id)), ret);
        if (e != E_NOT_FOUND)
            return e;
    }
    return E_NOT_FOUND;
}

static err_t next_composer(struct import_source *s, struct vault *v, struct arena *a,
                           struct conversation *ret)
{
    struct str prefix = S("composerData:"), key, text;
    struct json root;
    for (;;) {
        arena_reset(a);
        TRY(key_file_next(v->keys, a, KEY_TABLE_CURSOR, prefix, str_of(v->after, v->after_n),
                          &key));
        if (key.n > sizeof v->after)
            return err_note(E_INVALID, NULL, "a key in it is too long");
        memcpy(v->after, key.s, key.n);
        v->after_n = key.n;
        s->place++;
        err_t e = key_file_get(v->keys, a, KEY_TABLE_CURSOR, key, &text);
        if (e == E_NOT_FOUND || (e == OK && str_eq(str_trim(text), S("null"))))
            continue;
        TRY(e);
        TRY(json_parse(a, text, JSON_FOREIGN_DEPTH_MAX, &root));
        e = composer_conversation(v, a, root, str_sub(key, prefix.n, key.n), ret);
        if (e != E_NOT_FOUND)
            return e;
    }
}

static err_t vault_next(struct import_source *s, struct arena *a, struct conversation *ret)
{
    struct vault *v = s->state;
    for (; v->phase < PHASE_END; v->phase++, v->listed = false) {
        err_t e = v->phase == PHASE_CHATS
                      ? next_listed(s, v, a, "workbench.panel.aichat.view.aichat.chatdata", "tabs",
                                    "tabId", ret)
                  : v->phase == PHASE_WORKSPACE ? next_listed(s, v, a, "composer.composerData",
                                                              "allComposers", "composerId", ret)
                                                : next_composer(s, v, a, ret);
        if (e == E_CORRUPT) {
            v->phase = PHASE_END; /* no page behind it can be trusted */
            return err_note(E_INVALID, NULL, "Cursor's file is damaged");
        }
        if (e != E_NOT_FOUND)
            return e;
    }
    return E_NOT_FOUND;
}

static bool vault_sniff(const struct source_head *h)
{
    return str_starts(h->bytes, S("SQLite format 3")) &&
           (str_find(h->bytes, S("cursorDiskKV"), 0) < h->bytes.n ||
            str_find(h->bytes, S("TABLE ItemTable"), 0) < h->bytes.n);
}

const struct source_format FORMAT_CURSOR = {
    .name = "Cursor's conversations",
    .provider = "cursor",
    .kind = "session",
    .sniff = vault_sniff,
    .open = vault_open,
    .next = vault_next,
    .close = vault_close,
};
