/* Errors: one table gives the enum, the HTTP status, the stable code and the text for clients.
 *
 * A function that can fail returns err_t and says no more. The detail (which field, what is
 * wrong, what to do) goes into one slot for each thread, as errno does, because handlers run
 * from start to end on one thread: err_note() fills it where the error is found, the place
 * that answers (http's problem+json, the command line) reads it with err_detail().
 * Codes are a contract with other people's programs: add, never rename.
 */
#ifndef VIVIM_BASE_ERR_H
#define VIVIM_BASE_ERR_H

/* X(name, HTTP status, stable code, title for people) */
#define ERR_TABLE(X)                                                                          \
    X(OK, 200, "ok", "OK")                                                                    \
    X(E_BAD_INPUT, 400, "bad_input", "The request is not valid")                              \
    X(E_BAD_JSON, 400, "bad_json", "The body is not valid JSON")                              \
    X(E_BAD_ENCODING, 400, "bad_encoding", "The text is not valid UTF-8")                     \
    X(E_UNAUTHENTICATED, 401, "unauthenticated", "You are not signed in")                     \
    X(E_BAD_LOGIN, 401, "bad_login", "The handle or the password is wrong")                   \
    X(E_FORBIDDEN, 403, "forbidden", "You may not do this")                                   \
    X(E_BLOCKED, 403, "blocked", "This address is blocked")                                   \
    X(E_CROSS_SITE, 403, "cross_site", "The request comes from another site")                 \
    X(E_NOT_FOUND, 404, "not_found", "There is no such thing")                                \
    X(E_METHOD, 405, "method_not_allowed", "This address does not take this method")          \
    X(E_REQUEST_TIMEOUT, 408, "request_timeout", "The request took too long to arrive")       \
    X(E_CONFLICT, 409, "conflict", "This contradicts what is stored")                         \
    X(E_IDEMPOTENCY, 409, "idempotency_conflict",                                             \
      "This Idempotency-Key was used for another request")                                    \
    X(E_GONE, 410, "gone", "This is not there any more")                                      \
    X(E_CURSOR_EXPIRED, 410, "cursor_expired",                                                \
      "This cursor is too old; start again from the rows")                                    \
    X(E_PRECONDITION, 412, "precondition_failed", "It has changed in the meantime")           \
    X(E_LIMIT, 413, "too_large", "That is too much at once")                                  \
    X(E_MEDIA_TYPE, 415, "unsupported_media_type", "This type of content is not understood")  \
    X(E_RANGE, 416, "range_not_satisfiable", "There are not so many bytes")                   \
    X(E_EXPECTATION, 417, "expectation_failed", "This expectation cannot be met")             \
    X(E_MISDIRECTED, 421, "misdirected_request", "This server does not answer for that host") \
    X(E_INVALID, 422, "invalid_field", "A field is not valid")                                \
    X(E_INVALID_URL, 422, "invalid_url", "This is not the share link of a known provider")    \
    X(E_UPGRADE, 426, "upgrade_required", "Another version of the protocol is wanted")        \
    X(E_RATE, 429, "rate_limited", "Too many requests")                                       \
    X(E_HEADERS_TOO_LARGE, 431, "headers_too_large", "The request's headers are too large")   \
    X(E_INTERNAL, 500, "internal", "Something went wrong on our side")                        \
    X(E_DB, 500, "store_failed", "The store failed")                                          \
    X(E_IO, 500, "io_failed", "Reading or writing a file failed")                             \
    X(E_CORRUPT, 500, "corrupt", "Stored data is damaged")                                    \
    X(E_UPSTREAM, 502, "upstream_failed", "Another server failed")                            \
    X(E_BUSY, 503, "busy", "The server is busy; try again soon")                              \
    X(E_STORE, 503, "store_unavailable", "The store does not answer; try again in a moment")  \
    X(E_UNCLEAR, 503, "outcome_unknown", "It is not known whether this was done")             \
    X(E_READ_ONLY, 503, "store_read_only", "The store is read-only until it is opened again") \
    X(E_STOPPING, 503, "stopping", "The server is stopping")                                  \
    X(E_REBUILDING, 503, "rebuilding", "What is derived from the rows is being made again")   \
    X(E_TIMEOUT, 504, "timeout", "It took too long")                                          \
    X(E_FULL, 507, "store_full", "The disk is full")                                          \
    X(E_CANCELLED, 409, "cancelled", "It was cancelled")                                      \
    X(E_SCHEMA, 500, "schema_mismatch", "The store has another schema than this program")     \
    X(E_NO_STORE, 500, "no_store", "There is no store here")                                  \
    X(E_STORE_LOST, 500, "store_lost", "The store that belongs here is gone")                 \
    X(E_STORE_KIND, 500, "store_kind", "The store that belongs here is of another kind")      \
    X(E_MASTER_KEY, 500, "wrong_master_key", "The master key of this store is another one")   \
    X(E_USAGE, 400, "usage", "The command line is not valid")                                 \
    X(E_CRASHED, 500, "crashed", "The server ended while it worked on this, several times")

typedef enum err {
#define X(name, status, code, title) name,
    ERR_TABLE(X)
#undef X
        ERR_COUNT
} err_t;

struct err_detail {
    char field[96]; /* the offending field as a JSON pointer or a name; "" where none */
    char text[400]; /* a sentence that a person can act on; "" where none; never a secret */
    char cause
        [400]; /* what another program said of it: for the log and the terminal, never for clients */
};

int err_status(err_t e);        /* HTTP status, 200..507 */
const char *err_code(err_t e);  /* stable code, static */
const char *err_title(err_t e); /* text for clients, static */

/* Remember the detail of `e` for this thread and return `e`, so that it reads
 * `return err_note(E_INVALID, "url", "the URL has a port; leave it out");`
 * field  may be NULL. Both are cut to fit. A later note replaces an earlier one. */
err_t err_note(err_t e, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Add the cause to the detail that was noted, and return `e`: what the database's library said, with the addresses
 * and names that are nobody's business outside. A later note takes it away. Cut to fit, without its line ends. */
err_t err_cause(err_t e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The thread's detail; never NULL. Empty after err_clear(). */
const struct err_detail *err_detail(void);
/* For a line of the log, or a local person: the cause where there is one, else the text. */
const char *err_log_text(void);
void err_clear(void);
/* Put back what err_detail() gave a moment ago. */
void err_restore(const struct err_detail *d);

#endif
