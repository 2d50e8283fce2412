/* room: capture */
/* Any text as a link: what is accepted is https, of a known host, and accepted again as itself. */
#include "capture/url_policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    static struct arena known; /* as long as the process */
    static struct provider_table table;
    struct share_url u, again;
    if (!table.count) {
        arena_init(&known, 1 << 22);
        err_t loaded = provider_table_load(&known, &table);
        assert(loaded == OK);
    }
    arena_init(&a, 1 << 20);
    if (url_policy_check(&table, &a, str_of((const char *)data, size), S("blocked.example"), &u) !=
        OK)
        return 0;
    assert(str_starts(u.url, S("https://")) && u.provider && u.id.n);
    err_t e = url_policy_check(&table, &a, u.url, STR_NONE, &again);
    assert(e == OK && str_eq(u.id, again.id) && str_eq(u.url, again.url));
    return 0;
}
