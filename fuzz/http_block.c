/* room: net */
/* A request's header block: what the scan lets pass holds no line that llhttp and others read differently. */
#include "net/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str block = str_of((const char *)data, size);
    if (!http1_block_ok(block))
        return 0;
    for (size_t i = 0; i < block.n; i++) {
        assert(block.s[i] != 0);
        assert(block.s[i] != '\n' || (i > 0 && block.s[i - 1] == '\r'));
        assert(block.s[i] != '\r' || (i + 1 < block.n && block.s[i + 1] == '\n'));
    }
    return 0;
}
