/* What changed, gathered and written together: each word is asked about once, each count changed once, each conversation placed once.
 * A batch holds one owner's documents at a time; another's writes what waits first. */
#include "base/encode.h"
#include "base/utf8.h"
#include "os/entropy.h"
#include "search/index/inside.h"

enum {
    META_BYTES_MAX = 4096,
    META_VALUE_BYTES_MAX = 40,
    BATCH_WAITING_BYTES_MAX = 32 * 1024 * 1024,
    BATCH_ARENA_BYTES_MAX = 1024 * 1024 * 1024,
    DOCS_AT_ONCE = 100, /* removed */
};

struct token {
    struct search_entry *stem, *form;
    bool beside, aside;
};

struct waiting {
    struct search_doc doc;
    struct search_stored row;
    enum search_language found; /* what it is in, where that is plain */
    struct token *tokens;
    size_t count, room;
    int64_t said, aside; /* words of running text */
    bool gone;           /* replaced or removed by a later one of this batch */
};

struct touched { /* a conversation, from this position on */
    struct uuid parent;
    int64_t position;
};

struct search_batch {
    struct db *index;
    struct arena own;   /* holds this struct */
    struct arena arena; /* of what waits */
    struct uuid owner;
    struct search_vocabulary vocabulary;
    struct waiting **waiting;
    size_t count, room;
    struct map by_id;   /* id's bytes and entity -> struct waiting, the last one put */
    struct map parents; /* id's bytes, of those under which something waits */
    struct map touched; /* parent's bytes -> struct touched */
    struct search_statistics by;
    int64_t languages[SEARCH_LANGUAGE_COUNT], languages_by[SEARCH_LANGUAGE_COUNT];
    int64_t next_doc, next_word, next_form;
    bool open; /* of `owner` */
};

/* --- meta ---------------------------------------------------------------------------------------- */

struct str search_meta_value(struct arena *a, struct str s)
{
    char *out = arena_bytes(a, META_VALUE_BYTES_MAX);
    size_t n = 0;
    if (!out)
        return STR_NONE;
    for (size_t i = 0; i < s.n && n < META_VALUE_BYTES_MAX; i++) {
        char c = s.s[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            out[n++] = c;
    }
    return str_of(out, n);
}

/* The next word of meta that has this letter. */
static bool meta_next(struct str *rest, char letter, struct str *ret)
{
    struct str word;
    while (str_cut(rest, ' ', &word))
        if (word.n > 1 && word.s[0] == letter) {
            *ret = str_sub(word, 1, word.n);
            return true;
        }
    return false;
}

bool search_meta_has(struct str meta, char letter, struct str value)
{
    struct str is;
    while (meta_next(&meta, letter, &is))
        if (str_eq(is, value))
            return true;
    return false;
}

bool search_meta_meets(struct str meta, const struct search_filter *f)
{
    struct str is;
    while (meta_next(&meta, f->letter, &is))
        if (f->begins ? str_starts(is, f->value) : str_eq(is, f->value))
            return true;
    return false;
}

struct str search_meta_get(struct str meta, char letter)
{
    struct str is;
    return meta_next(&meta, letter, &is) ? is : STR_NONE;
}

static void put_meta(struct arena *a, struct buf *b, char letter, struct str value)
{
    struct str clean = search_meta_value(a, value);
    if (!clean.n)
        return;
    buf_putc(b, letter);
    buf_put(b, clean);
    buf_putc(b, ' ');
}

static err_t make_meta(struct arena *a, const struct search_doc *d, enum search_language language,
                       struct str *ret)
{
    struct buf b;
    struct str has = d->has, one;
    struct uuid conversation = uuid_is_nil(d->parent_id) ? d->id : d->parent_id;
    buf_init(&b, a, META_BYTES_MAX);
    put_meta(a, &b, 'o', hex_encode(a, str_of((const char *)d->owner_id.b, sizeof d->owner_id.b)));
    put_meta(a, &b, SEARCH_META_CONVERSATION,
             hex_encode(a, str_of((const char *)conversation.b, sizeof conversation.b)));
    put_meta(a, &b, SEARCH_META_KIND, d->entity);
    put_meta(a, &b, SEARCH_META_ROLE, d->role);
    put_meta(a, &b, SEARCH_META_PROVIDER, d->provider);
    put_meta(a, &b, SEARCH_META_MODEL, d->model);
    put_meta(a, &b, SEARCH_META_ACCOUNT, d->account);
    put_meta(a, &b, SEARCH_META_LANGUAGE, search_language_code(language));
    while (has.s && str_cut(&has, ' ', &one))
        put_meta(a, &b, SEARCH_META_HAS, one);
    TRY(arena_err(a));
    *ret = buf_str(&b);
    return buf_err(&b);
}

/* --- the terms of a row ----------------------------------------------------------------------------- */

static void quoted(struct buf *b, const char *lead, struct str value)
{
    buf_putf(b, "'%s%.*s'", lead, STR_ARG(value));
}

/* A tsvector: each number once, with a position for each time it stands there (how often, no more: the ranking reads places
 * from the forward row), A where it was said, D aside. */
static err_t terms_postgres(struct arena *a, struct str words, struct str meta, struct buf *b)
{
    enum { TIMES_MAX = 16 };
    struct search_tally all, aside;
    struct search_walk walk = search_walk(words);
    struct search_word_at at;
    struct str one;
    search_tally_init(&all, a);
    search_tally_init(&aside, a);
    while (search_walk_next(&walk, &at))
        if (at.word) {
            TRY(search_tally_add(&all, at.word, 1));
            if (at.aside)
                TRY(search_tally_add(&aside, at.word, 1));
        }
    for (size_t i = 0; i < all.room; i++) {
        if (!all.keys[i])
            continue;
        int64_t said = all.counts[i] - search_tally_get(&aside, all.keys[i]);
        buf_putf(b, "'%u'", all.keys[i]);
        for (int64_t k = 1; k <= all.counts[i] && k <= TIMES_MAX; k++)
            buf_putf(b, "%c%lld%c", k == 1 ? ':' : ',', (long long)k, k <= said ? 'A' : 'D');
        buf_putc(b, ' ');
    }
    while (str_cut(&meta, ' ', &one))
        if (one.n) {
            quoted(b, "_", one);
            buf_putc(b, ' ');
        }
    return OK;
}

static void put_term(struct buf *b, uint32_t word)
{
    enum { BYTES_MAX = 11 }; /* ten digits and a space */
    char text[BYTES_MAX], *to = buf_reserve(b, BYTES_MAX);
    size_t at = BYTES_MAX;
    if (!to)
        return;
    text[--at] = ' ';
    do {
        text[--at] = (char)('0' + word % 10);
        word /= 10;
    } while (word);
    memcpy(to, text + at, BYTES_MAX - at);
    b->n += BYTES_MAX - at;
}

err_t search_terms(struct arena *a, bool postgres, struct str words, struct str meta,
                   struct search_terms *ret)
{
    struct buf said, aside;
    buf_init(&said, a, MIB(64));
    buf_init(&aside, a, MIB(64));
    if (postgres)
        TRY(terms_postgres(a, words, meta, &said));
    struct search_walk walk = search_walk(words);
    struct search_word_at at;
    while (!postgres && search_walk_next(&walk, &at))
        put_term(at.aside ? &aside : &said, at.word);
    ret->said = said.n ? buf_str(&said) : S("");
    ret->aside = aside.n ? buf_str(&aside) : S("");
    TRY(buf_err(&said));
    return buf_err(&aside);
}

/* --- one document ------------------------------------------------------------------------------------ */

static err_t add_token(struct search_batch *b, struct waiting *w, const struct search_token *token,
                       bool aside)
{
    if (w->count == w->room) {
        size_t room = w->room ? w->room * 2 : 128;
        struct token *tokens = ARENA_ARRAY(&b->arena, struct token, room);
        if (!tokens)
            return arena_err(&b->arena);
        if (w->count)
            memcpy(tokens, w->tokens, w->count * sizeof *tokens);
        w->tokens = tokens;
        w->room = room;
    }
    struct token *t = &w->tokens[w->count];
    t->beside = token->beside;
    t->aside = aside;
    TRY(search_vocabulary_add(&b->vocabulary, token->text, token->stem, &t->stem, &t->form));
    w->count++;
    w->said += !token->beside && !aside;
    w->aside += !token->beside && aside;
    return OK;
}

static err_t cut(struct search_batch *b, struct waiting *w, struct str text,
                 enum search_language language, bool aside)
{
    struct search_tokens walk;
    struct search_token token;
    TRY(search_stems_ready(language));
    search_tokens_init(&walk, text, language);
    while (search_tokens_next(&walk, &token))
        TRY(add_token(b, w, &token, aside));
    return OK;
}

static err_t make_words(struct search_batch *b, struct waiting *w)
{
    struct buf out;
    buf_init(&out, &b->arena, MIB(64));
    for (size_t i = 0; i < w->count; i++) {
        const struct token *t = &w->tokens[i];
        if (t->aside && (!i || !t[-1].aside))
            search_words_put_aside(&out);
        search_words_put(&out, (struct search_word_at){ .word = t->stem->number,
                                                        .form = t->form ? t->form->number : 0,
                                                        .beside = t->beside });
    }
    w->row.words = out.n ? buf_str(&out) : S("");
    return buf_err(&out);
}

/* The conversation of a document is to be placed anew from its position on. */
static err_t touch(struct search_batch *b, struct uuid parent, int64_t position)
{
    if (uuid_is_nil(parent))
        return OK;
    struct str key = str_of((const char *)parent.b, sizeof parent.b);
    struct touched *t = map_get(&b->touched, key);
    if (!t) {
        t = ARENA_NEW(&b->arena, struct touched);
        key = str_dup(&b->arena, key);
        TRY(arena_err(&b->arena));
        *t = (struct touched){ .parent = parent, .position = position };
        return map_put(&b->touched, key, t);
    }
    if (position < t->position)
        t->position = position;
    return OK;
}

/* --- an owner's part of the batch ---------------------------------------------------------------------- */

static err_t open_owner(struct search_batch *b, struct uuid owner)
{
    struct search_language_share *shares;
    size_t count;
    b->owner = owner;
    b->open = true;
    b->count = b->room = 0;
    b->by = (struct search_statistics){ 0 };
    memset(b->languages, 0, sizeof b->languages);
    memset(b->languages_by, 0, sizeof b->languages_by);
    search_vocabulary_init(&b->vocabulary, &b->arena);
    map_init(&b->by_id, &b->arena);
    map_init(&b->parents, &b->arena);
    map_init(&b->touched, &b->arena);
    TRY(search_index_languages(b->index, &b->arena, owner, &shares, &count));
    for (size_t i = 0; i < count; i++)
        if (shares[i].language > 0 && shares[i].language < SEARCH_LANGUAGE_COUNT)
            b->languages[shares[i].language] = shares[i].documents;
    return OK;
}

/* What is stored under this goes: from the full text, from the counts, from its conversation. */
static err_t take_out(struct search_batch *b, const struct search_stored *d)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct search_terms terms;
    arena_init(&a, MIB(256));
    TRY(search_terms(&a, search_on_postgres(b->index), d->words, d->meta, &terms));
    TRY(search_store_doc_remove(b->index, b->owner, d, &terms));
    TRY(search_vocabulary_count(&b->vocabulary, d->words, -1));
    b->by.documents--;
    b->by.words -= d->length;
    if (d->language > 0 && d->language < SEARCH_LANGUAGE_COUNT)
        b->languages_by[d->language]--;
    return OK;
}

static err_t replace(struct search_batch *b, struct waiting *w)
{
    struct search_stored old;
    err_t e = search_store_doc(b->index, &b->arena, b->owner, w->doc.entity, w->doc.id, &old);
    if (e == OK) {
        TRY(touch(b, old.parent_id, old.position));
        TRY(take_out(b, &old));
    } else if (e != E_NOT_FOUND) {
        return e;
    }
    w->row.doc = b->next_doc++; /* a new one: who keeps up by numbers sees that it is other text */
    return touch(b, w->row.parent_id, w->row.position);
}

static err_t write_one(struct search_batch *b, struct waiting *w)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct search_terms terms;
    arena_init(&a, MIB(256));
    TRY(search_terms(&a, search_on_postgres(b->index), w->row.words, w->row.meta, &terms));
    TRY(search_store_doc_add(b->index, b->owner, &w->row, &terms));
    TRY(search_vocabulary_count(&b->vocabulary, w->row.words, 1));
    b->by.documents++;
    b->by.words += w->row.length;
    b->languages_by[w->row.language]++;
    return OK;
}

static err_t place_one(struct search_batch *b, const struct touched *t)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, BATCH_ARENA_BYTES_MAX);
    struct search_stored **fresh = ARENA_ARRAY(&a, struct search_stored *, b->count + 1);
    size_t count = 0;
    if (!fresh)
        return arena_err(&a);
    for (size_t i = 0; i < b->count; i++)
        if (!b->waiting[i]->gone && uuid_eq(b->waiting[i]->row.parent_id, t->parent))
            fresh[count++] = &b->waiting[i]->row;
    return search_sessions_remake(b->index, &a, b->owner, t->parent, t->position, fresh, count,
                                  &b->by);
}

static err_t store_counts(struct search_batch *b)
{
    TRY(search_vocabulary_store(&b->vocabulary, b->index, b->owner));
    for (int i = 1; i < SEARCH_LANGUAGE_COUNT; i++)
        if (b->languages_by[i])
            TRY(search_store_language_add(b->index, b->owner, i, b->languages_by[i]));
    TRY(search_store_count(b->index, b->owner, &b->by));
    b->next_word = b->vocabulary.next_word;
    b->next_form = b->vocabulary.next_form;
    TRY(search_store_number_set(b->index, "word", b->next_word));
    TRY(search_store_number_set(b->index, "form", b->next_form));
    return search_store_number_set(b->index, "doc", b->next_doc);
}

/* What was replaced within the batch is not written, and its words get no numbers. */
static void mark_used(struct search_batch *b)
{
    for (size_t i = 0; i < b->count; i++)
        for (size_t k = 0; k < b->waiting[i]->count && !b->waiting[i]->gone; k++) {
            b->waiting[i]->tokens[k].stem->used = true;
            if (b->waiting[i]->tokens[k].form)
                b->waiting[i]->tokens[k].form->used = true;
        }
}

/* Write all that waits, in the order in which a place is known before it is written. */
static err_t flush(struct search_batch *b)
{
    if (!b->open)
        return OK;
    b->vocabulary.next_word = b->next_word;
    b->vocabulary.next_form = b->next_form;
    mark_used(b);
    TRY(search_vocabulary_number(&b->vocabulary, b->index, b->owner));
    for (size_t i = 0; i < b->count; i++)
        if (!b->waiting[i]->gone) {
            TRY(make_words(b, b->waiting[i]));
            TRY(replace(b, b->waiting[i]));
        }
    for (size_t i = 0; i < b->touched.count; i++)
        TRY(place_one(b, b->touched.entries[i].value));
    for (size_t i = 0; i < b->count; i++)
        if (!b->waiting[i]->gone)
            TRY(write_one(b, b->waiting[i]));
    TRY(store_counts(b));
    b->open = false;
    arena_reset(&b->arena);
    return OK;
}

static err_t turn_to(struct search_batch *b, struct uuid owner)
{
    if (b->open && (!uuid_eq(b->owner, owner) || b->arena.used_bytes > BATCH_WAITING_BYTES_MAX))
        TRY(flush(b));
    return b->open ? OK : open_owner(b, owner);
}

/* Numbers mean other things from here on: whoever kept some in memory forgets them. */
static err_t begin_life(struct search_batch *b)
{
    uint64_t life;
    entropy_fill(&life, sizeof life);
    return search_store_number_set(b->index, "life", (int64_t)(life >> 1));
}

/* --- the seam --------------------------------------------------------------------------------------------- */

err_t search_batch_begin(struct db *index, struct search_batch **ret)
{
    struct arena own;
    arena_init(&own, KIB(64));
    struct search_batch *b = ARENA_NEW(&own, struct search_batch);
    if (!b)
        return arena_err(&own);
    b->own = own;
    b->index = index;
    arena_init(&b->arena, BATCH_ARENA_BYTES_MAX);
    err_t e = search_store_number(index, "doc", &b->next_doc);
    if (e == OK)
        e = search_store_number(index, "word", &b->next_word);
    if (e == OK)
        e = search_store_number(index, "form", &b->next_form);
    if (e == OK && b->next_doc == 1)
        e = begin_life(b);
    if (e != OK) {
        search_batch_free(b);
        return e;
    }
    *ret = b;
    return OK;
}

void search_batch_free(struct search_batch *b)
{
    if (!b)
        return;
    arena_free(&b->arena);
    struct arena own = b->own;
    arena_free(&own);
}

static struct str id_key(const struct uuid *id)
{
    return str_of((const char *)id->b, sizeof id->b);
}

static struct str name_of(struct search_batch *b, struct str entity, struct uuid id)
{
    return str_cat(&b->arena, id_key(&id), entity);
}

/* What waits under this name is not written. */
static err_t withdraw(struct search_batch *b, struct str entity, struct uuid id)
{
    struct str name = name_of(b, entity, id);
    TRY(arena_err(&b->arena));
    struct waiting *w = map_get(&b->by_id, name);
    if (w)
        w->gone = true;
    return OK;
}

static err_t wait_for(struct search_batch *b, struct waiting *w)
{
    if (b->count == b->room) {
        size_t room = b->room ? b->room * 2 : 64;
        struct waiting **list = ARENA_ARRAY(&b->arena, struct waiting *, room);
        if (!list)
            return arena_err(&b->arena);
        if (b->count)
            memcpy(list, b->waiting, b->count * sizeof(struct waiting *));
        b->waiting = list;
        b->room = room;
    }
    TRY(withdraw(b, w->doc.entity, w->doc.id));
    b->waiting[b->count++] = w;
    TRY(map_put(&b->parents, id_key(&w->row.parent_id), w));
    return map_put(&b->by_id, name_of(b, w->doc.entity, w->doc.id), w);
}

/* What is too short to tell is in the language in which most is. */
static enum search_language stemmed_in(const struct search_batch *b, enum search_language found)
{
    enum search_language best = found;
    for (int i = 1; i < SEARCH_LANGUAGE_COUNT && found == SEARCH_LANGUAGE_NONE; i++)
        if (b->languages[i] > b->languages[best])
            best = (enum search_language)i;
    return best;
}

err_t search_batch_put(struct search_batch *b, const struct search_doc *doc)
{
    TRY(turn_to(b, doc->owner_id));
    struct arena *a = &b->arena;
    struct waiting *w = ARENA_NEW(a, struct waiting);
    struct str text = utf8_cut(doc->text, SEARCH_TEXT_BYTES_MAX);
    struct str aside = utf8_cut(doc->aside, SEARCH_TEXT_BYTES_MAX - text.n);
    if (!w)
        return arena_err(a);
    w->found = search_language_of(text.n ? text : aside);
    enum search_language language = stemmed_in(b, w->found);
    b->languages[w->found]++;
    w->doc = (struct search_doc){ .id = doc->id, .entity = str_dup(a, doc->entity) };
    w->row = (struct search_stored){ .entity = w->doc.entity,
                                     .id = doc->id,
                                     .parent_id = doc->parent_id,
                                     .position = doc->position,
                                     .place = SEARCH_NOT_PLACED,
                                     .created_ms = doc->created_ms,
                                     .said_ms = doc->said_ms,
                                     .language = language,
                                     .author = doc->author.n ? str_dup(a, doc->author) : STR_NONE };
    if (uuid_is_nil(doc->parent_id))
        w->row.place = 0; /* alone */
    TRY(make_meta(a, doc, w->found, &w->row.meta));
    TRY(cut(b, w, text, language, false));
    TRY(cut(b, w, aside, language, true));
    w->row.length = w->said + (w->aside + SEARCH_ASIDE_AS_ONE / 2) / SEARCH_ASIDE_AS_ONE;
    return wait_for(b, w);
}

static void withdraw_children(struct search_batch *b, struct uuid parent)
{
    if (!map_has(&b->parents, id_key(&parent)))
        return;
    for (size_t i = 0; i < b->count; i++)
        if (uuid_eq(b->waiting[i]->row.parent_id, parent))
            b->waiting[i]->gone = true;
}

/* What stands under a parent has gone with it, and its sessions too. */
static err_t remove_children(struct search_batch *b, struct uuid parent)
{
    for (bool any = false;; any = true) {
        CLEANUP(arena_free) struct arena a = { 0 };
        struct search_stored *docs;
        size_t count;
        int64_t sessions, length;
        arena_init(&a, BATCH_ARENA_BYTES_MAX);
        TRY(search_store_docs(b->index, &a, b->owner, parent, DOCS_AT_ONCE, &docs, &count));
        for (size_t i = 0; i < count; i++)
            TRY(take_out(b, &docs[i]));
        if (count)
            continue;
        if (!any)
            return OK; /* where there are no documents there are no sessions, or they are made anew */
        TRY(search_store_sessions_sum(b->index, b->owner, parent, 0, &sessions, &length));
        b->by.sessions -= sessions;
        b->by.session_words -= length;
        return search_store_sessions_remove(b->index, b->owner, parent, 0);
    }
}

err_t search_batch_remove(struct search_batch *b, struct uuid owner, struct str entity,
                          struct uuid id)
{
    struct search_stored old;
    TRY(turn_to(b, owner));
    TRY(withdraw(b, entity, id));
    withdraw_children(b, id);
    err_t e = search_store_doc(b->index, &b->arena, owner, entity, id, &old);
    if (e == OK) {
        TRY(touch(b, old.parent_id, old.position));
        TRY(take_out(b, &old));
    } else if (e != E_NOT_FOUND) {
        return e;
    }
    return remove_children(b, id);
}

/* FTS5 has to be told of each; the rest goes by the owner. */
static err_t remove_terms(struct search_batch *b, struct uuid owner)
{
    for (;;) {
        CLEANUP(arena_free) struct arena a = { 0 };
        struct search_stored *docs;
        size_t count;
        arena_init(&a, BATCH_ARENA_BYTES_MAX);
        TRY(search_store_docs(b->index, &a, owner, (struct uuid){ { 0 } }, DOCS_AT_ONCE, &docs,
                              &count));
        for (size_t i = 0; i < count; i++) {
            struct search_terms terms;
            TRY(search_terms(&a, false, docs[i].words, docs[i].meta, &terms));
            TRY(search_store_doc_remove(b->index, owner, &docs[i], &terms));
        }
        if (!count)
            return OK;
    }
}

err_t search_batch_remove_owner(struct search_batch *b, struct uuid owner)
{
    TRY(flush(b));
    if (!search_on_postgres(b->index))
        TRY(remove_terms(b, owner));
    return search_store_remove_owner(b->index, owner);
}

err_t search_batch_clear(struct search_batch *b)
{
    TRY(flush(b));
    TRY(search_store_clear(b->index));
    return begin_life(b);
}

err_t search_batch_end(struct search_batch *b)
{
    return flush(b);
}
