/* A connection to PostgreSQL that is never waited for beyond a limit. Private to the room.
 *
 * libpq's own PQexec and PQconnectdb wait as long as the server likes; a server that is stopped, or a network that
 * swallows what is sent, then holds the thread for ever, and no timeout of the server's helps. So everything goes
 * through libpq's asynchronous half, with a poll() of our own that also ends when the program stops.
 *
 * Three ends are told apart: the server answered, be it with an error (OK, and the result says which); the connection is
 * lost or was refused (E_STORE at once); nothing came in time (E_STORE, or E_STOPPING). The store remembers the third:
 * it is silent until it answers somebody, and meanwhile link_ask lets one ask at a time.
 */
#ifndef VIVIM_DB_PG_LINK_H
#define VIVIM_DB_PG_LINK_H

#include <libpq-fe.h>

#include "db/db_inside.h"

struct pg_link {
    struct db_store *store;
    PGconn *handle;   /* NULL: not connected */
    bool lost;        /* given up: what it may still answer is nobody's */
    int64_t heard_ms; /* clock_real_ms of its last answer */
    int64_t limit_ms; /* of each call … */
    int64_t until_ms; /* … and of all together, on clock_real_ms; 0: none */
    bool sent;        /* the last call reached the connection, at least in part */
    size_t piped;     /* statements since link_pipe_begin */
};

bool link_usable(const struct pg_link *l);
/* May the store be asked now? E_STORE: it is silent, and it is not our turn to try. *ret_probe: it is silent and we are
 * the one who tries, which is to take probe_ms at most. */
NODISCARD err_t link_ask(struct db_store *s, bool *ret_probe);
/* Connect, within limit_ms. E_STORE, E_STOPPING, E_BUSY (no memory), E_DB: refused for a reason that stays. */
NODISCARD err_t link_open(struct pg_link *l, int64_t limit_ms);
void link_close(struct pg_link *l); /* at once; accepts a closed one */

/* The result is the caller's (PQclear), also when it is an error of the server's; of several statements the last one's. */
NODISCARD err_t link_exec(struct pg_link *l, const char *sql, PGresult **ret);
NODISCARD err_t link_prepare(struct pg_link *l, const char *name, const char *sql, PGresult **ret);
NODISCARD err_t link_describe(struct pg_link *l, const char *name, PGresult **ret);
struct pg_params {
    int count;
    const char *const *values;
    const int *lengths, *formats; /* NULL: all are text */
};
NODISCARD err_t link_run(struct pg_link *l, const char *name, const struct pg_params *p,
                         PGresult **ret);
NODISCARD err_t link_params(struct pg_link *l, const char *sql, const struct pg_params *p,
                            PGresult **ret);

/* Several statements in one turn of the network (libpq's pipeline): link_pipe_begin, link_pipe_sql and link_pipe_run for each of
 * them, link_pipe_end, which is called in any case. The server does one behind the other and stops at the first that fails.
 * Nothing else may be asked in between. */
NODISCARD err_t link_pipe_begin(struct pg_link *l);
NODISCARD err_t link_pipe_sql(struct pg_link *l, const char *sql);
NODISCARD err_t link_pipe_run(struct pg_link *l, const char *name, const struct pg_params *p);
/* All are answered. *ret_kept: the result of the statement with this number (from 0; SIZE_MAX: none is wanted); NULL where it
 * has none. *ret_failed: the server's error, and then there is no other; NULL: all went well. Both are the caller's. */
NODISCARD err_t link_pipe_end(struct pg_link *l, const char *doing, size_t keep,
                              PGresult **ret_kept, PGresult **ret_failed);

/* Wait a moment, at most most_ms, for what the server says unasked (PQnotifies), or until `also`, a descriptor, can be read;
 * *ret_came false: the server said nothing. E_STORE: the connection is lost. */
NODISCARD err_t link_hear(struct pg_link *l, int also, int64_t most_ms, bool *ret_came);

/* What an SQLSTATE (NULL: none was given, the connection broke) means here, noted with words for clients; `said`, what
 * the server or the library said, becomes its cause. */
err_t link_error(const char *state, const char *doing, const char *said);

#endif
