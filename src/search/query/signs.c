/* The signs of the language as keyboards and programs write them. A phone makes quotes round, a keyboard for Chinese or Japanese types
 * brackets, colons and spaces of full width, what is copied from a page brings marks that nobody sees: before the line is read, each
 * becomes the sign that was meant. Letters and digits stay as they were typed. */
#include "base/utf8.h"
#include "search/query/query.h"

enum { DROPPED = 0 };

static const struct {
    uint32_t from, to;
    char sign;
} SIGNS[] = {
    { 0x0001, 0x001f, ' ' },     { 0x007f, 0x00a0, ' ' },     { 0x00ab, 0x00ab, '"' },
    { 0x00bb, 0x00bb, '"' },     { 0x061c, 0x061c, DROPPED }, { 0x1680, 0x1680, ' ' },
    { 0x2000, 0x200b, ' ' },     { 0x200e, 0x200f, DROPPED }, { 0x2010, 0x2011, '-' },
    { 0x201c, 0x201f, '"' },     { 0x2028, 0x2029, ' ' },     { 0x202a, 0x202e, DROPPED },
    { 0x202f, 0x202f, ' ' },     { 0x205f, 0x205f, ' ' },     { 0x2060, 0x2060, DROPPED },
    { 0x2066, 0x206f, DROPPED }, { 0x2212, 0x2212, '-' },     { 0x3000, 0x3000, ' ' },
    { 0x301d, 0x301f, '"' },     { 0xfe55, 0xfe55, ':' },     { 0xfeff, 0xfeff, DROPPED },
    { 0xff02, 0xff02, '"' },     { 0xff08, 0xff08, '(' },     { 0xff09, 0xff09, ')' },
    { 0xff0a, 0xff0a, '*' },     { 0xff0d, 0xff0d, '-' },     { 0xff1a, 0xff1a, ':' },
};

static bool is_plain(struct str q)
{
    for (size_t i = 0; i < q.n; i++)
        if ((unsigned char)q.s[i] < 0x20 || (unsigned char)q.s[i] > 0x7e)
            return false;
    return true;
}

static void put_sign(struct buf *b, struct str bytes, uint32_t c)
{
    for (size_t i = 0; i < COUNTOF(SIGNS) && SIGNS[i].from <= c; i++)
        if (c <= SIGNS[i].to) {
            if (SIGNS[i].sign != DROPPED)
                buf_putc(b, SIGNS[i].sign);
            return;
        }
    buf_put(b, bytes);
}

err_t search_query_signs(struct arena *a, struct str q, struct str *ret)
{
    struct buf b;
    *ret = q;
    if (is_plain(q))
        return OK;
    buf_init(&b, a, SEARCH_QUERY_BYTES_MAX);
    for (size_t at = 0; at < q.n;) {
        size_t from = at;
        uint32_t c = utf8_next(q, &at);
        put_sign(&b, str_sub(q, from, at), c);
    }
    *ret = b.n ? buf_str(&b) : S("");
    return buf_err(&b);
}
