/* app: THE table of rooms, and their start and stop in order. */
#ifndef VIVIM_APP_H
#define VIVIM_APP_H

#include "registry/module.h"

#define VIVIM_VERSION "0.1.0"

enum app_mode {
    APP_SERVER,   /* listens on settings.listen and on the data folder's Unix socket */
    APP_EMBEDDED, /* inside a command: on the Unix socket alone */
};

/* Open, migrate, bind the addresses, start the jobs and every room; nobody is answered yet. `settings` must outlive the app.
 * E_CONFLICT: another process holds the data folder. The note says what to do. */
NODISCARD err_t app_start(const struct settings *settings, enum app_mode mode, struct app **ret);
/* The last step of a start, when nothing can fail any more: answer those who come. E_BUSY. */
NODISCARD err_t app_accept(struct app *app);
/* Stop listening, drain, stop the rooms in reverse order, close. Accepts NULL. */
void app_stop(struct app *app);

#endif
