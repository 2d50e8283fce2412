/* The DevTools protocol on a pipe: JSON messages ended by one zero byte, both ways (research/capture.md section 6.2).
 *
 * One reader thread takes what comes: answers wake the call that waits for them (by id), events go to the queue of their
 * session. Calls block, with a patience (os/patience.h): a page in an endless loop answers nothing, not even with its own
 * timeout, and a browser that hangs does not even read.
 */
#ifndef VIVIM_CAPTURE_DEVTOOLS_H
#define VIVIM_CAPTURE_DEVTOOLS_H

#include "base/json.h"
#include "base/json_write.h"
#include "os/patience.h"

struct devtools;
struct session;

/* fds: ours to write commands to, and to read from; closed by devtools_close. E_BUSY. */
NODISCARD err_t devtools_open(int write_fd, int read_fd, struct devtools **ret);
/* The reader ends, also while somebody holds the browser's end open. Sessions must be closed. Accepts NULL. */
void devtools_close(struct devtools *d);
bool devtools_dead(const struct devtools *d); /* the browser has gone */

/* Send a command and wait for its answer.
 *
 * session    NULL: the browser itself
 * params     a JSON object, STR_NONE: {}
 * patience   for the sending and for the answer
 * ret        the "result" object, in `a`; may be NULL
 * Errors: E_TIMEOUT, E_UPSTREAM (the browser has gone), E_INVALID (it refused; the note has its message),
 *         and what called it off. */
NODISCARD err_t devtools_call(struct devtools *d, struct session *session, struct arena *a,
                              const char *method, struct str params,
                              const struct patience *patience, struct json *ret);

/* Events of a target that was attached with flatten, from now on. */
NODISCARD err_t session_open(struct devtools *d, struct str session_id, struct session **ret);
void session_close(struct session *s); /* accepts NULL */
/* Send a command and go on: its answer comes as an event whose "id" is *ret_id, with a "result" or an "error". */
NODISCARD err_t session_send(struct session *s, struct arena *a, const char *method,
                             struct str params, const struct patience *patience, int64_t *ret_id);
/* The next event: *ret_event is its whole message, in `a`. E_TIMEOUT at the deadline, E_UPSTREAM, what called it off. */
NODISCARD err_t session_event(struct session *s, struct arena *a, const struct patience *patience,
                              struct json *ret_event);

/* --- framing, pure: for the reader and the fuzzer ----------------------------------------------------- */

/* An answer that is longer is dropped as it comes, and its call told so: an error with this message. */
#define DEVTOOLS_TOO_LARGE "the answer is too large"
enum { DEVTOOLS_MESSAGE_MAX = 128 * 1024 * 1024, SESSION_EVENTS_MAX = 20000 };
struct devtools_message {
    int64_t id;         /* of an answer; -1: an event */
    struct str session; /* STR_NONE: the browser's */
    struct json root;
};
/* What stands for an answer that was dropped, by its first and last bytes, of which it needs the id and the session: an answer
 * with an error, or STR_NONE where it is none (an event). */
struct str devtools_too_large(struct arena *a, struct str head, struct str tail);
/* One message (without its zero byte). E_BAD_JSON, E_BAD_INPUT. */
NODISCARD err_t devtools_message_parse(struct arena *a, struct str text,
                                       struct devtools_message *ret);

#endif
