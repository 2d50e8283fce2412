/* Rows of epochs and vectors, and what they are made from; with index_store.c the only file of the room that runs queries. */
#include "index_sql.h"
#include "search/index/inside.h"

err_t search_numbers_json(struct arena *a, const int64_t *numbers, size_t count, struct str *ret)
{
    struct buf b;
    buf_init(&b, a, MIB(64));
    for (size_t i = 0; i < count; i++) {
        buf_putc(&b, i ? ',' : '[');
        buf_put_i64(&b, numbers[i]);
    }
    buf_put(&b, count ? S("]") : S("[]"));
    *ret = buf_str(&b);
    return buf_err(&b);
}

err_t search_index_life(struct db *index, int64_t *ret)
{
    return search_store_number(index, "life", ret);
}

/* --- epochs ---------------------------------------------------------------------------------------- */

static const struct db_col EPOCH_COLS[] = {
    DB_COL(search_epoch_row, number, DB_I64),
    DB_COL(search_epoch_row, upto, DB_I64),
    DB_COL(search_epoch_row, whole, DB_BOOL),
    DB_COL(search_epoch_row, epoch, DB_BYTES),
};

err_t search_index_epoch(struct db *index, struct arena *a, struct uuid owner,
                         struct search_epoch_row *ret)
{
    return db_one(index, a, &SQL_INDEX_EPOCH, DB_ARGS(DBU(owner)), EPOCH_COLS, COUNTOF(EPOCH_COLS),
                  ret);
}

err_t search_index_epoch_put(struct db *index, struct uuid owner,
                             const struct search_epoch_row *row)
{
    return db_exec(
        index, &SQL_INDEX_EPOCH_PUT,
        DB_ARGS(DBU(owner), DBI(row->number), DBI(row->upto), DBB(row->whole), DBX(row->epoch)),
        NULL);
}

struct owner_row {
    struct uuid owner_id;
};
static const struct db_col OWNER_COLS[] = { DB_COL(owner_row, owner_id, DB_UUID) };

err_t search_index_owners(struct db *index, struct arena *a, struct uuid after, size_t limit,
                          struct uuid **ret, size_t *ret_count)
{
    static_assert(sizeof(struct owner_row) == sizeof(struct uuid), "a row is an id");
    return db_rows(index, a, &SQL_INDEX_OWNERS, DB_ARGS(DBU(after), DBI((int64_t)limit)),
                   OWNER_COLS, COUNTOF(OWNER_COLS), sizeof **ret, limit, ret, ret_count);
}

/* --- what vectors are made from ----------------------------------------------------------------------- */

static const struct db_col WORDS_COLS[] = {
    DB_COL(search_doc_words, doc, DB_I64),
    DB_COL(search_doc_words, words, DB_BYTES),
};

err_t search_index_docs_behind(struct db *index, struct arena *a, struct uuid owner, int64_t doc,
                               size_t limit, struct search_doc_words **ret, size_t *ret_count)
{
    return db_rows(index, a, &SQL_INDEX_DOCS_BEHIND,
                   DB_ARGS(DBU(owner), DBI(doc), DBI((int64_t)limit)), WORDS_COLS,
                   COUNTOF(WORDS_COLS), sizeof **ret, limit, ret, ret_count);
}

err_t search_index_docs_sample(struct db *index, struct arena *a, struct uuid owner, int64_t step,
                               size_t limit, struct search_doc_words **ret, size_t *ret_count)
{
    return db_rows(index, a, &SQL_INDEX_DOCS_SAMPLE,
                   DB_ARGS(DBU(owner), DBI(step), DBI((int64_t)limit)), WORDS_COLS,
                   COUNTOF(WORDS_COLS), sizeof **ret, limit, ret, ret_count);
}

/* --- vectors ------------------------------------------------------------------------------------------- */

err_t search_index_vector_put(struct db *index, struct uuid owner, int64_t doc, int64_t number,
                              struct str vector)
{
    return db_exec(index, &SQL_INDEX_VECTOR_PUT,
                   DB_ARGS(DBU(owner), DBI(doc), DBI(number), DBX(vector)), NULL);
}

err_t search_store_vector_remove(struct db *index, struct uuid owner, int64_t doc)
{
    return db_exec(index, &SQL_INDEX_VECTOR_REMOVE, DB_ARGS(DBU(owner), DBI(doc)), NULL);
}

static const struct db_col VECTOR_COLS[] = {
    DB_COL(search_vector_row, doc, DB_I64),        DB_COL(search_vector_row, vector, DB_BYTES),
    DB_COL(search_vector_row, id, DB_UUID),        DB_COL(search_vector_row, parent_id, DB_UUID),
    DB_COL(search_vector_row, created_ms, DB_I64),
};
static const struct db_col DOC_VECTOR_COLS[] = {
    DB_COL(search_vector_row, doc, DB_I64),
    DB_COL(search_vector_row, vector, DB_BYTES),
};

err_t search_index_vectors(struct db *index, struct arena *a, struct uuid owner,
                           const int64_t *docs, size_t count, int64_t number,
                           struct search_vector_row **ret, size_t *ret_count)
{
    struct str json;
    TRY(search_numbers_json(a, docs, count, &json));
    return db_rows(index, a, &SQL_INDEX_VECTORS, DB_ARGS(DBS(json), DBU(owner), DBI(number)),
                   DOC_VECTOR_COLS, COUNTOF(DOC_VECTOR_COLS), sizeof **ret, count, ret, ret_count);
}

err_t search_index_vectors_behind(struct db *index, struct arena *a, struct uuid owner, int64_t doc,
                                  int64_t number, size_t limit, struct search_vector_row **ret,
                                  size_t *ret_count)
{
    return db_rows(index, a, &SQL_INDEX_VECTORS_BEHIND,
                   DB_ARGS(DBU(owner), DBI(doc), DBI(number), DBI((int64_t)limit)), VECTOR_COLS,
                   COUNTOF(VECTOR_COLS), sizeof **ret, limit, ret, ret_count);
}
