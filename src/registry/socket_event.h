/* Events that clients send over a socket: what a room says of those that it answers. realtime/ reads, runs and answers them. */
#ifndef VIVIM_REGISTRY_SOCKET_EVENT_H
#define VIVIM_REGISTRY_SOCKET_EVENT_H

#include "http/http.h"

struct app;
struct socket_event;

/* One event that a client sent (realtime/ reads it, runs it on a worker and answers). */
struct socket_call {
    struct app *app;
    struct db *db;
    struct arena *arena;         /* ends with the call */
    const struct caller *caller; /* known */
    const struct socket_event *event;
    struct json argument;   /* the event's one argument, an object; JSON_NONE: none came */
    struct json_out *reply; /* the acknowledgement: an object that is open */
    struct str socket_id;
    int64_t now_ms;
};

struct socket_event {
    const char *name;           /* "subscribe" */
    enum auth auth;             /* AUTH_USER or AUTH_ADMIN */
    enum scope scope;           /* what a token must be allowed */
    const struct field *fields; /* of the argument: socket_fields */
    size_t field_count;
    /* An error is answered in the acknowledgement: {error: {code, detail, field}}. */
    err_t (*run)(struct socket_call *c);
};

/* Fill a struct from the argument by the event's field table. E_INVALID naming the field. */
static inline err_t socket_fields(struct socket_call *c, void *out)
{
    return fields_read(c->arena, c->argument, c->event->fields, c->event->field_count, out);
}

#endif
