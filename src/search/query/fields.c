/* What stands in front of a colon. */
#include "base/suggest.h"
#include "search/query/query.h"

void search_query_hint(struct search_query *q, const char *code, struct str field,
                       struct str detail)
{
    if (q->hint_count < SEARCH_HINTS_MAX)
        q->hints[q->hint_count++] = (struct search_hint){ code, field, detail };
}

static err_t choose(struct search_query *q, enum search_field field, struct str value, bool exclude)
{
    if (q->choice_count == SEARCH_CHOICES_MAX)
        search_query_hint(q, "too_many_words", S(""), S("some filters were left out"));
    else
        q->choices[q->choice_count++] = (struct search_choice){ field, value, exclude };
    return OK;
}

/* --- values ------------------------------------------------------------------------------------ */

static bool one_of(struct str value, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_nocase(value, str_from(list[i])))
            return true;
    return false;
}

static bool is_role(struct str value)
{
    static const char *const ROLES[] = { "user", "assistant", "system", "tool" };
    return one_of(value, ROLES, COUNTOF(ROLES));
}

/* from:me is what the reader said; from:user a role; from:Ann a name. */
static err_t from(struct search_query *q, struct str value, bool exclude, bool *ret_is)
{
    *ret_is = true;
    if (str_eq_nocase(value, S("me")))
        return choose(q, SEARCH_FIELD_ROLE, S("user"), exclude);
    return choose(q, is_role(value) ? SEARCH_FIELD_ROLE : SEARCH_FIELD_AUTHOR, value, exclude);
}

static err_t has(struct search_query *q, struct str value, bool exclude, bool *ret_is)
{
    static const char *const THINGS[] = { "code", "image", "link",     "file",
                                          "math", "table", "thinking", "tool" };
    *ret_is = one_of(value, THINGS, COUNTOF(THINGS));
    if (*ret_is)
        return choose(q, SEARCH_FIELD_HAS, value, exclude);
    search_query_hint(q, "unknown_field", S("has"),
                      S("code, image, link, file, math, table, thinking or tool"));
    return OK;
}

static err_t is(struct search_query *q, struct str value, bool exclude, bool *ret_is)
{
    *ret_is = str_eq_nocase(value, S("shared")) && !exclude;
    if (*ret_is)
        q->shared = true;
    else
        search_query_hint(q, "not_yet", S("is"), S("is:shared alone is known"));
    return OK;
}

static err_t language(struct search_query *q, struct str value, bool exclude, bool *ret_is)
{
    *ret_is = search_language_from(value) != SEARCH_LANGUAGE_NONE;
    if (*ret_is)
        return choose(q, SEARCH_FIELD_LANGUAGE, search_language_code(search_language_from(value)),
                      exclude);
    search_query_hint(q, "unknown_field", S("lang"), S("a language by its code, such as en"));
    return OK;
}

/* --- times ----------------------------------------------------------------------------------------- */

static void narrow(struct search_query *q, int64_t from_ms, int64_t before_ms)
{
    if (from_ms != TIME_NONE && (q->from_ms == TIME_NONE || from_ms > q->from_ms))
        q->from_ms = from_ms;
    if (before_ms != TIME_NONE && (q->before_ms == TIME_NONE || before_ms < q->before_ms))
        q->before_ms = before_ms;
}

/* A moment (RFC 3339), or a date in figures or words. */
static bool read_date(struct str value, const struct search_clock *clock, struct search_date *ret)
{
    int64_t ms;
    if (time_parse(value, &ms) == OK) {
        *ret = (struct search_date){ .from_ms = ms, .to_ms = ms };
        return true;
    }
    err_clear();
    return search_date_value(value, clock, ret);
}

/* before: ends at its first moment, after: begins there; on: and during: are all of it. */
static err_t when(struct search_query *q, struct str key, struct str value,
                  const struct search_clock *clock, bool *ret_is)
{
    struct search_date d;
    *ret_is = read_date(value, clock, &d);
    if (!*ret_is) {
        search_query_hint(q, "no_date", key, value);
        return OK;
    }
    if (str_eq_nocase(key, S("before")))
        narrow(q, TIME_NONE, d.from_ms);
    else if (str_eq_nocase(key, S("after")))
        narrow(q, d.from_ms, TIME_NONE);
    else
        narrow(q, d.from_ms, d.to_ms > d.from_ms ? d.to_ms : d.from_ms + 1);
    return OK;
}

/* --- keys --------------------------------------------------------------------------------------------- */

static const struct {
    const char *key;
    enum search_field field;
} CHOICES[] = {
    { "role", SEARCH_FIELD_ROLE },   { "provider", SEARCH_FIELD_PROVIDER },
    { "model", SEARCH_FIELD_MODEL }, { "account", SEARCH_FIELD_ACCOUNT },
    { "kind", SEARCH_FIELD_KIND },   { "type", SEARCH_FIELD_KIND },
    { "in", SEARCH_FIELD_IN },
};
static const char *const TIMES[] = { "before", "after", "on", "during" };
static const char *const LATER[] = { "tag" };
static const char *const OTHERS[] = { "from", "has", "is", "lang" };

/* Words with colons are written without a field in mind; only what is near to one is worth a hint. */
static void hint_unknown(struct search_query *q, struct str key)
{
    struct suggestion s = suggest(key);
    for (size_t i = 0; i < COUNTOF(CHOICES); i++)
        suggest_offer(&s, str_from(CHOICES[i].key));
    for (size_t i = 0; i < COUNTOF(TIMES); i++)
        suggest_offer(&s, str_from(TIMES[i]));
    for (size_t i = 0; i < COUNTOF(OTHERS); i++)
        suggest_offer(&s, str_from(OTHERS[i]));
    struct str best = suggest_best(&s);
    if (best.n)
        search_query_hint(q, "unknown_field", key, best);
}

err_t search_query_field(struct arena *a, struct search_query *q, struct str key, struct str value,
                         bool exclude, const struct search_clock *clock, bool *ret_is)
{
    UNUSED(a);
    *ret_is = false;
    if (!value.n)
        return OK;
    for (size_t i = 0; i < COUNTOF(CHOICES); i++)
        if (str_eq_nocase(key, str_from(CHOICES[i].key))) {
            *ret_is = true;
            return choose(q, CHOICES[i].field, value, exclude);
        }
    if (one_of(key, TIMES, COUNTOF(TIMES)) && !exclude)
        return when(q, key, value, clock, ret_is);
    if (str_eq_nocase(key, S("from")))
        return from(q, value, exclude, ret_is);
    if (str_eq_nocase(key, S("has")))
        return has(q, value, exclude, ret_is);
    if (str_eq_nocase(key, S("is")))
        return is(q, value, exclude, ret_is);
    if (str_eq_nocase(key, S("lang")))
        return language(q, value, exclude, ret_is);
    if (one_of(key, LATER, COUNTOF(LATER)))
        search_query_hint(q, "not_yet", key, value);
    else
        hint_unknown(q, key);
    return OK;
}
