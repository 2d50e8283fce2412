#include "base/encode.h"

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char BASE64URL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char HEX_LOWER[] = "0123456789abcdef";
static const char HEX_UPPER[] = "0123456789ABCDEF";

static uint8_t byte_at(struct str s, size_t i)
{
    return (uint8_t)s.s[i];
}

/* --- base64 ------------------------------------------------------------------------------- */

static struct str encode64(struct arena *a, struct str bytes, const char *alphabet, bool pad)
{
    if (bytes.n > SIZE_MAX / 2)
        return STR_NONE;
    char *out = arena_bytes(a, (bytes.n + 2) / 3 * 4);
    if (!out)
        return STR_NONE;
    size_t n = 0;
    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t left = bytes.n - i;
        uint32_t v = (uint32_t)byte_at(bytes, i) << 16;
        v |= left > 1 ? (uint32_t)byte_at(bytes, i + 1) << 8 : 0;
        v |= left > 2 ? byte_at(bytes, i + 2) : 0;
        out[n++] = alphabet[v >> 18];
        out[n++] = alphabet[v >> 12 & 63];
        if (left > 1)
            out[n++] = alphabet[v >> 6 & 63];
        if (left > 2)
            out[n++] = alphabet[v & 63];
    }
    while (pad && n % 4 != 0)
        out[n++] = '=';
    return str_of(out, n);
}

struct str base64_encode(struct arena *a, struct str bytes)
{
    return encode64(a, bytes, BASE64, true);
}

struct str base64url_encode(struct arena *a, struct str bytes)
{
    return encode64(a, bytes, BASE64URL, false);
}

static int value64(char c, const char *alphabet)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == alphabet[62] ? 62 : c == alphabet[63] ? 63 : -1;
}

/* Digits without padding. The bits that the last digit has too many must be zero, else one
 * value would have several spellings. */
static err_t decode64(struct arena *a, struct str text, const char *alphabet, struct str *ret)
{
    if (text.n % 4 == 1)
        return E_BAD_INPUT;
    char *out = arena_bytes(a, text.n / 4 * 3 + 2);
    if (!out)
        return arena_err(a);
    size_t n = 0;
    uint32_t bits = 0;
    int have = 0;
    for (size_t i = 0; i < text.n; i++) {
        int v = value64(text.s[i], alphabet);
        if (v < 0)
            return E_BAD_INPUT;
        bits = (bits << 6 | (uint32_t)v) & 0xFFFF;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[n++] = (char)(bits >> have & 0xFF);
        }
    }
    if ((bits & ((1u << have) - 1)) != 0)
        return E_BAD_INPUT;
    *ret = str_of(out, n);
    return OK;
}

err_t base64_decode(struct arena *a, struct str text, struct str *ret)
{
    if (text.n % 4 != 0)
        return E_BAD_INPUT;
    for (int pads = 0; pads < 2 && str_ends(text, S("=")); pads++)
        text.n--;
    return decode64(a, text, BASE64, ret);
}

err_t base64url_decode(struct arena *a, struct str text, struct str *ret)
{
    return decode64(a, text, BASE64URL, ret);
}

/* --- hexadecimal -------------------------------------------------------------------------- */

void hex_encode_to(struct str bytes, char *to)
{
    for (size_t i = 0; i < bytes.n; i++) {
        to[2 * i] = HEX_LOWER[byte_at(bytes, i) >> 4];
        to[2 * i + 1] = HEX_LOWER[byte_at(bytes, i) & 15];
    }
}

struct str hex_encode(struct arena *a, struct str bytes)
{
    char *out = bytes.n > SIZE_MAX / 2 ? NULL : arena_bytes(a, bytes.n * 2);
    if (!out)
        return STR_NONE;
    hex_encode_to(bytes, out);
    return str_of(out, bytes.n * 2);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that the two digits at `at` write, or -1. */
static int hex_byte(struct str text, size_t at)
{
    if (text.n < 2 || at > text.n - 2)
        return -1;
    int high = hex_value(text.s[at]), low = hex_value(text.s[at + 1]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

bool hex_decode_to(struct str text, uint8_t *to, size_t n)
{
    if (text.n != n * 2)
        return false;
    for (size_t i = 0; i < n; i++) {
        int v = hex_byte(text, i * 2);
        if (v < 0)
            return false;
        to[i] = (uint8_t)v;
    }
    return true;
}

err_t hex_decode(struct arena *a, struct str text, struct str *ret)
{
    char *out = arena_bytes(a, text.n / 2);
    if (!out)
        return arena_err(a);
    if (!hex_decode_to(text, (uint8_t *)out, text.n / 2))
        return E_BAD_INPUT;
    *ret = str_of(out, text.n / 2);
    return OK;
}

/* --- base58 ------------------------------------------------------------------------------- */

static const char BASE58[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

enum { BASE58_BYTES_MAX = 128, BASE58_DIGITS_MAX = 176 };

/* A number written in little-endian digits of some base: number = number * factor + add. */
static size_t multiply_add(uint8_t *digits, size_t n, uint32_t base, uint32_t factor, uint32_t add)
{
    for (size_t i = 0; i < n; i++) {
        add += digits[i] * factor;
        digits[i] = (uint8_t)(add % base);
        add /= base;
    }
    for (; add > 0; add /= base)
        digits[n++] = (uint8_t)(add % base);
    return n;
}

static size_t count_leading(struct str s, char c)
{
    size_t n = 0;
    while (n < s.n && s.s[n] == c)
        n++;
    return n;
}

err_t base58_encode(struct arena *a, struct str bytes, struct str *ret)
{
    if (bytes.n > BASE58_BYTES_MAX)
        return E_LIMIT;
    uint8_t digits[BASE58_DIGITS_MAX];
    size_t n = 0, zeros = count_leading(bytes, 0);
    for (size_t i = zeros; i < bytes.n; i++)
        n = multiply_add(digits, n, 58, 256, byte_at(bytes, i));
    char *out = arena_bytes(a, zeros + n);
    if (!out)
        return arena_err(a);
    memset(out, BASE58[0], zeros);
    for (size_t i = 0; i < n; i++)
        out[zeros + i] = BASE58[digits[n - 1 - i]];
    *ret = str_of(out, zeros + n);
    return OK;
}

err_t base58_decode(struct arena *a, struct str text, struct str *ret)
{
    if (text.n > BASE58_DIGITS_MAX)
        return E_LIMIT;
    uint8_t digits[BASE58_DIGITS_MAX];
    size_t n = 0, zeros = count_leading(text, BASE58[0]);
    for (size_t i = zeros; i < text.n; i++) {
        const char *at = text.s[i] ? strchr(BASE58, text.s[i]) : NULL;
        if (!at)
            return E_BAD_INPUT;
        n = multiply_add(digits, n, 256, 58, (uint32_t)(at - BASE58));
    }
    char *out = arena_bytes(a, zeros + n);
    if (!out)
        return arena_err(a);
    memset(out, 0, zeros);
    for (size_t i = 0; i < n; i++)
        out[zeros + i] = (char)digits[n - 1 - i];
    *ret = str_of(out, zeros + n);
    return OK;
}

/* --- percent-encoding --------------------------------------------------------------------- */

err_t percent_decode(struct arena *a, struct str text, bool plus_is_space, struct str *ret)
{
    char *out = arena_bytes(a, text.n);
    if (!out)
        return arena_err(a);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.s[i] == '%') {
            int v = hex_byte(text, i + 1);
            if (v < 0)
                return E_BAD_INPUT;
            out[n++] = (char)v;
            i += 2;
        } else {
            out[n++] = text.s[i] == '+' && plus_is_space ? ' ' : text.s[i];
        }
    }
    *ret = str_of(out, n);
    return OK;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

struct str percent_encode(struct arena *a, struct str text)
{
    char *out = text.n > SIZE_MAX / 3 ? NULL : arena_bytes(a, text.n * 3);
    if (!out)
        return STR_NONE;
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (is_unreserved(text.s[i])) {
            out[n++] = text.s[i];
            continue;
        }
        out[n++] = '%';
        out[n++] = HEX_UPPER[byte_at(text, i) >> 4];
        out[n++] = HEX_UPPER[byte_at(text, i) & 15];
    }
    return str_of(out, n);
}
