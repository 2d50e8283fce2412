#include "capture/devtools.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/limits.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/thread.h"

enum { CHUNK = 1 << 16, SESSION_ID_BYTES = 64 };

/* A message's text, owned by a small heap buf. */
struct text {
    struct text *next;
    struct buf bytes;
};

struct waiting { /* a call; on its caller's stack */
    struct waiting *next;
    int64_t id;
    struct text *answer;
};

struct session {
    struct devtools *devtools;
    struct session *next;
    char id[SESSION_ID_BYTES];
    struct text *first, **last;
    size_t count;
    struct arena arena; /* holds this struct */
};

struct devtools {
    struct arena arena;          /* holds this struct */
    struct fd write_fd, read_fd; /* neither blocks */
    struct fd wake, woken;       /* a pipe: the reader ends when `wake` is closed */
    struct mutex lock;
    struct cond changed;
    struct thread reader;
    int64_t next_id;
    struct waiting *waiting;
    struct session *sessions;
    bool writing; /* one command at a time */
    bool dead;
};

/* --- messages ------------------------------------------------------------------------------------- */

err_t devtools_message_parse(struct arena *a, struct str text, struct devtools_message *ret)
{
    TRY(json_parse(a, text, JSON_FOREIGN_DEPTH_MAX, &ret->root));
    if (!json_is(ret->root, JSON_OBJECT))
        return err_note(E_BAD_INPUT, NULL, "a message of the browser is no object");
    ret->id = json_i64(json_get(ret->root, S("id")), -1);
    ret->session = json_get_str(ret->root, S("sessionId"));
    if (ret->id < 0 && !json_is(json_get(ret->root, S("method")), JSON_STR))
        return err_note(E_BAD_INPUT, NULL,
                        "a message of the browser is neither an answer nor an event");
    return OK;
}

static void text_free(struct text *t)
{
    if (!t)
        return;
    struct buf own = t->bytes; /* the node itself lies at the front of its own bytes' owner */
    buf_free(&own);
}

/* The node lives in the same heap block as its text: one allocation, one free. */
static struct text *text_new(struct str s)
{
    struct buf b = { 0 };
    buf_init(&b, NULL, DEVTOOLS_MESSAGE_MAX + sizeof(struct text));
    char *room = buf_reserve(&b, sizeof(struct text) + s.n);
    if (!room)
        return NULL;
    struct text *t = (struct text *)(void *)room;
    memcpy(room + sizeof *t, s.s, s.n);
    b.n = sizeof *t + s.n;
    t->next = NULL;
    t->bytes = b;
    return t;
}

static struct str text_str(const struct text *t)
{
    return str_of((const char *)(t + 1), t->bytes.n - sizeof *t);
}

/* --- the reader --------------------------------------------------------------------------------------- */

static void keep_event(struct devtools *d, struct str session_id, struct text *t)
{
    for (struct session *s = d->sessions; s; s = s->next) {
        if (!str_eq(session_id, str_from(s->id)) || s->count >= SESSION_EVENTS_MAX)
            continue;
        *s->last = t;
        s->last = &t->next;
        s->count++;
        cond_broadcast(&d->changed);
        return;
    }
    text_free(t);
}

/* An answer that no call waits for belongs to session_send (or its caller gave up): it comes among the events. */
static void keep_answer(struct devtools *d, const struct devtools_message *m, struct text *t)
{
    for (struct waiting *w = d->waiting; w; w = w->next)
        if (w->id == m->id && !w->answer) {
            w->answer = t;
            cond_broadcast(&d->changed);
            return;
        }
    keep_event(d, m->session, t);
}

static void take_message(struct devtools *d, struct arena *a, struct str text)
{
    struct devtools_message m;
    arena_reset(a);
    struct text *t = devtools_message_parse(a, text, &m) == OK ? text_new(text) : NULL;
    if (!t)
        return;
    mutex_lock(&d->lock);
    if (m.id >= 0)
        keep_answer(d, &m, t);
    else
        keep_event(d, m.session, t);
    mutex_unlock(&d->lock);
}

/* More bytes, at least one; 0: the end, the browser's or ours. */
static ssize_t read_some(struct devtools *d, char *to)
{
    for (;;) {
        ssize_t n = read(d->read_fd.fd, to, CHUNK);
        if (n >= 0 || (errno != EINTR && errno != EAGAIN))
            return n;
        struct pollfd p[2] = { { d->read_fd.fd, POLLIN, 0 }, { d->woken.fd, POLLIN, 0 } };
        if (poll(p, 2, -1) > 0 && p[1].revents)
            return 0;
    }
}

struct str devtools_too_large(struct arena *a, struct str head, struct str tail)
{
    struct str id_key = S("{\"id\":"), session_key = S("\"sessionId\":\""), session = STR_NONE;
    int64_t id;
    struct str digits = str_sub(head, id_key.n, str_find_char(head, ',', 0));
    if (!str_starts(head, id_key) || str_to_i64(digits, &id) != OK || id < 0)
        return STR_NONE;
    for (size_t at = 0; (at = str_find(tail, session_key, at)) < tail.n; at += session_key.n)
        session = str_sub(tail, at + session_key.n,
                          str_find_char(tail, '"', at + session_key.n)); /* the last one is it */
    struct buf b;
    struct json_out o;
    buf_init(&b, a, KIB(8));
    jo_init(&o, &b);
    jo_object(&o);
    jo_ki64(&o, "id", id);
    if (session.n)
        jo_kstr(&o, "sessionId", session);
    jo_kz(&o, "error");
    jo_object(&o);
    jo_kstr(&o, "message", S(DEVTOOLS_TOO_LARGE));
    jo_end(&o);
    jo_end(&o);
    return buf_err(&b) == OK ? buf_str(&b) : STR_NONE;
}

/* The messages in `in` that have come to their ends; its first bytes hold none. */
static void take_whole(struct devtools *d, struct arena *a, struct buf *in, size_t scanned)
{
    size_t start = 0;
    const char *end;
    while ((end = memchr(in->s + scanned, 0, in->n - scanned))) {
        take_message(d, a, str_of(in->s + start, (size_t)(end - in->s) - start));
        start = scanned = (size_t)(end - in->s) + 1;
    }
    buf_consume(in, start);
}

/* Read on to the end of a message that is too long, of which `in` holds the beginning, and take what stands for it; `in` then
 * holds what came behind it. false: the end. */
static bool skip_message(struct devtools *d, struct arena *a, struct buf *in)
{
    enum { KEPT = 256 };
    char head[KEPT], tail[2 * KEPT];
    size_t tail_n = KEPT;
    memcpy(head, in->s, KEPT);
    memcpy(tail, in->s + in->n - KEPT, KEPT);
    buf_free(in);
    buf_init(in, NULL, DEVTOOLS_MESSAGE_MAX);
    for (;;) {
        buf_clear(in);
        char *to = buf_reserve(in, CHUNK);
        ssize_t n = to ? read_some(d, to) : 0;
        if (n <= 0)
            return false;
        const char *end = memchr(to, 0, (size_t)n);
        size_t more = end ? (size_t)(end - to) : (size_t)n, kept = more < KEPT ? more : KEPT;
        size_t old = tail_n < KEPT ? tail_n : KEPT;
        memmove(tail, tail + tail_n - old, old);
        memcpy(tail + old, to + more - kept, kept);
        tail_n = old + kept;
        if (!end)
            continue;
        CLEANUP(arena_free) struct arena own = { 0 };
        arena_init(&own, KIB(64));
        struct str answer = devtools_too_large(&own, str_of(head, KEPT), str_of(tail, tail_n));
        if (answer.n)
            take_message(d, a, answer);
        in->n = (size_t)n;
        buf_consume(in, more + 1);
        take_whole(d, a, in, 0);
        return true;
    }
}

static void read_messages(void *arg)
{
    struct devtools *d = arg;
    CLEANUP(arena_free) struct arena a = { 0 };
    CLEANUP(buf_free) struct buf in = { 0 };
    arena_init(&a, (size_t)DEVTOOLS_MESSAGE_MAX * 4);
    buf_init(&in, NULL, DEVTOOLS_MESSAGE_MAX);
    for (;;) {
        char *to = buf_reserve(&in, CHUNK);
        if (!to && buf_err(&in) == E_LIMIT) {
            if (!skip_message(d, &a, &in))
                break;
            continue;
        }
        ssize_t n = to ? read_some(d, to) : 0;
        if (n <= 0)
            break;
        in.n += (size_t)n;
        take_whole(d, &a, &in, in.n - (size_t)n);
        if (in.n == 0 && in.cap > MIB(4)) { /* a page's body has passed: give the memory back */
            buf_free(&in);
            buf_init(&in, NULL, DEVTOOLS_MESSAGE_MAX);
        }
    }
    mutex_lock(&d->lock);
    d->dead = true;
    cond_broadcast(&d->changed);
    mutex_unlock(&d->lock);
}

err_t devtools_open(int write_fd, int read_fd, struct devtools **ret)
{
    struct arena arena;
    arena_init(&arena, MIB(1));
    struct devtools *d = ARENA_NEW(&arena, struct devtools);
    if (!d)
        return arena_err(&arena);
    int wake[2];
    d->arena = arena;
    d->write_fd = d->read_fd = d->wake = d->woken = FD_NONE;
    d->next_id = 1;
    mutex_init(&d->lock);
    cond_init(&d->changed);
    err_t e = pipe2(wake, O_CLOEXEC) == 0 ? OK : err_note(E_BUSY, NULL, "no more descriptors");
    if (e == OK) {
        d->woken.fd = wake[0];
        d->wake.fd = wake[1];
        d->write_fd.fd = write_fd;
        d->read_fd.fd = read_fd;
        (void)fcntl(write_fd, F_SETFL, O_NONBLOCK);
        (void)fcntl(read_fd, F_SETFL, O_NONBLOCK);
        e = thread_start(&d->reader, "devtools", read_messages, d);
    }
    if (e != OK) {
        d->write_fd = d->read_fd = FD_NONE; /* still the caller's */
        devtools_close(d);
        return e;
    }
    *ret = d;
    return OK;
}

void devtools_close(struct devtools *d)
{
    if (!d)
        return;
    fd_close(&d->write_fd);
    fd_close(&d->wake);
    thread_join(&d->reader);
    fd_close(&d->read_fd);
    fd_close(&d->woken);
    assert(!d->sessions && !d->waiting);
    mutex_free(&d->lock);
    cond_free(&d->changed);
    struct arena arena = d->arena;
    arena_free(&arena);
}

static bool is_dead(struct devtools *d)
{
    mutex_lock(&d->lock);
    bool dead = d->dead;
    mutex_unlock(&d->lock);
    return dead;
}

bool devtools_dead(const struct devtools *d)
{
    return is_dead((struct devtools *)(uintptr_t)d);
}

/* --- calls ------------------------------------------------------------------------------------------------ */

static err_t take_turn(struct devtools *d, const struct patience *patience)
{
    err_t e = OK;
    mutex_lock(&d->lock);
    while (d->writing && e == OK) {
        e = d->dead ? E_UPSTREAM : patience_check(patience);
        if (e == OK)
            (void)cond_wait_ms(&d->changed, &d->lock, patience_slice_ms(patience));
    }
    if (e == OK)
        d->writing = true;
    mutex_unlock(&d->lock);
    return e;
}

/* After half a command the browser would understand no other: then it is as good as gone. */
static void end_turn(struct devtools *d, bool half)
{
    mutex_lock(&d->lock);
    d->writing = false;
    d->dead |= half;
    cond_broadcast(&d->changed);
    mutex_unlock(&d->lock);
}

/* A browser that does not read leaves the pipe full. */
static err_t write_all(struct devtools *d, struct str s, const struct patience *patience)
{
    size_t done = 0;
    TRY(take_turn(d, patience));
    err_t e = OK;
    while (done < s.n && e == OK) {
        ssize_t n = write(d->write_fd.fd, s.s + done, s.n - done);
        if (n > 0) {
            done += (size_t)n;
        } else if (n < 0 && errno == EAGAIN) {
            struct pollfd p = { d->write_fd.fd, POLLOUT, 0 };
            e = is_dead(d) ? E_UPSTREAM : patience_check(patience);
            if (e == OK)
                (void)poll(&p, 1, (int)patience_slice_ms(patience));
        } else if (n == 0 || errno != EINTR) {
            e = E_UPSTREAM;
        }
    }
    end_turn(d, done && done < s.n);
    return e;
}

static err_t write_command(struct devtools *d, struct session *session, struct arena *a, int64_t id,
                           const char *method, struct str params, const struct patience *patience)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, a, MIB(64));
    jo_init(&o, &b);
    jo_object(&o);
    jo_ki64(&o, "id", id);
    if (session)
        jo_kstr(&o, "sessionId", str_from(session->id));
    jo_kstr(&o, "method", str_from(method));
    if (params.n) {
        jo_kz(&o, "params");
        jo_raw(&o, params);
    }
    jo_end(&o);
    buf_putc(&b, 0);
    TRY(buf_err(&b));
    err_t e = write_all(d, buf_str(&b), patience);
    if (e == E_UPSTREAM)
        return err_note(e, NULL, "the browser has gone");
    return e == E_TIMEOUT ? err_note(e, NULL, "the browser did not take %s in time", method) : e;
}

static err_t wait_answer(struct devtools *d, struct waiting *w, const char *method,
                         const struct patience *patience)
{
    err_t e = OK;
    while (!w->answer && e == OK) {
        if (d->dead)
            e = err_note(E_UPSTREAM, NULL, "the browser has gone");
        else if ((e = patience_check(patience)) == OK)
            (void)cond_wait_ms(&d->changed, &d->lock, patience_slice_ms(patience));
    }
    return e == E_TIMEOUT ? err_note(e, NULL, "the browser did not answer %s in time", method) : e;
}

static err_t answer_of(struct arena *a, struct text *t, const char *method, struct json *ret)
{
    struct str copy = str_dup(a, text_str(t));
    struct devtools_message m;
    text_free(t);
    if (!copy.s)
        return arena_err(a);
    TRY(devtools_message_parse(a, copy, &m));
    struct json error = json_get(m.root, S("error"));
    if (json_exists(error))
        return err_note(E_INVALID, NULL, "%s: %.*s", method,
                        STR_ARG(json_get_str(error, S("message"))));
    if (ret)
        *ret = json_get(m.root, S("result"));
    return OK;
}

err_t devtools_call(struct devtools *d, struct session *session, struct arena *a,
                    const char *method, struct str params, const struct patience *patience,
                    struct json *ret)
{
    struct waiting w = { 0 };
    mutex_lock(&d->lock);
    w.id = d->next_id++;
    w.next = d->waiting;
    d->waiting = &w;
    mutex_unlock(&d->lock);
    err_t e = write_command(d, session, a, w.id, method, params, patience);
    mutex_lock(&d->lock);
    if (e == OK)
        e = wait_answer(d, &w, method, patience);
    for (struct waiting **p = &d->waiting; *p; p = &(*p)->next)
        if (*p == &w) {
            *p = w.next;
            break;
        }
    mutex_unlock(&d->lock);
    if (e != OK) {
        text_free(w.answer);
        return e;
    }
    return answer_of(a, w.answer, method, ret);
}

/* --- sessions ------------------------------------------------------------------------------------------------- */

err_t session_open(struct devtools *d, struct str session_id, struct session **ret)
{
    struct arena arena;
    arena_init(&arena, MIB(1));
    struct session *s = ARENA_NEW(&arena, struct session);
    if (!s)
        return arena_err(&arena);
    if (session_id.n == 0 || session_id.n >= SESSION_ID_BYTES) {
        arena_free(&arena);
        return err_note(E_BAD_INPUT, NULL, "the browser gave a session without a name");
    }
    s->arena = arena;
    s->devtools = d;
    memcpy(s->id, session_id.s, session_id.n);
    s->last = &s->first;
    mutex_lock(&d->lock);
    s->next = d->sessions;
    d->sessions = s;
    mutex_unlock(&d->lock);
    *ret = s;
    return OK;
}

err_t session_send(struct session *s, struct arena *a, const char *method, struct str params,
                   const struct patience *patience, int64_t *ret_id)
{
    struct devtools *d = s->devtools;
    mutex_lock(&d->lock);
    int64_t id = d->next_id++;
    mutex_unlock(&d->lock);
    *ret_id = id; /* before it is sent: the answer may come at once */
    return write_command(d, s, a, id, method, params, patience);
}

void session_close(struct session *s)
{
    if (!s)
        return;
    struct devtools *d = s->devtools;
    mutex_lock(&d->lock);
    for (struct session **p = &d->sessions; *p; p = &(*p)->next)
        if (*p == s) {
            *p = s->next;
            break;
        }
    mutex_unlock(&d->lock);
    for (struct text *t = s->first, *next; t; t = next) {
        next = t->next;
        text_free(t);
    }
    struct arena arena = s->arena;
    arena_free(&arena);
}

err_t session_event(struct session *s, struct arena *a, const struct patience *patience,
                    struct json *ret_event)
{
    struct devtools *d = s->devtools;
    err_t e = OK;
    mutex_lock(&d->lock);
    while (!s->first && e == OK) {
        if (d->dead)
            e = err_note(E_UPSTREAM, NULL, "the browser has gone");
        else if ((e = patience_check(patience)) == OK)
            (void)cond_wait_ms(&d->changed, &d->lock, patience_slice_ms(patience));
    }
    struct text *t = s->first;
    if (t) {
        s->first = t->next;
        if (!s->first)
            s->last = &s->first;
        s->count--;
    }
    mutex_unlock(&d->lock);
    if (!t)
        return e;
    struct str copy = str_dup(a, text_str(t));
    text_free(t);
    if (!copy.s)
        return arena_err(a);
    return json_parse(a, copy, JSON_FOREIGN_DEPTH_MAX, ret_event);
}
