/* libpq, loaded when a store on PostgreSQL is opened (os/library.h). */
#include "db/db_inside.h"
#include "db/pg_link.h"
#include "os/library.h"

#define PQ_TABLE(X)                                                                             \
    X(void, PQclear, (PGresult * r), (r))                                                       \
    X(char *, PQcmdStatus, (PGresult * r), (r))                                                 \
    X(char *, PQcmdTuples, (PGresult * r), (r))                                                 \
    X(PostgresPollingStatusType, PQconnectPoll, (PGconn * c), (c))                              \
    X(PGconn *, PQconnectStartParams, (const char *const *k, const char *const *v, int expand), \
      (k, v, expand))                                                                           \
    X(void, PQconninfoFree, (PQconninfoOption * o), (o))                                        \
    X(PQconninfoOption *, PQconninfoParse, (const char *text, char **error), (text, error))     \
    X(int, PQconsumeInput, (PGconn * c), (c))                                                   \
    X(char *, PQerrorMessage, (const PGconn *c), (c))                                           \
    X(int, PQenterPipelineMode, (PGconn * c), (c))                                              \
    X(int, PQexitPipelineMode, (PGconn * c), (c))                                               \
    X(void, PQfinish, (PGconn * c), (c))                                                        \
    X(int, PQflush, (PGconn * c), (c))                                                          \
    X(int, PQfnumber, (const PGresult *r, const char *name), (r, name))                         \
    X(void, PQfreemem, (void *p), (p))                                                          \
    X(PGresult *, PQgetResult, (PGconn * c), (c))                                               \
    X(int, PQgetisnull, (const PGresult *r, int row, int column), (r, row, column))             \
    X(int, PQgetlength, (const PGresult *r, int row, int column), (r, row, column))             \
    X(char *, PQgetvalue, (const PGresult *r, int row, int column), (r, row, column))           \
    X(int, PQisBusy, (PGconn * c), (c))                                                         \
    X(PGnotify *, PQnotifies, (PGconn * c), (c))                                                \
    X(int, PQnparams, (const PGresult *r), (r))                                                 \
    X(int, PQntuples, (const PGresult *r), (r))                                                 \
    X(char *, PQresultErrorField, (const PGresult *r, int field), (r, field))                   \
    X(char *, PQresultErrorMessage, (const PGresult *r), (r))                                   \
    X(ExecStatusType, PQresultStatus, (const PGresult *r), (r))                                 \
    X(int, PQpipelineSync, (PGconn * c), (c))                                                   \
    X(int, PQsendDescribePrepared, (PGconn * c, const char *name), (c, name))                   \
    X(int, PQsendPrepare,                                                                       \
      (PGconn * c, const char *name, const char *sql, int n, const Oid *types),                 \
      (c, name, sql, n, types))                                                                 \
    X(int, PQsendQuery, (PGconn * c, const char *sql), (c, sql))                                \
    X(int, PQsendQueryParams,                                                                   \
      (PGconn * c, const char *sql, int n, const Oid *types, const char *const *values,         \
       const int *lengths, const int *formats, int format),                                     \
      (c, sql, n, types, values, lengths, formats, format))                                     \
    X(int, PQsendQueryPrepared,                                                                 \
      (PGconn * c, const char *name, int n, const char *const *values, const int *lengths,      \
       const int *formats, int format),                                                         \
      (c, name, n, values, lengths, formats, format))                                           \
    X(PGVerbosity, PQsetErrorVerbosity, (PGconn * c, PGVerbosity v), (c, v))                    \
    X(PQnoticeReceiver, PQsetNoticeReceiver, (PGconn * c, PQnoticeReceiver f, void *arg),       \
      (c, f, arg))                                                                              \
    X(int, PQsetnonblocking, (PGconn * c, int on), (c, on))                                     \
    X(int, PQsocket, (const PGconn *c), (c))                                                    \
    X(ConnStatusType, PQstatus, (const PGconn *c), (c))                                         \
    X(PGTransactionStatusType, PQtransactionStatus, (const PGconn *c), (c))

enum { PQ_TABLE(LIBRARY_AT) PQ_COUNT };
static const char *const NAMES[] = { PQ_TABLE(LIBRARY_NAME) };
static void *functions[PQ_COUNT];
static struct library library = { .file = "libpq.so.5",
                                  .names = NAMES,
                                  .functions = functions,
                                  .count = PQ_COUNT,
                                  .lock = PTHREAD_MUTEX_INITIALIZER };

PQ_TABLE(LIBRARY_FORWARD)

err_t pq_load(void)
{
    return library_load(&library);
}
