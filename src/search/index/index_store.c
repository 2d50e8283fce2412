/* Rows of the index of words; the only file of the room that runs queries. */
#include <float.h>

#include "index_sql.h"
#include "search/index/inside.h"

bool search_on_postgres(struct db *index)
{
    return db_backend(db_store_of(index)) == DB_POSTGRES;
}

/* --- numbers and statistics ------------------------------------------------------------------ */

err_t search_store_number(struct db *index, const char *name, int64_t *ret)
{
    err_t e = db_i64(index, &SQL_INDEX_NUMBER, DB_ARGS(DBS(str_from(name))), ret);
    if (e == E_NOT_FOUND)
        *ret = 1;
    return e == E_NOT_FOUND ? OK : e;
}

err_t search_store_number_set(struct db *index, const char *name, int64_t next)
{
    return db_exec(index, &SQL_INDEX_NUMBER_SET, DB_ARGS(DBS(str_from(name)), DBI(next)), NULL);
}

static const struct db_col STATISTICS_COLS[] = {
    DB_COL(search_statistics, documents, DB_I64),
    DB_COL(search_statistics, words, DB_I64),
    DB_COL(search_statistics, sessions, DB_I64),
    DB_COL(search_statistics, session_words, DB_I64),
};

err_t search_index_statistics(struct db *index, struct uuid owner, struct search_statistics *ret)
{
    struct arena none = { 0 }; /* numbers alone */
    err_t e = db_one(index, &none, &SQL_INDEX_STATISTICS, DB_ARGS(DBU(owner)), STATISTICS_COLS,
                     COUNTOF(STATISTICS_COLS), ret);
    if (e == E_NOT_FOUND)
        *ret = (struct search_statistics){ 0 };
    return e == E_NOT_FOUND ? OK : e;
}

err_t search_store_count(struct db *index, struct uuid owner, const struct search_statistics *more)
{
    return db_exec(index, &SQL_INDEX_STATISTICS_ADD,
                   DB_ARGS(DBU(owner), DBI(more->documents), DBI(more->words), DBI(more->sessions),
                           DBI(more->session_words)),
                   NULL);
}

static const struct db_col LANGUAGE_COLS[] = {
    DB_COL(search_language_share, language, DB_I64),
    DB_COL(search_language_share, documents, DB_I64),
};

err_t search_index_languages(struct db *index, struct arena *a, struct uuid owner,
                             struct search_language_share **ret, size_t *ret_count)
{
    return db_rows(index, a, &SQL_INDEX_LANGUAGES, DB_ARGS(DBU(owner), DBI(SEARCH_LANGUAGE_COUNT)),
                   LANGUAGE_COLS, COUNTOF(LANGUAGE_COLS), sizeof **ret, SEARCH_LANGUAGE_COUNT, ret,
                   ret_count);
}

err_t search_store_language_add(struct db *index, struct uuid owner, int64_t language,
                                int64_t documents)
{
    return db_exec(index, &SQL_INDEX_LANGUAGE_ADD,
                   DB_ARGS(DBU(owner), DBI(language), DBI(documents)), NULL);
}

static const struct db_col SIZE_COLS[] = {
    DB_COL(search_index_size, documents, DB_I64),
    DB_COL(search_index_size, owners, DB_I64),
    DB_COL(search_index_size, words, DB_I64),
    DB_COL(search_index_size, bytes, DB_I64),
};

err_t search_index_size(struct db *index, struct search_index_size *ret)
{
    struct arena none = { 0 };
    return db_one(index, &none, &SQL_INDEX_SIZE, DB_NO_ARGS, SIZE_COLS, COUNTOF(SIZE_COLS), ret);
}

/* --- vocabulary --------------------------------------------------------------------------------- */

static const struct db_col KNOWN_COLS[] = {
    DB_COL(search_known, at, DB_I64),   DB_COL(search_known, word, DB_I64),
    DB_COL(search_known, form, DB_I64), DB_COL(search_known, df, DB_I64),
    DB_COL(search_known, text, DB_STR),
};

static err_t known(struct db *index, struct arena *a, const struct db_query *q, struct db_args args,
                   size_t limit, struct search_known **ret, size_t *ret_count)
{
    return db_rows(index, a, q, args, KNOWN_COLS, COUNTOF(KNOWN_COLS), sizeof **ret, limit, ret,
                   ret_count);
}

err_t search_index_words_behind(struct db *index, struct arena *a, struct uuid owner, int64_t word,
                                size_t limit, struct search_known **ret, size_t *ret_count)
{
    return known(index, a, &SQL_INDEX_WORDS_BEHIND,
                 DB_ARGS(DBU(owner), DBI(word), DBI((int64_t)limit)), limit, ret, ret_count);
}

err_t search_index_word_text(struct db *index, struct arena *a, struct uuid owner, int64_t word,
                             struct str *ret)
{
    struct search_known is;
    TRY(db_one(index, a, &SQL_INDEX_WORD_TEXT, DB_ARGS(DBU(owner), DBI(word)), KNOWN_COLS,
               COUNTOF(KNOWN_COLS), &is));
    *ret = is.text;
    return OK;
}

static err_t texts_json(struct arena *a, const struct str *texts, size_t count, struct str *ret)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, a, MIB(64));
    jo_init(&o, &b);
    jo_array(&o);
    for (size_t i = 0; i < count; i++)
        jo_str(&o, texts[i]);
    jo_end(&o);
    *ret = buf_str(&b);
    return buf_err(&b);
}

err_t search_store_stems(struct db *index, struct arena *a, struct uuid owner, struct str texts,
                         size_t limit, struct search_known **ret, size_t *ret_count)
{
    return known(index, a, &SQL_INDEX_STEMS, DB_ARGS(DBS(texts), DBU(owner)), limit, ret,
                 ret_count);
}

err_t search_index_stems(struct db *index, struct arena *a, struct uuid owner,
                         const struct str *stems, size_t count, struct search_known **ret,
                         size_t *ret_count)
{
    struct str texts;
    *ret_count = 0;
    if (!count)
        return OK;
    TRY(texts_json(a, stems, count, &texts));
    return search_store_stems(index, a, owner, texts, count, ret, ret_count);
}

err_t search_index_forms(struct db *index, struct arena *a, struct uuid owner,
                         const struct str *texts, size_t count, struct search_known **ret,
                         size_t *ret_count)
{
    enum { FORMS_OF_ONE_MAX = 16 }; /* languages that stem one writing in different ways */
    struct str json;
    *ret_count = 0;
    if (!count)
        return OK;
    TRY(texts_json(a, texts, count, &json));
    return known(index, a, &SQL_INDEX_FORMS, DB_ARGS(DBS(json), DBU(owner)),
                 count * FORMS_OF_ONE_MAX, ret, ret_count);
}

err_t search_index_beginnings(struct db *index, struct arena *a, struct uuid owner,
                              struct str prefix, size_t limit, struct search_known **ret,
                              size_t *ret_count)
{
    struct str end = str_cat(a, prefix, S("\xf4\x8f\xbf\xbf")); /* U+10FFFF: behind all others */
    TRY(arena_err(a));
    return known(index, a, &SQL_INDEX_BEGINNINGS,
                 DB_ARGS(DBU(owner), DBS(prefix), DBS(end), DBI((int64_t)limit)), limit, ret,
                 ret_count);
}

err_t search_store_form_numbers(struct db *index, struct arena *a, struct uuid owner,
                                struct str forms, size_t limit, struct search_known **ret,
                                size_t *ret_count)
{
    return known(index, a, &SQL_INDEX_FORM_NUMBERS, DB_ARGS(DBS(forms), DBU(owner)), limit, ret,
                 ret_count);
}

err_t search_store_words_add(struct db *index, struct uuid owner, struct str words,
                             struct str forms)
{
    if (words.n)
        TRY(db_exec(index, &SQL_INDEX_WORDS_ADD, DB_ARGS(DBU(owner), DBS(words)), NULL));
    return forms.n ? db_exec(index, &SQL_INDEX_FORMS_ADD, DB_ARGS(DBU(owner), DBS(forms)), NULL)
                   : OK;
}

err_t search_store_words_gone(struct db *index, struct arena *a, struct uuid owner,
                              struct str counts, size_t limit, struct search_known **ret,
                              size_t *ret_count)
{
    return known(index, a, &SQL_INDEX_WORDS_GONE,
                 DB_ARGS(DBS(counts), DBU(owner), DBI((int64_t)limit)), limit, ret, ret_count);
}

err_t search_store_words_count(struct db *index, struct uuid owner, struct str counts)
{
    TRY(db_exec(index, &SQL_INDEX_WORDS_COUNT, DB_ARGS(DBS(counts), DBU(owner)), NULL));
    TRY(search_store_own_forget(index, owner, counts));
    return db_exec(index, &SQL_INDEX_WORDS_UNUSED, DB_ARGS(DBS(counts), DBU(owner)), NULL);
}

err_t search_store_forms_count(struct db *index, struct uuid owner, struct str counts)
{
    TRY(db_exec(index, &SQL_INDEX_FORMS_COUNT, DB_ARGS(DBS(counts), DBU(owner)), NULL));
    return db_exec(index, &SQL_INDEX_FORMS_UNUSED, DB_ARGS(DBS(counts), DBU(owner)), NULL);
}

/* --- documents ----------------------------------------------------------------------------------- */

static const struct db_col STORED_COLS[] = {
    DB_COL(search_stored, doc, DB_I64),      DB_COL(search_stored, entity, DB_STR),
    DB_COL(search_stored, id, DB_UUID),      DB_COL(search_stored, parent_id, DB_UUID),
    DB_COL(search_stored, position, DB_I64), DB_COL(search_stored, place, DB_I64),
    DB_COL(search_stored, session, DB_I64),  DB_COL(search_stored, created_ms, DB_I64),
    DB_COL(search_stored, said_ms, DB_I64),  DB_COL(search_stored, length, DB_I64),
    DB_COL(search_stored, language, DB_I64), DB_COL(search_stored, meta, DB_STR),
    DB_COL(search_stored, words, DB_BYTES),
};

err_t search_store_doc(struct db *index, struct arena *a, struct uuid owner, struct str entity,
                       struct uuid id, struct search_stored *ret)
{
    return db_one(index, a, &SQL_INDEX_DOC, DB_ARGS(DBU(owner), DBS(entity), DBU(id)), STORED_COLS,
                  COUNTOF(STORED_COLS), ret);
}

err_t search_store_docs(struct db *index, struct arena *a, struct uuid owner, struct uuid parent,
                        size_t limit, struct search_stored **ret, size_t *ret_count)
{
    int64_t most = (int64_t)limit;
    return uuid_is_nil(parent)
               ? db_rows(index, a, &SQL_INDEX_DOCS_OF, DB_ARGS(DBU(owner), DBI(most)), STORED_COLS,
                         COUNTOF(STORED_COLS), sizeof **ret, limit, ret, ret_count)
               : db_rows(index, a, &SQL_INDEX_DOCS_UNDER,
                         DB_ARGS(DBU(owner), DBU(parent), DBI(most)), STORED_COLS,
                         COUNTOF(STORED_COLS), sizeof **ret, limit, ret, ret_count);
}

err_t search_store_docs_from(struct db *index, struct arena *a, struct uuid owner,
                             struct uuid parent, int64_t session, struct search_stored **ret,
                             size_t *ret_count)
{
    return db_rows(index, a, &SQL_INDEX_DOCS_FROM, DB_ARGS(DBU(owner), DBU(parent), DBI(session)),
                   STORED_COLS, COUNTOF(STORED_COLS), sizeof **ret, CONVERSATION_MESSAGES_MAX, ret,
                   ret_count);
}

err_t search_store_session_before(struct db *index, struct uuid owner, struct uuid parent,
                                  int64_t position, int64_t *ret_session)
{
    return db_i64(index, &SQL_INDEX_SESSION_BEFORE, DB_ARGS(DBU(owner), DBU(parent), DBI(position)),
                  ret_session);
}

err_t search_store_doc_add(struct db *index, struct uuid owner, const struct search_stored *d,
                           const struct search_terms *terms)
{
    TRY(db_exec(index, &SQL_INDEX_DOC_ADD,
                DB_ARGS(DBU(owner), DBI(d->doc), DBS(d->entity), DBU(d->id), DBU(d->parent_id),
                        DBI(d->position), DBI(d->place), DBI(d->session), DBS(d->author),
                        DBS(d->meta), DBT(d->created_ms), DBT(d->said_ms), DBI(d->length),
                        DBI(d->language), DBX(d->words), DBS(terms->said)),
                NULL));
    if (search_on_postgres(index))
        return OK;
    return db_exec(index, &SQL_INDEX_FTS_ADD,
                   DB_ARGS(DBI(d->doc), DBS(d->meta), DBS(terms->said), DBS(terms->aside)), NULL);
}

err_t search_store_doc_remove(struct db *index, struct uuid owner, const struct search_stored *d,
                              const struct search_terms *terms)
{
    if (!search_on_postgres(index))
        TRY(db_exec(index, &SQL_INDEX_FTS_REMOVE,
                    DB_ARGS(DBI(d->doc), DBS(d->meta), DBS(terms->said), DBS(terms->aside)), NULL));
    TRY(search_store_vector_remove(index, owner, d->doc));
    return db_exec(index, &SQL_INDEX_DOC_REMOVE, DB_ARGS(DBU(owner), DBI(d->doc)), NULL);
}

err_t search_store_doc_place(struct db *index, struct uuid owner, const struct search_stored *d)
{
    return db_exec(index, &SQL_INDEX_DOC_PLACE,
                   DB_ARGS(DBI(d->place), DBI(d->session), DBU(owner), DBI(d->doc)), NULL);
}

err_t search_index_compact(struct db *index)
{
    return search_on_postgres(index) ? OK
                                     : db_exec(index, &SQL_INDEX_FTS_COMPACT, DB_NO_ARGS, NULL);
}

err_t search_store_remove_owner(struct db *index, struct uuid owner)
{
    static const struct db_query *const ALL[] = {
        &SQL_INDEX_REMOVE_DOCS,     &SQL_INDEX_REMOVE_WORDS,     &SQL_INDEX_REMOVE_FORMS,
        &SQL_INDEX_REMOVE_SESSIONS, &SQL_INDEX_REMOVE_LANGUAGES, &SQL_INDEX_REMOVE_STATISTICS,
        &SQL_INDEX_REMOVE_EPOCH,    &SQL_INDEX_REMOVE_VECTORS
    };
    for (size_t i = 0; i < COUNTOF(ALL); i++)
        TRY(db_exec(index, ALL[i], DB_ARGS(DBU(owner)), NULL));
    return OK;
}

err_t search_store_clear(struct db *index)
{
    static const struct db_query *const ALL[] = {
        &SQL_INDEX_CLEAR_DOCS,     &SQL_INDEX_CLEAR_WORDS,     &SQL_INDEX_CLEAR_FORMS,
        &SQL_INDEX_CLEAR_SESSIONS, &SQL_INDEX_CLEAR_LANGUAGES, &SQL_INDEX_CLEAR_STATISTICS,
        &SQL_INDEX_CLEAR_EPOCHS,   &SQL_INDEX_CLEAR_VECTORS
    };
    if (!search_on_postgres(index))
        TRY(db_exec(index, &SQL_INDEX_FTS_CLEAR, DB_NO_ARGS, NULL));
    for (size_t i = 0; i < COUNTOF(ALL); i++)
        TRY(db_exec(index, ALL[i], DB_NO_ARGS, NULL));
    return OK;
}

/* --- sessions -------------------------------------------------------------------------------------- */

struct sum {
    int64_t count, length;
};
static const struct db_col SUM_COLS[] = { DB_COL(sum, count, DB_I64), DB_COL(sum, length, DB_I64) };

err_t search_store_sessions_sum(struct db *index, struct uuid owner, struct uuid parent,
                                int64_t session, int64_t *ret_count, int64_t *ret_length)
{
    struct sum sum;
    struct arena none = { 0 };
    TRY(db_one(index, &none, &SQL_INDEX_SESSIONS_SUM,
               DB_ARGS(DBU(owner), DBU(parent), DBI(session)), SUM_COLS, COUNTOF(SUM_COLS), &sum));
    *ret_count = sum.count;
    *ret_length = sum.length;
    return OK;
}

err_t search_store_sessions_remove(struct db *index, struct uuid owner, struct uuid parent,
                                   int64_t session)
{
    return db_exec(index, &SQL_INDEX_SESSIONS_REMOVE,
                   DB_ARGS(DBU(owner), DBU(parent), DBI(session)), NULL);
}

err_t search_store_session_add(struct db *index, struct uuid owner, struct uuid parent,
                               int64_t session, int64_t length, struct str words)
{
    return db_exec(index, &SQL_INDEX_SESSION_ADD,
                   DB_ARGS(DBU(owner), DBU(parent), DBI(session), DBI(length), DBX(words)), NULL);
}

static const struct db_col SESSION_COLS[] = {
    DB_COL(search_session, length, DB_I64),
    DB_COL(search_session, words, DB_BYTES),
};

err_t search_index_session(struct db *index, struct arena *a, struct uuid owner, struct uuid parent,
                           int64_t session, struct search_session *ret)
{
    return db_one(index, a, &SQL_INDEX_SESSION, DB_ARGS(DBU(owner), DBU(parent), DBI(session)),
                  SESSION_COLS, COUNTOF(SESSION_COLS), ret);
}

/* --- what is found ----------------------------------------------------------------------------------- */

static const struct db_col ROW_COLS[] = {
    DB_COL(search_row, doc, DB_I64),        DB_COL(search_row, owner_id, DB_UUID),
    DB_COL(search_row, id, DB_UUID),        DB_COL(search_row, parent_id, DB_UUID),
    DB_COL(search_row, entity, DB_STR),     DB_COL(search_row, author, DB_STR),
    DB_COL(search_row, meta, DB_STR),       DB_COL(search_row, words, DB_BYTES),
    DB_COL(search_row, place, DB_I64),      DB_COL(search_row, session, DB_I64),
    DB_COL(search_row, created_ms, DB_I64), DB_COL(search_row, said_ms, DB_I64),
    DB_COL(search_row, length, DB_I64),     DB_COL(search_row, language, DB_I64),
    DB_COL(search_row, found, DB_F64),
};

static err_t rows(struct db *index, struct arena *a, const struct db_query *q, struct db_args args,
                  size_t limit, struct search_row **ret, size_t *ret_count)
{
    return db_rows(index, a, q, args, ROW_COLS, COUNTOF(ROW_COLS), sizeof **ret, limit, ret,
                   ret_count);
}

err_t search_index_places(struct db *index, struct arena *a, struct uuid owner, struct uuid parent,
                          int64_t from, int64_t to, size_t limit, struct search_row **ret,
                          size_t *ret_count)
{
    return rows(index, a, &SQL_INDEX_PLACES,
                DB_ARGS(DBU(owner), DBU(parent), DBI(from), DBI(to), DBI((int64_t)limit)), limit,
                ret, ret_count);
}

err_t search_index_rows(struct db *index, struct arena *a, struct uuid owner, const int64_t *docs,
                        size_t count, struct search_row **ret, size_t *ret_count)
{
    struct str json;
    TRY(search_numbers_json(a, docs, count, &json));
    return rows(index, a, &SQL_INDEX_ROWS, DB_ARGS(DBS(json), DBU(owner)), count, ret, ret_count);
}

err_t search_index_one(struct db *index, struct arena *a, struct uuid owner, struct str entity,
                       struct uuid id, struct search_row *ret)
{
    return db_one(index, a, &SQL_INDEX_ONE, DB_ARGS(DBU(owner), DBS(entity), DBU(id)), ROW_COLS,
                  COUNTOF(ROW_COLS), ret);
}

err_t search_store_best(struct db *index, struct arena *a, struct uuid owner,
                        const struct search_find *f, size_t limit, struct search_row **ret,
                        size_t *ret_count)
{
    return rows(
        index, a, &SQL_INDEX_BEST,
        DB_ARGS(DBX(f->best), DBS(f->match), DBS(f->words), DBU(owner), DBI((int64_t)limit)), limit,
        ret, ret_count);
}

err_t search_store_after(struct db *index, struct arena *a, struct uuid owner,
                         const struct search_find *f, enum search_order order,
                         const struct search_after *after, size_t limit, struct search_row **ret,
                         size_t *ret_count)
{
    struct search_after from = { .found = DBL_MAX, .created = INT64_MAX };
    if (after)
        from = *after;
    if (order == SEARCH_NEWEST)
        return rows(index, a, &SQL_INDEX_NEWEST_AFTER,
                    DB_ARGS(DBS(f->match), DBU(owner), DBT(f->from_ms), DBT(f->before_ms),
                            DBI(from.created), DBU(from.id), DBI((int64_t)limit)),
                    limit, ret, ret_count);
    return rows(index, a, &SQL_INDEX_BEST_AFTER,
                DB_ARGS(DBS(f->match), DBS(f->words), DBU(owner), DBT(f->from_ms),
                        DBT(f->before_ms), DBF(from.found), DBI(from.created), DBU(from.id),
                        DBI((int64_t)limit)),
                limit, ret, ret_count);
}
