/* Whose words does a query speak of? In a search box people look for answers as often as for what they said themselves, so what they
 * said counts only where the query is in the first person (research/retrieval.md, `about`); and what was answered, where it asks what
 * "you" said or did, or for a summary of it all. */
#include "search/ranking/ranking.h"

/* All folded. */
static const char
    *const FIRST[] = {
        "i",    "me",   "my",    "mine",     "myself",  "we",      "us",     "our",
        "ours", /* English */
        "ich",  "mich", "mir",   "mein",     "meine",   "meinen",  "meinem", "meiner",
        "wir",  "uns",  "unser", "unsere",                                  /* German */
        "je",   "moi",  "mon",   "mes",      "nous",    "notre",   "nos",   /* French */
        "yo",   "mi",   "mis",   "nosotros", "nuestro", "nuestra",          /* Spanish */
        "eu",   "meu",  "minha", "meus",     "minhas",  "nosso",   "nossa", /* Portuguese */
        "io",   "mio",  "mia",   "miei",     "mie",     "noi",     "nostro", "nostra", /* Italian */
        "ik",   "mij",  "mijn",  "wij",      "onze",                                   /* Dutch */
    };
static const char *const SECOND[] = {
    "you",  "your",  "yours",                         /* English */
    "du",   "dein",  "deine", "dir",  "dich",         /* German */
    "tu",   "ton",   "tes",   "vous", "votre", "vos", /* French, Italian */
    "tus",  "usted", "su",                            /* Spanish */
    "voce", "seu",   "sua",                           /* Portuguese */
    "tuo",  "tua",                                    /* Italian */
    "jij",  "jouw",  "je",                            /* Dutch */
};
/* "can you tell me": asks, and says nothing of what was said. */
static const char *const ASKING[] = { "can",  "could",  "would",  "will", "do",   "kannst",
                                      "peux", "pouvez", "puedes", "pode", "puoi", "kun" };

/* "did you", "du … hast": what was said or done, not what is asked for now. So far apart at most, in either order. */
static const struct past {
    const char *you, *did;
    size_t apart;
} PAST[] = {
    { "you", "did", 1 },  { "you", "have", 1 },   { "you", "had", 1 }, { "you", "ve", 1 },
    { "du", "hast", 8 },  { "du", "hattest", 8 }, { "tu", "as", 2 },   { "vous", "avez", 2 },
    { "jij", "heb", 1 },  { "jij", "hebt", 1 },   { "je", "hebt", 1 }, { "voce", "disse", 1 },
    { "voce", "deu", 2 }, { "voce", "fez", 1 },
};
/* After "you"; and what ends in -ed. */
static const char *const IRREGULAR[] = { "said", "told", "gave",  "wrote",
                                         "made", "sent", "found", "taught" };
/* Verbs that need no pronoun. */
static const char *const YOU_DID[] = {
    "hai",        "avete",        "dijiste",   "diste",       "hiciste", /* Italian, Spanish */
    "escribiste", "recomendaste", "sugeriste", "mencionaste", "explicaste",
};
static const char *const ADVERBS[] = { "just", "already", "earlier", "once", "also" };
/* Words that begin so ask for all of it. (French and Spanish "resume" is a paper in English.) */
static const char *const SUMMARY[] = { "summar",    "recap",   "overview", "zusammenfass",
                                       "uberblick", "resumer", "resumen",  "resumir",
                                       "resumo",    "riassu",  "samenvat" };

static bool among(struct str word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(word, str_from(list[i])))
            return true;
    return false;
}

enum { BACK = 8 };

struct speech {              /* a query, so far */
    struct str before[BACK]; /* the last words, the latest first */
    size_t count;
    bool first, second, past, summary, asking;
};

/* "you recommended", but not "you need". */
static bool is_past_verb(struct str you, struct str verb)
{
    return str_eq(you, S("you")) &&
           (among(verb, IRREGULAR, COUNTOF(IRREGULAR)) ||
            (verb.n > 3 && str_ends(verb, S("ed")) && !str_ends(verb, S("eed"))));
}

static bool tells_past(const struct speech *s, struct str word)
{
    if (among(word, YOU_DID, COUNTOF(YOU_DID)) || (s->count && is_past_verb(s->before[0], word)))
        return true;
    for (size_t i = 0; i < COUNTOF(PAST); i++)
        for (size_t k = 0; k < PAST[i].apart && k < s->count; k++)
            if ((str_eq(word, str_from(PAST[i].you)) &&
                 str_eq(s->before[k], str_from(PAST[i].did))) ||
                (str_eq(word, str_from(PAST[i].did)) &&
                 str_eq(s->before[k], str_from(PAST[i].you))))
                return true;
    return false;
}

static bool asks_for_all(struct str word)
{
    for (size_t i = 0; i < COUNTOF(SUMMARY); i++)
        if (str_starts(word, str_from(SUMMARY[i])))
            return true;
    return false;
}

static void hear(struct speech *s, struct str word)
{
    if (among(word, ADVERBS, COUNTOF(ADVERBS)) || (word.n > 4 && str_ends(word, S("ly"))))
        return; /* "you previously said" */
    bool is_first = among(word, FIRST, COUNTOF(FIRST));
    s->first |= is_first;
    s->second |= !is_first && !s->asking && among(word, SECOND, COUNTOF(SECOND));
    s->past |= tells_past(s, word);
    s->summary |= asks_for_all(word);
    s->asking = among(word, ASKING, COUNTOF(ASKING));
    memmove(s->before + 1, s->before, (BACK - 1) * sizeof *s->before);
    s->before[0] = word;
    s->count += s->count < BACK;
}

enum rank_speaker rank_speaker_of(struct arena *a, struct str words)
{
    struct search_tokens walk;
    struct search_token token;
    struct speech s = { .count = 0 };
    search_tokens_init(&walk, words, SEARCH_LANGUAGE_NONE);
    while (search_tokens_next_running(&walk, &token))
        hear(&s, str_dup(a, token.text));
    if (s.past || s.summary)
        return RANK_ANSWERER;
    return s.first && !s.second ? RANK_ASKER : RANK_ANYBODY;
}

bool rank_names(const struct search_query *q, struct str author)
{
    enum { NAME_BYTES_MIN = 3 }; /* "de", "van" and initials name nobody */
    struct search_tokens walk;
    struct search_token token;
    if (!author.n)
        return false;
    search_tokens_init(&walk, author, SEARCH_LANGUAGE_NONE);
    while (search_tokens_next_running(&walk, &token))
        for (size_t i = 0; i < q->count && token.text.n >= NAME_BYTES_MIN; i++)
            if (q->terms[i].plain && q->terms[i].ranked &&
                str_eq(q->terms[i].tokens[0].text, token.text))
                return true;
    return false;
}
