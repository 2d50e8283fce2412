/* Identity comes before the body: who may not send it is told so when the header block has been read.
 *
 * A body that came whole in the same read as its head has cost all that it will: it is looked at with the rest, in one
 * turn, as a request without a body is. Of one that is still to come nothing is read, and no `100 Continue` sent, before
 * the caller, the site, the rate and what the head announces have been checked. The check is an indexed read: on the loop
 * with SQLite; with PostgreSQL on a worker, and the connection is not read meanwhile. Who shows no credential is known to
 * be nobody without asking the store. When the body is there everything is checked again: a right may have gone meanwhile. */
#include "base/log.h"
#include "http/checks.h"
#include "http/workers.h"

static bool shows_credential(struct call *c)
{
    return c->rq.local || req_header(&c->rq, S("authorization")).s || req_session_cookie(&c->rq).s;
}

/* What the head says of the body. */
static err_t check_announced(struct call *c)
{
    const struct http1_exchange *x = c->exchange;
    const struct route *r = c->rq.route;
    if (x->body_length > x->body_max && !r->takes_excess)
        return err_note(E_LIMIT, NULL, "the body is larger than %zu bytes", x->body_max);
    if (r->body && !is_json_type(req_header(&c->rq, S("content-type"))))
        return err_note(E_MEDIA_TYPE, "content-type", "send the body as application/json");
    return OK;
}

static err_t check_all(struct call *c)
{
    TRY(check_caller(c));
    TRY(check_same_site(c));
    TRY(check_rate(c));
    return check_announced(c);
}

static void check(struct call *c)
{
    log_set_request(c->rq.request_id);
    err_clear();
    call_refuse(c, check_all(c));
    log_set_request(STR_NONE);
    c->rq.db = NULL;
}

/* When it has been checked, on the loop. */
static enum http1_next next_of(const struct call *c)
{
    const struct route *r = c->rq.route;
    if (c->refused != OK)
        return HTTP1_ANSWER;
    bool wanted = c->exchange->body_here || !r->wants_body || r->wants_body(&c->rq);
    return wanted ? HTTP1_READ : HTTP1_ANSWER;
}

static void checked(struct net_loop *l, void *arg)
{
    struct call *c = arg;
    UNUSED(l);
    http1_go_on(c->exchange, next_of(c));
}

static void check_on_worker(struct task *t, struct db *db, err_t no_db)
{
    struct call *c = (struct call *)(void *)((char *)t - offsetof(struct call, task));
    c->rq.db = db;
    if (no_db == OK) {
        check(c);
    } else {
        call_refuse(c, no_db);
    }
    net_post(c->exchange->loop, checked, c);
}

enum http1_next call_head(struct call *c)
{
    struct db *db = c->exchange->loop->context;
    bool stranger = !shows_credential(c);
    if (c->refused != OK)
        return HTTP1_ANSWER;
    if (!stranger && c->exchange->body_here)
        return HTTP1_READ;
    if (stranger || !needs_store(c)) {
        check(c); /* asks the store nothing */
        return next_of(c);
    }
    if (db) {
        c->rq.db = db;
        db_reads_begin(db);
        check(c);
        db_reads_end(db);
        return next_of(c);
    }
    c->task.run = check_on_worker;
    err_t e = workers_push(c->server->workers, &c->task);
    if (e == OK)
        return HTTP1_WAIT; /* the call is the worker's from here on */
    call_refuse(c, e);
    return HTTP1_ANSWER;
}
