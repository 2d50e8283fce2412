/* Stems by Snowball (libstemmer): the one file that includes it. A stemmer is made once for each
 * thread and language; the last words keep their stems beside it, since a few hundred words make
 * most of any text. */
#include <libstemmer.h>
#include <utf8proc.h>

#include "base/utf8.h"
#include "os/thread.h"
#include "search/words/inside.h"

enum {
    KEPT = 2048, /* a power of two */
    KEPT_BYTES = 30,
    SOURCE_BYTES_MAX = 4 * SEARCH_TOKEN_BYTES_MAX, /* of a word that is stemmed */
};

struct kept { /* a stem by language and word, as it was asked for */
    uint8_t language, word_n, stem_n;
    bool source;
    char word[KEPT_BYTES], stem[KEPT_BYTES];
};
static_assert(sizeof(struct kept) == 64, "a cache line");

struct search_stems {
    struct arena arena; /* holds this struct */
    struct sb_stemmer *stemmers[SEARCH_LANGUAGE_COUNT];
    struct kept kept[KEPT];
};

/* --- of the thread --------------------------------------------------------------------------- */

static pthread_key_t key; /* the same for all threads once it is made */
static bool has_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void free_stems(void *value)
{
    struct search_stems *s = value;
    for (size_t i = 0; i < SEARCH_LANGUAGE_COUNT; i++)
        sb_stemmer_delete(s->stemmers[i]); /* accepts NULL */
    struct arena arena = s->arena;
    arena_free(&arena);
}

static void make_key(void)
{
    has_key = pthread_key_create(&key, free_stems) == 0;
}

static struct search_stems *open_stems(void)
{
    pthread_once(&once, make_key);
    struct search_stems *s = has_key ? pthread_getspecific(key) : NULL;
    if (s || !has_key)
        return s;
    struct arena arena;
    arena_init(&arena, sizeof *s + KIB(64));
    s = ARENA_NEW(&arena, struct search_stems);
    if (!s || pthread_setspecific(key, s) != 0) {
        arena_free(&arena);
        return NULL;
    }
    s->arena = arena;
    return s;
}

/* Stemmers grow a buffer to the longest word that they have seen: grown here, they need no memory
 * later. */
static struct sb_stemmer *new_stemmer(const char *name)
{
    unsigned char longest[SOURCE_BYTES_MAX];
    memset(longest, 'x', sizeof longest);
    struct sb_stemmer *stemmer = sb_stemmer_new(name, "UTF_8");
    if (stemmer && !sb_stemmer_stem(stemmer, longest, sizeof longest)) {
        sb_stemmer_delete(stemmer);
        return NULL;
    }
    return stemmer;
}

struct search_stems *stems_of_thread(enum search_language l)
{
    const char *name = language_stemmer(l);
    struct search_stems *s = name ? open_stems() : NULL;
    if (!s)
        return NULL;
    if (!s->stemmers[l])
        s->stemmers[l] = new_stemmer(name);
    return s->stemmers[l] ? s : NULL;
}

err_t search_stems_ready(enum search_language l)
{
    return !language_stemmer(l) || stems_of_thread(l) ? OK : E_BUSY;
}

/* --- stems ----------------------------------------------------------------------------------- */

/* Composed and in small letters, with its accents: what stemmers expect. Russian without the dots
 * that most leave out. Gives its bytes, 0: too long. */
static size_t normal_form(struct str word, char out[SOURCE_BYTES_MAX])
{
    utf8proc_int32_t c[SOURCE_BYTES_MAX];
    utf8proc_ssize_t count = utf8proc_decompose(
        (const utf8proc_uint8_t *)word.s, (utf8proc_ssize_t)word.n, c, COUNTOF(c),
        UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
    if (count <= 0 || count > (utf8proc_ssize_t)COUNTOF(c))
        return 0;
    count = utf8proc_normalize_utf32(c, count, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    size_t n = 0;
    for (utf8proc_ssize_t i = 0; i < count; i++)
        char_put(out, SOURCE_BYTES_MAX, &n, c[i] == 0x451 ? 0x435 : (uint32_t)c[i]);
    return n;
}

static size_t without_diacritics(struct str stem, char out[SEARCH_TOKEN_BYTES_MAX])
{
    size_t n = 0;
    for (size_t at = 0; at < stem.n;) {
        int32_t folded[FOLDED_MAX];
        uint8_t count = char_fold(utf8_next(stem, &at), folded);
        for (uint8_t i = 0; i < count; i++)
            char_put(out, SEARCH_TOKEN_BYTES_MAX, &n, (uint32_t)folded[i]);
    }
    return n;
}

static size_t make_stem(struct sb_stemmer *stemmer, struct str word, bool source,
                        char out[SEARCH_TOKEN_BYTES_MAX])
{
    char normal[SOURCE_BYTES_MAX];
    if (source) {
        word.n = normal_form(word, normal);
        word.s = normal;
    }
    if (!word.n)
        return 0;
    const sb_symbol *stem = sb_stemmer_stem(stemmer, (const sb_symbol *)word.s, (int)word.n);
    if (!stem)
        return 0;
    struct str s = str_of((const char *)stem, (size_t)sb_stemmer_length(stemmer));
    if (source)
        return without_diacritics(s, out);
    s.n = s.n < SEARCH_TOKEN_BYTES_MAX ? s.n : SEARCH_TOKEN_BYTES_MAX;
    memcpy(out, s.s, s.n);
    return s.n;
}

static struct kept *place_of(struct search_stems *s, enum search_language l, struct str word)
{
    uint32_t hash = 2166136261u + (uint32_t)l; /* FNV-1a */
    for (size_t i = 0; i < word.n; i++)
        hash = (hash ^ (unsigned char)word.s[i]) * 16777619u;
    return &s->kept[(hash ^ hash >> 15) & (KEPT - 1)];
}

size_t stem_word(struct search_stems *s, enum search_language l, struct str word, bool source,
                 char out[SEARCH_TOKEN_BYTES_MAX])
{
    if (word.n > KEPT_BYTES)
        return word.n > SEARCH_TOKEN_BYTES_MAX ? 0 : make_stem(s->stemmers[l], word, source, out);
    struct kept *k = place_of(s, l, word);
    if (k->language != l || k->source != source || !str_eq(str_of(k->word, k->word_n), word)) {
        size_t n = make_stem(s->stemmers[l], word, source, out);
        if (n > KEPT_BYTES)
            return n;
        *k = (struct kept){ .language = (uint8_t)l, .source = source };
        k->word_n = (uint8_t)word.n;
        k->stem_n = (uint8_t)n;
        memcpy(k->word, word.s, word.n);
        memcpy(k->stem, out, n);
    }
    memcpy(out, k->stem, k->stem_n);
    return k->stem_n;
}
