/* room: capture */
/* Any text as a link: what is accepted is https, of a known host, and accepted again as itself. */
#include "capture/url_policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct share_url u, again;
    arena_init(&a, 1 << 20);
    if (url_policy_check(&a, str_of((const char *)data, size), S("blocked.example"), &u) != OK)
        return 0;
    assert(str_starts(u.url, S("https://chatgpt.com/share/")) ||
           str_starts(u.url, S("https://claude.ai/share/")));
    err_t e = url_policy_check(&a, u.url, STR_NONE, &again);
    assert(e == OK && str_eq(u.id, again.id) && str_eq(u.url, again.url));
    return 0;
}
