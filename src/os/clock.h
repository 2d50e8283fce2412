/* Time, replaceable in tests. */
#ifndef VIVIM_OS_CLOCK_H
#define VIVIM_OS_CLOCK_H

#include "base/base.h"

int64_t clock_wall_ms(void);      /* since 1970 UTC; may step */
int64_t clock_monotonic_ms(void); /* never goes back; for deadlines */
int64_t clock_monotonic_us(void);
int64_t clock_real_ms(void); /* monotonic, and no test moves it: for waiting on other programs */

/* How far the machine's own time (TZ, /etc/localtime) is east of UTC now, in minutes. For commands: a server does not know its readers' zones. */
int clock_zone_minutes(void);

void clock_sleep_ms(int64_t ms); /* real time; for polling by commands, never in a server thread */

/* Tests: freeze both clocks at a time and move them by hand; clock_real() ends it. */
void clock_fake(int64_t wall_ms);
void clock_fake_advance(int64_t ms);
void clock_real(void);

#endif
