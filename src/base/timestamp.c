#include "base/timestamp.h"

#include <math.h>
#include <stdio.h>

enum { MINUTE_BYTES = 17 };
#define DAY_MS   INT64_C(86400000)
#define FIRST_MS (INT64_C(-719528) * DAY_MS)     /* 0000-01-01T00:00:00.000Z */
#define LAST_MS  (INT64_C(2932897) * DAY_MS - 1) /* 9999-12-31T23:59:59.999Z */

struct civil {
    int year, month, day, hour, minute, second, ms, week_day; /* week_day 0 is Sunday */
};

/* Years begin in March here, so that
 * the leap day is the last; 400 years always have 146097 days.
 * Source: H. Hinnant, "chrono-compatible low-level date algorithms". */
int64_t time_days(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_of(int64_t days, struct civil *c)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* 0 is March */
    c->day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    c->month = (int)(month < 10 ? month + 3 : month - 9);
    c->year = (int)(year_of_era + era * 400 + (c->month <= 2));
    c->week_day = (int)(((days + 4) % 7 + 7) % 7);
}

void time_date(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
    struct civil c;
    date_of(days, &c);
    *ret_year = c.year;
    *ret_month = c.month;
    *ret_day = c.day;
}

static int64_t in_range(int64_t ms)
{
    return ms < FIRST_MS ? FIRST_MS : ms > LAST_MS ? LAST_MS : ms;
}

static struct civil civil_of(int64_t ms)
{
    ms = in_range(ms);
    int64_t days = (ms - FIRST_MS) / DAY_MS + FIRST_MS / DAY_MS;
    int rest = (int)(ms - days * DAY_MS);
    struct civil c = {
        .hour = rest / 3600000,
        .minute = rest / 60000 % 60,
        .second = rest / 1000 % 60,
        .ms = rest % 1000,
    };
    date_of(days, &c);
    return c;
}

static char *put_digits(char *p, int value, int digits)
{
    for (int i = digits - 1; i >= 0; i--, value /= 10)
        p[i] = (char)('0' + value % 10);
    return p + digits;
}

/* Digits and the character behind them. */
static char *put_part(char *p, int value, int digits, char then)
{
    p = put_digits(p, value, digits);
    *p = then;
    return p + 1;
}

/* Up to the minute: "2026-01-31T23:59:". */
static void minute_text(int64_t ms, char *p)
{
    struct civil c = civil_of(ms);
    p = put_part(p, c.year, 4, '-');
    p = put_part(p, c.month, 2, '-');
    p = put_part(p, c.day, 2, 'T');
    p = put_part(p, c.hour, 2, ':');
    put_part(p, c.minute, 2, ':');
}

/* Times that are written one behind the other lie near one another: each thread keeps its last minute. */
size_t time_text(int64_t ms, char ret[TIME_TEXT_BYTES + 1])
{
    static _Thread_local char kept[MINUTE_BYTES];
    static _Thread_local int64_t kept_minute = -1;
    ms = in_range(ms);
    int64_t minute = (ms - FIRST_MS) / 60000;
    int rest = (int)((ms - FIRST_MS) % 60000);
    if (minute != kept_minute)
        minute_text(ms, kept);
    kept_minute = minute;
    memcpy(ret, kept, sizeof kept);
    char *p = put_part(ret + sizeof kept, rest / 1000, 2, rest % 1000 ? '.' : 'Z');
    if (rest % 1000)
        p = put_part(p, rest % 1000, 3, 'Z');
    *p = 0;
    return (size_t)(p - ret);
}

struct str time_str(struct arena *a, int64_t ms)
{
    char text[TIME_TEXT_BYTES + 1];
    return ms == TIME_NONE ? STR_NONE : str_dup(a, str_of(text, time_text(ms, text)));
}

void time_http(int64_t ms, char ret[30])
{
    static const char WEEK_DAYS[] = "SunMonTueWedThuFriSat";
    static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct civil c = civil_of(ms);
    memcpy(ret, WEEK_DAYS + c.week_day * 3, 3);
    ret[3] = ',';
    ret[4] = ' ';
    char *p = put_part(ret + 5, c.day, 2, ' ');
    memcpy(p, MONTHS + (c.month - 1) * 3, 3);
    p[3] = ' ';
    p = put_part(p + 4, c.year, 4, ' ');
    p = put_part(p, c.hour, 2, ':');
    p = put_part(p, c.minute, 2, ':');
    p = put_part(p, c.second, 2, ' ');
    memcpy(p, "GMT", 4);
}

/* --- reading ------------------------------------------------------------------------------ */

/* Exactly `digits` digits at the front of `s`, which moves on; -1 where they are not. */
static int take_digits(struct str *s, size_t digits)
{
    if (s->n < digits)
        return -1;
    int v = 0;
    for (size_t i = 0; i < digits; i++) {
        if (s->s[i] < '0' || s->s[i] > '9')
            return -1;
        v = v * 10 + (s->s[i] - '0');
    }
    *s = str_sub(*s, digits, s->n);
    return v;
}

static bool take_char(struct str *s, char c)
{
    if (s->n == 0 || s->s[0] != c)
        return false;
    *s = str_sub(*s, 1, s->n);
    return true;
}

static int days_in_month(int year, int month)
{
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (month == 2)
        return leap ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static bool take_date(struct str *s, struct civil *c)
{
    c->year = take_digits(s, 4);
    if (c->year < 0 || !take_char(s, '-'))
        return false;
    c->month = take_digits(s, 2);
    if (c->month < 1 || c->month > 12 || !take_char(s, '-'))
        return false;
    c->day = take_digits(s, 2);
    return c->day >= 1 && c->day <= days_in_month(c->year, c->month);
}

static bool take_fraction(struct str *s, int *ret_ms)
{
    int ms = 0;
    size_t n = 0;
    for (; n < s->n && s->s[n] >= '0' && s->s[n] <= '9'; n++)
        if (n < 3)
            ms = ms * 10 + (s->s[n] - '0');
    for (size_t i = n; i < 3; i++)
        ms *= 10;
    *s = str_sub(*s, n, s->n);
    *ret_ms = ms;
    return n > 0;
}

static bool take_time(struct str *s, struct civil *c)
{
    c->hour = take_digits(s, 2);
    if (c->hour < 0 || c->hour > 23 || !take_char(s, ':'))
        return false;
    c->minute = take_digits(s, 2);
    if (c->minute < 0 || c->minute > 59 || !take_char(s, ':'))
        return false;
    c->second = take_digits(s, 2);
    if (c->second < 0 || c->second > 60)
        return false;
    c->ms = 0;
    return !take_char(s, '.') || take_fraction(s, &c->ms);
}

/* What to subtract to come to UTC. */
static bool take_offset(struct str *s, int *ret_minutes)
{
    *ret_minutes = 0;
    if (take_char(s, 'Z') || take_char(s, 'z'))
        return true;
    bool west = take_char(s, '-');
    if (!west && !take_char(s, '+'))
        return false;
    int hours = take_digits(s, 2);
    if (hours < 0 || hours > 23 || !take_char(s, ':'))
        return false;
    int minutes = take_digits(s, 2);
    if (minutes < 0 || minutes > 59)
        return false;
    *ret_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

err_t time_parse(struct str s, int64_t *ret_ms)
{
    struct civil c = { 0 };
    int offset;
    if (!take_date(&s, &c) || (!take_char(&s, 'T') && !take_char(&s, 't')) || !take_time(&s, &c) ||
        !take_offset(&s, &offset) || s.n > 0)
        return E_BAD_INPUT;
    bool leap = c.second == 60;
    if (leap) {
        c.second = 59;
        c.ms = 999;
    }
    int minute = c.hour * 60 + c.minute - offset;
    if (leap && ((minute % 1440) + 1440) % 1440 != 1439)
        return E_BAD_INPUT; /* leap seconds come at the end of a UTC day */
    int64_t ms = time_days(c.year, c.month, c.day) * DAY_MS;
    *ret_ms = ms + (int64_t)minute * 60000 + c.second * 1000 + c.ms;
    return OK;
}

int64_t time_from_seconds(double seconds)
{
    double ms = seconds * 1000;
    if (!(ms >= (double)FIRST_MS && ms <= (double)LAST_MS)) /* NaN too */
        return TIME_NONE;
    return llround(ms);
}
