#include "base/utf8.h"
#include "imports/formats/formats.h"

err_t source_skip(struct import_source *s, size_t n)
{
    char bytes[4096];
    size_t got = 1;
    while (n && got) {
        TRY(s->reader->read(s->reader, bytes, n < sizeof bytes ? n : sizeof bytes, &got));
        n -= got;
    }
    return OK;
}

err_t source_text(struct import_source *s, size_t max_bytes, struct str *ret)
{
    TRY(reader_all(s->reader, s->arena, max_bytes, ret));
    if (str_starts(*ret, S("\xef\xbb\xbf")))
        *ret = str_sub(*ret, 3, ret->n);
    if (!utf8_ok(*ret))
        return err_note(E_BAD_ENCODING, NULL, "the text is not valid UTF-8");
    return OK;
}
