/* The keyword index: FTS5 (SQLite) and tsvector (PostgreSQL) behind `struct search_index`.
 *
 * Both hold the tokens of tokens.c and do no cutting or folding of their own: FTS5 gets them with
 * spaces between, PostgreSQL as the text form of a tsvector with positions. Tokens hold letters,
 * digits and marks only, so quoting them is all the escaping there is; owner, role and provider
 * stand in the index too, under names that no token has, so that a query of one owner walks that
 * owner's entries.
 *
 * A text over SEARCH_PART_TOKENS is indexed in parts (a tsvector holds at most 1 MB and 16,383
 * positions, and 256 for one word). Parts overlap, for phrases over the seam, and each also has the
 * words of the whole text, up to SEARCH_REST_BYTES_MAX, so that all the words of a query need not
 * stand in one part. */
#include <float.h>

#include "base/encode.h"
#include "base/map.h"
#include "base/utf8.h"
#include "search/inside.h"

enum {
    MATCH_BYTES_MAX = 16 * 1024,
    PART_BYTES_MAX = 1000 * 1000,
    POSITIONS_OF_ONE_MAX = 255, /* of one word in a tsvector */
};
static_assert(SEARCH_PART_TOKENS * (SEARCH_TOKEN_BYTES_MAX + 10) + 2 * SEARCH_REST_BYTES_MAX <
                  PART_BYTES_MAX,
              "a tsvector holds 1 MB");
static_assert(SEARCH_PART_OVERLAP < SEARCH_PART_TOKENS_MIN, "each part goes on");

static bool is_postgres(struct db *index)
{
    return db_backend(db_store_of(index)) == DB_POSTGRES;
}

/* --- putting in ------------------------------------------------------------------------------ */

/* A name of owner, role or provider, as it stands in the index. */
static struct str meta_name(struct arena *a, bool postgres, char letter, struct str value)
{
    return str_fmt(a, postgres ? "_%c%.*s" : "%c%.*s", letter, STR_ARG(value));
}

static struct str owner_name(struct arena *a, bool postgres, struct uuid owner)
{
    return meta_name(a, postgres, 'o',
                     hex_encode(a, str_of((const char *)owner.b, sizeof owner.b)));
}

static void put_token(struct buf *b, bool postgres, struct str token, size_t position)
{
    if (!postgres) {
        buf_put(b, token);
        buf_putc(b, ' ');
        return;
    }
    buf_putc(b, '\'');
    buf_put(b, token);
    buf_putc(b, '\'');
    if (position) {
        buf_putc(b, ':');
        buf_put_i64(b, (int64_t)position);
    }
    buf_putc(b, ' ');
}

static err_t make_meta(struct arena *a, bool postgres, const struct search_doc *doc,
                       struct str *ret)
{
    struct buf b;
    buf_init(&b, a, KIB(4));
    put_token(&b, postgres, owner_name(a, postgres, doc->owner_id), 0);
    struct str role = search_filter_value(a, doc->role),
               provider = search_filter_value(a, doc->provider);
    if (role.n)
        put_token(&b, postgres, meta_name(a, postgres, 'r', role), 0);
    if (provider.n)
        put_token(&b, postgres, meta_name(a, postgres, 'p', provider), 0);
    TRY(arena_err(a));
    *ret = buf_str(&b);
    return buf_err(&b);
}

/* PostgreSQL: may have. There the words of a text in one part take no room a second time. */
static bool has_parts(bool postgres, struct str text)
{
    size_t most = postgres ? SEARCH_PART_TOKENS_MIN : SEARCH_PART_TOKENS;
    struct search_tokens walk;
    struct search_token token;
    size_t count = 0;
    search_tokens_init(&walk, text, SEARCH_LANGUAGE_NONE);
    while (count <= most && search_tokens_next_running(&walk, &token))
        count++;
    return count > most;
}

/* The different words of a text that has several parts; "" for one that has not. */
static err_t make_rest(struct arena *a, bool postgres, struct str text, struct str *ret)
{
    struct search_tokens walk;
    struct search_token token;
    struct map seen;
    struct buf b;
    *ret = S("");
    if (!has_parts(postgres, text))
        return OK;
    map_init(&seen, a);
    size_t bytes = 0; /* of the words themselves: the same on both databases */
    buf_init(&b, a, 4 * SEARCH_REST_BYTES_MAX + KIB(1));
    search_tokens_init(&walk, text, SEARCH_LANGUAGE_NONE);
    while (bytes < SEARCH_REST_BYTES_MAX && search_tokens_next_running(&walk, &token)) {
        if (map_has(&seen, token.text))
            continue;
        struct str word = str_dup(a, token.text);
        TRY(arena_err(a));
        TRY(map_put(&seen, word, &seen));
        put_token(&b, postgres, word, 0);
        bytes += word.n + 1;
    }
    *ret = buf_str(&b);
    return buf_err(&b);
}

/* How often words stand in a part: PostgreSQL keeps 255 places of one. */
struct hot {
    struct map counts;
    struct arena arena;
    bool reached; /* one of them stands there as often as that */
};

static err_t count_word(struct hot *h, struct str word)
{
    int *count = map_get(&h->counts, word);
    if (!count) {
        count = ARENA_NEW(&h->arena, int);
        word = str_dup(&h->arena, word);
        TRY(arena_err(&h->arena));
        TRY(map_put(&h->counts, word, count));
    }
    h->reached = h->reached || ++*count >= POSITIONS_OF_ONE_MAX;
    return OK;
}

/* The next part of the walk, which then stands where the part after it begins. *ret_last: there is
 * none. `h` NULL: SQLite. */
static err_t make_part(struct buf *b, struct hot *h, struct search_tokens *walk, bool *ret_last)
{
    struct search_tokens before[SEARCH_PART_OVERLAP]; /* each of the last tokens */
    struct search_token token;
    size_t count = 0;
    buf_clear(b);
    for (;; count++) {
        struct search_tokens here = *walk;
        *ret_last = !search_tokens_next_running(walk, &token);
        if (*ret_last)
            break;
        if (count == SEARCH_PART_TOKENS || (h && h->reached && count >= SEARCH_PART_TOKENS_MIN)) {
            *walk = before[count % SEARCH_PART_OVERLAP];
            break;
        }
        before[count % SEARCH_PART_OVERLAP] = here;
        put_token(b, h != NULL, token.text, count + 1);
        if (h)
            TRY(count_word(h, token.text));
    }
    return buf_err(b);
}

/* Counts of its own for each part. */
static err_t make_part_counting(struct buf *b, bool postgres, struct search_tokens *walk,
                                bool *ret_last)
{
    if (!postgres)
        return make_part(b, NULL, walk, ret_last);
    struct hot h = { .reached = false };
    arena_init(&h.arena, MIB(8));
    map_init(&h.counts, &h.arena);
    err_t e = make_part(b, &h, walk, ret_last);
    arena_free(&h.arena);
    return e;
}

static err_t keyword_put(struct db *index, struct arena *a, const struct search_doc *doc)
{
    bool postgres = is_postgres(index), last = false;
    struct search_part part;
    struct search_tokens walk;
    struct str text = utf8_cut(doc->text, SEARCH_TEXT_BYTES_MAX);
    TRY(search_store_remove_one(index, doc->owner_id, doc->entity, doc->id));
    TRY(make_meta(a, postgres, doc, &part.meta));
    TRY(make_rest(a, postgres, text, &part.rest));
    struct buf b;
    buf_init(&b, a, PART_BYTES_MAX);
    search_tokens_init(&walk, text, SEARCH_LANGUAGE_NONE);
    while (!last) {
        TRY(make_part_counting(&b, postgres, &walk, &last));
        part.text = b.n ? buf_str(&b) : S("");
        TRY(search_store_add(index, doc, &part));
    }
    return OK;
}

/* --- what to look for, for FTS5 -------------------------------------------------------------- */

static void fts_term(struct buf *b, const struct search_term *t)
{
    buf_put(b, t->count > 1 ? S("text : \"") : S("{text rest} : \""));
    for (size_t i = 0; i < t->count; i++) {
        if (i)
            buf_putc(b, ' ');
        buf_put(b, t->tokens[i]);
    }
    buf_put(b, t->prefix ? S("\" *") : S("\""));
}

/* meta : ("pchatgpt" OR "pclaude"), of those that exclude or of those that do not. */
static void fts_filters(struct buf *b, struct str lead, char letter, const struct search_filter *f,
                        size_t count, bool exclude)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (f[i].exclude == exclude) {
            buf_put(b, n++ ? S(" OR ") : lead);
            if (n == 1)
                buf_put(b, S("meta : ("));
            buf_putf(b, "\"%c%.*s\"", letter, STR_ARG(f[i].value));
        }
    if (n)
        buf_putc(b, ')');
}

static void fts_match(struct buf *b, struct str owner, const struct search_terms *q)
{
    buf_putf(b, "(meta : \"%.*s\"", STR_ARG(owner));
    fts_filters(b, S(" AND "), 'p', q->providers, q->provider_count, false);
    fts_filters(b, S(" AND "), 'r', q->roles, q->role_count, false);
    for (size_t i = 0; i < q->count; i++)
        if (!q->terms[i].exclude) {
            buf_put(b, S(" AND "));
            fts_term(b, &q->terms[i]);
        }
    buf_putc(b, ')');
    fts_filters(b, S(" NOT "), 'p', q->providers, q->provider_count, true);
    fts_filters(b, S(" NOT "), 'r', q->roles, q->role_count, true);
    for (size_t i = 0; i < q->count; i++)
        if (q->terms[i].exclude) {
            buf_put(b, S(" NOT ("));
            fts_term(b, &q->terms[i]);
            buf_putc(b, ')');
        }
}

/* --- and for tsquery ------------------------------------------------------------------------- */

static void ts_term(struct buf *b, const struct search_term *t)
{
    buf_putc(b, '(');
    for (size_t i = 0; i < t->count; i++) {
        if (i)
            buf_put(b, S(" <-> "));
        buf_putf(b, "'%.*s'", STR_ARG(t->tokens[i]));
        if (t->prefix && i + 1 == t->count)
            buf_put(b, S(":*"));
    }
    buf_putc(b, ')');
}

static void ts_filters(struct buf *b, struct str lead, char letter, const struct search_filter *f,
                       size_t count, bool exclude)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (f[i].exclude == exclude) {
            buf_put(b, n++ ? S(" | ") : lead);
            buf_putf(b, "'_%c%.*s'", letter, STR_ARG(f[i].value));
        }
    if (n)
        buf_putc(b, ')');
}

static void ts_match(struct buf *b, struct str owner, const struct search_terms *q)
{
    buf_putf(b, "'%.*s'", STR_ARG(owner));
    ts_filters(b, S(" & ("), 'p', q->providers, q->provider_count, false);
    ts_filters(b, S(" & ("), 'r', q->roles, q->role_count, false);
    ts_filters(b, S(" & !("), 'p', q->providers, q->provider_count, true);
    ts_filters(b, S(" & !("), 'r', q->roles, q->role_count, true);
    for (size_t i = 0; i < q->count; i++) {
        buf_put(b, q->terms[i].exclude ? S(" & !") : S(" & "));
        ts_term(b, &q->terms[i]);
    }
}

/* What ranks: the words alone. */
static void ts_words(struct buf *b, const struct search_terms *q)
{
    size_t n = 0;
    for (size_t i = 0; i < q->count; i++)
        if (!q->terms[i].exclude) {
            if (n++)
                buf_put(b, S(" & "));
            ts_term(b, &q->terms[i]);
        }
}

static err_t keyword_find(struct db *index, struct arena *a, struct uuid owner,
                          const struct search_terms *query, const struct search_place *from,
                          size_t limit, struct search_hit **ret, size_t *ret_count)
{
    bool postgres = is_postgres(index);
    struct buf match, words;
    buf_init(&match, a, MATCH_BYTES_MAX);
    buf_init(&words, a, MATCH_BYTES_MAX);
    struct str name = owner_name(a, postgres, owner);
    TRY(arena_err(a));
    if (postgres) {
        ts_match(&match, name, query);
        ts_words(&words, query);
    } else {
        fts_match(&match, name, query);
    }
    TRY(buf_err(&match));
    TRY(buf_err(&words));
    struct search_find f = {
        .match = buf_str(&match),
        .words = words.n ? buf_str(&words) : S(""),
        .before_ms = query->before_ms,
        .after_ms = query->after_ms,
        .from = { .score = DBL_MAX, .created = INT64_MAX },
        .limit = limit,
    };
    if (from)
        f.from = *from;
    return search_store_find(index, a, owner, &f, ret, ret_count);
}

const struct search_index SEARCH_KEYWORD = {
    .name = "keyword",
    .put = keyword_put,
    .remove = search_store_remove,
    .remove_owner = search_store_remove_owner,
    .clear = search_store_clear,
    .find = keyword_find,
};
