/* Products of int8 vectors (bytes_dot.h). */
#include <math.h>

#include "search/vectors/bytes_dot.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

float bytes_scale(const int8_t *v, size_t n)
{
    int32_t square = 0;
    for (size_t i = 0; i < n; i++)
        square += v[i] * v[i];
    return square ? 1 / sqrtf((float)square) : 0;
}

int32_t bytes_dot_plain(const int16_t *wide, const int8_t *v, size_t n)
{
    int32_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += wide[i] * v[i];
    return sum;
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) static inline int32_t dot_avx2(const int16_t *wide, const int8_t *v,
                                                               size_t n)
{
    __m256i sum = _mm256_setzero_si256();
    for (size_t i = 0; i < n; i += 16) {
        __m256i x = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(v + i)));
        __m256i y = _mm256_loadu_si256((const __m256i *)(wide + i));
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(x, y));
    }
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1));
    return _mm_cvtsi128_si32(half);
}

static inline int32_t dot_sse2(const int16_t *wide, const int8_t *v, size_t n)
{
    __m128i sum = _mm_setzero_si128();
    for (size_t i = 0; i < n; i += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(v + i));
        __m128i low = _mm_srai_epi16(_mm_unpacklo_epi8(x, x), 8);
        __m128i high = _mm_srai_epi16(_mm_unpackhi_epi8(x, x), 8);
        sum = _mm_add_epi32(sum, _mm_madd_epi16(low, _mm_loadu_si128((const __m128i *)(wide + i))));
        sum = _mm_add_epi32(sum,
                            _mm_madd_epi16(high, _mm_loadu_si128((const __m128i *)(wide + i + 8))));
    }
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
    return _mm_cvtsi128_si32(sum);
}

/* The processor's own prefetching ends with each page of memory; it is told what comes. */
static inline void fetch_ahead(const int8_t *v, size_t n)
{
    enum { AHEAD_BYTES = 4096, LINE_BYTES = 64 };
    for (size_t i = 0; i < n; i += LINE_BYTES)
        __builtin_prefetch(v + AHEAD_BYTES + i);
}

__attribute__((target("avx2"))) static void dot_many_avx2(const int16_t *wide, const int8_t *v,
                                                          size_t n, size_t stride, size_t count,
                                                          int32_t *ret)
{
    for (size_t i = 0; i < count; i++) {
        fetch_ahead(v + i * stride, n);
        ret[i] = dot_avx2(wide, v + i * stride, n);
    }
}

__attribute__((target("avx2"))) static int32_t dot_one_avx2(const int16_t *wide, const int8_t *v,
                                                            size_t n)
{
    return dot_avx2(wide, v, n);
}

int32_t bytes_dot(const int16_t *wide, const int8_t *v, size_t n)
{
    return __builtin_cpu_supports("avx2") ? dot_one_avx2(wide, v, n) : dot_sse2(wide, v, n);
}

void bytes_dot_many(const int16_t *wide, const int8_t *v, size_t n, size_t stride, size_t count,
                    int32_t *ret)
{
    if (__builtin_cpu_supports("avx2"))
        dot_many_avx2(wide, v, n, stride, count, ret);
    else
        for (size_t i = 0; i < count; i++)
            ret[i] = dot_sse2(wide, v + i * stride, n);
}

#else

int32_t bytes_dot(const int16_t *wide, const int8_t *v, size_t n)
{
    return bytes_dot_plain(wide, v, n);
}

void bytes_dot_many(const int16_t *wide, const int8_t *v, size_t n, size_t stride, size_t count,
                    int32_t *ret)
{
    for (size_t i = 0; i < count; i++)
        ret[i] = bytes_dot_plain(wide, v + i * stride, n);
}

#endif
