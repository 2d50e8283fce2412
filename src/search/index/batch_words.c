/* Numbers of words: found or given out, and how many documents have each. A batch asks about each word once, and changes
 * each count once, however many documents have it. */
#include "search/index/inside.h"

enum {
    JSON_MAX = 64 * 1024 * 1024,
    RECENT = 1024, /* a power of two */
};

void search_vocabulary_init(struct search_vocabulary *v, struct arena *a)
{
    *v = (struct search_vocabulary){ .arena = a };
    map_init(&v->stems, a);
    map_init(&v->forms, a);
    search_tally_init(&v->words_by, a);
    search_tally_init(&v->forms_by, a);
}

static err_t intern(struct search_vocabulary *v, struct map *m, struct str key, size_t text_bytes,
                    struct search_entry **ret)
{
    struct search_entry *e = map_get(m, key);
    if (!e) {
        e = ARENA_NEW(v->arena, struct search_entry);
        key = str_dup(v->arena, key);
        TRY(arena_err(v->arena));
        e->text = str_sub(key, 0, text_bytes);
        TRY(map_put(m, key, e));
    }
    *ret = e;
    return OK;
}

/* A few hundred words make most of any text: where one was seen lately neither map is asked. */
static struct search_recent *recent_of(struct search_vocabulary *v, struct str text)
{
    uint32_t hash =
        2166136261u; /* FNV-1a; who makes words collide has them looked up in the maps */
    for (size_t i = 0; i < text.n; i++)
        hash = (hash ^ (unsigned char)text.s[i]) * 16777619u;
    return &v->recent[(hash ^ hash >> 15) & (RECENT - 1)];
}

static bool is_recent(const struct search_recent *r, struct str text, struct str stem)
{
    return r->stem && str_eq(r->stem->text, stem) &&
           str_eq(r->form ? r->form->text : r->stem->text, text);
}

static err_t add(struct search_vocabulary *v, struct str text, struct str stem,
                 struct search_entry **ret_stem, struct search_entry **ret_form)
{
    enum { KEY_BYTES_MAX = 2 * SEARCH_TOKEN_BYTES_MAX + 1 };
    char key[KEY_BYTES_MAX];
    TRY(intern(v, &v->stems, stem, stem.n, ret_stem));
    *ret_form = NULL;
    if (str_eq(text, stem))
        return OK;
    assert(text.n + 1 + stem.n <= sizeof key);
    memcpy(key, text.s, text.n);
    key[text.n] = 0;
    memcpy(key + text.n + 1, stem.s, stem.n);
    TRY(intern(v, &v->forms, str_of(key, text.n + 1 + stem.n), text.n, ret_form));
    (*ret_form)->stem = *ret_stem;
    return OK;
}

err_t search_vocabulary_add(struct search_vocabulary *v, struct str text, struct str stem,
                            struct search_entry **ret_stem, struct search_entry **ret_form)
{
    if (!v->recent && !(v->recent = ARENA_ARRAY(v->arena, struct search_recent, RECENT)))
        return arena_err(v->arena);
    struct search_recent *r = recent_of(v, text);
    if (!is_recent(r, text, stem)) {
        TRY(add(v, text, stem, ret_stem, ret_form));
        *r = (struct search_recent){ *ret_stem, *ret_form };
    }
    *ret_stem = r->stem;
    *ret_form = r->form;
    return OK;
}

static struct search_entry *entry_at(const struct map *m, size_t i)
{
    return m->entries[i].value;
}

/* --- stems ----------------------------------------------------------------------------------- */

static err_t ask_stems(struct search_vocabulary *v, struct db *index, struct uuid owner)
{
    struct buf b;
    struct json_out o;
    struct search_known *known;
    size_t count;
    buf_init(&b, v->arena, JSON_MAX);
    jo_init(&o, &b);
    jo_array(&o);
    for (size_t i = 0; i < v->stems.count; i++)
        jo_str(&o, entry_at(&v->stems, i)->text);
    jo_end(&o);
    TRY(buf_err(&b));
    TRY(search_store_stems(index, v->arena, owner, buf_str(&b), v->stems.count, &known, &count));
    for (size_t i = 0; i < count; i++)
        entry_at(&v->stems, (size_t)known[i].at)->number = (uint32_t)known[i].word;
    return OK;
}

/* Those that nobody had: {"text": number}. "" for none. */
static err_t new_stems(struct search_vocabulary *v, struct str *ret)
{
    struct buf b;
    struct json_out o;
    size_t count = 0;
    buf_init(&b, v->arena, JSON_MAX);
    jo_init(&o, &b);
    jo_object(&o);
    for (size_t i = 0; i < v->stems.count; i++) {
        struct search_entry *e = entry_at(&v->stems, i);
        if (e->number || !e->used)
            continue;
        if (v->next_word > UINT32_MAX)
            return err_note(E_LIMIT, NULL, "the index has no more numbers for words");
        e->number = (uint32_t)v->next_word++;
        jo_key(&o, e->text);
        jo_i64(&o, e->number);
        count++;
    }
    jo_end(&o);
    *ret = count ? buf_str(&b) : S("");
    return buf_err(&b);
}

/* --- forms ------------------------------------------------------------------------------------ */

/* Those without a number, as arrays of what names them; with `give` they get one, which stands first. */
static err_t forms_json(struct search_vocabulary *v, bool give, size_t **ret_order,
                        size_t *ret_count, struct str *ret)
{
    struct buf b;
    struct json_out o;
    size_t count = 0, *order = ARENA_ARRAY(v->arena, size_t, v->forms.count + 1);
    if (!order)
        return arena_err(v->arena);
    buf_init(&b, v->arena, JSON_MAX);
    jo_init(&o, &b);
    jo_array(&o);
    for (size_t i = 0; i < v->forms.count; i++) {
        struct search_entry *e = entry_at(&v->forms, i);
        if (e->number || !e->used)
            continue;
        if (v->next_form > UINT32_MAX)
            return err_note(E_LIMIT, NULL, "the index has no more numbers for forms of words");
        order[count++] = i;
        jo_array(&o);
        if (give) {
            e->number = (uint32_t)v->next_form++;
            jo_i64(&o, e->number);
            jo_i64(&o, e->stem->number);
            jo_str(&o, e->text);
        } else {
            jo_str(&o, e->text);
            jo_i64(&o, e->stem->number);
        }
        jo_end(&o);
    }
    jo_end(&o);
    *ret_order = order;
    *ret_count = count;
    *ret = count ? buf_str(&b) : S("");
    return buf_err(&b);
}

static err_t ask_forms(struct search_vocabulary *v, struct db *index, struct uuid owner)
{
    struct str forms;
    size_t *order, asked, count;
    struct search_known *known;
    TRY(forms_json(v, false, &order, &asked, &forms));
    if (!asked)
        return OK;
    TRY(search_store_form_numbers(index, v->arena, owner, forms, asked, &known, &count));
    for (size_t i = 0; i < count; i++)
        entry_at(&v->forms, order[known[i].at])->number = (uint32_t)known[i].form;
    return OK;
}

err_t search_vocabulary_number(struct search_vocabulary *v, struct db *index, struct uuid owner)
{
    struct str words, forms;
    size_t *order, count;
    if (!v->stems.count)
        return OK;
    TRY(ask_stems(v, index, owner));
    TRY(new_stems(v, &words));
    TRY(ask_forms(v, index, owner));
    TRY(forms_json(v, true, &order, &count, &forms));
    return search_store_words_add(index, owner, words, forms);
}

/* --- counts ------------------------------------------------------------------------------------- */

err_t search_vocabulary_count(struct search_vocabulary *v, struct str words, int64_t n)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct search_tally stems, forms; /* of this document */
    struct search_walk walk = search_walk(words);
    struct search_word_at at;
    arena_init(&a, MIB(64));
    search_tally_init(&stems, &a);
    search_tally_init(&forms, &a);
    while (search_walk_next(&walk, &at)) {
        if (at.word && !search_tally_get(&stems, at.word)) {
            TRY(search_tally_add(&stems, at.word, 1));
            TRY(search_tally_add(&v->words_by, at.word, n));
        }
        if (at.form && !search_tally_get(&forms, at.form)) {
            TRY(search_tally_add(&forms, at.form, 1));
            TRY(search_tally_add(&v->forms_by, at.form, n));
        }
    }
    return walk.damaged ? err_note(E_CORRUPT, NULL, "the words of a text in the index are damaged")
                        : OK;
}

/* {"number": by}, of those that change; "" for none. */
static err_t counts_json(struct arena *a, const struct search_tally *t, struct str *ret)
{
    struct buf b;
    size_t count = 0;
    buf_init(&b, a, JSON_MAX);
    buf_putc(&b, '{');
    for (size_t i = 0; i < t->room; i++)
        if (t->keys[i] && t->counts[i])
            buf_putf(&b, "%s\"%u\":%lld", count++ ? "," : "", t->keys[i], (long long)t->counts[i]);
    buf_putc(&b, '}');
    *ret = count ? buf_str(&b) : S("");
    return buf_err(&b);
}

err_t search_vocabulary_store(struct search_vocabulary *v, struct db *index, struct uuid owner)
{
    struct str words, forms;
    TRY(counts_json(v->arena, &v->words_by, &words));
    TRY(counts_json(v->arena, &v->forms_by, &forms));
    if (words.n)
        TRY(search_store_words_count(index, owner, words));
    return forms.n ? search_store_forms_count(index, owner, forms) : OK;
}
