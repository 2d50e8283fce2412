/* Decimal text of doubles, correctly rounded in both directions and blind to the locale.
 * C17 has neither; the C++ library does, so these two stand in json_simd.cc. Private to base. */
#ifndef VIVIM_BASE_DOUBLE_H
#define VIVIM_BASE_DOUBLE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { DOUBLE_DIGITS_MAX = 17 };

/* The fewest decimal digits that read back as v (finite, > 0), without leading or trailing zeros;
 * the value is 0.DIGITS * 10^point. Gives how many digits there are. */
int double_digits(double v, char digits[DOUBLE_DIGITS_MAX], int *ret_point);

/* Read exactly n bytes of decimal notation (the caller has checked the grammar). False when the
 * value does not fit into a finite double or vanishes. */
bool double_read(const char *s, size_t n, double *ret);

#ifdef __cplusplus
}
#endif

#endif
