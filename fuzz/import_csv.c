/* room: imports */
/* Any bytes as CSV: rows until the end or the one error, each field within what was given. */
#include "base/limits.h"
#include "imports/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct str fields[CSV_FIELDS_MAX];
    struct csv csv;
    size_t n = 0, rows = 0, line = 0, bytes = 0;
    err_t e;
    arena_init(&a, MIB(64));
    csv_init(&csv, &a, str_of((const char *)data, size));
    while ((e = csv_next(&csv, fields, &n)) == OK) {
        assert(n >= 1 && n <= CSV_FIELDS_MAX && csv.line > line && csv.at <= size);
        line = csv.line;
        for (size_t i = 0; i < n; i++)
            bytes += fields[i].n;
        assert(bytes <= size && ++rows <= size);
    }
    assert(e == E_NOT_FOUND || e == E_INVALID || e == E_LIMIT || e == E_BUSY);
    err_clear();
    return 0;
}
