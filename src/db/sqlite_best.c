/* best_words(table, ?): full_text.h. */
#include <stdlib.h>

#include "db/full_text.h"
#include "db/sqlite_connection.h"

struct str db_best_bytes(struct arena *a, const struct db_best *best, const double *weights,
                         const uint16_t *word_of)
{
    size_t of_weights = best->words * sizeof *weights, of_words = best->phrases * sizeof *word_of;
    char *to = arena_bytes(a, sizeof *best + of_weights + of_words);
    if (!to)
        return S("");
    memcpy(to, best, sizeof *best);
    if (of_weights)
        memcpy(to + sizeof *best, weights, of_weights);
    if (of_words)
        memcpy(to + sizeof *best + of_weights, word_of, of_words);
    return str_of(to, sizeof *best + of_weights + of_words);
}

/* --- what a query keeps from row to row -------------------------------------------------------------- */

struct best {
    struct db_best is;
    double *weights, *times; /* times: of each word in the row */
    uint16_t *word_of;
    double *heap; /* the best scores so far, the least on top */
    size_t count;
};

static void best_free(void *context)
{
    struct best *b = context;
    free(b->weights);
    free(b->times);
    free(b->word_of);
    free(b->heap);
    free(b);
}

/* NULL: no memory, or it is not what db_best_bytes makes. */
static struct best *best_new(const char *bytes, size_t n)
{
    struct best *b = calloc(1, sizeof *b);
    if (!b || n < sizeof b->is) {
        free(b);
        return NULL;
    }
    memcpy(&b->is, bytes, sizeof b->is);
    size_t of_weights = b->is.words * sizeof *b->weights,
           of_words = b->is.phrases * sizeof *b->word_of;
    b->weights = malloc(of_weights + 1);
    b->times = calloc(b->is.words + 1, sizeof *b->times);
    b->word_of = malloc(of_words + 1);
    b->heap = malloc((b->is.limit + 1) * sizeof *b->heap);
    bool whole = n == sizeof b->is + of_weights + of_words && b->is.limit && b->is.average > 0;
    if (!b->weights || !b->times || !b->word_of || !b->heap || !whole) {
        best_free(b);
        return NULL;
    }
    memcpy(b->weights, bytes + sizeof b->is, of_weights);
    memcpy(b->word_of, bytes + sizeof b->is + of_weights, of_words);
    return b;
}

static void put_down(double *heap, size_t count, double score)
{
    size_t at = 0;
    for (size_t child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && heap[child + 1] < heap[child])
            child++;
        if (heap[child] >= score)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = score;
}

static void remember(struct best *b, double score)
{
    if (b->count == b->is.limit) {
        if (score > b->heap[0])
            put_down(b->heap, b->count, score);
        return;
    }
    size_t at = b->count++;
    for (; at && b->heap[(at - 1) / 2] > score; at = (at - 1) / 2)
        b->heap[at] = b->heap[(at - 1) / 2];
    b->heap[at] = score;
}

/* --- a row -------------------------------------------------------------------------------------------- */

/* How often each word stands there, as much as its columns count. Gives the most. */
static int count_times(struct best *b, const Fts5ExtensionApi *api, Fts5Context *row, double *ret)
{
    double most = 0;
    memset(b->times, 0, b->is.words * sizeof *b->times);
    for (uint32_t i = 0; i < b->is.phrases; i++) {
        Fts5PhraseIter at;
        int column, offset, code = api->xPhraseFirst(row, (int)i, &at, &column, &offset);
        if (code != SQLITE_OK)
            return code;
        for (; column >= 0; api->xPhraseNext(row, &at, &column, &offset)) {
            double *times = b->word_of[i] < b->is.words ? &b->times[b->word_of[i]] : NULL;
            if (times && column < DB_BEST_COLUMNS_MAX)
                *times += b->is.columns[column];
            most = times && *times > most ? *times : most;
        }
    }
    *ret = most;
    return SQLITE_OK;
}

static double score_of(const struct best *b, double length)
{
    double sum = 0, norm = b->is.k1 * (1 - b->is.b + b->is.b * length / b->is.average);
    for (uint32_t i = 0; i < b->is.words; i++)
        if (b->times[i] > 0)
            sum += b->weights[i] * b->times[i] * (b->is.k1 + 1) / (b->times[i] + norm);
    return sum;
}

static int length_of(const struct best *b, const Fts5ExtensionApi *api, Fts5Context *row,
                     double *ret)
{
    double length = 0;
    for (int i = 0; i < api->xColumnCount(row) && i < DB_BEST_COLUMNS_MAX; i++) {
        int size = 0, code = b->is.columns[i] > 0 ? api->xColumnSize(row, i, &size) : SQLITE_OK;
        if (code != SQLITE_OK)
            return code;
        length += b->is.columns[i] * size;
    }
    *ret = length;
    return SQLITE_OK;
}

static struct best *best_of(const Fts5ExtensionApi *api, Fts5Context *row, sqlite3_value *argument)
{
    struct best *b = api->xGetAuxdata(row, 0);
    if (b)
        return b;
    b = best_new(sqlite3_value_blob(argument), (size_t)sqlite3_value_bytes(argument));
    if (b && api->xPhraseCount(row) < (int)b->is.phrases) {
        best_free(b);
        return NULL;
    }
    if (b && api->xSetAuxdata(row, b, best_free) != SQLITE_OK)
        return NULL; /* it has freed it */
    return b;
}

static void best_words(const Fts5ExtensionApi *api, Fts5Context *row, sqlite3_context *result,
                       int count, sqlite3_value **values)
{
    double times, length;
    struct best *b = count == 1 ? best_of(api, row, values[0]) : NULL;
    if (!b) {
        sqlite3_result_error(result, "best_words: no memory, or not made by db_best_bytes", -1);
        return;
    }
    int code = count_times(b, api, row, &times);
    /* No text is shorter than what was found in it. */
    if (code == SQLITE_OK && b->count == b->is.limit && score_of(b, times) < b->heap[0])
        return; /* NULL: it is none of the best */
    if (code == SQLITE_OK)
        code = length_of(b, api, row, &length);
    if (code != SQLITE_OK) {
        sqlite3_result_error_code(result, code);
        return;
    }
    double score = score_of(b, length);
    remember(b, score);
    sqlite3_result_double(result, score);
}

err_t sqlite_best_register(struct sqlite_connection *c)
{
    fts5_api *api = NULL;
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(c->handle, "SELECT fts5(?1)", -1, &stmt, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_pointer(stmt, 1, &api, "fts5_api_ptr", NULL);
    if (code == SQLITE_OK)
        sqlite3_step(stmt);
    sqlite3_finalize(stmt);
    if (!api || api->xCreateFunction(api, "best_words", NULL, best_words, NULL) != SQLITE_OK)
        return sqlite_fail(c, "adding best_words to FTS5");
    return OK;
}
