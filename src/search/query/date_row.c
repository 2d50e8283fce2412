/* A text as a row of words and numbers, each with what it may mean for a date. */
#include "search/query/date_row.h"

#include "base/timestamp.h"

/* --- reading words --------------------------------------------------------------------------- */

static void read_number(struct date_item *w)
{
    size_t digits = 0;
    int value = 0;
    w->number = -1;
    for (; digits < w->n && w->text[digits] >= '0' && w->text[digits] <= '9'; digits++)
        value = digits < 4 ? value * 10 + (w->text[digits] - '0') : value;
    if (!digits || digits > 4)
        return;
    struct str rest = str_of(w->text + digits, w->n - digits);
    static const char *const ENDS[] = { "", "st", "nd", "rd", "th", "er", "e", "o", "a" };
    for (size_t i = 0; i < COUNTOF(ENDS); i++)
        if (str_eq(rest, str_from(ENDS[i]))) {
            w->number = value;
            w->digits = digits;
        }
}

static void find_meanings(struct date_item *w, const struct date_row *row)
{
    char spaced[WORD_BYTES + 2];
    w->meanings = 0;
    if (!w->n || w->number >= 0)
        return;
    spaced[0] = spaced[w->n + 1] = ' ';
    memcpy(spaced + 1, w->text, w->n);
    for (size_t i = 0; i < DATE_WORD_ROWS && w->meanings < MEANINGS_MAX; i++) {
        const struct date_word_row *r = &DATE_WORDS[i];
        uint32_t among = r->kind == DATE_MONTH_WEAK ? row->weak_languages : row->languages;
        if (r->languages & among && memmem(r->words, strlen(r->words), spaced, w->n + 2))
            w->means[w->meanings++] = r;
    }
}

/* What stands between two words of a date; 0: more than may. */
static char between(struct str gap)
{
    char sign = ' ';
    if (gap.n > 4)
        return 0;
    for (size_t i = 0; i < gap.n; i++)
        if (gap.s[i] != ' ' && gap.s[i] != '\t') {
            if (!gap.s[i] || !strchr(".,/-'\xe2\x80\x99", gap.s[i])) /* also U+2019 */
                return 0;
            sign = gap.s[i];
        }
    return sign;
}

/* The next word into `next`. */
static void read_next(struct date_row *r)
{
    struct search_token t;
    struct date_item *w = &r->next;
    r->has_next = search_tokens_next_running(&r->walk, &t);
    if (!r->has_next)
        return;
    *w = (struct date_item){ .start = t.start, .end = t.end, .number = -1 };
    w->before = between(str_sub(r->walk.source, r->last_end, t.start));
    r->last_end = t.end;
    if (t.text.n > WORD_BYTES)
        return;
    w->n = t.text.n;
    memcpy(w->text, t.text.s, w->n);
    read_number(w);
    find_meanings(w, r);
}

static void fill(struct date_row *r)
{
    while (r->has_next && r->count < ROW_MAX && (!r->count || r->next.before)) {
        r->words[r->count++] = r->next;
        read_next(r);
    }
}

/* Without its first word. */
void date_row_shift(struct date_row *r)
{
    memmove(r->words, r->words + 1, --r->count * sizeof r->words[0]);
    fill(r);
}

static int week_day_of(int64_t day) /* 1 is Monday */
{
    return (int)(((day + 3) % 7 + 7) % 7) + 1;
}

void date_row_init(struct date_row *r, struct str text, size_t from, const struct search_clock *c)
{
    int zone = c->zone_minutes, day;
    zone = zone < -18 * 60 ? -18 * 60 : zone > 18 * 60 ? 18 * 60 : zone;
    *r = (struct date_row){ .last_end = from };
    search_tokens_init(&r->walk, text, SEARCH_LANGUAGE_NONE);
    r->walk.at = from;
    r->zone_minutes = zone;
    bool any = c->language == SEARCH_LANGUAGE_NONE;
    r->weak_languages = any ? 1u << SEARCH_ENGLISH : 1u << c->language | 1u << SEARCH_ENGLISH;
    r->languages = any ? UINT32_MAX : r->weak_languages;
    r->month_first = any || c->language == SEARCH_ENGLISH;
    int64_t now = c->now_ms < 0 ? 0 : c->now_ms > NOW_MAX ? NOW_MAX : c->now_ms;
    int64_t local = now + (int64_t)zone * MINUTE_MS;
    r->today = local / DAY_MS - (local % DAY_MS < 0);
    r->week_day = week_day_of(r->today);
    time_date(r->today, &r->year, &r->month, &day);
    read_next(r);
    fill(r);
}

/* --- looking at words ------------------------------------------------------------------------ */

const struct date_item *date_word_at(const struct date_row *r, size_t i)
{
    static const struct date_item NOTHING = { .number = -1 };
    return i < r->count ? &r->words[i] : &NOTHING;
}

const struct date_word_row *date_means(const struct date_row *r, size_t i, enum date_word kind)
{
    const struct date_item *w = date_word_at(r, i);
    for (size_t m = 0; m < w->meanings; m++)
        if (w->means[m]->kind == kind)
            return w->means[m];
    return NULL;
}

bool date_value_at(const struct date_row *r, size_t i, enum date_word kind, int *ret)
{
    const struct date_word_row *m = date_means(r, i, kind);
    if (m)
        *ret = m->value;
    return m != NULL;
}

bool date_text_is(const struct date_row *r, size_t i, const char *text)
{
    const struct date_item *w = date_word_at(r, i);
    return str_eq(str_of(w->text, w->n), str_from(text));
}

bool date_month_at(const struct date_row *r, size_t i, int *ret)
{
    return date_value_at(r, i, DATE_MONTH, ret) || date_value_at(r, i, DATE_MONTH_WEAK, ret);
}

bool date_year_at(const struct date_row *r, size_t i, int *ret)
{
    const struct date_item *w = date_word_at(r, i);
    if (w->digits != 4 || w->n != 4 || w->number < YEAR_MIN || w->number > YEAR_MAX)
        return false;
    *ret = w->number;
    return true;
}

bool date_day_at(const struct date_row *r, size_t i, int *ret)
{
    const struct date_item *w = date_word_at(r, i);
    if (date_value_at(r, i, DATE_FIRST, ret))
        return true;
    if (w->digits < 1 || w->digits > 2 || w->number < 1 || w->number > 31)
        return false;
    *ret = w->number;
    return true;
}

bool date_week_day_at(const struct date_row *r, size_t i, int *ret, size_t *ret_used)
{
    *ret_used = 1;
    if (date_value_at(r, i, DATE_WEEKDAY, ret)) {
        *ret_used += date_text_is(r, i + 1, "feira");
        return true;
    }
    *ret_used = 2;
    return date_value_at(r, i, DATE_WEEKDAY_FEIRA, ret) && date_text_is(r, i + 1, "feira");
}

/* How many units: "3", "three". */
bool date_amount_at(const struct date_row *r, size_t i, int *ret)
{
    const struct date_item *w = date_word_at(r, i);
    if (date_value_at(r, i, DATE_NUMBER, ret))
        return true;
    if (w->number < 1 || w->number > AGO_MAX || w->digits != w->n)
        return false;
    *ret = w->number;
    return true;
}

size_t date_skip_of(const struct date_row *r, size_t i)
{
    for (size_t n = 0; n < 3 && date_means(r, i, DATE_OF); n++)
        i++;
    return i;
}
