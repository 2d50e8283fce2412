/* What a word is. The index, the query and the highlights all cut and fold with this one walk, so
 * they cannot disagree. */
#include <utf8proc.h>

#include "base/utf8.h"
#include "search/inside.h"

enum class { APART, WORD, DENSE };

struct folded {
    uint32_t c;
    enum class class;
    size_t start, end;
};

struct range {
    uint32_t from, to;
};

static bool within(uint32_t c, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count && ranges[i].from <= c; i++)
        if (c <= ranges[i].to)
            return true;
    return false;
}

/* Marks that change how a letter looks but not which word it is: accents, harakat, points, the
 * (han)dakuten. Those of Indic scripts are vowels and stay. */
static bool is_diacritic(uint32_t c)
{
    static const struct range RANGES[] = {
        { 0x0300, 0x036f }, { 0x0483, 0x0487 }, { 0x0591, 0x05bd }, { 0x05bf, 0x05bf },
        { 0x05c1, 0x05c2 }, { 0x05c4, 0x05c5 }, { 0x05c7, 0x05c7 }, { 0x0610, 0x061a },
        { 0x064b, 0x065f }, { 0x0670, 0x0670 }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff },
        { 0x20d0, 0x20ff }, { 0x3099, 0x309a }, { 0xfe20, 0xfe2f },
    };
    return c >= 0x300 && within(c, RANGES, COUNTOF(RANGES));
}

/* Not seen at all: soft hyphen, joiners, variation selectors, byte order mark. */
static bool is_ignored(uint32_t c)
{
    static const struct range RANGES[] = {
        { 0x00ad, 0x00ad }, { 0x0640, 0x0640 }, { 0x200c, 0x200f },   { 0x2060, 0x2064 },
        { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xe0100, 0xe01ef },
    };
    return c >= 0xad && within(c, RANGES, COUNTOF(RANGES));
}

/* Scripts that put no space between words, or attach what other scripts write apart (Hangul). */
static bool is_dense(uint32_t c)
{
    static const struct range RANGES[] = {
        { 0x0e01, 0x0e3a },   { 0x0e40, 0x0e4e },   { 0x0e81, 0x0ecd }, { 0x0edc, 0x0edf },
        { 0x1000, 0x103f },   { 0x1050, 0x108f },   { 0x1780, 0x17d3 }, { 0x3005, 0x3007 },
        { 0x3021, 0x3029 },   { 0x3041, 0x3096 },   { 0x309d, 0x309f }, { 0x30a1, 0x30fa },
        { 0x30fc, 0x30ff },   { 0x3105, 0x312f },   { 0x31a0, 0x31bf }, { 0x31f0, 0x31ff },
        { 0x3400, 0x4dbf },   { 0x4e00, 0x9fff },   { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff },
        { 0x1b000, 0x1b16f }, { 0x20000, 0x323af },
    };
    return c >= 0x0e01 && within(c, RANGES, COUNTOF(RANGES));
}

static enum class class_of(uint32_t c) {
    if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? WORD : APART;
    if (is_dense(c)) return DENSE;
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);
    bool letter = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
    bool mark = category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
    bool number = category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
    return letter || mark || number ? WORD : APART;
}

/* One character of the source, folded into `pending`; nothing where it is not seen at all. */
static void fold(struct search_tokens *t, uint32_t c)
{
    t->pending_at = t->pending_count = 0;
    if (is_ignored(c) || is_diacritic(c))
        return;
    if (c >= 0xac00 && c <= 0xd7a3) { /* Hangul stays in syllables */
        t->pending[t->pending_count++] = (int32_t)c;
        return;
    }
    int last_class = 0;
    utf8proc_int32_t out[COUNTOF(t->pending)];
    utf8proc_ssize_t n = utf8proc_decompose_char(
        (utf8proc_int32_t)c, out, COUNTOF(out),
        UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD, &last_class);
    if (n < 0 || n > (utf8proc_ssize_t)COUNTOF(out)) {
        n = 1;
        out[0] = ' ';
    }
    for (utf8proc_ssize_t i = 0; i < n; i++)
        if (!is_diacritic((uint32_t)out[i]) && !is_ignored((uint32_t)out[i]))
            t->pending[t->pending_count++] = out[i];
}

/* Marks and joiners that follow belong to the character before them. */
static void take_marks(struct search_tokens *t)
{
    while (t->at < t->source.n && (unsigned char)t->source.s[t->at] >= 0xc2) {
        size_t next = t->at;
        uint32_t c = utf8_next(t->source, &next);
        if (!is_diacritic(c) && !is_ignored(c))
            return;
        t->at = next;
    }
}

/* The next folded character, without moving on. False at the end. */
static bool peek(struct search_tokens *t, struct folded *ret)
{
    while (t->pending_at == t->pending_count) {
        if (t->at >= t->source.n)
            return false;
        t->start = t->at;
        unsigned char byte = (unsigned char)t->source.s[t->at];
        if (byte < 0x80) {
            t->at++;
            t->pending_at = 0;
            t->pending_count = 1;
            t->pending[0] = byte >= 'A' && byte <= 'Z' ? byte + 32 : byte;
        } else {
            fold(t, utf8_next(t->source, &t->at));
        }
        take_marks(t);
        t->end = t->at;
    }
    uint32_t c = (uint32_t)t->pending[t->pending_at];
    *ret = (struct folded){ c, class_of(c), t->start, t->end };
    return true;
}

static void put(struct search_tokens *t, size_t *n, uint32_t c)
{
    char bytes[4];
    utf8proc_ssize_t size = utf8proc_encode_char((utf8proc_int32_t)c, (utf8proc_uint8_t *)bytes);
    if (size <= 0 || *n + (size_t)size > sizeof t->text)
        return;
    memcpy(t->text + *n, bytes, (size_t)size);
    *n += (size_t)size;
}

/* One character and, if another of its kind follows, that too; the walk moves on by one. */
static void next_dense(struct search_tokens *t, struct folded first, struct search_token *ret)
{
    size_t n = 0;
    struct folded second;
    put(t, &n, first.c);
    t->pending_at++;
    *ret = (struct search_token){ .start = first.start, .end = first.end, .first_end = first.end };
    ret->dense = true;
    ret->run_end = !peek(t, &second) || second.class != DENSE;
    if (!ret->run_end) {
        put(t, &n, second.c);
        ret->end = second.end;
    }
    ret->text = str_of(t->text, n);
}

static void next_word(struct search_tokens *t, struct folded c, struct search_token *ret)
{
    size_t n = 0;
    *ret = (struct search_token){ .start = c.start };
    do {
        put(t, &n, c.c);
        ret->end = c.end;
        t->pending_at++;
    } while (peek(t, &c) && c.class == WORD);
    ret->first_end = ret->end;
    ret->text = str_of(t->text, n);
}

void search_tokens_init(struct search_tokens *t, struct str source)
{
    *t = (struct search_tokens){ .source = source };
}

bool search_tokens_next(struct search_tokens *t, struct search_token *ret)
{
    struct folded c;
    while (peek(t, &c)) {
        if (c.class == DENSE) {
            next_dense(t, c, ret);
            return true;
        }
        if (c.class == WORD) {
            next_word(t, c, ret);
            return true;
        }
        t->pending_at++;
    }
    return false;
}
