/* From hit to result: title, text and what else is shown are read from the rows, under their owner's name. */
#include "base/map.h"
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
        ret->words[ret->word_count++] = r->rank.words[w].text;
        if (!(c->said >> w & 1))
            ret->aside[ret->aside_count++] = r->rank.words[w].text;
    }
    return OK;
}

/* "kettle ~ pot": the word that brings most, of those that are like one of the query's. */
static err_t add_like(const struct search_run *r, const struct rank_candidate *c,
                      struct search_result *ret)
{
    if (!c->like)
        return OK;
    err_t e = search_index_word_text(r->index, r->a, c->row->owner_id, c->like, &ret->like);
    if (e == OK)
        ret->like_of = r->rank.words[c->like_of].text;
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

/* What stands aside is shown where nothing of what was said is marked. */
static err_t make_snippet(const struct search_run *r, struct arena *scratch,
                          const struct search_hit *hit, const struct index_text *t,
                          struct search_snippet *ret)
{
    const bool *marked;
    struct search_snippet aside;
    enum search_language language = (enum search_language)hit->row->language;
    TRY(marked_terms(r, scratch, &marked));
    TRY(search_snippet(r->a, scratch, t->text.s ? t->text : S(""), language, &r->query, marked,
                       ret));
    if (ret->count || !t->aside.n)
        return OK;
    TRY(search_snippet(r->a, scratch, t->aside, language, &r->query, marked, &aside));
    if (aside.count || !ret->text.n)
        *ret = aside;
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
    struct arena *a = r->a;
    if (!entity)
        return E_NOT_FOUND;
    TRY(entity->text(r->app, r->rows, scratch, hit->source->owner, hit->row->id, &t));
    assert(uuid_eq(t.owner_id, hit->source->owner) && uuid_eq(t.id, hit->row->id));
    TRY(make_snippet(r, scratch, hit, &t, &snippet));
    struct search_result out = { .kind = str_from(entity->name), .id = hit->row->id };
    out.source = source_name(r, hit);
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
    if (hit->candidate)
        TRY(add_like(r, hit->candidate, &out));
    if (hit->candidate && r->ask->explain)
        TRY(add_parts(r, hit->candidate, &out));
    TRY(arena_err(a));
    *ret = out;
    return OK;
}

/* --- facets ------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    char letter;
} FACETS[] = {
    { "kind", SEARCH_META_KIND },
    { "role", SEARCH_META_ROLE },
    { "provider", SEARCH_META_PROVIDER },
    { "language", SEARCH_META_LANGUAGE },
};

static err_t count_values(const struct search_run *r, char letter, struct search_facet *f)
{
    struct map seen; /* value -> struct search_count in f->values */
    map_init(&seen, r->a);
    f->values = ARENA_ARRAY(r->a, struct search_count, r->head_count + 1);
    if (!f->values)
        return arena_err(r->a);
    for (size_t i = 0; i < r->head_count; i++) {
        struct str value = search_meta_get(r->head[i].row->meta, letter);
        if (!value.n)
            continue;
        struct search_count *c = map_get(&seen, value);
        if (!c) {
            c = &f->values[f->count++];
            c->value = value;
            TRY(map_put(&seen, value, c));
        }
        c->count++;
    }
    return OK;
}

/* Of what was ranked, in the order in which the values come. */
err_t search_facets(const struct search_run *r, struct search_page *page)
{
    page->facets = ARENA_ARRAY(r->a, struct search_facet, COUNTOF(FACETS));
    if (!page->facets)
        return arena_err(r->a);
    for (size_t i = 0; i < COUNTOF(FACETS); i++) {
        struct search_facet f = { .name = FACETS[i].name };
        TRY(count_values(r, FACETS[i].letter, &f));
        page->facets[page->facet_count++] = f;
    }
    return OK;
}
