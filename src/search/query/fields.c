/* What stands in front of a colon. */
#include "search/query/query.h"

static void choose(struct search_query *q, enum search_field field, struct str value,
                   const struct search_given *g)
{
    if (q->choice_count == SEARCH_CHOICES_MAX)
        search_query_hint(q, "too_many_words", S(""), S("some filters were left out"));
    else
        q->choices[q->choice_count++] =
            (struct search_choice){ field, value, g->exclude, g->unfinished };
}

/* --- values ------------------------------------------------------------------------------------ */

/* Values that are known, and other words for them. */
struct value {
    const char *typed, *is;
};
static const struct value ROLES[] = {
    { "user", "user" },  { "assistant", "assistant" }, { "system", "system" }, { "tool", "tool" },
    { "human", "user" }, { "ai", "assistant" },        { "bot", "assistant" },
};
static const struct value THINGS[] = {
    { "code", "code" },       { "image", "image" },        { "link", "link" },
    { "file", "file" },       { "math", "math" },          { "table", "table" },
    { "tool", "tool" },       { "thinking", "thinking" },  { "images", "image" },
    { "links", "link" },      { "files", "file" },         { "tables", "table" },
    { "picture", "image" },   { "photo", "image" },        { "url", "link" },
    { "attachment", "file" }, { "reasoning", "thinking" },
};

static bool begins(const char *word, struct str with)
{
    return with.n <= strlen(word) && str_eq_nocase(str_of(word, with.n), with);
}

/* Which of them it is; while it is being typed, the first one that it may become. STR_NONE: none. */
static struct str known(const struct value *list, size_t count, const struct search_given *g)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_nocase(g->value, str_from(list[i].typed)))
            return str_from(list[i].is);
    for (size_t i = 0; i < count && g->unfinished; i++)
        if (begins(list[i].typed, g->value))
            return str_from(list[i].is);
    return STR_NONE;
}

static bool take_known(struct search_query *q, enum search_field field, const struct value *list,
                       size_t count, const struct search_given *g)
{
    struct str is = known(list, count, g);
    struct search_given whole = *g;
    whole.unfinished = false;
    if (is.n)
        choose(q, field, is, &whole);
    return is.n > 0;
}

static bool role(struct search_query *q, const struct search_given *g)
{
    bool is = take_known(q, SEARCH_FIELD_ROLE, ROLES, COUNTOF(ROLES), g);
    if (!is)
        search_query_hint(q, "unknown_field", S("role"), S("user, assistant, system or tool"));
    return is;
}

/* from:me is what the reader said; from:user a role; from:Ann a name. */
static bool from(struct search_query *q, const struct search_given *g)
{
    struct search_given whole = *g;
    whole.unfinished = false;
    if (str_eq_nocase(g->value, S("me")))
        choose(q, SEARCH_FIELD_ROLE, S("user"), &whole);
    else if (!take_known(q, SEARCH_FIELD_ROLE, ROLES, COUNTOF(ROLES), &whole))
        choose(q, SEARCH_FIELD_AUTHOR, g->value, g);
    return true;
}

static bool has(struct search_query *q, const struct search_given *g)
{
    bool is = take_known(q, SEARCH_FIELD_HAS, THINGS, COUNTOF(THINGS), g);
    if (!is)
        search_query_hint(q, "unknown_field", S("has"),
                          S("code, image, link, file, math, table, thinking or tool"));
    return is;
}

/* What can be said of a conversation; what it cannot be yet is told apart from what nobody knows. */
static bool is(struct search_query *q, const struct search_given *g)
{
    static const struct value STATES[] = { { "mine", "mine" }, { "shared", "shared" } };
    static const struct value LATER[] = {
        { "archived", "" }, { "pinned", "" },  { "starred", "" },
        { "favorite", "" }, { "trashed", "" },
    };
    struct str state = known(STATES, COUNTOF(STATES), g);
    bool shared = str_eq(state, S("shared")) != g->exclude;
    if (state.n) {
        q->shared |= shared;
        q->mine |= !shared;
    } else if (known(LATER, COUNTOF(LATER), g).s && !g->unfinished) {
        search_query_hint(q, "not_yet", S("is"), g->value);
    } else {
        search_query_hint(q, "unknown_field", S("is"), S("mine or shared"));
    }
    return state.n > 0;
}

/* A code, or how the language calls itself or is called in English. */
static bool language(struct search_query *q, const struct search_given *g)
{
    static const struct value NAMES[] = {
        { "english", "en" },    { "german", "de" },     { "deutsch", "de" },
        { "french", "fr" },     { "français", "fr" },   { "francais", "fr" },
        { "spanish", "es" },    { "español", "es" },    { "espanol", "es" },
        { "portuguese", "pt" }, { "português", "pt" },  { "italian", "it" },
        { "italiano", "it" },   { "dutch", "nl" },      { "nederlands", "nl" },
        { "swedish", "sv" },    { "norwegian", "no" },  { "danish", "da" },
        { "finnish", "fi" },    { "russian", "ru" },    { "русский", "ru" },
        { "hungarian", "hu" },  { "romanian", "ro" },   { "turkish", "tr" },
        { "arabic", "ar" },     { "greek", "el" },      { "hindi", "hi" },
        { "tamil", "ta" },      { "polish", "pl" },     { "czech", "cs" },
        { "ukrainian", "uk" },  { "indonesian", "id" }, { "chinese", "zh" },
        { "中文", "zh" },       { "japanese", "ja" },   { "日本語", "ja" },
        { "korean", "ko" },     { "한국어", "ko" },     { "thai", "th" },
        { "hebrew", "he" },
    };
    struct str named = known(NAMES, COUNTOF(NAMES), g);
    enum search_language l = search_language_from(named.n ? named : g->value);
    struct search_given whole = *g;
    whole.unfinished = false;
    if (l != SEARCH_LANGUAGE_NONE)
        choose(q, SEARCH_FIELD_LANGUAGE, search_language_code(l), &whole);
    else
        search_query_hint(q, "unknown_field", S("lang"), S("a language or its code, such as en"));
    return l != SEARCH_LANGUAGE_NONE;
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
    if (search_date_value(value, clock, ret))
        return true;
    static const enum search_language OTHERS[] = {
        SEARCH_ENGLISH, SEARCH_GERMAN,     SEARCH_FRENCH,
        SEARCH_SPANISH, SEARCH_PORTUGUESE, SEARCH_ITALIAN
    };
    struct search_clock other = *clock; /* somebody who writes English may have German months */
    for (size_t i = 0; i < COUNTOF(OTHERS); i++) {
        other.language = OTHERS[i];
        if (search_date_value(value, &other, ret))
            return true;
    }
    return false;
}

static bool add_span(struct search_query *q, const struct search_date *d, bool exclude)
{
    if (q->span_count == SEARCH_SPANS_MAX)
        search_query_hint(q, "too_many_words", S(""), S("some filters were left out"));
    else
        q->spans[q->span_count++] =
            (struct search_span){ d->from_ms, d->to_ms > d->from_ms ? d->to_ms : d->from_ms + 1,
                                  exclude };
    return true;
}

/* before: ends at its first moment, after: begins there; on: and during: are all of it. What is not before is after. */
static bool when(struct search_query *q, const struct search_given *g,
                 const struct search_clock *clock)
{
    struct search_date d;
    bool before = str_eq_nocase(g->key, S("before"));
    if (!read_date(g->value, clock, &d)) {
        search_query_hint(q, "no_date", g->key, g->value);
        return false;
    }
    if (!before && !str_eq_nocase(g->key, S("after")))
        return add_span(q, &d, g->exclude);
    if (before != g->exclude)
        narrow(q, TIME_NONE, d.from_ms);
    else
        narrow(q, d.from_ms, TIME_NONE);
    return true;
}

void search_query_spans(struct search_query *q)
{
    int64_t from_ms = TIME_NONE, before_ms = TIME_NONE;
    for (size_t i = 0; i < q->span_count; i++) {
        const struct search_span *s = &q->spans[i];
        if (s->exclude)
            continue;
        from_ms = from_ms == TIME_NONE || s->from_ms < from_ms ? s->from_ms : from_ms;
        before_ms = before_ms == TIME_NONE || s->to_ms > before_ms ? s->to_ms : before_ms;
    }
    narrow(q, from_ms, before_ms);
}

bool search_query_at(const struct search_query *q, int64_t t)
{
    bool asked = q->from_ms != TIME_NONE || q->before_ms != TIME_NONE, any = false, within = false;
    if (t == TIME_NONE)
        return !asked;
    if ((q->from_ms != TIME_NONE && t < q->from_ms) ||
        (q->before_ms != TIME_NONE && t >= q->before_ms))
        return false;
    for (size_t i = 0; i < q->span_count; i++) {
        const struct search_span *s = &q->spans[i];
        bool in = t >= s->from_ms && t < s->to_ms;
        if (in && s->exclude)
            return false;
        any |= !s->exclude;
        within |= in && !s->exclude;
    }
    return within || !any;
}

/* --- keys --------------------------------------------------------------------------------------------- */

static bool choose_any(struct search_query *q, enum search_field field,
                       const struct search_given *g)
{
    choose(q, field, g->value, g);
    return true;
}

const char *const SEARCH_QUERY_KEYS[] = { "role",  "from",   "in",    "provider", "account",
                                          "model", "kind",   "type",  "has",      "is",
                                          "lang",  "before", "after", "on",       "during",
                                          "tag",   NULL };

static bool is_key(struct str key)
{
    for (const char *const *k = SEARCH_QUERY_KEYS; *k; k++)
        if (str_eq_nocase(key, str_from(*k)))
            return true;
    return false;
}

static bool take(struct search_query *q, const struct search_given *g,
                 const struct search_clock *clock)
{
    static const struct {
        const char *key;
        bool (*take)(struct search_query *q, const struct search_given *g);
    } KNOWN[] = {
        { "role", role }, { "from", from }, { "has", has }, { "is", is }, { "lang", language }
    };
    static const struct {
        const char *key;
        enum search_field field;
    } ANY[] = {
        { "provider", SEARCH_FIELD_PROVIDER }, { "model", SEARCH_FIELD_MODEL },
        { "account", SEARCH_FIELD_ACCOUNT },   { "kind", SEARCH_FIELD_KIND },
        { "type", SEARCH_FIELD_KIND },         { "in", SEARCH_FIELD_IN },
    };
    for (size_t i = 0; i < COUNTOF(KNOWN); i++)
        if (str_eq_nocase(g->key, str_from(KNOWN[i].key)))
            return KNOWN[i].take(q, g);
    for (size_t i = 0; i < COUNTOF(ANY); i++)
        if (str_eq_nocase(g->key, str_from(ANY[i].key)))
            return choose_any(q, ANY[i].field, g);
    if (!str_eq_nocase(g->key, S("tag")))
        return when(q, g, clock);
    search_query_hint(q, "not_yet", g->key, g->value);
    return false;
}

bool search_query_field(struct search_query *q, const struct search_given *g,
                        const struct search_clock *clock)
{
    size_t hints = q->hint_count;
    bool is = false;
    if (!is_key(g->key))
        search_query_hint_key(q, g->key);
    else if (g->value.n)
        is = take(q, g, clock);
    else
        search_query_hint(q, "no_value", g->key, S(""));
    if (is || !g->unfinished || !is_key(g->key))
        return is;
    q->hint_count = hints; /* it is left out until it is understood */
    return true;
}
