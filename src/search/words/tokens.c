/* The walk. Index, query and marks all cut and fold with it, so they cannot disagree. */
#include "base/utf8.h"
#include "search/words/inside.h"

enum { CAMEL_BYTES_MAX = 48 }; /* longer mixtures of cases are no names: base64 */

static_assert(COUNTOF(((struct search_tokens *)0)->pending) == FOLDED_MAX,
              "room for one character");

struct folded {
    uint32_t c;
    enum char_class class;
    size_t start, end;
};

/* Where a word begins: its source character and which of the folded ones of that. */
struct mark {
    size_t at;
    uint8_t pending;
};

struct word {
    size_t n, start, end;
    bool ascii; /* nothing but ASCII in the source */
    bool split; /* begins or ends within a source character that became several words */
    bool digits, upper_inside, lower;
};

/* --- characters ------------------------------------------------------------------------------ */

static bool has_pending(const struct search_tokens *t)
{
    return t->pending_at < t->pending_count;
}

/* Marks and joiners that follow belong to the character before them. */
static void take_marks(struct search_tokens *t)
{
    while (t->at < t->source.n && (unsigned char)t->source.s[t->at] >= 0xc2) {
        size_t next = t->at;
        uint32_t c = utf8_next(t->source, &next);
        if (!char_is_diacritic(c) && !char_is_ignored(c))
            return;
        t->at = next;
    }
}

/* The next folded character, without moving on. False at the end. */
static bool peek(struct search_tokens *t, struct folded *ret)
{
    while (!has_pending(t)) {
        if (t->at >= t->source.n)
            return false;
        t->start = t->at;
        unsigned char byte = (unsigned char)t->source.s[t->at];
        t->pending_at = 0;
        if (byte < 0x80) {
            t->at++;
            t->pending_count = 1;
            t->pending[0] = CHAR_ASCII[byte] ? CHAR_ASCII[byte] : byte;
        } else {
            t->pending_count = char_fold(utf8_next(t->source, &t->at), t->pending);
        }
        take_marks(t);
        t->end = t->at;
    }
    uint32_t c = (uint32_t)t->pending[t->pending_at];
    *ret = (struct folded){ c, char_class(c), t->start, t->end };
    return true;
}

static void rewind_to(struct search_tokens *t, struct mark m)
{
    struct folded c;
    t->at = m.at;
    t->pending_at = t->pending_count = 0;
    if (m.pending && peek(t, &c))
        t->pending_at = m.pending;
}

static void put(struct search_tokens *t, size_t *n, uint32_t c)
{
    char_put(t->text, sizeof t->text, n, c);
}

/* --- words ----------------------------------------------------------------------------------- */

/* A run of ASCII letters and digits: nearly all text. */
static void read_ascii(struct search_tokens *t, struct word *w)
{
    size_t at = t->at, n = w->n;
    for (; at < t->source.n && (unsigned char)t->source.s[at] < 0x80; at++) {
        char c = t->source.s[at], folded = CHAR_ASCII[(unsigned char)c];
        if (!folded)
            break;
        if (folded != c)
            w->upper_inside = w->upper_inside || at > w->start;
        else if (c <= '9')
            w->digits = true;
        else
            w->lower = true;
        if (n < sizeof t->text)
            t->text[n++] = folded;
    }
    w->n = n;
    if (at == t->at)
        return;
    t->at = w->end = at;
    take_marks(t); /* of the last one */
    w->ascii = w->ascii && t->at == at;
    w->end = t->at;
}

/* The word at which the walk stands; it then stands behind it. */
static void read_word(struct search_tokens *t, struct word *w)
{
    struct folded c;
    bool within = has_pending(t) && t->pending_at > 0;
    *w = (struct word){ .start = has_pending(t) ? t->start : t->at, .ascii = true };
    for (;;) {
        if (!has_pending(t)) {
            read_ascii(t, w);
            if (t->at >= t->source.n)
                break;
            unsigned char byte = (unsigned char)t->source.s[t->at];
            if (byte < 0x80 && CHAR_ASCII[byte])
                continue; /* behind a mark */
            if (byte < 0x80)
                break;
        }
        if (!peek(t, &c) || c.class != CHAR_WORD)
            break;
        w->ascii = false;
        put(t, &w->n, c.c);
        w->end = c.end;
        t->pending_at++;
    }
    w->split = within || (has_pending(t) && t->pending_at > 0);
}

static void set_stem(struct search_tokens *t, const struct word *w, struct search_token *ret)
{
    size_t n = 0;
    if (w->ascii && !w->digits && !w->split)
        n = stem_word(t->stems, t->language, ret->text, false, t->stem);
    else if (!w->ascii && !w->split)
        n = stem_word(t->stems, t->language, str_sub(t->source, w->start, w->end), true, t->stem);
    ret->stem = n ? str_of(t->stem, n) : ret->text;
}

static void set_token(struct search_tokens *t, const struct word *w, struct search_token *ret)
{
    *ret = (struct search_token){
        .text = str_of(t->text, w->n), .start = w->start, .end = w->end, .first_end = w->end
    };
    ret->stem = ret->text;
    if (t->stems)
        set_stem(t, w, ret);
}

/* --- identifiers: what joins their parts ----------------------------------------------------- */

static uint32_t full_width(char c)
{
    return (uint32_t)(0xfee0 + c);
}

static char source_at(const struct search_tokens *t, size_t at)
{
    return at < t->source.n ? t->source.s[at] : '\0';
}

static bool word_begins(struct str s, size_t at)
{
    if (at >= s.n)
        return false;
    if ((unsigned char)s.s[at] < 0x80)
        return CHAR_ASCII[(unsigned char)s.s[at]] != 0;
    int32_t folded[FOLDED_MAX]; /* some letters begin with a space: U+FE79 */
    return char_fold(utf8_next(s, &at), folded) > 0 && char_class((uint32_t)folded[0]) == CHAR_WORD;
}

/* Where the walk stands in the source; false: within a character of it. */
static bool stands_at(const struct search_tokens *t, size_t *ret)
{
    *ret = has_pending(t) ? t->start : t->at;
    return !has_pending(t) || t->pending_at == 0;
}

/* What stands between the word before the walk and the next one, if that joins them: its sign, 0
 * for none, and its bytes. */
static char joint_at(const struct search_tokens *t, size_t *ret_bytes)
{
    size_t at, bytes = 1;
    if (!stands_at(t, &at))
        return 0;
    char sign = source_at(t, at);
    switch (sign) {
    case '.':
    case '_':
    case '-':
    case '/':
    case '@':
        break;
    case ':':
        bytes += source_at(t, at + 1) == ':';
        break;
    case '\\':
        sign = '/';
        break;
    case '\xe2': /* U+2010, U+2011: hyphens that look the same; models write the unbreakable one */
        if (source_at(t, at + 1) != '\x80' ||
            (source_at(t, at + 2) != '\x90' && source_at(t, at + 2) != '\x91'))
            return 0;
        sign = '-';
        bytes = 3;
        break;
    default:
        return 0;
    }
    *ret_bytes = bytes;
    return word_begins(t->source, at + bytes) ? sign : '\0';
}

static void step_over(struct search_tokens *t, size_t bytes)
{
    size_t at;
    if (stands_at(t, &at))
        t->at = at + bytes;
    t->pending_at = t->pending_count = 0;
}

/* The plusses of C++ and the hash of C#: of no word, but of a name. */
static size_t sign_behind(const struct search_tokens *t)
{
    size_t at;
    if (!stands_at(t, &at))
        return 0;
    if (source_at(t, at) == '+' && source_at(t, at + 1) == '+' && source_at(t, at + 2) != '+')
        return 2;
    return source_at(t, at) == '#' && !word_begins(t->source, at + 1);
}

/* The dot of .NET and .gitignore: before a letter, behind a space or a bracket. */
static bool dot_before(const struct search_tokens *t, const struct word *w)
{
    if (!w->start || w->split || t->source.s[w->start - 1] != '.' || t->text[0] < 'a' ||
        t->text[0] > 'z')
        return false;
    char before = w->start > 1 ? t->source.s[w->start - 2] : ' ';
    return before && strchr(" \t\r\n([{<\"'`/", before);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* --- identifiers: the whole ------------------------------------------------------------------ */

struct whole {
    char text[SEARCH_TOKEN_BYTES_MAX];
    size_t n, parts;
    bool fits;
    bool signs; /* more than letters and digits */
    struct word word;
};

static void whole_sign(struct whole *x, char sign)
{
    x->fits = x->fits && x->n + 3 <= sizeof x->text;
    char_put(x->text, sizeof x->text, &x->n, full_width(sign));
    x->signs = true;
}

/* The word that was read last. One that was cut fits nowhere. */
static void whole_part(struct whole *x, const struct search_tokens *t, const struct word *w)
{
    x->fits = x->fits && x->n + w->n <= sizeof x->text && w->n < sizeof t->text;
    if (x->fits)
        memcpy(x->text + x->n, t->text, w->n);
    x->n += x->fits ? w->n : 0;
    x->word.end = w->end;
    x->word.ascii = x->word.ascii && w->ascii;
    x->word.digits = x->word.digits || w->digits;
    x->word.split = x->word.split || w->split;
    x->parts++;
}

/* Further parts, as long as the whole fits. */
static void whole_parts(struct whole *x, struct search_tokens *t, struct word w)
{
    size_t bytes;
    char sign;
    while (x->fits && w.n && (sign = joint_at(t, &bytes)) != 0) {
        bool digit_before = is_digit(t->text[w.n - 1]);
        step_over(t, bytes);
        read_word(t, &w);
        bool between_digits = digit_before && w.n && is_digit(t->text[0]);
        if (between_digits || (sign != '-' && sign != '_'))
            whole_sign(x, sign);
        whole_part(x, t, &w);
    }
}

static void whole_end(struct whole *x, const struct search_tokens *t)
{
    size_t at, bytes = sign_behind(t);
    if (!bytes || !stands_at(t, &at) || !x->n || is_digit(x->text[x->n - 1]))
        return;
    x->word.end = at + bytes;
    for (size_t i = 0; i < bytes; i++)
        whole_sign(x, t->source.s[at]);
}

/* `w`, which was read, begins an identifier with joints: that, whole. False: it is too long for
 * one. The walk stands somewhere in it. */
static bool read_whole(struct search_tokens *t, struct word w, struct search_token *ret)
{
    struct whole x = { .fits = true, .word = w };
    if (dot_before(t, &w)) {
        x.word.start--;
        whole_sign(&x, '.');
    }
    whole_part(&x, t, &w);
    whole_parts(&x, t, w);
    if (x.fits)
        whole_end(&x, t);
    if (!x.fits || (x.parts == 1 && !x.signs))
        return false;
    memcpy(t->text, x.text, x.n);
    x.word.n = x.n;
    x.word.split = x.word.split || x.signs || !x.word.ascii; /* no word that has a stem */
    set_token(t, &x.word, ret);
    ret->beside = true;
    return true;
}

static bool begins_whole(const struct search_tokens *t, const struct word *w)
{
    size_t bytes;
    return joint_at(t, &bytes) || sign_behind(t) || dot_before(t, w);
}

/* --- identifiers: camelCase ------------------------------------------------------------------ */

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* Does a part begin at `at`, within [from, to) of the source? fooBar, HTTPServer; not URLs. */
static bool hump_at(const struct search_tokens *t, size_t at, size_t to)
{
    const char *s = t->source.s;
    if (!is_upper(s[at]))
        return false;
    if (is_lower(s[at - 1]))
        return true;
    bool plural = at + 2 == to && s[at + 1] == 's';
    return at + 1 < to && is_lower(s[at + 1]) && !plural;
}

static size_t hump_end(const struct search_tokens *t, size_t from)
{
    size_t end = from + 1;
    while (end < t->camel_to && !hump_at(t, end, t->camel_to))
        end++;
    return end;
}

/* Parts of the word that was given last. */
static bool next_hump(struct search_tokens *t, struct search_token *ret)
{
    while (t->camel_at < t->camel_to) {
        struct word w = { .start = t->camel_at, .ascii = true };
        w.end = t->camel_at = hump_end(t, w.start);
        if (w.end - w.start < 2)
            continue; /* the i of iPhone */
        for (size_t i = w.start; i < w.end; i++) {
            t->text[w.n++] = CHAR_ASCII[(unsigned char)t->source.s[i]];
            w.digits = w.digits || is_digit(t->source.s[i]);
        }
        set_token(t, &w, ret);
        ret->beside = ret->part = true;
        return true;
    }
    return false;
}

static void note_humps(struct search_tokens *t, const struct word *w)
{
    t->camel_at = t->camel_to = 0;
    if (!w->ascii || w->split || !w->upper_inside || !w->lower ||
        w->end - w->start > CAMEL_BYTES_MAX)
        return;
    t->camel_at = w->start;
    t->camel_to = w->end;
    if (hump_end(t, w->start) == w->end)
        t->camel_at = w->end; /* one part: URLs */
}

/* --- the walk -------------------------------------------------------------------------------- */

enum { NO_CHAIN, CHAIN_WHOLE, CHAIN_LOOSE }; /* of parts: the whole was given; is too long */

static void next_word(struct search_tokens *t, struct search_token *ret)
{
    struct word w;
    size_t bytes;
    struct mark begin = { has_pending(t) ? t->start : t->at, has_pending(t) ? t->pending_at : 0 };
    read_word(t, &w);
    if (t->chain == NO_CHAIN && begins_whole(t, &w)) {
        t->chain = read_whole(t, w, ret) ? CHAIN_WHOLE : CHAIN_LOOSE;
        rewind_to(t, begin);
        if (t->chain == CHAIN_WHOLE)
            return;
        read_word(t, &w);
    }
    set_token(t, &w, ret);
    ret->part = t->chain == CHAIN_WHOLE;
    note_humps(t, &w);
    if (t->chain != NO_CHAIN && joint_at(t, &bytes))
        step_over(t, bytes);
    else
        t->chain = NO_CHAIN;
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
    ret->run_end = !peek(t, &second) || second.class != CHAR_DENSE;
    if (!ret->run_end) {
        put(t, &n, second.c);
        ret->end = second.end;
    }
    ret->text = ret->stem = str_of(t->text, n);
}

/* A picture; two letters of a flag are one. */
static void next_emoji(struct search_tokens *t, struct folded first, struct search_token *ret)
{
    size_t n = 0;
    struct folded second;
    put(t, &n, first.c);
    t->pending_at++;
    *ret = (struct search_token){ .start = first.start, .end = first.end };
    if (char_is_flag_letter(first.c) && peek(t, &second) && char_is_flag_letter(second.c)) {
        put(t, &n, second.c);
        t->pending_at++;
        ret->end = second.end;
    }
    ret->first_end = ret->end;
    ret->text = ret->stem = str_of(t->text, n);
}

void search_tokens_init(struct search_tokens *t, struct str source, enum search_language language)
{
    *t = (struct search_tokens){ .source = source,
                                 .language = language,
                                 .stems = stems_of_thread(language) };
}

static void skip_ascii(struct search_tokens *t)
{
    while (t->at < t->source.n && (unsigned char)t->source.s[t->at] < 0x80 &&
           !CHAR_ASCII[(unsigned char)t->source.s[t->at]])
        t->at++;
}

/* Nothing is pending and the walk stands at an ASCII letter or digit: the quick way. */
static bool stands_at_word(struct search_tokens *t)
{
    if (has_pending(t))
        return false;
    skip_ascii(t);
    return t->at < t->source.n && (unsigned char)t->source.s[t->at] < 0x80;
}

bool search_tokens_next(struct search_tokens *t, struct search_token *ret)
{
    struct folded c;
    if (next_hump(t, ret))
        return true;
    for (;;) {
        if (stands_at_word(t)) {
            next_word(t, ret);
            return true;
        }
        if (!peek(t, &c))
            return false;
        if (c.class != CHAR_APART)
            break;
        t->chain = NO_CHAIN;
        t->pending_at++;
    }
    if (c.class == CHAR_WORD)
        next_word(t, ret);
    else if (c.class == CHAR_DENSE)
        next_dense(t, c, ret);
    else
        next_emoji(t, c, ret);
    return true;
}

bool search_tokens_next_running(struct search_tokens *t, struct search_token *ret)
{
    while (search_tokens_next(t, ret))
        if (!ret->beside)
            return true;
    return false;
}
