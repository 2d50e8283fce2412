/* The one C++ file: what C has no good library for. simdjson reads JSON and checks UTF-8, the
 * C++ library converts doubles. No exceptions, no RTTI; nothing of C++ is seen outside. */
#include "base/json_simd.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <simdjson.h>

#include "base/double.h"

namespace
{

/* A parser takes up to 14 bytes for each byte of the largest text it has seen. Every worker has
 * one, so what a large text took is given back. */
constexpr size_t KEEP_TEXT_BYTES = 1024 * 1024;

thread_local simdjson::dom::parser parser;

constexpr uint64_t PAYLOAD = (uint64_t(1) << 56) - 1;

/* Where the last string ends. simdjson does not tell, and copying all that it reserved would
 * triple the memory of a document. Strings lie in the order of the tape. */
size_t string_bytes(const uint64_t *tape, size_t words, const uint8_t *strings)
{
    size_t last = SIZE_MAX;
    for (size_t i = 1; i < words; i++) {
        const char type = char(tape[i] >> 56);
        if (type == '"')
            last = size_t(tape[i] & PAYLOAD);
        else if (type == 'l' || type == 'u' || type == 'd')
            i++; /* the word after it is the number itself */
    }
    if (last == SIZE_MAX)
        return 0;
    uint32_t length;
    std::memcpy(&length, strings + last, sizeof length);
    return last + sizeof length + length + 1;
}

} // namespace

extern "C" enum simd_status simd_parse(const char *text, size_t n, size_t depth,
                                       struct simd_doc *ret)
{
    const size_t capacity = std::max({ parser.capacity(), n, size_t(4096) });
    if (parser.allocate(capacity, depth) != simdjson::SUCCESS)
        return SIMD_NO_MEMORY;
    const auto error = parser.parse(text, n, true).error();
    if (error == simdjson::MEMALLOC)
        return SIMD_NO_MEMORY;
    if (error != simdjson::SUCCESS)
        return SIMD_REFUSED;
    ret->tape = parser.doc.tape.get();
    ret->tape_words = size_t(ret->tape[0] & PAYLOAD);
    ret->strings = parser.doc.string_buf.get();
    ret->string_bytes = string_bytes(ret->tape, ret->tape_words, ret->strings);
    return SIMD_OK;
}

extern "C" void simd_release(void)
{
    if (parser.capacity() > KEEP_TEXT_BYTES)
        parser = simdjson::dom::parser();
}

extern "C" bool simd_utf8_ok(const char *s, size_t n)
{
    return simdjson::validate_utf8(s, n);
}

extern "C" int double_digits(double v, char digits[DOUBLE_DIGITS_MAX], int *ret_point)
{
    char text[32]; /* d[.ddd]e±dd */
    const auto end = std::to_chars(text, text + sizeof text, v, std::chars_format::scientific).ptr;
    const auto *e = std::find(text, end, 'e');
    int n = 0;
    for (const char *p = text; p < e; p++)
        if (*p != '.')
            digits[n++] = *p;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    int exponent = 0;
    std::from_chars(e + 1 + (e[1] == '+'), end, exponent);
    *ret_point = exponent + 1;
    return n;
}

extern "C" bool double_read(const char *s, size_t n, double *ret)
{
    double v;
    const auto got = std::from_chars(s, s + n, v, std::chars_format::general);
    if (got.ec != std::errc() || got.ptr != s + n)
        return false;
    *ret = v;
    return true;
}
