/* Rows of epochs and vectors, and what they are made from; with index_store.c the only file of the room that runs queries. */
#include "index_sql.h"
#include "search/index/inside.h"
#include "search/vectors/vectors.h"

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
    DB_COL(search_epoch_row, number, DB_I64),        DB_COL(search_epoch_row, upto, DB_I64),
    DB_COL(search_epoch_row, whole, DB_BOOL),        DB_COL(search_epoch_row, epoch, DB_BYTES),
    DB_COL(search_epoch_row, own_documents, DB_I64), DB_COL(search_epoch_row, own_version, DB_I64),
};

err_t search_index_epoch(struct db *index, struct arena *a, struct uuid owner, bool newest,
                         struct search_epoch_row *ret)
{
    const struct db_query *q = newest ? &SQL_INDEX_EPOCH_NEWEST : &SQL_INDEX_EPOCH;
    return db_one(index, a, q, DB_ARGS(DBU(owner)), EPOCH_COLS, COUNTOF(EPOCH_COLS), ret);
}

err_t search_index_epoch_add(struct db *index, struct uuid owner,
                             const struct search_epoch_row *row, struct str own)
{
    return db_exec(
        index, &SQL_INDEX_EPOCH_ADD,
        DB_ARGS(DBU(owner), DBI(row->number), DBX(row->epoch), DBX(own), DBI(row->own_documents)),
        NULL);
}

err_t search_index_epoch_upto(struct db *index, struct uuid owner,
                              const struct search_epoch_row *row)
{
    return db_exec(index, &SQL_INDEX_EPOCH_UPTO,
                   DB_ARGS(DBI(row->upto), DBB(row->whole), DBU(owner), DBI(row->number)), NULL);
}

struct own_row {
    struct str own;
};
static const struct db_col OWN_COLS[] = { DB_COL(own_row, own, DB_BYTES) };

err_t search_index_own(struct db *index, struct arena *a, struct uuid owner, int64_t number,
                       struct str *ret)
{
    struct own_row row;
    TRY(db_one(index, a, &SQL_INDEX_EPOCH_OWN, DB_ARGS(DBU(owner), DBI(number)), OWN_COLS,
               COUNTOF(OWN_COLS), &row));
    *ret = row.own;
    return OK;
}

err_t search_index_own_none(struct db *index, struct uuid owner, int64_t number, int64_t documents)
{
    return db_exec(index, &SQL_INDEX_EPOCH_OWN_DOCUMENTS,
                   DB_ARGS(DBI(documents), DBU(owner), DBI(number)), NULL);
}

err_t search_index_epochs_end(struct db *index, struct uuid owner, int64_t number)
{
    return db_exec(index, &SQL_INDEX_EPOCHS_END, DB_ARGS(DBU(owner), DBI(number)), NULL);
}

err_t search_index_vectors_end(struct db *index, struct uuid owner, int64_t number, size_t limit,
                               int64_t *ret_count)
{
    return db_exec(index, &SQL_INDEX_VECTORS_END,
                   DB_ARGS(DBU(owner), DBI(number), DBI((int64_t)limit)), ret_count);
}

/* --- words that go from own tables --------------------------------------------------------------------- */

enum { EPOCHS_MAX = 8, GONE_MAX = 20000 };

struct number_row {
    int64_t number;
};
static const struct db_col NUMBER_COLS[] = { DB_COL(number_row, number, DB_I64) };

static err_t forget_in(struct db *index, struct arena *a, struct uuid owner, int64_t number,
                       const struct str *gone, size_t count)
{
    struct str bytes, without;
    struct search_table table;
    TRY(search_index_own(index, a, owner, number, &bytes));
    char *aligned = arena_alloc(a, bytes.n);
    if (!aligned)
        return arena_err(a);
    memcpy(aligned, bytes.s, bytes.n);
    err_t e = search_table_open(str_of(aligned, bytes.n), &table);
    if (e == E_CORRUPT) { /* of another version, or damaged: it is used by nobody */
        err_clear();
        without = S("");
    } else {
        TRY(e);
        TRY(search_table_without(a, &table, gone, count, &without));
        if (str_eq(without, str_of(aligned, bytes.n)))
            return OK;
    }
    return db_exec(index, &SQL_INDEX_OWN_PUT, DB_ARGS(DBX(without), DBU(owner), DBI(number)), NULL);
}

err_t search_store_own_forget(struct db *index, struct uuid owner, struct str counts)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct number_row *epochs;
    struct search_known *known;
    size_t epoch_count, count;
    arena_init(&a, MIB(128));
    TRY(db_rows(index, &a, &SQL_INDEX_OWNS, DB_ARGS(DBU(owner), DBI(EPOCHS_MAX)), NUMBER_COLS,
                COUNTOF(NUMBER_COLS), sizeof *epochs, EPOCHS_MAX, &epochs, &epoch_count));
    if (!epoch_count)
        return OK;
    TRY(search_store_words_gone(index, &a, owner, counts, GONE_MAX, &known, &count));
    struct str *gone = ARENA_ARRAY(&a, struct str, count + 1);
    if (!gone)
        return arena_err(&a);
    for (size_t i = 0; i < count; i++)
        gone[i] = known[i].text;
    for (size_t i = 0; i < epoch_count && count; i++)
        TRY(forget_in(index, &a, owner, epochs[i].number, gone, count));
    return OK;
}

/* --- owners ------------------------------------------------------------------------------------------------ */

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
