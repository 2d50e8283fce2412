/* room: net */
/* A request's header block: the scan, which looks at eight bytes at once, says what a scan of one byte after the other says, and
 * what it lets pass holds no line that llhttp and others read differently. */
#include "net/http1_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What RFC 9112 wants, byte by byte. */
static bool holds(const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool control =
            (b[i] < 0x20 && b[i] != '\t' && b[i] != '\r' && b[i] != '\n') || b[i] == 0x7f;
        bool lone_cr = b[i] == '\r' && (i + 1 == n || b[i + 1] != '\n');
        bool lone_lf = b[i] == '\n' && (i == 0 || b[i - 1] != '\r');
        bool folded = b[i] == '\n' && i + 1 < n && (b[i + 1] == ' ' || b[i + 1] == '\t');
        if (control || lone_cr || lone_lf || folded)
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str block = str_of((const char *)data, size);
    bool ok = http1_block_ok(block);
    assert(ok == holds(data, size));
    if (ok && http1_lines_ok(block)) {
        struct str line = str_sub(block, 0, str_find_char(block, '\r', 0));
        size_t blank = str_find_char(line, ' ', 0), next = str_find_char(line, ' ', blank + 1);
        assert(blank > 0 && next > blank + 1 && str_sub(line, next + 1, line.n).n == 8);
    }
    return 0;
}
