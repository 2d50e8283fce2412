/* Does a query speak of what somebody said? In a search box people look for answers as often as for what they said themselves, so
 * what they said counts only where the query is in the first person (research/retrieval.md, `about`). */
#include "search/ranking/ranking.h"

/* Folded; with spaces around each. */
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
static const char *const ASKING[] = { "can",    "could",  "would", "will", "kannst", "peux",
                                      "pouvez", "puedes", "pode",  "puoi", "kun" };

static bool among(struct str word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(word, str_from(list[i])))
            return true;
    return false;
}

bool rank_first_person(struct str words)
{
    struct search_tokens walk;
    struct search_token token;
    bool first = false, second = false, asking = false;
    search_tokens_init(&walk, words, SEARCH_LANGUAGE_NONE);
    while (search_tokens_next_running(&walk, &token)) {
        bool is_first = among(token.text, FIRST, COUNTOF(FIRST));
        first |= is_first;
        second |= !is_first && !asking && among(token.text, SECOND, COUNTOF(SECOND));
        asking = among(token.text, ASKING, COUNTOF(ASKING));
    }
    return first && !second;
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
