/* A walk over tokens: strings, brackets, colons. Names are looked at in the first object that is met (the top one, or the
 * array's first) and in the objects and first list elements one level below; the walk ends behind the first object. */
#include "imports/head.h"

#include "base/limits.h"

struct look {
    struct source_head *h;
    size_t at;
    int depth;       /* of objects and arrays around us */
    int first_depth; /* of the first object; 0: not met yet */
};

/* From the opening quote: the raw content; `at` behind the closing one. False: the bytes end inside. */
static bool string(struct look *l, struct str *ret)
{
    struct str b = l->h->bytes;
    size_t from = ++l->at;
    for (; l->at < b.n; l->at++) {
        if (b.s[l->at] == '\\')
            l->at++;
        else if (b.s[l->at] == '"') {
            *ret = str_sub(b, from, l->at++);
            return true;
        }
    }
    return false;
}

static void skip_space(struct look *l)
{
    struct str b = l->h->bytes;
    while (l->at < b.n &&
           (b.s[l->at] == ' ' || b.s[l->at] == '\n' || b.s[l->at] == '\r' || b.s[l->at] == '\t'))
        l->at++;
}

static void name(struct look *l, struct str s)
{
    struct source_head *h = l->h;
    if (l->depth == l->first_depth && h->name_count < COUNTOF(h->names))
        h->names[h->name_count++] = s;
}

static void open_bracket(struct look *l, char c)
{
    l->depth++;
    if (c == '{' && !l->first_depth)
        l->first_depth = l->depth;
    l->at++;
}

/* False: the first object has ended. */
static bool close_bracket(struct look *l)
{
    bool goes_on = !l->first_depth || l->depth > l->first_depth;
    l->depth--;
    l->at++;
    return goes_on && l->depth >= 0;
}

void source_head_look(struct source_head *h)
{
    struct look l = { .h = h };
    struct str b = h->bytes, s;
    h->json = HEAD_NO_JSON;
    h->name_count = 0;
    if (str_starts(b, S("\xef\xbb\xbf")))
        l.at = 3;
    skip_space(&l);
    if (l.at < b.n && (b.s[l.at] == '[' || b.s[l.at] == '{'))
        h->json = b.s[l.at] == '[' ? HEAD_ARRAY : HEAD_OBJECT;
    for (bool more = h->json != HEAD_NO_JSON; more && l.at < b.n;) {
        char c = b.s[l.at];
        if (c == '{' || c == '[') {
            open_bracket(&l, c);
        } else if (c == '}' || c == ']') {
            more = close_bracket(&l);
        } else if (c == '"') {
            more = string(&l, &s);
            skip_space(&l);
            if (more && l.at < b.n && b.s[l.at] == ':')
                name(&l, s);
        } else {
            l.at++;
        }
    }
}

bool source_head_names(const struct source_head *h, const char *name)
{
    for (size_t i = 0; i < h->name_count; i++)
        if (str_eq(h->names[i], str_from(name)))
            return true;
    return false;
}

size_t source_head_value(const struct source_head *h, const char *name)
{
    for (size_t i = 0; i < h->name_count; i++) {
        if (!str_eq(h->names[i], str_from(name)))
            continue;
        struct look l = { .h = (struct source_head *)h,
                          .at = (size_t)(h->names[i].s - h->bytes.s) + h->names[i].n + 1 };
        skip_space(&l);
        l.at++; /* the colon */
        skip_space(&l);
        return l.at < h->bytes.n ? l.at : SIZE_MAX;
    }
    return SIZE_MAX;
}
