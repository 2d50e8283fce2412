/* What may have been meant by what is searched as words. A hint that does not fit is worse than none. */
#include "base/suggest.h"
#include "search/query/query.h"

void search_query_hint(struct search_query *q, const char *code, struct str field,
                       struct str detail)
{
    for (size_t i = 0; i < q->hint_count; i++)
        if (str_eq(str_from(q->hints[i].code), str_from(code)) && str_eq(q->hints[i].field, field))
            return;
    if (q->hint_count < SEARCH_HINTS_MAX)
        q->hints[q->hint_count++] = (struct search_hint){ code, field, detail };
}

/* How other searches name it. */
static const char *const OTHER_NAMES[][2] = {
    { "title", "in" },        { "chat", "in" },          { "conversation", "in" },
    { "thread", "in" },       { "subject", "in" },       { "author", "from" },
    { "by", "from" },         { "sender", "from" },      { "since", "after" },
    { "newer", "after" },     { "until", "before" },     { "older", "before" },
    { "date", "on" },         { "when", "on" },          { "language", "lang" },
    { "source", "provider" }, { "service", "provider" }, { "ai", "provider" },
    { "contains", "has" },    { "filetype", "has" },
};

/* Words with colons are written without a field in mind; only what is near to one is worth a hint. */
void search_query_hint_key(struct search_query *q, struct str key)
{
    struct suggestion s = suggest(key);
    for (size_t i = 0; i < COUNTOF(OTHER_NAMES); i++)
        if (str_eq_nocase(key, str_from(OTHER_NAMES[i][0]))) {
            search_query_hint(q, "unknown_field", key, str_from(OTHER_NAMES[i][1]));
            return;
        }
    for (const char *const *name = SEARCH_QUERY_KEYS; *name; name++)
        suggest_offer(&s, str_from(*name));
    struct str best = suggest_best(&s);
    if (best.n)
        search_query_hint(q, "unknown_field", key, best);
}

/* All of it in capitals: then AND is a word like the others. */
static bool shouts(struct str line)
{
    for (size_t i = 0; i < line.n; i++)
        if ((line.s[i] >= 'a' && line.s[i] <= 'z') || (unsigned char)line.s[i] >= 0x80)
            return false;
    return true;
}

void search_query_hint_word(struct search_query *q, struct str word, struct str line)
{
    static const char *const OPERATORS[][2] = {
        { "NOT", "-word" }, { "AND", "\"word\"" }, { "&&", "\"word\"" },
        { "|", "OR" },      { "||", "OR" },
    };
    for (size_t i = 0; i < COUNTOF(OPERATORS); i++)
        if (str_eq(word, str_from(OPERATORS[i][0])) && !shouts(line))
            search_query_hint(q, "operator", word, str_from(OPERATORS[i][1]));
    if (word.n > 2 && word.s[0] == '+' && word.s[1] > '9' && word.s[word.n - 1] != '+')
        search_query_hint(q, "operator", S("+"), S("\"word\""));
}
