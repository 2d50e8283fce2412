/* What the room keeps as long as the program runs: its browsers, its recipes, and whom it may reach. Inside the room only. */
#ifndef VIVIM_CAPTURE_CAPTURE_ROOM_H
#define VIVIM_CAPTURE_CAPTURE_ROOM_H

#include "capture/browser.h"
#include "capture/recipe.h"
#include "net/address.h"
#include "registry/module.h"

/* The room's shared object. */
struct capture_room {
    struct arena arena; /* holds the object itself */
    struct browser_pool *browsers;
    const struct recipe *recipes;
    size_t recipe_count;
    struct address_policy policy;
};

/* Loads the recipes and makes the pool; no browser is started. E_INVALID (a recipe, named), E_IO, E_BUSY. */
NODISCARD err_t capture_room_new(struct app *app, struct capture_room **ret);
void capture_room_free(struct capture_room *room);        /* ends the browsers; accepts NULL */
struct capture_room *capture_room(const struct app *app); /* NULL before its init */

#endif
