/* Waiting until the log shows what is committed. */
#ifndef VIVIM_TEST_OPS_VISIBLE_H
#define VIVIM_TEST_OPS_VISIBLE_H

#include "ops/fixture.h"
#include "ops/inside.h"

/* PostgreSQL: until no other transaction of the server (a vacuum, another test) hides what is
 * committed. */
static inline void wait_until_visible(void)
{
    struct op_cursor head, last;
    for (int i = 0; i < 2000; i++) {
        ok(ops_head(f.db, &head));
        if (ops_store_last(f.db, &last) == E_NOT_FOUND || op_cursor_cmp(head, last) >= 0)
            return;
        clock_sleep_ms(5);
    }
    fail_msg("what is committed stays hidden");
}

#endif
