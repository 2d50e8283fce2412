/* What the door and the databases behind it both need. */
#include <math.h>

#include "db/db_inside.h"
#include "os/clock.h"
#include "os/process.h"

int64_t db_wait_left(const struct db_store *s, int64_t began_ms, int64_t ms)
{
    int64_t now_ms = clock_real_ms(), stop_ms = s->stop_ms, left_ms = began_ms + ms - now_ms;
    if (!stop_ms && process_stop_asked()) /* it is not up yet, and shall stop already */
        stop_ms = began_ms + s->waits.stopping_ms;
    return stop_ms && stop_ms - now_ms < left_ms ? stop_ms - now_ms : left_ms;
}

void db_set_null(enum db_type t, void *to)
{
    switch (t) {
    case DB_I64:
        *(int64_t *)to = INT64_MIN;
        break;
    case DB_F64:
        *(double *)to = (double)NAN;
        break;
    case DB_BOOL:
        *(bool *)to = false;
        break;
    case DB_STR:
    case DB_BYTES:
        *(struct str *)to = STR_NONE;
        break;
    case DB_UUID:
        *(struct uuid *)to = (struct uuid){ { 0 } };
        break;
    case DB_NULL:
        break;
    }
}
