#include "archive/finding.h"

#define FINDING_ROW(NAME, name, level, words) { name, words, FINDING_##level },
static const struct {
    const char *name, *words;
    int level;
} FINDINGS[FOUND_COUNT] = { FINDING_TABLE(FINDING_ROW) };

const char *finding_name(enum finding_code code)
{
    return FINDINGS[code].name;
}

bool finding_is_warning(enum finding_code code)
{
    return FINDINGS[code].level == FINDING_WARNING;
}

const char *finding_words(enum finding_code code)
{
    return FINDINGS[code].words;
}

bool finding_parse(struct str name, enum finding_code *ret)
{
    for (int i = 0; i < FOUND_COUNT; i++)
        if (str_eq(name, str_from(FINDINGS[i].name))) {
            *ret = (enum finding_code)i;
            return true;
        }
    return false;
}
