#include "archive/archive_source_store.h"

#include "archive_sql.h"
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

enum { RENDERINGS_MAX = CONVERSATION_SOURCES_MAX * SOURCE_RENDERINGS_MAX };

static const struct db_col KEPT_COLS[] = { DB_COL(kept_form, source_id, DB_UUID),
                                           DB_COL(kept_form, number, DB_I64) };

err_t source_store_forms(struct db *db, struct arena *a, struct uuid owner,
                         struct uuid conversation, struct kept_form **ret, size_t *ret_count)
{
    return db_rows(db, a, &SQL_ARCHIVE_RENDERINGS,
                   DB_ARGS(DBU(owner), DBU(conversation), DBI(RENDERINGS_MAX)), KEPT_COLS,
                   COUNTOF(KEPT_COLS), sizeof **ret, RENDERINGS_MAX, ret, ret_count);
}

struct form_row {
    struct str form;
};

static err_t one_form(struct db *db, struct arena *a, const struct db_query *q, struct db_args args,
                      struct str *ret)
{
    static const struct db_col cols[] = { DB_COL(form_row, form, DB_BYTES) };
    struct form_row row;
    err_t e = db_one(db, a, q, args, cols, COUNTOF(cols), &row);
    if (e == E_NOT_FOUND)
        return err_note(E_CORRUPT, NULL, "a stored rendering is gone");
    TRY(e);
    *ret = row.form;
    return OK;
}

err_t source_store_form(struct db *db, struct arena *a, struct uuid owner, struct uuid conversation,
                        int64_t number, struct str *ret)
{
    return one_form(db, a, &SQL_ARCHIVE_RENDERING_FORM,
                    DB_ARGS(DBU(owner), DBU(conversation), DBI(number)), ret);
}

err_t source_store_next_number(struct db *db, struct uuid owner, struct uuid conversation,
                               int64_t *ret)
{
    *ret = 0;
    err_t e = db_i64(db, &SQL_ARCHIVE_RENDERING_NEXT, DB_ARGS(DBU(owner), DBU(conversation)), ret);
    return e == E_NOT_FOUND ? OK : e;
}

err_t source_store_keep(struct db *db, struct uuid owner, struct uuid conversation, int64_t number,
                        struct uuid source, struct str form)
{
    return db_exec(db, &SQL_ARCHIVE_RENDERING_PUT,
                   DB_ARGS(DBU(owner), DBU(conversation), DBI(number), DBU(source), DBX(form)),
                   NULL);
}

err_t source_store_renumber(struct db *db, struct uuid owner, struct uuid conversation,
                            int64_t number, int64_t to)
{
    return db_exec(db, &SQL_ARCHIVE_RENDERING_RENUMBER,
                   DB_ARGS(DBI(to), DBU(owner), DBU(conversation), DBI(number)), NULL);
}

err_t source_store_drop(struct db *db, struct uuid owner, struct uuid conversation, int64_t number)
{
    return db_exec(db, &SQL_ARCHIVE_RENDERING_DROP,
                   DB_ARGS(DBU(owner), DBU(conversation), DBI(number)), NULL);
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
                          struct str said, bool by_id, size_t limit, struct uuid **ret,
                          size_t *ret_count)
{
    static const struct db_col cols[] = { DB_COL(holder, conversation_id, DB_UUID) };
    return db_rows(db, a, by_id ? &SQL_ARCHIVE_ANSWER_OF_ORIGIN : &SQL_ARCHIVE_ANSWER_OF_HASH,
                   DB_ARGS(DBU(owner), DBS(said), DBS(provider), DBI((int64_t)limit)), cols,
                   COUNTOF(cols), sizeof(struct holder), limit, ret, ret_count);
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
                               struct uuid conversation, int64_t number, struct uuid source,
                               struct str form)
{
    return db_exec(
        db, &SQL_ARCHIVE_BEFORE_PUT,
        DB_ARGS(DBU(owner), DBU(mark), DBU(conversation), DBI(number), DBU(source), DBX(form)),
        NULL);
}

err_t source_store_before_copy(struct db *db, struct uuid owner, struct uuid mark,
                               struct uuid conversation, int64_t from, int64_t number)
{
    return db_exec(db, &SQL_ARCHIVE_BEFORE_COPY,
                   DB_ARGS(DBU(mark), DBI(number), DBU(owner), DBU(conversation), DBI(from)), NULL);
}

err_t source_store_before_forms(struct db *db, struct arena *a, struct uuid owner, struct uuid mark,
                                struct uuid conversation, struct kept_form **ret, size_t *ret_count)
{
    return db_rows(db, a, &SQL_ARCHIVE_BEFORE,
                   DB_ARGS(DBU(owner), DBU(mark), DBU(conversation), DBI(RENDERINGS_MAX)),
                   KEPT_COLS, COUNTOF(KEPT_COLS), sizeof **ret, RENDERINGS_MAX, ret, ret_count);
}

err_t source_store_before_form(struct db *db, struct arena *a, struct uuid owner, struct uuid mark,
                               struct uuid conversation, int64_t number, struct str *ret)
{
    return one_form(db, a, &SQL_ARCHIVE_BEFORE_FORM,
                    DB_ARGS(DBU(owner), DBU(mark), DBU(conversation), DBI(number)), ret);
}

err_t archive_forget_mark(struct db *db, struct uuid owner, struct uuid mark)
{
    return db_exec(db, &SQL_ARCHIVE_FORGET_MARK, DB_ARGS(DBU(owner), DBU(mark)), NULL);
}

err_t source_store_delete(struct db *db, struct uuid owner, struct uuid source)
{
    return db_exec(db, &SQL_ARCHIVE_SOURCE_DELETE, DB_ARGS(DBU(owner), DBU(source)), NULL);
}
