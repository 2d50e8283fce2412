#include "db/pg_link.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>

#include "os/clock.h"

enum { LOOK_MS = 200, STATE_CHARS = 5 };

/* --- errors ----------------------------------------------------------------------------------------- */

static const char AWAY[] = "the database does not answer; try again in a moment";

struct class
{
    const char *prefix; /* of an SQLSTATE; the first that fits counts */
    err_t e;
    const char *text;
};

static const struct class *class_of(const char *state)
{
    static const struct class CLASSES[] = {
        { "23", E_CONFLICT, "this contradicts what is stored" },
        { "40", E_BUSY, "another change came in between; try again" },
        { "53100", E_FULL, "the database's disk is full" },
        { "53300", E_STORE, "the database has too many connections; try again in a moment" },
        { "53", E_BUSY, "the database has too little memory; try again in a moment" },
        { "55P03", E_BUSY, "somebody else holds what this needs; try again in a moment" },
        { "57014", E_BUSY, "the database took too long; try again in a moment" },
        { "57P", E_STORE, AWAY }, /* it shuts down, or starts, or ended this session */
        { "08", E_STORE, AWAY },
        { "25P03", E_STORE, AWAY }, /* it ended a session that rested */
        { "25006", E_READ_ONLY, "the database takes no changes" },
        { "XX001", E_CORRUPT, "the database says that stored data is damaged" },
        { "XX002", E_CORRUPT, "the database says that an index of it is damaged" },
        { "42P01", E_SCHEMA, "the database has another schema than this program" },
        { "42703", E_SCHEMA, "the database has another schema than this program" },
        { "3F000", E_SCHEMA, "the database has another schema than this program" },
        { "58", E_IO, "the database could not read or write a file" },
        { "", E_DB, "the database refused this; the server's log says why" },
    };
    const struct class *c = CLASSES;
    while (strncmp(state, c->prefix, strlen(c->prefix)) != 0)
        c++;
    return c;
}

err_t link_error(const char *state, const char *doing, const char *said)
{
    const struct class *c = class_of(state ? state : "08");
    err_note(c->e, NULL, "%s", c->text);
    return err_cause(c->e, "PostgreSQL, %s: %s (%s)", doing, said, state ? state : "-");
}

static err_t no_memory(void)
{
    return err_note(E_BUSY, NULL, "there is too little memory; try again in a moment");
}

static err_t lost(struct pg_link *l, const char *doing)
{
    l->lost = true;
    return link_error(NULL, doing, PQerrorMessage(l->handle));
}

/* --- is it silent? ------------------------------------------------------------------------------------ */

static void heard(struct pg_link *l)
{
    enum { COARSE_MS = 50 }; /* many threads write it */
    struct db_store *s = l->store;
    l->heard_ms = clock_real_ms();
    if (l->heard_ms - s->answered_ms > COARSE_MS)
        s->answered_ms = l->heard_ms;
    if (s->silent)
        s->silent = false;
}

/* Nothing came in time. Where others were answered meanwhile it is this connection alone. */
static err_t given_up(struct pg_link *l, int64_t began_ms, const char *doing)
{
    struct db_store *s = l->store;
    int64_t now_ms = clock_real_ms();
    l->lost = true;
    /* One that had less time than others proves nothing, unless it was sent to look whether the silence is over. */
    bool proves = !l->until_ms || s->silent || s->stop_ms;
    if (proves && s->answered_ms <= began_ms) {
        s->silent_ms = now_ms;
        s->ask_again_ms = now_ms + s->waits.ask_again_ms;
        s->silent = true;
    }
    if (s->stop_ms)
        err_note(E_STOPPING, NULL, "the server is stopping, and the database did not answer");
    else
        err_note(E_STORE, NULL, "%s", AWAY);
    return err_cause(s->stop_ms ? E_STOPPING : E_STORE, "PostgreSQL, %s: no answer within %lld ms",
                     doing, (long long)(now_ms - began_ms));
}

err_t link_ask(struct db_store *s, bool *ret_probe)
{
    int64_t now_ms = clock_real_ms(), at_ms = s->ask_again_ms;
    *ret_probe = false;
    if (!s->silent)
        return OK;
    *ret_probe = !s->stop_ms && now_ms >= at_ms &&
                 atomic_compare_exchange_strong(&s->ask_again_ms, &at_ms,
                                                now_ms + s->waits.probe_ms + s->waits.ask_again_ms);
    if (*ret_probe)
        return OK;
    err_note(E_STORE, NULL, "%s", AWAY);
    return err_cause(E_STORE, "PostgreSQL was silent; it is asked again in a moment");
}

bool link_usable(const struct pg_link *l)
{
    return l->handle && !l->lost && PQstatus(l->handle) == CONNECTION_OK;
}

/* --- waiting -------------------------------------------------------------------------------------------- */

/* A statement may be allowed hours. When others have found the store silent since it began, and it has waited as long as
 * they did, its answer is not coming: the connection may have died without a word. */
static bool is_hopeless(const struct db_store *s, int64_t began_ms)
{
    return s->silent_ms > began_ms &&
           clock_real_ms() - began_ms > s->waits.statement_ms[DB_FOR_REQUEST] + s->waits.grace_ms;
}

/* Until the socket can do what is asked. What came is for the library to say. */
static err_t wait_socket(struct pg_link *l, short events, int64_t began_ms, int64_t limit_ms,
                         const char *doing)
{
    struct pollfd p = { .fd = PQsocket(l->handle), .events = events };
    for (;;) {
        int64_t left_ms = db_wait_left(l->store, began_ms, limit_ms);
        if (l->until_ms && l->until_ms - clock_real_ms() < left_ms)
            left_ms = l->until_ms - clock_real_ms();
        if (left_ms <= 0 || is_hopeless(l->store, began_ms))
            return given_up(l, began_ms, doing);
        int n = poll(&p, 1, (int)(left_ms < LOOK_MS ? left_ms : LOOK_MS));
        if (n > 0)
            return OK;
        if (n < 0 && errno != EINTR)
            return lost(l, doing);
    }
}

/* What was sent is on its way; read meanwhile, or both sides might wait for each other. */
static err_t flush(struct pg_link *l, int64_t began_ms, const char *doing)
{
    for (;;) {
        int left = PQflush(l->handle);
        if (left <=
            0) /* a failed one is told with the result, after what the server said before it went */
            return OK;
        TRY(wait_socket(l, POLLIN | POLLOUT, began_ms, l->limit_ms, doing));
        if (!PQconsumeInput(l->handle))
            return OK;
    }
}

/* The next result; NULL behind the last one. */
static err_t next_result(struct pg_link *l, int64_t began_ms, const char *doing, PGresult **ret)
{
    while (PQisBusy(l->handle)) {
        TRY(wait_socket(l, POLLIN, began_ms, l->limit_ms, doing));
        if (!PQconsumeInput(l->handle))
            break; /* the result says why */
    }
    *ret = PQgetResult(l->handle);
    return OK;
}

/* Or a transaction might stay open on it. */
static err_t not_sent(struct pg_link *l, const char *doing)
{
    bool alive = PQstatus(l->handle) == CONNECTION_OK;
    err_t failed = lost(l, doing);
    return alive ? no_memory() : failed;
}

/* All results of what was sent: the last one counts, as with PQexec. */
static err_t finish(struct pg_link *l, int sent, const char *doing, PGresult **ret)
{
    PGresult *last = NULL, *one = NULL;
    int64_t began_ms = clock_real_ms();
    l->sent = sent;
    if (!sent)
        return not_sent(l, doing);
    err_t e = flush(l, began_ms, doing);
    while (e == OK) {
        e = next_result(l, began_ms, doing, &one);
        if (e != OK || !one)
            break;
        PQclear(last);
        last = one;
    }
    if (e == OK && PQstatus(l->handle) == CONNECTION_OK)
        heard(l);
    if (e == OK && !last)
        e = lost(l, doing);
    if (e != OK) {
        PQclear(last);
        return e;
    }
    *ret = last;
    return OK;
}

err_t link_exec(struct pg_link *l, const char *sql, PGresult **ret)
{
    return finish(l, PQsendQuery(l->handle, sql), sql, ret);
}

err_t link_prepare(struct pg_link *l, const char *name, const char *sql, PGresult **ret)
{
    return finish(l, PQsendPrepare(l->handle, name, sql, 0, NULL), name, ret);
}

err_t link_describe(struct pg_link *l, const char *name, PGresult **ret)
{
    return finish(l, PQsendDescribePrepared(l->handle, name), name, ret);
}

err_t link_run(struct pg_link *l, const char *name, const struct pg_params *p, PGresult **ret)
{
    return finish(
        l, PQsendQueryPrepared(l->handle, name, p->count, p->values, p->lengths, p->formats, 0),
        name, ret);
}

err_t link_params(struct pg_link *l, const char *sql, const struct pg_params *p, PGresult **ret)
{
    return finish(
        l, PQsendQueryParams(l->handle, sql, p->count, NULL, p->values, p->lengths, p->formats, 0),
        sql, ret);
}

/* --- several at once ------------------------------------------------------------------------------------- */

err_t link_pipe_begin(struct pg_link *l)
{
    l->piped = 0;
    l->sent = false;
    return PQenterPipelineMode(l->handle) ? OK : not_sent(l, "a pipeline");
}

/* What does not go out at once stays with the library: from time to time that is waited for, reading meanwhile. */
static err_t piped(struct pg_link *l, int sent, const char *doing)
{
    enum { BETWEEN = 64 };
    if (!sent)
        return not_sent(l, doing);
    l->sent = true;
    return ++l->piped % BETWEEN ? OK : flush(l, clock_real_ms(), doing);
}

err_t link_pipe_sql(struct pg_link *l, const char *sql)
{
    return piped(l, PQsendQueryParams(l->handle, sql, 0, NULL, NULL, NULL, NULL, 0), sql);
}

err_t link_pipe_run(struct pg_link *l, const char *name, const struct pg_params *p)
{
    return piped(
        l, PQsendQueryPrepared(l->handle, name, p->count, p->values, p->lengths, p->formats, 0),
        name);
}

/* What came of the statements, up to the mark behind the last one. Results of one are followed by NULL. */
static err_t read_pipe(struct pg_link *l, const char *doing, size_t keep, PGresult **kept,
                       PGresult **failed)
{
    int64_t began_ms = clock_real_ms();
    TRY(flush(l, began_ms, doing));
    for (size_t at = 0;;) {
        PGresult *one = NULL;
        TRY(next_result(l, began_ms, doing, &one));
        ExecStatusType status = PQresultStatus(one);
        PGresult **to = !one ? NULL
                        : status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
                            ? (at == keep ? kept : NULL)
                        : status == PGRES_FATAL_ERROR && !*failed ? failed
                                                                  : NULL;
        if (to) {
            PQclear(*to);
            *to = one;
        } else {
            PQclear(one);
        }
        if (one && status == PGRES_PIPELINE_SYNC)
            return OK;
        if (PQstatus(l->handle) != CONNECTION_OK)
            return *failed ? OK : lost(l, doing);
        at += !one;
    }
}

err_t link_pipe_end(struct pg_link *l, const char *doing, size_t keep, PGresult **ret_kept,
                    PGresult **ret_failed)
{
    PGresult *kept = NULL, *failed = NULL;
    err_t e = l->lost                     ? lost(l, doing)
              : PQpipelineSync(l->handle) ? read_pipe(l, doing, keep, &kept, &failed)
                                          : not_sent(l, doing);
    if (e == OK && PQstatus(l->handle) == CONNECTION_OK) {
        heard(l);
        e = PQexitPipelineMode(l->handle) ? OK : lost(l, doing);
    }
    if (e != OK || failed) {
        PQclear(kept);
        kept = NULL;
    }
    if (e != OK) {
        PQclear(failed);
        return e;
    }
    *ret_kept = kept;
    *ret_failed = failed;
    return OK;
}

err_t link_hear(struct pg_link *l, int also, int64_t most_ms, bool *ret_came)
{
    struct pollfd p[] = { { .fd = PQsocket(l->handle), .events = POLLIN },
                          { .fd = also, .events = POLLIN } };
    int n = poll(p, COUNTOF(p), (int)(most_ms < LOOK_MS ? most_ms : LOOK_MS));
    *ret_came = n > 0 && p[0].revents;
    if (n < 0 && errno != EINTR)
        return lost(l, "listening");
    if (!*ret_came)
        return OK;
    if (!PQconsumeInput(l->handle) || PQstatus(l->handle) != CONNECTION_OK)
        return lost(l, "listening");
    heard(l);
    return OK;
}

/* --- connecting -------------------------------------------------------------------------------------------- */

static void quiet(void *context, const PGresult *r)
{
    UNUSED(context);
    UNUSED(r);
}

/* libpq gives the reason of a refused connection as text alone: "FATAL:  28P01: …" where it is asked to be wordy. */
static const char *state_in(const char *text, char ret[STATE_CHARS + 1])
{
    const char *last = NULL;
    for (const char *at = strstr(text, ":  "); at; at = strstr(at + 1, ":  ")) {
        int n = 0;
        while (n < STATE_CHARS &&
               (isdigit((unsigned char)at[3 + n]) || isupper((unsigned char)at[3 + n])))
            n++;
        if (n == STATE_CHARS && at[3 + n] == ':')
            last = at + 3;
    }
    if (!last)
        return NULL;
    memcpy(ret, last, STATE_CHARS);
    ret[STATE_CHARS] = 0;
    return ret;
}

/* What libpq says of an address that it cannot read repeats it, with its password. */
static bool is_readable(const char *url)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    PQconninfoFree(options);
    return options != NULL;
}

static err_t refused(struct pg_link *l)
{
    char state[STATE_CHARS + 1];
    if (!is_readable(l->store->path_or_url))
        return err_note(E_DB, NULL,
                        "the database's address cannot be read; it is like "
                        "postgresql://user:password@host/database, with %%-escapes for what is "
                        "special in them");
    const char *text = PQerrorMessage(l->handle);
    return link_error(state_in(text, state), "connecting", text);
}

static err_t connect_within(struct pg_link *l, int64_t limit_ms)
{
    PostgresPollingStatusType step = PGRES_POLLING_WRITING;
    int64_t began_ms = clock_real_ms();
    while (step != PGRES_POLLING_OK) {
        if (step == PGRES_POLLING_FAILED || PQstatus(l->handle) == CONNECTION_BAD)
            return refused(l);
        TRY(wait_socket(l, step == PGRES_POLLING_READING ? POLLIN : POLLOUT, began_ms, limit_ms,
                        "connecting"));
        step = PQconnectPoll(l->handle);
    }
    return OK;
}

err_t link_open(struct pg_link *l, int64_t limit_ms)
{
    /* In front of the address, which has the last word. A peer whose machine has gone is noticed at rest too. */
    static const char *const KEYS[] = { "keepalives_idle",
                                        "keepalives_interval",
                                        "keepalives_count",
                                        "tcp_user_timeout",
                                        "application_name",
                                        "dbname",
                                        NULL };
    const char *values[] = { "30", "10", "3", "15000", "vivim", l->store->path_or_url, NULL };
    l->lost = false;
    l->handle = PQconnectStartParams(KEYS, values, 1);
    if (!l->handle)
        return no_memory();
    PQsetErrorVerbosity(l->handle, PQERRORS_VERBOSE);
    PQsetNoticeReceiver(l->handle, quiet, NULL);
    err_t e = connect_within(l, limit_ms);
    if (e == OK && PQsetnonblocking(l->handle, 1) != 0)
        e = no_memory();
    if (e != OK) {
        l->store->ask_again_ms = clock_real_ms() + l->store->waits.ask_again_ms;
        link_close(l);
        return e;
    }
    PQsetErrorVerbosity(l->handle, PQERRORS_DEFAULT);
    heard(l);
    return OK;
}

void link_close(struct pg_link *l)
{
    /* PQfinish says goodbye, which must not wait for a peer that does not read. */
    if (l->handle && PQsocket(l->handle) >= 0 && !link_usable(l))
        (void)shutdown(PQsocket(l->handle), SHUT_RDWR);
    PQfinish(l->handle);
    l->handle = NULL;
}
