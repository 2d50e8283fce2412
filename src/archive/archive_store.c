#include "archive/archive_store.h"

#include "archive_sql.h"
#include "base/limits.h"

static const struct db_col CONVERSATION_COLS[] = {
    DB_COL(archive_conversation, id, DB_UUID),
    DB_COL(archive_conversation, provider, DB_STR),
    DB_COL(archive_conversation, origin_id, DB_STR),
    DB_COL(archive_conversation, title, DB_STR),
    DB_COL(archive_conversation, model, DB_STR),
    DB_COL(archive_conversation, source_kind, DB_STR),
    DB_COL(archive_conversation, source_url, DB_STR),
    DB_COL(archive_conversation, strategy, DB_STR),
    DB_COL(archive_conversation, recipe, DB_STR),
    DB_COL(archive_conversation, outcome, DB_STR),
    DB_COL(archive_conversation, hash, DB_STR),
    DB_COL(archive_conversation, findings, DB_STR),
    DB_COL(archive_conversation, version, DB_I64),
    DB_COL(archive_conversation, message_count, DB_I64),
    DB_COL(archive_conversation, created_ms, DB_I64),
    DB_COL(archive_conversation, updated_ms, DB_I64),
    DB_COL(archive_conversation, captured_ms, DB_I64),
    DB_COL(archive_conversation, stored_ms, DB_I64),
    DB_COL(archive_conversation, trashed_ms, DB_I64),
    DB_COL(archive_conversation, title_own, DB_BOOL),
    DB_COL(archive_conversation, account, DB_STR),
    DB_COL(archive_conversation, context_cwd, DB_STR),
    DB_COL(archive_conversation, context_branch, DB_STR),
    DB_COL(archive_conversation, context_tool, DB_STR),
};

/* Those of archive_path first. */
static const struct db_col MESSAGE_COLS[] = {
    DB_COL(archive_message, id, DB_UUID),
    DB_COL(archive_message, parent_id, DB_UUID),
    DB_COL(archive_message, origin_id, DB_STR),
    DB_COL(archive_message, role, DB_STR),
    DB_COL(archive_message, author, DB_STR),
    DB_COL(archive_message, model, DB_STR),
    DB_COL(archive_message, blocks, DB_STR),
    DB_COL(archive_message, hash, DB_STR),
    DB_COL(archive_message, position, DB_I64),
    DB_COL(archive_message, version, DB_I64),
    DB_COL(archive_message, created_ms, DB_I64),
    DB_COL(archive_message, source_id, DB_UUID),
    DB_COL(archive_message, hidden, DB_BOOL),
    DB_COL(archive_message, on_path, DB_BOOL),
    DB_COL(archive_message, conversation_id, DB_UUID),
};
enum { PATH_COLS = COUNTOF(MESSAGE_COLS) - 3 };

static struct db_value uuid_or_null(struct uuid u)
{
    return uuid_is_nil(u) ? DBN() : DBU(u);
}

static err_t one_conversation(struct db *db, struct arena *a, const struct db_query *q,
                              struct db_args args, struct archive_conversation *ret)
{
    return db_one(db, a, q, args, CONVERSATION_COLS, COUNTOF(CONVERSATION_COLS), ret);
}

err_t archive_get(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                  struct archive_conversation *ret)
{
    return one_conversation(db, a, &SQL_ARCHIVE_ONE, DB_ARGS(DBU(owner), DBU(id)), ret);
}

err_t archive_get_state(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                        struct archive_conversation *ret)
{
    static const struct db_col cols[] = { DB_COL(archive_conversation, version, DB_I64),
                                          DB_COL(archive_conversation, captured_ms, DB_I64) };
    *ret = (struct archive_conversation){ .id = id };
    return db_one(db, a, &SQL_ARCHIVE_STATE, DB_ARGS(DBU(owner), DBU(id)), cols, COUNTOF(cols),
                  ret);
}

err_t archive_store_any(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                        struct archive_conversation *ret)
{
    return one_conversation(db, a, &SQL_ARCHIVE_ANY, DB_ARGS(DBU(owner), DBU(id)), ret);
}

err_t archive_list_trashed(struct db *db, struct arena *a, struct uuid owner,
                           const struct archive_page *page, struct archive_conversation **ret,
                           size_t *ret_count)
{
    return db_rows(
        db, a, &SQL_ARCHIVE_TRASHED,
        DB_ARGS(DBU(owner), DBI(page->before_ms), DBU(page->before_id), DBI((int64_t)page->limit)),
        CONVERSATION_COLS, COUNTOF(CONVERSATION_COLS), sizeof **ret, page->limit, ret, ret_count);
}

err_t archive_list(struct db *db, struct arena *a, struct uuid owner,
                   const struct archive_page *page, struct archive_conversation **ret,
                   size_t *ret_count)
{
    assert(page->limit >= 1 && page->limit <= PAGE_ITEMS_MAX + 1);
    struct db_value limit = DBI((int64_t)page->limit);
    if (page->provider.n)
        return db_rows(db, a, &SQL_ARCHIVE_NEWEST_OF_PROVIDER,
                       DB_ARGS(DBU(owner), DBS(page->provider), DBI(page->before_ms),
                               DBU(page->before_id), limit),
                       CONVERSATION_COLS, COUNTOF(CONVERSATION_COLS), sizeof **ret, page->limit,
                       ret, ret_count);
    return db_rows(db, a, &SQL_ARCHIVE_NEWEST,
                   DB_ARGS(DBU(owner), DBI(page->before_ms), DBU(page->before_id), limit),
                   CONVERSATION_COLS, COUNTOF(CONVERSATION_COLS), sizeof **ret, page->limit, ret,
                   ret_count);
}

err_t archive_store_insert(struct db *db, struct uuid owner, const struct archive_conversation *r)
{
    return db_exec(db, &SQL_ARCHIVE_INSERT,
                   DB_ARGS(DBU(owner), DBU(r->id), DBS(r->provider), DBS(r->origin_id),
                           DBS(r->title), DBS(r->model), DBS(r->source_kind), DBS(r->source_url),
                           DBS(r->strategy), DBS(r->recipe), DBS(r->outcome), DBS(r->hash),
                           DBS(r->findings), DBI(r->message_count), DBT(r->created_ms),
                           DBT(r->updated_ms), DBI(r->captured_ms), DBI(r->stored_ms),
                           DBS(r->account), DBS(r->context_cwd), DBS(r->context_branch),
                           DBS(r->context_tool)),
                   NULL);
}

err_t archive_store_update(struct db *db, struct uuid owner, const struct archive_conversation *r)
{
    return db_exec(db, &SQL_ARCHIVE_UPDATE,
                   DB_ARGS(DBS(r->title), DBS(r->model), DBS(r->source_kind), DBS(r->source_url),
                           DBS(r->strategy), DBS(r->recipe), DBS(r->outcome), DBS(r->hash),
                           DBS(r->findings), DBI(r->version), DBI(r->message_count),
                           DBT(r->created_ms), DBT(r->updated_ms), DBI(r->captured_ms),
                           DBS(r->origin_id), DBS(r->account), DBS(r->context_cwd),
                           DBS(r->context_branch), DBS(r->context_tool), DBU(owner), DBU(r->id)),
                   NULL);
}

err_t archive_messages(struct db *db, struct arena *a, struct uuid owner, struct uuid conversation,
                       bool all, int64_t after_position, size_t limit, struct archive_message **ret,
                       size_t *ret_count)
{
    TRY(db_rows(db, a, all ? &SQL_ARCHIVE_TREE : &SQL_ARCHIVE_PATH,
                DB_ARGS(DBU(owner), DBU(conversation), DBI(after_position), DBI((int64_t)limit)),
                MESSAGE_COLS, all ? COUNTOF(MESSAGE_COLS) : PATH_COLS, sizeof **ret, limit, ret,
                ret_count));
    for (size_t i = 0; !all && i < *ret_count; i++) {
        (*ret)[i].conversation_id = conversation;
        (*ret)[i].on_path = true;
    }
    return OK;
}

err_t archive_store_message_text(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                                 struct archive_message_text *ret)
{
    static const struct db_col cols[] = {
        DB_COL(archive_message_text, conversation_id, DB_UUID),
        DB_COL(archive_message_text, role, DB_STR),
        DB_COL(archive_message_text, author, DB_STR),
        DB_COL(archive_message_text, model, DB_STR),
        DB_COL(archive_message_text, blocks, DB_STR),
        DB_COL(archive_message_text, title, DB_STR),
        DB_COL(archive_message_text, provider, DB_STR),
        DB_COL(archive_message_text, account, DB_STR),
        DB_COL(archive_message_text, position, DB_I64),
        DB_COL(archive_message_text, created_ms, DB_I64),
        DB_COL(archive_message_text, captured_ms, DB_I64),
    };
    return db_one(db, a, &SQL_ARCHIVE_MESSAGE_TEXT, DB_ARGS(DBU(owner), DBU(id)), cols,
                  COUNTOF(cols), ret);
}

err_t archive_store_message_insert(struct db *db, struct uuid owner,
                                   const struct archive_message *m)
{
    return db_exec(db, &SQL_ARCHIVE_MESSAGE_INSERT,
                   DB_ARGS(DBU(owner), DBU(m->id), DBU(m->conversation_id),
                           uuid_or_null(m->parent_id), DBI(m->position), DBS(m->origin_id),
                           DBS(m->role), DBS(m->author), DBS(m->model), DBT(m->created_ms),
                           DBB(m->hidden), DBB(m->on_path), DBS(m->blocks), DBS(m->hash),
                           uuid_or_null(m->source_id)),
                   NULL);
}

err_t archive_store_message_place(struct db *db, struct uuid owner, const struct archive_message *m)
{
    return db_exec(db, &SQL_ARCHIVE_MESSAGE_PLACE,
                   DB_ARGS(uuid_or_null(m->parent_id), DBI(m->position), DBS(m->origin_id),
                           DBS(m->author), DBS(m->model), DBT(m->created_ms), DBB(m->hidden),
                           DBB(m->on_path), uuid_or_null(m->source_id), DBU(owner), DBU(m->id)),
                   NULL);
}

err_t archive_store_message_replace(struct db *db, struct uuid owner,
                                    const struct archive_message *m, int64_t now_ms)
{
    TRY(db_exec(db, &SQL_ARCHIVE_VERSION_KEEP, DB_ARGS(DBI(now_ms), DBU(owner), DBU(m->id)), NULL));
    return db_exec(db, &SQL_ARCHIVE_MESSAGE_REPLACE,
                   DB_ARGS(DBS(m->role), DBS(m->blocks), DBS(m->hash), DBU(owner), DBU(m->id)),
                   NULL);
}

err_t archive_store_version_add(struct db *db, struct uuid owner, const struct archive_message *m,
                                const struct archive_version *v)
{
    return db_exec(db, &SQL_ARCHIVE_VERSION_ADD,
                   DB_ARGS(DBU(owner), DBU(m->id), DBI(v->version), DBU(m->conversation_id),
                           DBS(v->blocks), DBS(v->hash), DBI(v->replaced_ms)),
                   NULL);
}

err_t archive_store_message_version(struct db *db, struct uuid owner, struct uuid id,
                                    int64_t version)
{
    return db_exec(db, &SQL_ARCHIVE_MESSAGE_VERSION, DB_ARGS(DBI(version), DBU(owner), DBU(id)),
                   NULL);
}

err_t archive_store_message_delete(struct db *db, struct uuid owner, struct uuid id)
{
    struct db_args args = DB_ARGS(DBU(owner), DBU(id));
    TRY(db_exec(db, &SQL_ARCHIVE_MESSAGE_DELETE_VERSIONS, args, NULL));
    return db_exec(db, &SQL_ARCHIVE_MESSAGE_DELETE, args, NULL);
}

err_t archive_store_media(struct db *db, struct uuid owner, struct uuid conversation,
                          const struct archive_media *m)
{
    struct str hash = str_of((const char *)m->sha256.b, sizeof m->sha256.b);
    return db_exec(
        db, &SQL_ARCHIVE_MEDIA_PUT,
        DB_ARGS(DBU(owner), DBU(conversation), DBX(hash), DBS(m->media_type), DBI(m->bytes)), NULL);
}

struct id_row {
    struct uuid id;
};

struct id_call {
    err_t (*visit)(void *context, struct uuid id);
    void *context;
};

static err_t visit_id(void *context, const void *row)
{
    const struct id_call *call = context;
    return call->visit(call->context, ((const struct id_row *)row)->id);
}

err_t archive_each_id(struct db *db, struct uuid owner,
                      err_t (*visit)(void *context, struct uuid id), void *context)
{
    static const struct db_col cols[] = { DB_COL(id_row, id, DB_UUID) };
    struct id_call call = { visit, context };
    return db_each(db, &SQL_ARCHIVE_IDS, DB_ARGS(DBU(owner)), cols, COUNTOF(cols),
                   sizeof(struct id_row), visit_id, &call);
}

err_t archive_media_list(struct db *db, struct arena *a, struct uuid owner,
                         struct uuid conversation, size_t limit, struct archive_media_row **ret,
                         size_t *ret_count)
{
    static const struct db_col cols[] = {
        DB_COL(archive_media_row, sha256, DB_BYTES),
        DB_COL(archive_media_row, media_type, DB_STR),
        DB_COL(archive_media_row, bytes, DB_I64),
    };
    return db_rows(db, a, &SQL_ARCHIVE_MEDIA_ALL,
                   DB_ARGS(DBU(owner), DBU(conversation), DBI((int64_t)limit)), cols, COUNTOF(cols),
                   sizeof **ret, limit, ret, ret_count);
}

struct media_row {
    struct str media_type;
};

err_t archive_media_type(struct db *db, struct arena *a, struct uuid owner,
                         struct uuid conversation, struct sha256 h, struct str *ret)
{
    static const struct db_col cols[] = { DB_COL(media_row, media_type, DB_STR) };
    struct media_row row;
    struct str hash = str_of((const char *)h.b, sizeof h.b);
    TRY(db_one(db, a, &SQL_ARCHIVE_MEDIA_ONE, DB_ARGS(DBU(owner), DBU(conversation), DBX(hash)),
               cols, COUNTOF(cols), &row));
    *ret = row.media_type;
    return OK;
}

err_t archive_store_names_blob(struct db *db, struct uuid owner, struct sha256 h, bool *ret)
{
    int64_t rows;
    TRY(db_i64(db, &SQL_ARCHIVE_NAMES_BLOB,
               DB_ARGS(DBU(owner), DBX(str_of((const char *)h.b, sizeof h.b))), &rows));
    *ret = *ret || rows > 0;
    return OK;
}

err_t archive_store_rename(struct db *db, struct uuid owner, struct uuid id, struct str title)
{
    return db_exec(db, &SQL_ARCHIVE_RENAME, DB_ARGS(DBS(title), DBU(owner), DBU(id)), NULL);
}

err_t archive_store_forget(struct db *db, struct uuid owner)
{
    static const struct db_query *const ALL[] = {
        &SQL_ARCHIVE_FORGET_MEDIA,    &SQL_ARCHIVE_FORGET_APART,   &SQL_ARCHIVE_FORGET_RENDERINGS,
        &SQL_ARCHIVE_FORGET_BEFORE,   &SQL_ARCHIVE_FORGET_SOURCES, &SQL_ARCHIVE_FORGET_VERSIONS,
        &SQL_ARCHIVE_FORGET_MESSAGES, &SQL_ARCHIVE_FORGET
    };
    for (size_t i = 0; i < COUNTOF(ALL); i++)
        TRY(db_exec(db, ALL[i], DB_ARGS(DBU(owner)), NULL));
    return OK;
}

err_t archive_store_exists(struct db *db, struct uuid owner, struct uuid id)
{
    int64_t one;
    return db_i64(db, &SQL_ARCHIVE_EXISTS, DB_ARGS(DBU(owner), DBU(id)), &one);
}

err_t archive_store_delete(struct db *db, struct uuid owner, struct uuid id)
{
    struct db_args args = DB_ARGS(DBU(owner), DBU(id));
    TRY(db_exec(db, &SQL_ARCHIVE_DELETE_MESSAGES, args, NULL));
    TRY(db_exec(db, &SQL_ARCHIVE_DELETE_VERSIONS, args, NULL));
    TRY(db_exec(db, &SQL_ARCHIVE_DELETE_MEDIA, args, NULL));
    TRY(db_exec(db, &SQL_ARCHIVE_DELETE_RENDERINGS, args, NULL));
    TRY(db_exec(db, &SQL_ARCHIVE_DELETE_BEFORE, args, NULL));
    TRY(db_exec(db, &SQL_ARCHIVE_DELETE_APART, args, NULL));
    TRY(db_exec(db, &SQL_ARCHIVE_DELETE_SOURCES, args, NULL));
    return db_exec(db, &SQL_ARCHIVE_DELETE, args, NULL);
}

/* --- the trash ------------------------------------------------------------------------------------------ */

err_t archive_store_trash(struct db *db, struct uuid owner, struct uuid id, int64_t now_ms,
                          bool *ret_done)
{
    int64_t changed;
    TRY(db_exec(db, &SQL_ARCHIVE_TRASH, DB_ARGS(DBI(now_ms), DBU(owner), DBU(id)), &changed));
    *ret_done = changed > 0;
    return OK;
}

err_t archive_store_restore(struct db *db, struct uuid owner, struct uuid id, bool *ret_done)
{
    int64_t changed;
    TRY(db_exec(db, &SQL_ARCHIVE_RESTORE, DB_ARGS(DBU(owner), DBU(id)), &changed));
    *ret_done = changed > 0;
    return OK;
}

err_t archive_store_trash_old(struct db *db, struct arena *a, int64_t before_ms, size_t limit,
                              struct archive_owned **ret, size_t *ret_count)
{
    static const struct db_col cols[] = { DB_COL(archive_owned, owner_id, DB_UUID),
                                          DB_COL(archive_owned, id, DB_UUID) };
    return db_rows(db, a, &SQL_ARCHIVE_TRASH_OLD, DB_ARGS(DBI(before_ms), DBI((int64_t)limit)),
                   cols, COUNTOF(cols), sizeof **ret, limit, ret, ret_count);
}

/* --- what it takes --------------------------------------------------------------------------------------- */

err_t archive_storage(struct db *db, struct arena *a, struct uuid owner,
                      struct archive_storage **ret, size_t *ret_count)
{
    static const struct db_col cols[] = { DB_COL(archive_storage, kind, DB_STR),
                                          DB_COL(archive_storage, count, DB_I64),
                                          DB_COL(archive_storage, bytes, DB_I64) };
    struct archive_storage *list, *media;
    size_t count;
    TRY(db_rows(db, a, &SQL_ARCHIVE_STORAGE_MEDIA, DB_ARGS(DBU(owner), DBI(ARCHIVE_STORAGE_MAX)),
                cols, COUNTOF(cols), sizeof *media, ARCHIVE_STORAGE_MAX, &media, &count));
    list = ARENA_ARRAY(a, struct archive_storage, count + 1);
    if (!list)
        return arena_err(a);
    list[0].kind = S("text");
    err_t e =
        db_one(db, a, &SQL_ARCHIVE_STORAGE_TEXT, DB_ARGS(DBU(owner)), cols, COUNTOF(cols), list);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    for (size_t i = 0; i < count; i++)
        list[i + 1] = media[i];
    *ret = list;
    *ret_count = count + 1;
    return OK;
}

err_t archive_size(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                   struct archive_size *ret)
{
    static const struct db_col cols[] = { DB_COL(archive_size, messages, DB_I64),
                                          DB_COL(archive_size, text_bytes, DB_I64),
                                          DB_COL(archive_size, media, DB_I64),
                                          DB_COL(archive_size, media_bytes, DB_I64) };
    return db_one(db, a, &SQL_ARCHIVE_SIZE, DB_ARGS(DBU(owner), DBU(id)), cols, COUNTOF(cols), ret);
}

/* --- all of them --------------------------------------------------------------------------------------------- */

struct visit_call {
    err_t (*visit)(void *context, struct uuid owner, struct uuid id);
    void *context;
};

static err_t visit_row(void *context, const void *row)
{
    const struct visit_call *call = context;
    const struct archive_owned *r = row;
    return call->visit(call->context, r->owner_id, r->id);
}

static err_t each(struct db *db, const struct db_query *q,
                  err_t (*visit)(void *context, struct uuid owner, struct uuid id), void *context)
{
    static const struct db_col cols[] = { DB_COL(archive_owned, owner_id, DB_UUID),
                                          DB_COL(archive_owned, id, DB_UUID) };
    struct visit_call call = { visit, context };
    return db_each(db, q, DB_NO_ARGS, cols, COUNTOF(cols), sizeof(struct archive_owned), visit_row,
                   &call);
}

err_t archive_store_each_conversation(
    struct db *db, err_t (*visit)(void *context, struct uuid owner, struct uuid id), void *context)
{
    return each(db, &SQL_ARCHIVE_EACH_CONVERSATION, visit, context);
}

err_t archive_store_each_message(struct db *db,
                                 err_t (*visit)(void *context, struct uuid owner, struct uuid id),
                                 void *context)
{
    return each(db, &SQL_ARCHIVE_EACH_MESSAGE, visit, context);
}
