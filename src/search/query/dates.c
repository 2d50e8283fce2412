/* Dates in words. A text is a row of words and numbers (date_row.c); each way of saying a date is
 * one small function that looks at it from one place on and says how much of it is the date. */
#include "search/query/dates.h"

#include "base/timestamp.h"
#include "search/query/date_row.h"

struct found {
    int64_t from, to; /* days */
    enum search_date_unit unit;
    int month, day; /* where no year was said; else 0 */
};

/* --- what they name -------------------------------------------------------------------------- */

static void name_days(struct found *f, enum search_date_unit unit, int64_t from, int64_t to)
{
    *f = (struct found){ .from = from, .to = to, .unit = unit };
}

static int days_in(int year, int month)
{
    return (int)(time_days(year + month / 12, month % 12 + 1, 1) - time_days(year, month, 1));
}

static bool name_day(struct found *f, int year, int month, int day)
{
    if (month < 1 || month > 12 || day < 1 || day > days_in(year, month))
        return false;
    int64_t from = time_days(year, month, day);
    name_days(f, SEARCH_DATE_DAY, from, from + 1);
    return true;
}

/* The first of the month that is `months` after `month` of `year`. */
static int64_t month_start(int year, int month, int months)
{
    int all = year * 12 + month - 1 + months;
    return time_days(all / 12, all % 12 + 1, 1);
}

static void name_months(struct found *f, enum search_date_unit unit, int year, int month, int count)
{
    name_days(f, unit, month_start(year, month, 0), month_start(year, month, count));
}

/* The last one that has begun; a 29 February that was. */
static bool name_day_without_year(const struct date_row *r, struct found *f, int month, int day)
{
    for (int year = r->year; year > r->year - 9; year--)
        if (name_day(f, year, month, day) && f->from <= r->today) {
            f->month = month;
            f->day = day;
            return true;
        }
    return false;
}

static void name_season(struct found *f, int year, int season) /* of the northern half, by months */
{
    name_months(f, SEARCH_DATE_SEASON, year, 3 + 3 * season, 3);
}

/* The span of this kind that holds today, and those before it. */
static bool name_span(const struct date_row *r, struct found *f, int span, int back)
{
    int64_t monday = r->today - (r->week_day - 1);
    switch (span) {
    case SPAN_WEEK:
        name_days(f, SEARCH_DATE_WEEK, monday - 7 * back, monday - 7 * back + 7);
        return true;
    case SPAN_WEEKEND:
        name_days(f, SEARCH_DATE_WEEK, monday - 7 * back + 5, monday - 7 * back + 7);
        return true;
    case SPAN_MONTH:
        name_days(f, SEARCH_DATE_MONTH, month_start(r->year, r->month, -back),
                  month_start(r->year, r->month, 1 - back));
        return true;
    case SPAN_QUARTER:
        name_days(f, SEARCH_DATE_SEASON,
                  month_start(r->year, (r->month - 1) / 3 * 3 + 1, -3 * back),
                  month_start(r->year, (r->month - 1) / 3 * 3 + 1, 3 - 3 * back));
        return true;
    case SPAN_YEAR:
        name_months(f, SEARCH_DATE_YEAR, r->year - back, 1, 12);
        return r->year - back >= YEAR_MIN;
    default:
        return false;
    }
}

/* Up to today, so many days, weeks, months back. */
static bool name_last_units(const struct date_row *r, struct found *f, int amount, int span)
{
    int64_t from = r->today;
    int year, month, day;
    time_date(r->today, &year, &month, &day);
    if (span == SPAN_DAY)
        from -= amount - 1;
    else if (span == SPAN_WEEK)
        from -= 7 * (int64_t)amount - 1;
    else if (span == SPAN_MONTH)
        from = month_start(year, month, -amount) + day - 1;
    else if (span == SPAN_YEAR && year - amount >= YEAR_MIN)
        from = month_start(year - amount, month, 0) + day - 1;
    else
        return false;
    name_days(f, SEARCH_DATE_SPAN, from, r->today + 1);
    return f->from < f->to;
}

static bool name_ago(const struct date_row *r, struct found *f, int amount, int span)
{
    int64_t day = r->today - amount;
    if (span == SPAN_DAY)
        name_days(f, SEARCH_DATE_DAY, day, day + 1);
    return span == SPAN_DAY || name_span(r, f, span, amount);
}

/* --- ways of saying it: how many words, 0: not this ------------------------------------------- */

static bool is_sign(char c) /* within a date in numbers */
{
    return c == '-' || c == '/' || c == '.';
}

/* 2025-11-30, 2025/11/30, 2025-11 */
static size_t say_iso(const struct date_row *r, size_t i, struct found *f)
{
    int year;
    const struct date_item *month = date_word_at(r, i + 1), *day = date_word_at(r, i + 2);
    if (!date_year_at(r, i, &year) || month->digits != 2 || month->n != 2 ||
        !is_sign(month->before))
        return 0;
    if (day->before == month->before && day->digits && day->digits <= 2 &&
        name_day(f, year, month->number, day->number))
        return 3;
    if (month->before != '-' || day->before == '-' || month->number < 1 || month->number > 12)
        return 0;
    name_months(f, SEARCH_DATE_MONTH, year, month->number, 1);
    return 2;
}

static int full_year(const struct date_row *r, const struct date_item *w)
{
    if (w->digits == 4)
        return w->number;
    return w->number <= r->year % 100 + 1 ? r->year / 100 * 100 + w->number
                                          : r->year / 100 * 100 - 100 + w->number;
}

/* 5 June, 5. Juni 2024, 5 de junio de 2024, 1er juin */
static size_t say_day_month(const struct date_row *r, size_t i, struct found *f)
{
    int day, month, year;
    if (!date_day_at(r, i, &day))
        return 0;
    size_t at = date_skip_of(r, i + 1);
    if (!date_month_at(r, at, &month))
        return 0;
    size_t year_place = date_skip_of(r, at + 1);
    if (date_year_at(r, year_place, &year))
        return name_day(f, year, month, day) ? year_place + 1 - i : 0;
    return name_day_without_year(r, f, month, day) ? at + 1 - i : 0;
}

/* June 5, June 5th, 2024 */
static size_t say_month_day(const struct date_row *r, size_t i, struct found *f)
{
    int day, month, year;
    size_t at = i + 1 + date_text_is(r, i + 1, "the");
    if (!r->month_first || !date_month_at(r, i, &month) || !date_day_at(r, at, &day))
        return 0;
    if (date_year_at(r, at + 1, &year))
        return name_day(f, year, month, day) ? at + 2 - i : 0;
    return name_day_without_year(r, f, month, day) ? at + 1 - i : 0;
}

/* June 2024, junio de 2024; March of last year */
static size_t say_month_year(const struct date_row *r, size_t i, struct found *f)
{
    int month, year, span;
    if (!date_month_at(r, i, &month))
        return 0;
    size_t at = date_skip_of(r, i + 1);
    if (date_year_at(r, at, &year)) {
        name_months(f, SEARCH_DATE_MONTH, year, month, 1);
        return at + 1 - i;
    }
    bool last = date_means(r, at, DATE_LAST) && date_value_at(r, at + 1, DATE_UNIT, &span);
    last = last || (date_value_at(r, at, DATE_UNIT, &span) && date_means(r, at + 1, DATE_LAST));
    if (!last || span != SPAN_YEAR)
        return 0;
    name_months(f, SEARCH_DATE_MONTH, r->year - 1, month, 1);
    return at + 2 - i;
}

static size_t say_season_year(const struct date_row *r, size_t i, struct found *f)
{
    int season, year;
    if (!date_value_at(r, i, DATE_SEASON, &season))
        return 0;
    size_t at = date_skip_of(r, i + 1);
    if (!date_year_at(r, at, &year))
        return 0;
    name_season(f, year, season);
    return at + 1 - i;
}

/* Q3 2024 */
static size_t say_quarter(const struct date_row *r, size_t i, struct found *f)
{
    const struct date_item *w = date_word_at(r, i);
    int year;
    if (w->n != 2 || w->text[0] != 'q' || w->text[1] < '1' || w->text[1] > '4')
        return 0;
    size_t at = date_skip_of(r, i + 1);
    if (!date_year_at(r, at, &year))
        return 0;
    name_months(f, SEARCH_DATE_SEASON, year, (w->text[1] - '1') * 3 + 1, 3);
    return at + 1 - i;
}

/* yesterday, vorgestern, avant-hier, the day before yesterday */
static size_t say_day_word(const struct date_row *r, size_t i, struct found *f)
{
    int days, span;
    size_t at = i;
    if (date_means(r, i, DATE_BEFORE_THAT))
        at = i + 1;
    else if (date_value_at(r, i, DATE_UNIT, &span) && span == SPAN_DAY &&
             date_text_is(r, i + 1, "before"))
        at = i + 2;
    if (!date_value_at(r, at, DATE_DAY_WORD, &days) || (at > i && days != -1))
        return 0;
    days -= at > i;
    name_days(f, SEARCH_DATE_DAY, r->today + days, r->today + days + 1);
    return at + 1 - i;
}

/* 3 days ago, vor drei Tagen, il y a 3 jours, hace 3 días, 3 dias atrás, 3 giorni fa */
static size_t say_ago(const struct date_row *r, size_t i, struct found *f)
{
    size_t at = i;
    int amount, span;
    bool before = date_means(r, i, DATE_AGO_BEFORE) != NULL;
    bool french =
        date_text_is(r, i, "il") && date_text_is(r, i + 1, "y") && date_text_is(r, i + 2, "a");
    at += french ? 3 : before;
    if (!date_amount_at(r, at, &amount) || !date_value_at(r, at + 1, DATE_UNIT, &span))
        return 0;
    bool after = date_means(r, at + 2, DATE_AGO) != NULL;
    if ((!before && !french && !after) || !name_ago(r, f, amount, span))
        return 0;
    return at + 2 + after - i;
}

/* What "last" or "this" goes with, at `i`. */
static size_t say_which(const struct date_row *r, size_t i, bool last, struct found *f)
{
    int value;
    size_t used;
    if (date_month_at(r, i, &value)) {
        bool earlier = last && value >= r->month;
        name_months(f, SEARCH_DATE_MONTH, r->year - earlier, value, 1);
        return 1;
    }
    if (date_week_day_at(r, i, &value, &used)) {
        int64_t day = r->today - (r->week_day - value);
        day -= last && day >= r->today ? 7 : 0;
        name_days(f, SEARCH_DATE_DAY, day, day + 1);
        return used;
    }
    if (date_value_at(r, i, DATE_SEASON, &value)) {
        name_season(f, r->year, value);
        if (f->from > r->today || (last && f->to > r->today)) /* a winter began last year */
            name_season(f, r->year - 1, value);
        if (last && f->to > r->today)
            name_season(f, r->year - 2, value);
        return 1;
    }
    return date_value_at(r, i, DATE_UNIT, &value) && name_span(r, f, value, last) ? 1 : 0;
}

static bool is_last_behind(const struct date_row *r, size_t i) /* semana pasada, mois dernier */
{
    const struct date_word_row *m = date_means(r, i, DATE_LAST);
    return m && !(m->languages & (1u << SEARCH_ENGLISH | 1u << SEARCH_GERMAN));
}

/* last March, this week, letzten Montag, verano pasado */
static size_t say_last_or_this(const struct date_row *r, size_t i, struct found *f)
{
    bool last = date_means(r, i, DATE_LAST) != NULL;
    if (last || date_means(r, i, DATE_THIS)) {
        size_t used = say_which(r, i + 1, last, f);
        return used ? used + 1 : 0;
    }
    size_t behind = i + 1 + date_text_is(r, i + 1, "feira");
    if (!is_last_behind(r, behind))
        return 0;
    size_t used = say_which(r, i, true, f);
    return used ? used + 1 : 0;
}

/* last 3 weeks, letzten drei Tage, 3 derniers jours */
static size_t say_last_units(const struct date_row *r, size_t i, struct found *f)
{
    int amount, span;
    bool said = (date_means(r, i, DATE_LAST) && date_amount_at(r, i + 1, &amount)) ||
                (date_amount_at(r, i, &amount) && date_means(r, i + 1, DATE_LAST));
    if (!said || !date_value_at(r, i + 2, DATE_UNIT, &span))
        return 0;
    return name_last_units(r, f, amount, span) ? 3 : 0;
}

/* --- and what needs words around it ----------------------------------------------------------- */

static bool is_short_number(const struct date_item *w)
{
    return w->number >= 0 && w->digits <= 2 && w->n == w->digits;
}

/* Three numbers with the same sign between them, and no fourth. */
static bool are_three(const struct date_row *r, size_t i)
{
    const struct date_item *one = date_word_at(r, i), *two = date_word_at(r, i + 1),
                           *three = date_word_at(r, i + 2);
    char sign = two->before;
    return is_short_number(one) && is_short_number(two) && is_sign(sign) && three->number >= 0 &&
           three->before == sign && one->before != sign && date_word_at(r, i + 3)->before != sign;
}

/* 5.6.2024, 5/6/2024 in the order of the language; 5.6.24, which may be a version, where a time
 * stands */
static size_t say_numbers(const struct date_row *r, size_t i, bool surely, struct found *f)
{
    int one = date_word_at(r, i)->number, two = date_word_at(r, i + 1)->number;
    const struct date_item *three = date_word_at(r, i + 2);
    if (!are_three(r, i) || (three->digits != 4 && !(surely && three->digits == 2)))
        return 0;
    int year = full_year(r, three);
    bool month_first = r->month_first && date_word_at(r, i + 1)->before != '.';
    if (year < YEAR_MIN || year > YEAR_MAX)
        return 0;
    return (month_first && name_day(f, year, one, two)) || name_day(f, year, two, one) ? 3 : 0;
}

static size_t say_year(const struct date_row *r, size_t i, bool surely, struct found *f)
{
    int year;
    size_t at = i;
    while (at < i + 2 && date_means(r, at, DATE_YEAR_WORD))
        at++;
    if ((!surely && at == i) || !date_year_at(r, at, &year))
        return 0;
    name_months(f, SEARCH_DATE_YEAR, year, 1, 12);
    return at + 1 - i;
}

static size_t say_week_day(const struct date_row *r, size_t i, bool surely, struct found *f)
{
    int day;
    size_t used;
    if (!surely || !date_week_day_at(r, i, &day, &used))
        return 0;
    size_t date = say_day_month(r, date_skip_of(r, i + used), f); /* on Monday, 5 June */
    if (!date)
        date = say_month_day(r, i + used, f);
    if (date)
        return date_skip_of(r, i + used) - i + date;
    int64_t that = r->today - (r->week_day - day + 7) % 7;
    name_days(f, SEARCH_DATE_DAY, that, that + 1);
    return used;
}

static size_t say_month(const struct date_row *r, size_t i, bool surely, struct found *f)
{
    int month;
    if (!(surely ? date_month_at(r, i, &month) : date_value_at(r, i, DATE_MONTH, &month)))
        return 0;
    name_months(f, SEARCH_DATE_MONTH, r->year - (month > r->month), month, 1);
    f->month = month;
    return 1;
}

/* The date that begins with word `i`. surely: it stands where a time stands. */
static size_t say(const struct date_row *r, size_t i, bool surely, struct found *f)
{
    static size_t (*const WAYS[])(const struct date_row *, size_t, struct found *) = {
        say_iso,     say_day_month, say_month_day,  say_month_year, say_season_year,
        say_quarter, say_day_word,  say_last_units, say_ago,        say_last_or_this,
    };
    static size_t (*const WAYS_WHERE[])(const struct date_row *, size_t, bool, struct found *) = {
        say_numbers,
        say_week_day,
        say_month,
        say_year,
    };
    size_t used = 0;
    for (size_t w = 0; w < COUNTOF(WAYS) && !used; w++)
        used = WAYS[w](r, i, f);
    for (size_t w = 0; w < COUNTOF(WAYS_WHERE) && !used; w++)
        used = WAYS_WHERE[w](r, i, surely, f);
    return used;
}

/* --- the two ways of asking ------------------------------------------------------------------- */

static void give(const struct date_row *r, size_t i, size_t used, const struct found *f,
                 struct search_date *ret)
{
    *ret = (struct search_date){
        .from_ms = f->from * DAY_MS - (int64_t)r->zone_minutes * MINUTE_MS,
        .to_ms = f->to * DAY_MS - (int64_t)r->zone_minutes * MINUTE_MS,
        .unit = f->unit,
        .start = r->words[i].start,
        .end = r->words[i + used - 1].end,
        .month = f->month,
        .day = f->day,
        .zone_minutes = r->zone_minutes,
    };
}

bool search_date_value(struct str value, const struct search_clock *c, struct search_date *ret)
{
    struct date_row r;
    struct found f;
    date_row_init(&r, value, 0, c);
    size_t i = 0;
    for (;; i++) {
        size_t used = i < r.count ? say(&r, i, true, &f) : 0;
        if (used && i + used == r.count && !r.has_next) {
            give(&r, i, used, &f, ret);
            return true;
        }
        if (!date_means(&r, i, DATE_PLACE) && !date_means(&r, i, DATE_OF))
            return false;
    }
}

bool search_date_in(struct str text, size_t *at, const struct search_clock *c,
                    struct search_date *ret)
{
    struct date_row r;
    struct found f;
    bool surely = false;
    date_row_init(&r, text, *at, c);
    while (r.count) {
        size_t used = say(&r, 0, surely, &f);
        if (used) {
            give(&r, 0, used, &f, ret);
            *at = ret->end;
            return true;
        }
        surely = date_means(&r, 0, DATE_PLACE) || (surely && date_means(&r, 0, DATE_OF));
        date_row_shift(&r);
        surely = surely && r.count && !is_sign(r.words[0].before) && r.words[0].before != ',';
    }
    *at = text.n;
    return false;
}

/* How far `ms` is from the span. */
static int64_t away(const struct search_date *d, int64_t ms)
{
    return ms < d->from_ms ? d->from_ms - ms : ms >= d->to_ms ? ms - d->to_ms : 0;
}

struct search_date search_date_nearest(const struct search_date *d, int64_t ms)
{
    struct search_date best = *d, one = *d;
    int year, month, day;
    if (!d->month || ms < 0 || ms > NOW_MAX)
        return best;
    time_date(ms / DAY_MS, &year, &month, &day);
    for (int y = year - 1; y <= year + 1; y++) {
        struct found f;
        if (!d->day)
            name_months(&f, SEARCH_DATE_MONTH, y, d->month, 1);
        else if (!name_day(&f, y, d->month, d->day))
            continue;
        one.from_ms = f.from * DAY_MS - (int64_t)d->zone_minutes * MINUTE_MS;
        one.to_ms = f.to * DAY_MS - (int64_t)d->zone_minutes * MINUTE_MS;
        if (away(&one, ms) < away(&best, ms))
            best = one;
    }
    return best;
}
