/* Rows of the keyword index; the only file of the room that runs queries. */
#include "search/inside.h"
#include "search_sql.h"

static bool is_sqlite(struct db *index)
{
    return db_backend(db_store_of(index)) == DB_SQLITE;
}

err_t search_store_add(struct db *index, const struct search_doc *doc,
                       const struct search_part *part)
{
    TRY(db_exec(index, &SQL_SEARCH_PART_ADD,
                DB_ARGS(DBU(doc->owner_id), DBS(doc->entity), DBU(doc->id), DBU(doc->parent_id),
                        DBT(doc->created_ms), DBS(part->meta), DBS(part->text), DBS(part->rest)),
                NULL));
    if (!is_sqlite(index))
        return OK;
    return db_exec(index, &SQL_SEARCH_FTS_ADD,
                   DB_ARGS(DBS(part->meta), DBS(part->text), DBS(part->rest)), NULL);
}

/* The full-text rows first: they are found through the parts. */
static err_t remove_both(struct db *index, const struct db_query *fts, const struct db_query *part,
                         struct db_args args)
{
    if (is_sqlite(index))
        TRY(db_exec(index, fts, args, NULL));
    return db_exec(index, part, args, NULL);
}

err_t search_store_remove_one(struct db *index, struct uuid owner, struct str entity,
                              struct uuid id)
{
    return remove_both(index, &SQL_SEARCH_FTS_REMOVE_ONE, &SQL_SEARCH_PART_REMOVE_ONE,
                       DB_ARGS(DBU(owner), DBS(entity), DBU(id)));
}

err_t search_store_remove(struct db *index, struct uuid owner, struct str entity, struct uuid id)
{
    return remove_both(index, &SQL_SEARCH_FTS_REMOVE, &SQL_SEARCH_PART_REMOVE,
                       DB_ARGS(DBU(owner), DBS(entity), DBU(id)));
}

err_t search_store_remove_owner(struct db *index, struct uuid owner)
{
    return remove_both(index, &SQL_SEARCH_FTS_REMOVE_OWNER, &SQL_SEARCH_PART_REMOVE_OWNER,
                       DB_ARGS(DBU(owner)));
}

err_t search_store_compact(struct db *index)
{
    return is_sqlite(index) ? db_exec(index, &SQL_SEARCH_FTS_COMPACT, DB_NO_ARGS, NULL) : OK;
}

err_t search_store_clear(struct db *index)
{
    return remove_both(index, &SQL_SEARCH_FTS_CLEAR, &SQL_SEARCH_PART_CLEAR, DB_NO_ARGS);
}

static const struct db_col HIT_COLS[] = {
    DB_COL(search_hit, entity, DB_STR),     DB_COL(search_hit, id, DB_UUID),
    DB_COL(search_hit, parent_id, DB_UUID), DB_COL(search_hit, created, DB_I64),
    DB_COL(search_hit, score, DB_F64),
};

err_t search_store_find(struct db *index, struct arena *a, struct uuid owner,
                        const struct search_find *f, struct search_hit **ret, size_t *ret_count)
{
    return db_rows(index, a, &SQL_SEARCH_FIND,
                   DB_ARGS(DBS(f->match), DBU(owner), DBS(f->words), DBT(f->before_ms),
                           DBT(f->after_ms), DBF(f->from.score), DBI(f->from.created),
                           DBU(f->from.id), DBI((int64_t)f->limit)),
                   HIT_COLS, COUNTOF(HIT_COLS), sizeof **ret, f->limit, ret, ret_count);
}
