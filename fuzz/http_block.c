/* room: net */
/* A request's header block: what the scan lets pass holds no line that llhttp and others read differently. */
#include "net/http1_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str block = str_of((const char *)data, size);
    if (!http1_block_ok(block))
        return 0;
    if (http1_lines_ok(block)) {
        struct str line = str_sub(block, 0, str_find_char(block, '\r', 0));
        size_t blank = str_find_char(line, ' ', 0), next = str_find_char(line, ' ', blank + 1);
        assert(blank > 0 && next > blank + 1 && str_sub(line, next + 1, line.n).n == 8);
    }
    for (size_t i = 0; i < block.n; i++) {
        unsigned char c = (unsigned char)block.s[i];
        assert(c >= 0x20 || c == '\t' || c == '\r' || c == '\n');
        assert(c != '\n' || (i > 0 && block.s[i - 1] == '\r'));
        assert(c != '\r' || (i + 1 < block.n && block.s[i + 1] == '\n'));
    }
    return 0;
}
