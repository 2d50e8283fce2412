/* room: http */
/* A Cookie header's value: what is found lies inside it. */
#include "http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str value = str_of((const char *)data, size);
    struct header h = { S("cookie"), value };
    struct req rq = { .headers = &h, .header_count = 1 };
    struct str found = req_session_cookie(&rq);
    assert(!found.s || (found.s >= value.s && found.s + found.n <= value.s + value.n));
    return 0;
}
