#include "base/uuid.h"

#include <endian.h>

struct uuid uuid_v7(int64_t unix_ms, const uint8_t random[10])
{
    const int64_t most = (INT64_C(1) << 48) - 1;
    uint64_t ms = (uint64_t)(unix_ms < 0 ? 0 : unix_ms > most ? most : unix_ms);
    struct uuid u;
    for (int i = 0; i < 6; i++)
        u.b[i] = (uint8_t)(ms >> (40 - 8 * i));
    memcpy(u.b + 6, random, 10);
    u.b[6] = (uint8_t)(0x70 | (u.b[6] & 0x0F)); /* version */
    u.b[8] = (uint8_t)(0x80 | (u.b[8] & 0x3F)); /* variant */
    return u;
}

static bool dash_before(int byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

/* Four bytes as eight digits, all at once: each half byte goes to a byte of its own, and the letters are what is above 9. */
static void put_four(const uint8_t *bytes, char *to)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t x = (uint64_t)bytes[0] | (uint64_t)bytes[1] << 16 | (uint64_t)bytes[2] << 32 |
                 (uint64_t)bytes[3] << 48;
    x = (x >> 4 & UINT64_C(0x000f000f000f000f)) | (x << 8 & UINT64_C(0x0f000f000f000f00));
    uint64_t letters = (x + ones * 6) >> 4 & ones;
    x = htole64(x + ones * '0' + letters * ('a' - '0' - 10));
    memcpy(to, &x, 8);
}

void uuid_text(struct uuid u, char ret[UUID_TEXT_BYTES + 1])
{
    char digits[32];
    for (int i = 0; i < 4; i++)
        put_four(u.b + 4 * i, digits + 8 * i);
    memcpy(ret, digits, 8);
    memcpy(ret + 9, digits + 8, 4);
    memcpy(ret + 14, digits + 12, 4);
    memcpy(ret + 19, digits + 16, 4);
    memcpy(ret + 24, digits + 20, 12);
    ret[8] = ret[13] = ret[18] = ret[23] = '-';
    ret[UUID_TEXT_BYTES] = 0;
}

struct str uuid_str(struct arena *a, struct uuid u)
{
    char text[UUID_TEXT_BYTES + 1];
    uuid_text(u, text);
    return str_dup(a, str_of(text, UUID_TEXT_BYTES));
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

err_t uuid_parse(struct str s, struct uuid *ret)
{
    if (s.n != UUID_TEXT_BYTES)
        return E_BAD_INPUT;
    struct uuid u;
    const char *p = s.s;
    for (int i = 0; i < 16; i++, p += 2) {
        if (dash_before(i) && *p++ != '-')
            return E_BAD_INPUT;
        int high = digit(p[0]), low = digit(p[1]);
        if (high < 0 || low < 0)
            return E_BAD_INPUT;
        u.b[i] = (uint8_t)(high << 4 | low);
    }
    *ret = u;
    return OK;
}

bool uuid_is_nil(struct uuid u)
{
    return uuid_eq(u, (struct uuid){ { 0 } });
}

bool uuid_eq(struct uuid x, struct uuid y)
{
    return uuid_cmp(x, y) == 0;
}

int uuid_cmp(struct uuid x, struct uuid y)
{
    return memcmp(x.b, y.b, sizeof x.b);
}
