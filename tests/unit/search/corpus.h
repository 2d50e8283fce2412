/* A made-up language with meaning, for the tests of similar words: topics of ten words; a sentence takes words of one topic and the
 * words that all share. So words of a topic are similar, and those of two are not. The same from the same seed. */
#ifndef VIVIM_TEST_SEARCH_CORPUS_H
#define VIVIM_TEST_SEARCH_CORPUS_H

#include "search/vectors/table_make.h"

enum { TOPICS = 12, TOPIC_WORDS = 10, SHARED_WORDS = 8, SENTENCE = 12, SENTENCES = 4000 };
enum { CORPUS_WORDS = TOPICS * TOPIC_WORDS + SHARED_WORDS };

struct made_up {
    uint64_t state;
    size_t sentence;
    uint32_t words[SENTENCE];
    char stem[16];
    size_t fail_at; /* 0: never; else this sentence cannot be read */
};

static uint32_t made_up_random(struct made_up *m, uint32_t below)
{
    m->state = m->state * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)((m->state >> 33) % below);
}

static uint32_t made_up_word(uint32_t topic, uint32_t i)
{
    return SHARED_WORDS + topic * TOPIC_WORDS + i;
}

static err_t made_up_rewind(void *context)
{
    struct made_up *m = context;
    m->state = 7;
    m->sentence = 0;
    return OK;
}

static err_t made_up_next(void *context, struct search_sequence *ret, bool *ret_more)
{
    struct made_up *m = context;
    uint32_t topic = made_up_random(m, TOPICS);
    if (++m->sentence == m->fail_at)
        return E_DB;
    for (size_t i = 0; i < SENTENCE; i++)
        m->words[i] = i % 3 == 2 ? made_up_random(m, SHARED_WORDS)
                                 : made_up_word(topic, made_up_random(m, TOPIC_WORDS));
    *ret = (struct search_sequence){ m->words, SENTENCE };
    *ret_more = m->sentence < SENTENCES;
    return OK;
}

/* "t3w4": the fourth word of the third topic. Ids are in another order than the stems. */
static err_t made_up_stem(void *context, uint32_t id, struct str *ret)
{
    struct made_up *m = context;
    if (id < SHARED_WORDS)
        snprintf(m->stem, sizeof m->stem, "of%u", id);
    else
        snprintf(m->stem, sizeof m->stem, "t%uw%u", (id - SHARED_WORDS) / TOPIC_WORDS,
                 (id - SHARED_WORDS) % TOPIC_WORDS);
    *ret = str_from(m->stem);
    return OK;
}

static struct search_corpus made_up_corpus(struct made_up *m)
{
    *m = (struct made_up){ .state = 7 };
    return (struct search_corpus){ m, CORPUS_WORDS, made_up_rewind, made_up_next, made_up_stem };
}

#endif
