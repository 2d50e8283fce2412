/* Inside the room: the events that it answers itself. */
#ifndef VIVIM_REALTIME_INSIDE_H
#define VIVIM_REALTIME_INSIDE_H

#include "registry/module.h"

extern const struct socket_event REALTIME_EVENTS[]; /* subscribe.c */
enum { REALTIME_EVENT_COUNT = 4 };

#endif
