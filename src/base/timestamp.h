/* Times: int64_t milliseconds since 1970 UTC, written as RFC 3339 with `Z`. Absent = TIME_NONE. */
#ifndef VIVIM_BASE_TIMESTAMP_H
#define VIVIM_BASE_TIMESTAMP_H

#include "base/str.h"

#define TIME_NONE INT64_MIN

enum { TIME_TEXT_BYTES = 24 };

/* "2026-01-23T01:02:03.456Z" (or without fraction when it is zero) and a terminator.
 * Years 0000 to 9999; anything outside is clamped. Gives the length. */
size_t time_text(int64_t ms, char ret[TIME_TEXT_BYTES + 1]);
struct str time_str(struct arena *a, int64_t ms); /* STR_NONE for TIME_NONE */
/* RFC 3339 date-time with `Z` or a numeric offset; fractions are cut to milliseconds; a leap
 * second becomes the last millisecond before it. E_BAD_INPUT otherwise. */
NODISCARD err_t time_parse(struct str s, int64_t *ret_ms);
/* Seconds with a fraction (ChatGPT, DeepSeek) to milliseconds, rounded; TIME_NONE when not
 * finite or out of range. */
int64_t time_from_seconds(double seconds);
/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar, and back. month 1 .. 12; `day` may be
 * outside its month. Years 0 .. 9999. */
int64_t time_days(int year, int month, int day);
void time_date(int64_t days, int *ret_year, int *ret_month, int *ret_day);
/* "Tue, 24 Nov 2026 11:17:04 GMT" (RFC 9110 IMF-fixdate), 29 bytes and a terminator. */
void time_http(int64_t ms, char ret[30]);

#endif
