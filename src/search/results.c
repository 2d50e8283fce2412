/* From hit to result: title, text and what else is shown are read from the rows, under their owner's name. */
#include <stdlib.h>

#include "base/map.h"
#include "base/utf8.h"
#include "search/inside.h"

/* --- words ---------------------------------------------------------------------------------------------- */

/* What is marked: the words that rank, and phrases. */
static err_t marked_terms(const struct search_run *r, struct arena *a, const bool **ret)
{
    bool *marked = ARENA_ARRAY(a, bool, r->query.count + 1);
    if (!marked)
        return arena_err(a);
    for (size_t t = 0; t < r->query.count; t++) {
        size_t w = r->rank.word_of[t];
        marked[t] = r->query.terms[t].ranked &&
                    (r->query.terms[t].phrase || (w != SIZE_MAX && (r->rank.ranked >> w & 1)));
    }
    *ret = marked;
    return OK;
}

static err_t add_words(const struct search_run *r, const struct rank_candidate *c,
                       struct search_result *ret)
{
    ret->words = ARENA_ARRAY(r->a, struct str, SEARCH_WORDS_MAX);
    if (!ret->words)
        return arena_err(r->a);
    ret->aside = ARENA_ARRAY(r->a, struct str, SEARCH_WORDS_MAX);
    if (!ret->aside)
        return arena_err(r->a);
    for (uint64_t m = c->words & r->rank.ranked; m; m &= m - 1) {
        int w = __builtin_ctzll(m);
        ret->words[ret->word_count++] = r->rank.words[w].typed;
        if (!(c->said >> w & 1))
            ret->aside[ret->aside_count++] = r->rank.words[w].typed;
    }
    return OK;
}

/* "kettle ~ pot": the stem of the word that brings most, of those that are like one of the query's. STR_NONE: none. */
static err_t like_of(const struct search_run *r, const struct search_hit *hit, struct str *ret)
{
    *ret = STR_NONE;
    if (!hit->candidate || !hit->candidate->like)
        return OK;
    err_t e = search_index_word_text(r->index, r->a, hit->row->owner_id, hit->candidate->like, ret);
    return e == E_NOT_FOUND ? OK : e;
}

static err_t add_parts(const struct search_run *r, const struct rank_candidate *c,
                       struct search_result *ret)
{
    ret->parts = ARENA_ARRAY(r->a, struct search_part, RANK_FEATURES);
    if (!ret->parts)
        return arena_err(r->a);
    for (int f = 0; f < RANK_FEATURES; f++) {
        double weight = RANK_WEIGHTS[r->rank.column][f];
        if (weight > 0)
            ret->parts[ret->part_count++] =
                (struct search_part){ RANK_NAMES[f], c->features[f], weight };
    }
    return OK;
}

static const char *source_name(const struct search_run *r, const struct search_hit *hit)
{
    const struct rank_candidate *c = hit->candidate;
    if (!c || (c->words & r->rank.ranked))
        return "keyword";
    return c->features[RANK_SOFT] > 0 || c->features[RANK_SEM] > 0 ? "similar" : "neighbour";
}

/* --- what is shown of it ----------------------------------------------------------------------------------- */

/* What stands aside is shown where nothing of what was said is marked. *ret_in: where it stands, NULL: it was said. */
static err_t make_snippet(const struct search_run *r, struct arena *scratch,
                          const struct search_hit *hit, const struct index_text *t,
                          const struct search_marks *marks, struct search_snippet *ret,
                          const char **ret_in)
{
    const struct {
        struct str text;
        const char *name;
    } ASIDE[] = { { str_sub(t->aside, 0, t->thinking_bytes), "thinking" },
                  { str_sub(t->aside, t->thinking_bytes, t->aside.n), "tool" } };
    enum search_language language = (enum search_language)hit->row->language;
    *ret_in = NULL;
    TRY(search_snippet(r->a, scratch, t->text.s ? t->text : S(""), language, &r->query, marks,
                       ret));
    for (size_t i = 0; i < COUNTOF(ASIDE) && !ret->count; i++) {
        struct search_snippet aside;
        if (!ASIDE[i].text.n)
            continue;
        TRY(search_snippet(r->a, scratch, ASIDE[i].text, language, &r->query, marks, &aside));
        if (aside.count || !ret->text.n) {
            *ret = aside;
            *ret_in = ASIDE[i].name;
        }
    }
    return OK;
}

/* --- one result ------------------------------------------------------------------------------------------ */

static struct str kept(struct arena *a, struct str s)
{
    return s.s ? str_dup(a, s) : STR_NONE;
}

err_t search_complete(const struct search_run *r, struct arena *scratch,
                      const struct search_hit *hit, struct search_result *ret)
{
    const struct entity *entity = search_entity(r->app, hit->row->entity);
    struct index_text t = { .created_ms = TIME_NONE };
    struct search_snippet snippet;
    struct search_marks marks;
    struct arena *a = r->a;
    if (!entity)
        return E_NOT_FOUND;
    TRY(entity->text(r->app, r->rows, scratch, hit->source->owner, hit->row->id, &t));
    assert(uuid_eq(t.owner_id, hit->source->owner) && uuid_eq(t.id, hit->row->id));
    TRY(marked_terms(r, scratch, &marks.terms));
    TRY(like_of(r, hit, &marks.like));
    const char *found_in;
    TRY(make_snippet(r, scratch, hit, &t, &marks, &snippet, &found_in));
    struct search_result out = { .kind = str_from(entity->name), .id = hit->row->id };
    out.source = source_name(r, hit);
    out.found_in = found_in;
    out.conversation_id = str_eq(out.kind, S("conversation")) ? hit->row->id : t.parent_id;
    if (str_eq(out.kind, S("message")))
        out.message_id = hit->row->id;
    out.title = kept(a, t.title);
    out.role = kept(a, t.role);
    out.provider = kept(a, t.provider);
    out.author = kept(a, t.author);
    out.shared_by = hit->source->handle;
    out.snippet = snippet.text;
    out.highlights = snippet.highlights;
    out.highlight_count = snippet.count;
    out.score = hit->score;
    out.created_ms = t.created_ms;
    if (hit->candidate)
        TRY(add_words(r, hit->candidate, &out));
    if (marks.like.n) {
        out.like = snippet.like.n ? snippet.like : marks.like;
        out.like_of = r->rank.words[hit->candidate->like_of].typed;
    }
    if (hit->candidate && r->ask->explain)
        TRY(add_parts(r, hit->candidate, &out));
    TRY(arena_err(a));
    *ret = out;
    return OK;
}

/* --- corrections --------------------------------------------------------------------------------------------- */

/* How a folded word is written where it was marked; STR_NONE: it was not. */
static struct str written_in(const struct search_result *item, struct str folded)
{
    size_t at = 0;
    int64_t chars = 0;
    for (size_t h = 0; h < item->highlight_count; h++) {
        size_t from;
        struct search_tokens walk;
        struct search_token token;
        for (; chars < item->highlights[h].start; chars++)
            utf8_next(item->snippet, &at);
        for (from = at; chars < item->highlights[h].start + item->highlights[h].length; chars++)
            utf8_next(item->snippet, &at);
        struct str marked = str_sub(item->snippet, from, at);
        search_tokens_init(&walk, marked, SEARCH_LANGUAGE_NONE);
        while (search_tokens_next(&walk, &token))
            if (str_eq(token.text, folded))
                return str_sub(marked, token.start, token.end);
    }
    return STR_NONE;
}

static void rewrite(struct str *words, size_t count, struct str from, struct str to)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(words[i], from))
            words[i] = to;
}

/* The vocabulary knows folded words alone; people read them as they stand in what was found. */
void search_write_corrections(struct search_page *page)
{
    for (size_t c = 0; c < page->correction_count; c++) {
        struct str folded = page->corrections[c].to, written = STR_NONE;
        for (size_t i = 0; i < page->count && !written.n; i++)
            written = written_in(&page->items[i], folded);
        if (!written.n)
            continue;
        page->corrections[c].to = written;
        for (size_t i = 0; i < page->count; i++) {
            rewrite(page->items[i].words, page->items[i].word_count, folded, written);
            rewrite(page->items[i].aside, page->items[i].aside_count, folded, written);
        }
    }
}

/* --- facets ------------------------------------------------------------------------------------------------- */

struct counting {
    struct arena *a;
    struct map seen; /* value -> struct search_count in facet.values */
    struct search_facet facet;
    size_t room;
};

static void counting_begin(struct counting *c, struct arena *a, const char *name)
{
    *c = (struct counting){ .a = a, .facet.name = name };
    map_init(&c->seen, a);
}

static err_t count_one(struct counting *c, struct str value)
{
    struct search_facet *f = &c->facet;
    uintptr_t at = (uintptr_t)map_get(&c->seen, value);
    if (at) {
        f->values[at - 1].count++;
        return OK;
    }
    if (f->count == c->room) {
        size_t room = c->room ? c->room * 2 : 16;
        struct search_count *values = ARENA_ARRAY(c->a, struct search_count, room);
        if (!values)
            return arena_err(c->a);
        if (f->count)
            memcpy(values, f->values, f->count * sizeof *values);
        f->values = values;
        c->room = room;
    }
    f->values[f->count++] = (struct search_count){ value, 1 };
    return map_put(&c->seen, value, (void *)(uintptr_t)f->count);
}

static const struct {
    const char *name;
    char letter;
} FACETS[] = {
    { "kind", SEARCH_META_KIND },         { "role", SEARCH_META_ROLE },
    { "provider", SEARCH_META_PROVIDER }, { "language", SEARCH_META_LANGUAGE },
    { "model", SEARCH_META_MODEL },       { "has", SEARCH_META_HAS },
};

/* What is counted: what was ranked, or, where nothing is (by time, by filters alone), the newest ones. */
struct counted {
    const struct search_row **list;
    size_t count;
};

static err_t rows_of(const struct search_run *r, struct counted *ret)
{
    enum { NEWEST_MAX = 400 };
    size_t room = r->head_count ? r->head_count : NEWEST_MAX;
    ret->list = ARENA_ARRAY(r->a, const struct search_row *, room);
    ret->count = 0;
    if (!ret->list)
        return arena_err(r->a);
    for (size_t i = 0; i < r->head_count; i++)
        ret->list[ret->count++] = r->head[i].row;
    if (ret->count || (r->rank.ranked && !r->ask->newest))
        return OK;
    struct search_hit *hits = ARENA_ARRAY(r->a, struct search_hit, NEWEST_MAX);
    if (!hits)
        return arena_err(r->a);
    TRY(search_stream(r, NULL, NEWEST_MAX, hits, &ret->count));
    for (size_t i = 0; i < ret->count; i++)
        ret->list[i] = hits[i].row;
    return OK;
}

/* A document may have several values of one kind, each once. */
static err_t count_meta(const struct counted *rows, char letter, struct counting *c)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct str meta = rows->list[i]->meta, rest = meta, word;
        while (str_cut(&rest, ' ', &word)) {
            struct str before = str_sub(meta, 0, (size_t)(word.s - meta.s));
            if (word.n > 1 && word.s[0] == letter &&
                !search_meta_has(before, letter, str_sub(word, 1, word.n)))
                TRY(count_one(c, str_sub(word, 1, word.n)));
        }
    }
    return OK;
}

/* Whose they are; said where something is shared at all. */
static err_t count_owners(const struct search_run *r, const struct counted *rows,
                          struct counting *c)
{
    for (size_t i = 0; i < rows->count; i++)
        TRY(count_one(c, uuid_eq(rows->list[i]->owner_id, r->reader) ? S("mine") : S("shared")));
    return OK;
}

/* A date as during: takes it: of results of several years the years, of one year the months, of one month the days. */
static int64_t local_day(const struct search_run *r, int64_t ms)
{
    enum { MINUTE = 60 * 1000, DAY = 24 * 60 * MINUTE };
    ms += (int64_t)r->ask->zone_minutes * MINUTE;
    return ms / DAY - (ms % DAY < 0);
}

static err_t count_dates(const struct search_run *r, const struct counted *rows, struct counting *c)
{
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->list[i]->created_ms == TIME_NONE)
            continue;
        int64_t day = local_day(r, rows->list[i]->created_ms);
        first = day < first ? day : first;
        last = day > last ? day : last;
    }
    if (first > last)
        return OK;
    int year, month, day, last_year, last_month;
    time_date(first, &year, &month, &day);
    time_date(last, &last_year, &last_month, &day);
    int letters = year != last_year ? 4 : month != last_month ? 7 : 10; /* of 2026-01-31 */
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->list[i]->created_ms == TIME_NONE)
            continue;
        time_date(local_day(r, rows->list[i]->created_ms), &year, &month, &day);
        struct str text = str_fmt(r->a, "%04d-%02d-%02d", year, month, day);
        TRY(arena_err(r->a));
        TRY(count_one(c, str_sub(text, 0, (size_t)letters)));
    }
    return OK;
}

static int newest_value(const void *x, const void *y)
{
    return str_cmp(((const struct search_count *)y)->value,
                   ((const struct search_count *)x)->value);
}

/* Values in the order in which they come, dates the newest first. */
err_t search_facets(const struct search_run *r, struct search_page *page)
{
    struct counting c;
    struct counted rows;
    if (r->ask->every)
        return OK;
    TRY(rows_of(r, &rows));
    page->facets = ARENA_ARRAY(r->a, struct search_facet, COUNTOF(FACETS) + 2);
    if (!page->facets)
        return arena_err(r->a);
    for (size_t i = 0; i < COUNTOF(FACETS); i++) {
        counting_begin(&c, r->a, FACETS[i].name);
        TRY(count_meta(&rows, FACETS[i].letter, &c));
        page->facets[page->facet_count++] = c.facet;
    }
    counting_begin(&c, r->a, "is");
    TRY(count_owners(r, &rows, &c));
    page->facets[page->facet_count++] = c.facet;
    counting_begin(&c, r->a, "date");
    TRY(count_dates(r, &rows, &c));
    if (c.facet.count)
        qsort(c.facet.values, c.facet.count, sizeof *c.facet.values, newest_value);
    page->facets[page->facet_count++] = c.facet;
    return OK;
}
