/* The language of a text, and which of its words only hold it together. */
#include "base/utf8.h"
#include "os/thread.h"
#include "search/words/inside.h"

#define BIT(language) (UINT32_C(1) << (language))

/* --- the table of languages ------------------------------------------------------------------ */

static const struct {
    const char *code, *stemmer;
} LANGUAGES[SEARCH_LANGUAGE_COUNT] = {
    [SEARCH_LANGUAGE_NONE] = { "", NULL },    [SEARCH_ENGLISH] = { "en", "english" },
    [SEARCH_GERMAN] = { "de", "german" },     [SEARCH_FRENCH] = { "fr", "french" },
    [SEARCH_SPANISH] = { "es", "spanish" },   [SEARCH_PORTUGUESE] = { "pt", "portuguese" },
    [SEARCH_ITALIAN] = { "it", "italian" },   [SEARCH_DUTCH] = { "nl", "dutch" },
    [SEARCH_SWEDISH] = { "sv", "swedish" },   [SEARCH_NORWEGIAN] = { "no", "norwegian" },
    [SEARCH_DANISH] = { "da", "danish" },     [SEARCH_FINNISH] = { "fi", "finnish" },
    [SEARCH_RUSSIAN] = { "ru", "russian" },   [SEARCH_HUNGARIAN] = { "hu", "hungarian" },
    [SEARCH_ROMANIAN] = { "ro", "romanian" }, [SEARCH_TURKISH] = { "tr", "turkish" },
    [SEARCH_ARABIC] = { "ar", "arabic" },     [SEARCH_GREEK] = { "el", "greek" },
    [SEARCH_HINDI] = { "hi", "hindi" },       [SEARCH_TAMIL] = { "ta", "tamil" },
    [SEARCH_POLISH] = { "pl", NULL },         [SEARCH_CZECH] = { "cs", NULL },
    [SEARCH_UKRAINIAN] = { "uk", NULL },      [SEARCH_INDONESIAN] = { "id", NULL },
    [SEARCH_CHINESE] = { "zh", NULL },        [SEARCH_JAPANESE] = { "ja", NULL },
    [SEARCH_KOREAN] = { "ko", NULL },         [SEARCH_THAI] = { "th", NULL },
    [SEARCH_HEBREW] = { "he", NULL },
};

struct str search_language_code(enum search_language l)
{
    return str_from(LANGUAGES[l].code);
}

enum search_language search_language_from(struct str code)
{
    if (code.n > 2 && code.s[2] != '-' && code.s[2] != '_')
        return SEARCH_LANGUAGE_NONE;
    for (unsigned l = SEARCH_ENGLISH; l < SEARCH_LANGUAGE_COUNT; l++)
        if (str_eq_nocase(str_sub(code, 0, 2), str_from(LANGUAGES[l].code)))
            return (enum search_language)l;
    return SEARCH_LANGUAGE_NONE;
}

const char *language_stemmer(enum search_language l)
{
    return LANGUAGES[l].stemmer;
}

/* --- function words -------------------------------------------------------------------------- */

/* Every word of every text is looked up here, so they stand in a table by their bytes: the place in STOP_WORDS + 1, 0: free. */
enum { STOP_SLOTS = 16384 };
static uint16_t stop_slots[STOP_SLOTS];
static pthread_once_t stop_once = PTHREAD_ONCE_INIT;

static struct str text_of(const struct stop_word *w)
{
    return str_of(STOP_TEXT + w->at, w->n);
}

/* Where it stands, or the free slot where it would. */
static size_t stop_slot(struct str word)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < word.n; i++)
        hash = (hash ^ (unsigned char)word.s[i]) * 16777619u;
    size_t at = (hash ^ hash >> 15) & (STOP_SLOTS - 1);
    while (stop_slots[at] && !str_eq(text_of(&STOP_WORDS[stop_slots[at] - 1]), word))
        at = (at + 1) & (STOP_SLOTS - 1);
    return at;
}

static void fill_stop_slots(void)
{
    assert(STOP_WORD_COUNT <= STOP_SLOTS / 2);
    for (size_t i = 0; i < STOP_WORD_COUNT; i++)
        stop_slots[stop_slot(text_of(&STOP_WORDS[i]))] = (uint16_t)(i + 1);
}

static const struct stop_word *find_stop_word(struct str word)
{
    pthread_once(&stop_once, fill_stop_slots);
    uint16_t found = stop_slots[stop_slot(word)];
    return found ? &STOP_WORDS[found - 1] : NULL;
}

enum search_word_class search_word_class(enum search_language l, struct str folded)
{
    const struct stop_word *w = find_stop_word(folded);
    if (w && w->stop & BIT(l))
        return SEARCH_WORD_STOP;
    return w && w->question & BIT(l) ? SEARCH_WORD_QUESTION : SEARCH_WORD_CONTENT;
}

/* --- scripts --------------------------------------------------------------------------------- */

enum script {
    LATIN,
    CYRILLIC,
    GREEK,
    ARABIC,
    HEBREW,
    DEVANAGARI,
    TAMIL,
    THAI,
    HANGUL,
    HAN,
    KANA,
    SCRIPTS
};

static enum script script_of(uint32_t c)
{
    static const struct {
        uint32_t from, to;
        enum script script;
    } RANGES[] = {
        { 0x00c0, 0x024f, LATIN },  { 0x0370, 0x03ff, GREEK },  { 0x0400, 0x052f, CYRILLIC },
        { 0x0590, 0x05ff, HEBREW }, { 0x0600, 0x06ff, ARABIC }, { 0x0900, 0x097f, DEVANAGARI },
        { 0x0b80, 0x0bff, TAMIL },  { 0x0e00, 0x0e7f, THAI },   { 0x1e00, 0x1eff, LATIN },
        { 0x3041, 0x30ff, KANA },   { 0x3400, 0x9fff, HAN },    { 0xac00, 0xd7a3, HANGUL },
        { 0xf900, 0xfaff, HAN },    { 0x20000, 0x323af, HAN },
    };
    for (size_t i = 0; i < COUNTOF(RANGES) && RANGES[i].from <= c; i++)
        if (c <= RANGES[i].to)
            return RANGES[i].script;
    return SCRIPTS;
}

/* Letters that only some alphabets have: whose. Bits by language; 0: says nothing. */
static uint32_t letter_of(uint32_t c)
{
    switch (c) {
    case 0xdf: /* ß */
        return BIT(SEARCH_GERMAN);
    case 0xe4:
    case 0xf6:
    case 0xc4:
    case 0xd6: /* ä ö */
        return BIT(SEARCH_GERMAN) | BIT(SEARCH_SWEDISH) | BIT(SEARCH_FINNISH);
    case 0xe5:
    case 0xc5: /* å */
        return BIT(SEARCH_SWEDISH) | BIT(SEARCH_NORWEGIAN) | BIT(SEARCH_DANISH);
    case 0xe6:
    case 0xf8:
    case 0xc6:
    case 0xd8: /* æ ø */
        return BIT(SEARCH_NORWEGIAN) | BIT(SEARCH_DANISH);
    case 0xf1:
    case 0xd1:
    case 0xbf:
    case 0xa1: /* ñ ¿ ¡ */
        return BIT(SEARCH_SPANISH);
    case 0xe3:
    case 0xf5:
    case 0xc3:
    case 0xd5: /* ã õ */
        return BIT(SEARCH_PORTUGUESE);
    case 0xea:
    case 0xee:
    case 0xfb:
    case 0x153: /* ê î û œ */
        return BIT(SEARCH_FRENCH);
    case 0xec:
    case 0xf2:
    case 0xf9: /* ì ò ù */
        return BIT(SEARCH_ITALIAN);
    case 0x151:
    case 0x171:
    case 0x150:
    case 0x170: /* ő ű */
        return BIT(SEARCH_HUNGARIAN);
    case 0x103:
    case 0x219:
    case 0x21b:
    case 0x163: /* ă ș ț */
        return BIT(SEARCH_ROMANIAN);
    case 0x11f:
    case 0x131:
    case 0x130: /* ğ ı İ */
        return BIT(SEARCH_TURKISH);
    case 0x142:
    case 0x105:
    case 0x119:
    case 0x15b:
    case 0x17c:
    case 0x107: /* ł ą ę ś ż ć */
        return BIT(SEARCH_POLISH);
    case 0x159:
    case 0x11b:
    case 0x16f: /* ř ě ů */
        return BIT(SEARCH_CZECH);
    case 0x44b:
    case 0x44d:
    case 0x44a:
    case 0x451: /* ы э ъ ё */
        return BIT(SEARCH_RUSSIAN);
    case 0x456:
    case 0x457:
    case 0x454:
    case 0x491: /* і ї є ґ */
        return BIT(SEARCH_UKRAINIAN);
    default:
        return 0;
    }
}

/* Letters of Persian and Urdu, which Arabic has not. */
static bool not_arabic(uint32_t c)
{
    return c == 0x67e || c == 0x686 || c == 0x698 || c == 0x6a9 || c == 0x6af || c == 0x6cc ||
           c == 0x679;
}

/* --- votes ----------------------------------------------------------------------------------- */

enum {
    POINTS_WORD = 12,       /* of a function word, shared among the languages that have it */
    POINTS_LEAST = 18,      /* of the winner; and one for each word of the text */
    POINTS_LETTER = 6,      /* of a letter, likewise */
    LETTER_POINTS_MAX = 48, /* a page of ß makes no German */
    WORDS_MAX = 120,
    WORDS_ENOUGH = 25, /* looked at before a clear lead ends the count */
};

struct votes {
    int points[SEARCH_LANGUAGE_COUNT];
    int letters[SEARCH_LANGUAGE_COUNT];
    size_t scripts[SCRIPTS];
    size_t strangers; /* letters that not_arabic */
};

static void vote(int *points, uint32_t languages, int shared)
{
    int each = languages ? shared / __builtin_popcount(languages) : 0;
    for (; languages; languages &= languages - 1) {
        int *p = &points[__builtin_ctz(languages)];
        *p += each;
    }
}

static void count_letters(struct str text, struct votes *v)
{
    for (size_t at = 0; at < text.n;) {
        unsigned char byte = (unsigned char)text.s[at];
        if (byte < 0x80) {
            v->scripts[LATIN] += CHAR_ASCII[byte] > '9';
            at++;
            continue;
        }
        uint32_t c = utf8_next(text, &at);
        enum script script = script_of(c);
        if (script < SCRIPTS)
            v->scripts[script]++;
        v->strangers += script == ARABIC && not_arabic(c);
        vote(v->letters, letter_of(c), POINTS_LETTER);
    }
}

/* The two that lead. */
static void leaders(const struct votes *v, uint32_t among, enum search_language *ret_first,
                    int *ret_points, int *ret_second)
{
    *ret_first = SEARCH_LANGUAGE_NONE;
    *ret_points = *ret_second = 0;
    for (unsigned l = SEARCH_ENGLISH; l < SEARCH_LANGUAGE_COUNT; l++) {
        int letters = v->letters[l] < LETTER_POINTS_MAX ? v->letters[l] : LETTER_POINTS_MAX;
        int points = among & BIT(l) ? v->points[l] + letters : 0;
        if (points > *ret_points) {
            *ret_second = *ret_points;
            *ret_points = points;
            *ret_first = (enum search_language)l;
        } else if (points > *ret_second) {
            *ret_second = points;
        }
    }
}

/* One word may be chance, and two in a long text; languages that are close share most function
 * words, so the lead must be half a word and an eighth. */
static enum search_language winner(const struct votes *v, uint32_t among, size_t words)
{
    enum search_language first;
    int points, second;
    leaders(v, among, &first, &points, &second);
    bool clear = points >= POINTS_LEAST && points >= (int)words &&
                 points - second >= POINTS_WORD / 2 && (points - second) * 8 >= points;
    return clear ? first : SEARCH_LANGUAGE_NONE;
}

static enum search_language by_words(struct str text, struct votes *v, uint32_t among)
{
    struct search_tokens walk;
    struct search_token token;
    search_tokens_init(&walk, text, SEARCH_LANGUAGE_NONE);
    size_t words = 0;
    while (words < WORDS_MAX && search_tokens_next_running(&walk, &token)) {
        const struct stop_word *w = token.dense ? NULL : find_stop_word(token.text);
        words += !token.dense;
        if (w)
            vote(v->points, w->stop & among, POINTS_WORD);
        if (words < WORDS_ENOUGH || words % 8 != 0)
            continue;
        enum search_language first;
        int points, second;
        leaders(v, among, &first, &points, &second);
        if (points >= 8 * POINTS_WORD && points >= 3 * second)
            return first;
    }
    return winner(v, among, words);
}

static enum script leading_script(const struct votes *v)
{
    enum script lead = LATIN;
    for (unsigned s = CYRILLIC; s < SCRIPTS; s++) /* a character of Han is a word */
        if (v->scripts[s] * (s == HAN ? 3 : 1) > v->scripts[lead] * (lead == HAN ? 3 : 1))
            lead = (enum script)s;
    return lead;
}

enum search_language search_language_of(struct str text)
{
    static const uint32_t CYRILLIC_ONES = BIT(SEARCH_RUSSIAN) | BIT(SEARCH_UKRAINIAN);
    struct votes v = { 0 };
    text = utf8_cut(text, SEARCH_LANGUAGE_BYTES_MAX);
    count_letters(text, &v);
    switch (leading_script(&v)) {
    case LATIN:
        return by_words(text, &v, ~(CYRILLIC_ONES | BIT(SEARCH_ARABIC)));
    case CYRILLIC:
        return by_words(text, &v, CYRILLIC_ONES);
    case GREEK:
        return SEARCH_GREEK;
    case ARABIC:
        return v.strangers ? SEARCH_LANGUAGE_NONE : SEARCH_ARABIC;
    case HEBREW:
        return SEARCH_HEBREW;
    case DEVANAGARI:
        return SEARCH_HINDI;
    case TAMIL:
        return SEARCH_TAMIL;
    case THAI:
        return SEARCH_THAI;
    case HANGUL:
        return SEARCH_KOREAN;
    case HAN: /* Japanese writes its endings in kana */
    case KANA:
        return v.scripts[KANA] * 10 >= v.scripts[HAN] ? SEARCH_JAPANESE : SEARCH_CHINESE;
    default:
        return SEARCH_LANGUAGE_NONE;
    }
}
