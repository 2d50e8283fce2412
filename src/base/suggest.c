#include "base/suggest.h"

enum { NAME_BYTES_MAX = 48, LETTERS_A_FAULT = 3, BEGINNING_BYTES_MIN = 3 };

struct suggestion suggest(struct str given)
{
    return (struct suggestion){ .given = given, .distance = SIZE_MAX };
}

static char letter(struct str s, size_t i)
{
    char c = s.s[i];
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c == '_' ? '-' : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Letters to change, add, leave out or swap with the next (optimal string alignment). */
static size_t distance(struct str a, struct str b)
{
    size_t rows[3][NAME_BYTES_MAX + 1];
    assert(a.n <= NAME_BYTES_MAX && b.n <= NAME_BYTES_MAX);
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b.n; j++)
        last[j] = before[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        now[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            bool same = letter(a, i - 1) == letter(b, j - 1);
            now[j] = least(last[j - 1] + !same, least(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && letter(a, i - 1) == letter(b, j - 2) &&
                letter(a, i - 2) == letter(b, j - 1))
                now[j] = least(now[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = last;
        last = now;
        now = oldest;
    }
    return last[b.n];
}

static bool begins(struct str name, struct str with)
{
    if (with.n < BEGINNING_BYTES_MIN || with.n >= name.n)
        return false;
    for (size_t i = 0; i < with.n; i++)
        if (letter(name, i) != letter(with, i))
            return false;
    return true;
}

void suggest_offer(struct suggestion *s, struct str name)
{
    if (s->given.n > NAME_BYTES_MAX || name.n > NAME_BYTES_MAX || !s->given.n)
        return;
    if (begins(name, s->given)) {
        s->begins = name;
        s->beginnings++;
    }
    size_t d = distance(s->given, name), shorter = least(s->given.n, name.n);
    size_t allowed = shorter < LETTERS_A_FAULT ? shorter / 2 : shorter / LETTERS_A_FAULT;
    if (d <= allowed && d < s->distance) {
        s->distance = d;
        s->near = name;
    }
}

struct str suggest_best(const struct suggestion *s)
{
    if (s->near.s)
        return s->near;
    return s->beginnings == 1 ? s->begins : STR_NONE;
}
