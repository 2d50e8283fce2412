#include "base/picture_type.h"

enum { FTYP_BYTES_MAX = 256 };

static uint32_t big_endian(struct str s)
{
    const unsigned char *b = (const unsigned char *)s.s;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* The first box is "ftyp": its size, that word, a brand, a version, then further brands of four bytes each. */
static bool is_avif(struct str bytes)
{
    if (bytes.n < 16 || !str_eq(str_sub(bytes, 4, 8), S("ftyp")))
        return false;
    size_t end = big_endian(bytes);
    if (end > bytes.n || end > FTYP_BYTES_MAX)
        return false;
    for (size_t at = 8; at + 4 <= end; at += 4) {
        struct str brand = str_sub(bytes, at, at + 4);
        if (at != 12 && (str_eq(brand, S("avif")) || str_eq(brand, S("avis"))))
            return true;
    }
    return false;
}

struct str picture_type(struct str bytes)
{
    if (str_starts(bytes, S("\x89PNG\r\n\x1a\n")))
        return S("image/png");
    if (str_starts(bytes, S("\xff\xd8\xff")))
        return S("image/jpeg");
    if (str_starts(bytes, S("GIF87a")) || str_starts(bytes, S("GIF89a")))
        return S("image/gif");
    if (str_starts(bytes, S("RIFF")) && bytes.n >= 14 && str_eq(str_sub(bytes, 8, 14), S("WEBPVP")))
        return S("image/webp");
    return is_avif(bytes) ? S("image/avif") : STR_NONE;
}
