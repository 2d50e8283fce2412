/* Dates that a query names: a feature of the ranking, or, where its words say nothing else, what it asks for. */
#include "search/inside.h"

static err_t find_dates(struct search_run *r)
{
    enum { DATES_MAX = 4 };
    struct search_clock clock = { .now_ms = r->ask->now_ms,
                                  .zone_minutes = r->ask->zone_minutes,
                                  .language = r->query.languages.count ? r->query.languages.list[0]
                                                                       : SEARCH_LANGUAGE_NONE };
    struct search_date *dates = ARENA_ARRAY(r->a, struct search_date, DATES_MAX);
    size_t at = 0;
    if (!dates)
        return arena_err(r->a);
    while (r->rank.date_count < DATES_MAX &&
           search_date_in(r->query.words, &at, &clock, &dates[r->rank.date_count]))
        r->rank.date_count++;
    r->rank.dates = dates;
    return OK;
}

static bool is_said(struct str text, struct str folded)
{
    struct search_tokens walk;
    struct search_token token;
    search_tokens_init(&walk, text, SEARCH_LANGUAGE_NONE);
    while (search_tokens_next(&walk, &token))
        if (str_eq(token.text, folded))
            return true;
    return false;
}

/* Does each word that ranks only say when? */
static bool are_dates_alone(const struct search_run *r)
{
    for (uint64_t m = r->rank.ranked; m; m &= m - 1) {
        struct str word = r->rank.words[__builtin_ctzll(m)].text;
        bool is = false;
        for (size_t i = 0; i < r->rank.date_count && !is; i++)
            is = is_said(str_sub(r->query.words, r->rank.dates[i].start, r->rank.dates[i].end),
                         word);
        if (!is)
            return false;
    }
    return r->rank.ranked != 0;
}

static struct str day_text(const struct search_run *r, int64_t ms)
{
    enum { MINUTE = 60 * 1000, DAY = 24 * 60 * MINUTE };
    int year, month, day;
    time_date((ms + (int64_t)r->ask->zone_minutes * MINUTE) / DAY, &year, &month, &day);
    return str_fmt(r->a, "%04d-%02d-%02d", year, month, day);
}

/* As during: takes it; of what has no such name (a week) its first and its last day. */
static struct str date_text(const struct search_run *r, const struct search_date *d)
{
    struct str first = day_text(r, d->from_ms), last = day_text(r, d->to_ms - 1);
    if (d->unit == SEARCH_DATE_DAY || d->unit == SEARCH_DATE_MONTH || d->unit == SEARCH_DATE_YEAR)
        return str_sub(first, 0,
                       d->unit == SEARCH_DATE_DAY     ? 10
                       : d->unit == SEARCH_DATE_MONTH ? 7
                                                      : 4);
    return str_fmt(r->a, "%.*s %.*s", STR_ARG(first), STR_ARG(last));
}

/* Is there anything of that time? Else the words are looked for. */
static err_t is_anything_of(const struct search_run *r, const struct search_date *d, bool *ret)
{
    *ret = false;
    for (size_t s = 0; s < r->sources.count && !*ret; s++) {
        const struct search_archive *source = &r->sources.list[s];
        struct search_match m = { .owner = source->owner,
                                  .filters = r->filters,
                                  .filter_count = r->filter_count,
                                  .conversations = source->conversations,
                                  .conversation_count = source->count,
                                  .from_ms = d->from_ms,
                                  .before_ms = d->to_ms };
        struct search_row *rows;
        size_t count;
        TRY(search_index_find(r->index, r->a, &m, SEARCH_NEWEST, NULL, 1, &rows, &count));
        *ret = count > 0;
    }
    return OK;
}

/* "What did I ask on 4 March 2025?" asks for all of that day: no word would be found in it. */
static err_t take_dates_alone(struct search_run *r)
{
    struct search_query *q = &r->query;
    bool asked = q->span_count || q->from_ms != TIME_NONE || q->before_ms != TIME_NONE;
    if (r->ask->exact || r->ask->typing || asked || !are_dates_alone(r))
        return OK;
    for (size_t i = 0; i < r->rank.date_count && q->span_count < SEARCH_SPANS_MAX; i++) {
        const struct search_date *d = &r->rank.dates[i];
        bool is;
        TRY(is_anything_of(r, d, &is));
        if (!is)
            continue;
        q->spans[q->span_count++] = (struct search_span){ d->from_ms, d->to_ms, false };
        search_query_hint(q, "date_alone", S("during"), date_text(r, d));
    }
    if (q->span_count)
        r->rank.ranked = 0;
    search_query_spans(q);
    return arena_err(r->a);
}

err_t search_take_dates(struct search_run *r)
{
    TRY(find_dates(r));
    return take_dates_alone(r);
}
