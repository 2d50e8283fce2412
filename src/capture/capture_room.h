/* What the room keeps as long as the program runs: its browsers, what it knows of the providers, and whom it may reach. Inside the room only. */
#ifndef VIVIM_CAPTURE_CAPTURE_ROOM_H
#define VIVIM_CAPTURE_CAPTURE_ROOM_H

#include "archive/providers/provider_data.h"
#include "capture/browser.h"
#include "net/address.h"
#include "registry/module.h"

/* The room's shared object. */
struct capture_room {
    struct arena arena; /* holds the object itself */
    struct browser_pool *browsers;
    struct provider_table providers;
    struct address_policy policy;
};

/* Reads what is known of the providers and makes the pool; no browser is started. E_INVALID (a file, named), E_IO, E_BUSY. */
NODISCARD err_t capture_room_new(struct app *app, struct capture_room **ret);
void capture_room_free(struct capture_room *room);        /* ends the browsers; accepts NULL */
struct capture_room *capture_room(const struct app *app); /* NULL before its init */

#endif
