#include "archive/archive_source_store.h"

#include "archive_sql.h"
#include "base/compress.h"
#include "base/limits.h"

static const struct db_col SOURCE_COLS[] = {
    DB_COL(archive_source, id, DB_UUID),         DB_COL(archive_source, conversation_id, DB_UUID),
    DB_COL(archive_source, provider, DB_STR),    DB_COL(archive_source, place, DB_STR),
    DB_COL(archive_source, account, DB_STR),     DB_COL(archive_source, origin_id, DB_STR),
    DB_COL(archive_source, source_kind, DB_STR), DB_COL(archive_source, source_url, DB_STR),
    DB_COL(archive_source, strategy, DB_STR),    DB_COL(archive_source, recipe, DB_STR),
    DB_COL(archive_source, outcome, DB_STR),     DB_COL(archive_source, first_ms, DB_I64),
    DB_COL(archive_source, captured_ms, DB_I64),
};

static err_t sources(struct db *db, struct arena *a, const struct db_query *q, struct db_args args,
                     struct archive_source **ret, size_t *ret_count)
{
    return db_rows(db, a, q, args, SOURCE_COLS, COUNTOF(SOURCE_COLS), sizeof **ret,
                   CONVERSATION_SOURCES_MAX, ret, ret_count);
}

err_t source_store_turn(struct db *db, struct uuid owner)
{
    int64_t one;
    return db_i64(db, &SQL_ARCHIVE_TURN, DB_ARGS(DBU(owner)), &one);
}

err_t source_store_at(struct db *db, struct arena *a, struct uuid owner, struct str provider,
                      struct str place, struct archive_source **ret, size_t *ret_count)
{
    return sources(db, a, &SQL_ARCHIVE_SOURCE_AT,
                   DB_ARGS(DBU(owner), DBS(provider), DBS(place), DBI(CONVERSATION_SOURCES_MAX)),
                   ret, ret_count);
}

err_t source_store_of_origin(struct db *db, struct arena *a, struct uuid owner, struct str provider,
                             struct str origin_id, struct archive_source **ret, size_t *ret_count)
{
    return sources(
        db, a, &SQL_ARCHIVE_SOURCE_OF_ORIGIN,
        DB_ARGS(DBU(owner), DBS(provider), DBS(origin_id), DBI(CONVERSATION_SOURCES_MAX)), ret,
        ret_count);
}

err_t archive_sources(struct db *db, struct arena *a, struct uuid owner, struct uuid conversation,
                      struct archive_source **ret, size_t *ret_count)
{
    return sources(db, a, &SQL_ARCHIVE_SOURCES_OF,
                   DB_ARGS(DBU(owner), DBU(conversation), DBI(CONVERSATION_SOURCES_MAX)), ret,
                   ret_count);
}

err_t archive_versions(struct db *db, struct arena *a, struct uuid owner, struct uuid conversation,
                       struct uuid after_message, int64_t after_version, size_t limit,
                       struct archive_version **ret, size_t *ret_count)
{
    static const struct db_col cols[] = {
        DB_COL(archive_version, message_id, DB_UUID), DB_COL(archive_version, version, DB_I64),
        DB_COL(archive_version, blocks, DB_STR),      DB_COL(archive_version, hash, DB_STR),
        DB_COL(archive_version, replaced_ms, DB_I64), DB_COL(archive_version, source_id, DB_UUID),
    };
    return db_rows(db, a, &SQL_ARCHIVE_VERSIONS,
                   DB_ARGS(DBU(owner), DBU(conversation), DBU(after_message), DBI(after_version),
                           DBI((int64_t)limit)),
                   cols, COUNTOF(cols), sizeof **ret, limit, ret, ret_count);
}

err_t source_store_insert(struct db *db, struct uuid owner, const struct archive_source *s)
{
    return db_exec(db, &SQL_ARCHIVE_SOURCE_INSERT,
                   DB_ARGS(DBU(owner), DBU(s->id), DBU(s->conversation_id), DBS(s->provider),
                           DBS(s->place), DBS(s->account), DBS(s->origin_id), DBS(s->source_kind),
                           DBS(s->source_url), DBS(s->strategy), DBS(s->recipe), DBS(s->outcome),
                           DBI(s->first_ms), DBI(s->captured_ms)),
                   NULL);
}

err_t source_store_update(struct db *db, struct uuid owner, const struct archive_source *s)
{
    return db_exec(db, &SQL_ARCHIVE_SOURCE_UPDATE,
                   DB_ARGS(DBU(s->conversation_id), DBS(s->account), DBS(s->origin_id),
                           DBS(s->source_kind), DBS(s->strategy), DBS(s->recipe), DBS(s->outcome),
                           DBI(s->first_ms), DBI(s->captured_ms), DBU(owner), DBU(s->id)),
                   NULL);
}

/* --- renderings as bytes ----------------------------------------------------------------------- */

static void write_message(struct json_out *o, const struct archive_message *m)
{
    jo_object(o);
    jo_kuuid(o, "id", m->id);
    jo_kuuid(o, "parent", m->parent_id);
    jo_kstr(o, "origin", m->origin_id);
    jo_kstr(o, "role", m->role);
    jo_kstr(o, "author", m->author);
    jo_kstr(o, "model", m->model);
    jo_ki64(o, "created", m->created_ms);
    jo_kbool(o, "hidden", m->hidden);
    jo_kbool(o, "on_path", m->on_path);
    jo_kstr(o, "hash", m->hash);
    jo_kstr(o, "blocks", m->blocks); /* as text: it comes back to the byte */
    jo_end(o);
}

static const struct {
    const char *name;
    size_t offset;
} TEXTS[] = {
    { "provider", offsetof(struct archive_conversation, provider) },
    { "origin", offsetof(struct archive_conversation, origin_id) },
    { "title", offsetof(struct archive_conversation, title) },
    { "model", offsetof(struct archive_conversation, model) },
    { "kind", offsetof(struct archive_conversation, source_kind) },
    { "url", offsetof(struct archive_conversation, source_url) },
    { "strategy", offsetof(struct archive_conversation, strategy) },
    { "recipe", offsetof(struct archive_conversation, recipe) },
    { "outcome", offsetof(struct archive_conversation, outcome) },
    { "hash", offsetof(struct archive_conversation, hash) },
    { "findings", offsetof(struct archive_conversation, findings) },
    { "account", offsetof(struct archive_conversation, account) },
    { "cwd", offsetof(struct archive_conversation, context_cwd) },
    { "branch", offsetof(struct archive_conversation, context_branch) },
    { "tool", offsetof(struct archive_conversation, context_tool) },
};

static struct str *text_of(struct archive_conversation *row, size_t i)
{
    return (struct str *)((char *)row + TEXTS[i].offset);
}

/* What is known of the whole, then a message on each line: one of a million is no JSON value that could be read whole. */
static void write_head(struct json_out *o, const struct rendering *r)
{
    struct archive_conversation row = r->row;
    jo_object(o);
    jo_kstr(o, "place", r->place);
    for (size_t i = 0; i < COUNTOF(TEXTS); i++)
        jo_kstr(o, TEXTS[i].name, *text_of(&row, i));
    jo_ki64(o, "created", row.created_ms);
    jo_ki64(o, "updated", row.updated_ms);
    jo_ki64(o, "captured", row.captured_ms);
    jo_end(o);
}

static void write_rendering(struct buf *text, const struct rendering *r)
{
    struct json_out o;
    jo_init(&o, text);
    write_head(&o, r);
    for (size_t i = 0; i < r->count; i++) {
        buf_putc(text, '\n');
        jo_init(&o, text);
        write_message(&o, &r->messages[i]);
    }
}

static err_t pack(const struct rendering *r, struct buf *out)
{
    CLEANUP(buf_free) struct buf text = { 0 };
    buf_init(&text, NULL, RENDERING_BYTES_MAX);
    write_rendering(&text, r);
    if (buf_err(&text) == E_LIMIT)
        return err_note(E_LIMIT, NULL,
                        "one that is there already has %zu messages; what it was before would take "
                        "more than %zu MiB",
                        r->count, RENDERING_BYTES_MAX / MIB(1));
    TRY(buf_err(&text));
    return zstd_pack(buf_str(&text), 3, out);
}

static err_t damaged(void)
{
    return err_note(E_CORRUPT, NULL, "a stored rendering is damaged");
}

static err_t read_message(struct json v, struct archive_message *m)
{
    *m = (struct archive_message){
        .origin_id = json_get_str(v, S("origin")),
        .role = json_get_str(v, S("role")),
        .author = json_get_str(v, S("author")),
        .model = json_get_str(v, S("model")),
        .created_ms = json_i64(json_get(v, S("created")), TIME_NONE),
        .hidden = json_bool(json_get(v, S("hidden")), false),
        .on_path = json_bool(json_get(v, S("on_path")), false),
        .hash = json_get_str(v, S("hash")),
        .blocks = json_get_str(v, S("blocks")),
        .version = 1,
    };
    bool good = uuid_parse(json_get_str(v, S("id")), &m->id) == OK &&
                uuid_parse(json_get_str(v, S("parent")), &m->parent_id) == OK && m->role.n &&
                m->hash.n && m->blocks.n;
    return good ? OK : damaged();
}

static err_t parse(struct arena *a, struct str text, struct json *ret)
{
    if (json_parse(a, text, 8, ret) == OK)
        return OK;
    return arena_err(a) == OK ? damaged() : arena_err(a);
}

static struct str next_line(struct str *io_rest)
{
    struct str rest = *io_rest;
    size_t end = str_find(rest, S("\n"), 0);
    *io_rest = str_sub(rest, end < rest.n ? end + 1 : end, rest.n);
    return str_sub(rest, 0, end);
}

static size_t count_lines(struct str text)
{
    size_t n = 0;
    while (text.n) {
        (void)next_line(&text);
        n++;
    }
    return n;
}

static err_t read_messages(struct arena *a, struct json root, struct str lines, struct rendering *r)
{
    struct json messages = json_get(root, S("messages")),
                item; /* where an older program wrote them */
    struct json_iter it = json_iter(messages);
    r->messages =
        ARENA_ARRAY(a, struct archive_message, json_count(messages) + count_lines(lines) + 1);
    if (!r->messages)
        return arena_err(a);
    while (json_next(&it, NULL, &item))
        TRY(read_message(item, &r->messages[r->count++]));
    while (lines.n) {
        TRY(parse(a, next_line(&lines), &item));
        TRY(read_message(item, &r->messages[r->count++]));
    }
    return OK;
}

static err_t read_rendering(struct arena *a, struct str text, struct rendering *r)
{
    struct json root;
    TRY(parse(a, next_line(&text), &root));
    r->place = json_get_str(root, S("place"));
    for (size_t i = 0; i < COUNTOF(TEXTS); i++)
        *text_of(&r->row, i) = json_get_str(root, str_from(TEXTS[i].name));
    r->row.created_ms = json_i64(json_get(root, S("created")), TIME_NONE);
    r->row.updated_ms = json_i64(json_get(root, S("updated")), TIME_NONE);
    r->row.captured_ms = json_i64(json_get(root, S("captured")), 0);
    TRY(read_messages(a, root, text, r));
    int rank = rendering_rank(r->row.source_kind, r->row.strategy);
    for (size_t i = 0; i < r->count; i++) {
        r->messages[i].source_id = r->source_id;
        r->messages[i].rank = rank;
        r->messages[i].position = (int64_t)i;
    }
    return OK;
}

enum { RENDERINGS_MAX = CONVERSATION_SOURCES_MAX * SOURCE_RENDERINGS_MAX };

struct form_row {
    struct uuid source_id;
    struct str form;
};

static err_t renderings_of(struct db *db, struct arena *a, const struct db_query *q,
                           struct db_args args, size_t most, struct rendering **ret,
                           size_t *ret_count)
{
    static const struct db_col cols[] = { DB_COL(form_row, source_id, DB_UUID),
                                          DB_COL(form_row, form, DB_BYTES) };
    struct form_row *rows;
    size_t count;
    TRY(db_rows(db, a, q, args, cols, COUNTOF(cols), sizeof *rows, most, &rows, &count));
    struct rendering *list = ARENA_ARRAY(a, struct rendering, count + 1);
    if (!list)
        return arena_err(a);
    for (size_t i = 0; i < count; i++) {
        CLEANUP(buf_free) struct buf text = { 0 };
        buf_init(&text, NULL, RENDERING_BYTES_MAX);
        TRY(zstd_unpack(rows[i].form, &text));
        list[i].source_id = rows[i].source_id;
        TRY(read_rendering(a, buf_str(&text), &list[i]));
    }
    *ret = list;
    *ret_count = count;
    return OK;
}

err_t source_store_renderings(struct db *db, struct arena *a, struct uuid owner,
                              struct uuid conversation, struct rendering **ret, size_t *ret_count)
{
    return renderings_of(db, a, &SQL_ARCHIVE_RENDERINGS,
                         DB_ARGS(DBU(owner), DBU(conversation), DBI(RENDERINGS_MAX)),
                         RENDERINGS_MAX, ret, ret_count);
}

err_t source_store_keep(struct db *db, struct uuid owner, struct uuid conversation,
                        const struct rendering *list, size_t count)
{
    TRY(db_exec(db, &SQL_ARCHIVE_DELETE_RENDERINGS, DB_ARGS(DBU(owner), DBU(conversation)), NULL));
    for (size_t i = 0; i < count; i++) {
        CLEANUP(buf_free) struct buf form = { 0 };
        buf_init(&form, NULL, RENDERING_BYTES_MAX);
        TRY(pack(&list[i], &form));
        TRY(db_exec(db, &SQL_ARCHIVE_RENDERING_PUT,
                    DB_ARGS(DBU(owner), DBU(conversation), DBI((int64_t)i), DBU(list[i].source_id),
                            DBX(buf_str(&form))),
                    NULL));
    }
    return OK;
}

/* --- told apart, and found by what they say ------------------------------------------------------- */

err_t source_store_tell_apart(struct db *db, struct uuid owner, struct uuid source,
                              struct uuid other)
{
    return db_exec(db, &SQL_ARCHIVE_APART_PUT, DB_ARGS(DBU(owner), DBU(source), DBU(other)), NULL);
}

err_t source_store_are_apart(struct db *db, struct uuid owner, struct uuid conversation,
                             struct uuid other, bool *ret)
{
    int64_t rows;
    TRY(db_i64(db, &SQL_ARCHIVE_APART, DB_ARGS(DBU(owner), DBU(conversation), DBU(other)), &rows));
    *ret = rows > 0;
    return OK;
}

struct holder {
    struct uuid conversation_id;
};

err_t source_store_answer(struct db *db, struct arena *a, struct uuid owner, struct str provider,
                          const struct archive_message *m, bool by_id, size_t limit,
                          struct uuid **ret, size_t *ret_count)
{
    static const struct db_col cols[] = { DB_COL(holder, conversation_id, DB_UUID) };
    return db_rows(db, a, by_id ? &SQL_ARCHIVE_ANSWER_OF_ORIGIN : &SQL_ARCHIVE_ANSWER_OF_HASH,
                   DB_ARGS(DBU(owner), DBS(by_id ? m->origin_id : m->hash), DBS(provider),
                           DBI((int64_t)limit)),
                   cols, COUNTOF(cols), sizeof(struct holder), limit, ret, ret_count);
}

err_t source_store_copy_media(struct db *db, struct uuid owner, struct uuid from, struct uuid to)
{
    return db_exec(db, &SQL_ARCHIVE_MEDIA_COPY, DB_ARGS(DBU(to), DBU(owner), DBU(from)), NULL);
}

err_t source_store_drop_unnamed_media(struct db *db, struct uuid owner, struct uuid conversation)
{
    return db_exec(db, &SQL_ARCHIVE_MEDIA_DROP_UNNAMED, DB_ARGS(DBU(owner), DBU(conversation)),
                   NULL);
}

/* --- what was before something that can be undone ------------------------------------------------------------ */

err_t source_store_before_count(struct db *db, struct uuid owner, struct uuid mark,
                                struct uuid conversation, int64_t *ret)
{
    return db_i64(db, &SQL_ARCHIVE_BEFORE_COUNT, DB_ARGS(DBU(owner), DBU(mark), DBU(conversation)),
                  ret);
}

err_t source_store_before_keep(struct db *db, struct uuid owner, struct uuid mark,
                               struct uuid conversation, const struct packed_rendering *list,
                               size_t count)
{
    for (size_t i = 0; i < count; i++)
        TRY(db_exec(db, &SQL_ARCHIVE_BEFORE_PUT,
                    DB_ARGS(DBU(owner), DBU(mark), DBU(conversation), DBI((int64_t)i),
                            DBU(list[i].source_id), DBX(list[i].form)),
                    NULL));
    return OK;
}

err_t source_store_before(struct db *db, struct arena *a, struct uuid owner, struct uuid mark,
                          struct uuid conversation, struct rendering **ret, size_t *ret_count)
{
    return renderings_of(db, a, &SQL_ARCHIVE_BEFORE,
                         DB_ARGS(DBU(owner), DBU(mark), DBU(conversation), DBI(RENDERINGS_MAX)),
                         RENDERINGS_MAX, ret, ret_count);
}

err_t source_store_pack(struct arena *a, const struct rendering *list, size_t count,
                        struct packed_rendering **ret)
{
    struct packed_rendering *packed = ARENA_ARRAY(a, struct packed_rendering, count + 1);
    if (!packed)
        return arena_err(a);
    for (size_t i = 0; i < count; i++) {
        CLEANUP(buf_free) struct buf form = { 0 };
        buf_init(&form, NULL, RENDERING_BYTES_MAX);
        TRY(pack(&list[i], &form));
        packed[i] = (struct packed_rendering){ list[i].source_id, str_dup(a, buf_str(&form)) };
    }
    *ret = packed;
    return arena_err(a);
}

err_t archive_forget_mark(struct db *db, struct uuid owner, struct uuid mark)
{
    return db_exec(db, &SQL_ARCHIVE_FORGET_MARK, DB_ARGS(DBU(owner), DBU(mark)), NULL);
}

err_t source_store_delete(struct db *db, struct uuid owner, struct uuid source)
{
    return db_exec(db, &SQL_ARCHIVE_SOURCE_DELETE, DB_ARGS(DBU(owner), DBU(source)), NULL);
}
