/* The parts of the server among themselves. */
#ifndef VIVIM_HTTP_SERVER_H
#define VIVIM_HTTP_SERVER_H

#include "http/call.h"

/* held.c: the handler has asked to answer later; on the loop */
void held_begin(struct call *c);
/* stop.c */
void server_drain(struct http_server *s);

#endif
