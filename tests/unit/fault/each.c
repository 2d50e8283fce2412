#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fault/fault.h"

enum {
    EACH_UP_TO = 32,     /* from here on ./test leaves gaps that grow with n */
    GAP = 8,             /* n grows by one eighth */
    CALLS_MOST = 1000000 /* a case that meets its fault for ever is a defect */
};

static const char *const NAMES[FAULT_KINDS] = {
    [FAULT_ALLOCATION] = "allocation", [FAULT_CALL] = "call", [FAULT_WRITE] = "write",
    [FAULT_WRITE_FULL] = "full disk",  [FAULT_SYNC] = "sync", [FAULT_READ] = "read",
};

static int next_of(int n)
{
    return n < EACH_UP_TO || getenv("FAULT_ALL") ? n + 1 : n + n / GAP;
}

/* What a client may be told when the machine, the disk or the database fails: never that its own input was wrong. */
static bool is_ours(err_t e)
{
    return e == E_BUSY || e == E_DB || e == E_IO || e == E_FULL || e == E_READ_ONLY ||
           e == E_STORE || e == E_UNCLEAR;
}

/* Number i with the n-th call failing; true when it was met. */
static bool try_one(const struct fault_case *c, enum fault_kind kind, int n, int i,
                    void (*reopen)(void))
{
    fault_arm(kind, n, false);
    err_t e = c->act(i);
    fault_disarm();
    bool met = fault_happened();
    if (e != OK && (!met || !is_ours(e)))
        fail_msg("%s, %s %d: %s (%s)", c->name, NAMES[kind], n, err_code(e), err_detail()->text);
    if (kind == FAULT_SYNC && met)
        reopen(); /* after a failed sync the store is read-only until then */
    c->check(i, e == OK);
    if (e == OK)
        return met;
    e = c->act(i);
    if (e != OK)
        fail_msg("%s, after %s %d: %s (%s)", c->name, NAMES[kind], n, err_code(e),
                 err_detail()->text);
    c->check(i, true);
    return met;
}

static int every_kind(const struct fault_case *c, int i, bool postgres, void (*reopen)(void))
{
    for (enum fault_kind kind = FAULT_ALLOCATION; kind < FAULT_KINDS; kind++) {
        int n = 1;
        if (postgres && kind == FAULT_READ)
            continue; /* its files are its own */
        while (try_one(c, kind, n, i++, reopen)) {
            n = next_of(n);
            assert_true(n < CALLS_MOST);
        }
        print_message("# %s: %d of %s\n", c->name, n - 1, NAMES[kind]);
    }
    return i;
}

void fault_each(const struct fault_case *cases, size_t count, bool postgres, void (*reopen)(void))
{
    int i = 0;
    for (const struct fault_case *c = cases; c < cases + count; c++) {
        int first = i;
        i = every_kind(c, i, postgres, reopen);
        reopen(); /* what was answered with OK is on the disk */
        for (int k = first; k < i; k++)
            c->check(k, true);
    }
}
