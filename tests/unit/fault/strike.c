#include <stdatomic.h>
#include <stdlib.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

#include "fault/fault.h"

static _Atomic int armed_kind, armed_file, countdown;
static _Atomic bool stays, happened;
static fault_observer *_Atomic observer_now;

void fault_arm(enum fault_kind kind, int after, bool persistent)
{
    fault_arm_file(kind, FAULT_ANY_FILE, after, persistent);
}

void fault_arm_file(enum fault_kind kind, enum fault_file file, int after, bool persistent)
{
    happened = false;
    armed_file = (int)file;
    countdown = after;
    stays = persistent;
    armed_kind = (int)kind;
}

void fault_disarm(void)
{
    armed_kind = FAULT_NONE;
}

bool fault_happened(void)
{
    return happened;
}

bool fault_strikes_file(enum fault_kind kind, bool is_database)
{
    if (armed_kind != (int)kind || (armed_file == FAULT_DATABASE && !is_database))
        return false;
    if (atomic_fetch_sub(&countdown, 1) > 1)
        return false;
    if (!stays)
        armed_kind = FAULT_NONE;
    happened = true;
#ifdef __SANITIZE_ADDRESS__
    if (getenv("FAULT_TRACE")) /* where it strikes, for who looks for what went wrong then */
        __sanitizer_print_stack_trace();
#endif
    return true;
}

bool fault_strikes(enum fault_kind kind)
{
    return fault_strikes_file(kind, false);
}

void fault_observe(fault_observer *observer)
{
    observer_now = observer;
}

fault_observer *fault_observing(void)
{
    return observer_now;
}
