/* The parts of the server among themselves. */
#ifndef VIVIM_HTTP_SERVER_H
#define VIVIM_HTTP_SERVER_H

#include "http/call.h"

/* On a worker or an inline loop: checks and handler, to the reply; an error is the reply too. */
void call_run(struct call *c);
void call_fail(struct call *c,
               err_t e);          /* the error, with what this thread knows of it, is the reply */
void call_finish(struct call *c); /* on the loop: answer, or hold */
/* The task of a call on a worker: runs it and finishes it on its loop. */
void call_on_worker(struct task *t, struct db *db, err_t no_db);

/* written.c: on the thread of RUN_WRITE */
struct written *written_new(struct arena *a, int loops);
void written_free(struct written *w); /* accepts NULL; when the loops have ended */
size_t written_waiting(struct http_server *s, int loop); /* replies whose commit has ended */
/* To the writer, which is woken when the turn ends. On the loop. */
NODISCARD err_t written_give(struct call *c);
void written_turn_ends(struct http_server *s, const struct net_loop *l);
/* held.c: the handler has asked to answer later; on the loop */
void held_begin(struct call *c);
/* stop.c */
void server_drain(struct http_server *s);

#endif
