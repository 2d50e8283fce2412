#include <utf8proc.h>

#include "search/words/inside.h"

struct range {
    uint32_t from, to;
};

/* clang-format off */
const char CHAR_ASCII[128] = {
    ['0'] = '0', '1', '2', '3', '4', '5', '6', '7', '8', '9',
    ['A'] = 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
            'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
    ['a'] = 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
            'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
};
/* clang-format on */

static bool within(uint32_t c, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count && ranges[i].from <= c; i++)
        if (c <= ranges[i].to)
            return true;
    return false;
}

bool char_is_diacritic(uint32_t c)
{
    static const struct range RANGES[] = {
        { 0x0300, 0x036f }, { 0x0483, 0x0487 }, { 0x0591, 0x05bd }, { 0x05bf, 0x05bf },
        { 0x05c1, 0x05c2 }, { 0x05c4, 0x05c5 }, { 0x05c7, 0x05c7 }, { 0x0610, 0x061a },
        { 0x064b, 0x065f }, { 0x0670, 0x0670 }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff },
        { 0x20d0, 0x20ff }, { 0x3099, 0x309a }, { 0xfe20, 0xfe2f },
    };
    return c >= 0x300 && within(c, RANGES, COUNTOF(RANGES));
}

bool char_is_ignored(uint32_t c)
{
    static const struct range RANGES[] = {
        { 0x00ad, 0x00ad },   { 0x0640, 0x0640 },   { 0x200c, 0x200f },
        { 0x2060, 0x2064 },   { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },
        { 0x1f3fb, 0x1f3ff }, { 0xe0020, 0xe007f }, { 0xe0100, 0xe01ef },
    };
    return c >= 0xad && within(c, RANGES, COUNTOF(RANGES));
}

/* Scripts that put no space between words, or attach what other scripts write apart (Hangul). */
static bool is_dense(uint32_t c)
{
    static const struct range RANGES[] = {
        { 0x0e01, 0x0e3a },   { 0x0e40, 0x0e4e },   { 0x0e81, 0x0ecd }, { 0x0edc, 0x0edf },
        { 0x1000, 0x103f },   { 0x1050, 0x108f },   { 0x1780, 0x17d3 }, { 0x3005, 0x3007 },
        { 0x3021, 0x3029 },   { 0x3041, 0x3096 },   { 0x309d, 0x309f }, { 0x30a1, 0x30fa },
        { 0x30fc, 0x30ff },   { 0x3105, 0x312f },   { 0x31a0, 0x31bf }, { 0x31f0, 0x31ff },
        { 0x3400, 0x4dbf },   { 0x4e00, 0x9fff },   { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff },
        { 0x1b000, 0x1b16f }, { 0x20000, 0x323af },
    };
    return c >= 0x0e01 && within(c, RANGES, COUNTOF(RANGES));
}

bool char_is_flag_letter(uint32_t c)
{
    return c >= 0x1f1e6 && c <= 0x1f1ff;
}

/* Pictures, among the symbols: not arrows, boxes and signs of arithmetic. */
static bool is_emoji(uint32_t c)
{
    static const struct range RANGES[] = {
        { 0x231a, 0x231b }, { 0x23e9, 0x23fa },   { 0x2600, 0x27bf },
        { 0x2b50, 0x2b55 }, { 0x1f000, 0x1faff },
    };
    return c >= 0x231a && within(c, RANGES, COUNTOF(RANGES));
}

enum char_class char_class(uint32_t c)
{
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? CHAR_WORD : CHAR_APART;
    if (is_dense(c))
        return CHAR_DENSE;
    switch (utf8proc_category((utf8proc_int32_t)c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return CHAR_WORD;
    case UTF8PROC_CATEGORY_SO:
    case UTF8PROC_CATEGORY_CN: /* pictures that are younger than the tables */
        return is_emoji(c) ? CHAR_EMOJI : CHAR_APART;
    default:
        return CHAR_APART;
    }
}

uint8_t char_fold(uint32_t c, int32_t ret[FOLDED_MAX])
{
    if (char_is_ignored(c) || char_is_diacritic(c))
        return 0;
    if (c >= 0xac00 && c <= 0xd7a3) { /* Hangul stays in syllables */
        ret[0] = (int32_t)c;
        return 1;
    }
    int last_class = 0;
    uint8_t count = 0;
    utf8proc_int32_t out[FOLDED_MAX];
    utf8proc_ssize_t n = utf8proc_decompose_char(
        (utf8proc_int32_t)c, out, FOLDED_MAX,
        UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD, &last_class);
    if (n < 0 || n > FOLDED_MAX) {
        n = 1;
        out[0] = ' ';
    }
    for (utf8proc_ssize_t i = 0; i < n; i++)
        if (!char_is_diacritic((uint32_t)out[i]) && !char_is_ignored((uint32_t)out[i]))
            ret[count++] = out[i];
    return count;
}

void char_put(char *out, size_t max, size_t *n, uint32_t c)
{
    char bytes[4];
    utf8proc_ssize_t size = utf8proc_encode_char((utf8proc_int32_t)c, (utf8proc_uint8_t *)bytes);
    if (size <= 0 || *n + (size_t)size > max)
        return;
    memcpy(out + *n, bytes, (size_t)size);
    *n += (size_t)size;
}
