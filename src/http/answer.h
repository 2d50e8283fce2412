/* From a reply to the wire. */
#ifndef VIVIM_HTTP_ANSWER_H
#define VIVIM_HTTP_ANSWER_H

#include "http/call.h"

/* problem.c: turn an error with the thread's detail into the reply. */
void reply_problem(struct call *c, err_t e);
void problem_write(struct json_out *o, err_t e, struct str request_id);

/* answer.c: head and body to the wire. */
void call_answer(struct call *c);
/* cors.c */
void cors_headers(struct call *c);
bool cors_preflight(struct call *c); /* was it one? Then it is answered in the reply */
/* static.c: the web client. True when the path is its. */
bool static_serve(struct call *c);
/* security_headers.c. The policy of a page or script of our client; and what every answer says, whole lines into its head, with
 * the policy of what is no page where none was set. */
void document_policy(struct call *c);
void security_headers_write(const struct call *c, struct buf *head);

#endif
