/* "$$5 and $$10" is money and "\[optional\]" is prose, and both are written as formulas are. What tells them apart is where the
 * marks stand and what stands between them; in doubt it stays text, where nothing is lost. */
#include "archive/markdown_parts.h"

static bool is_blank_at(struct str t, size_t at)
{
    return at >= t.n || t.s[at] == ' ' || t.s[at] == '\t' || t.s[at] == '\n';
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool is_digit_at(struct str t, size_t at)
{
    return at < t.n && t.s[at] >= '0' && t.s[at] <= '9';
}

/* A command of TeX, or an exponent: prose has none. */
static bool is_surely_tex(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.s[i] == '^' || (s.s[i] == '\\' && i + 1 < s.n && is_word_char(s.s[i + 1])) ||
            (s.s[i] == '_' && i + 1 < s.n && s.s[i + 1] == '{'))
            return true;
    return false;
}

static bool has_sign(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.s[i] && strchr("=+<>*/|_^\\{}", s.s[i]))
            return true;
    return false;
}

struct words {
    size_t count, longest; /* parted by blanks; the longest run of letters in one */
};

static struct words count_words(struct str s)
{
    struct words w = { 0 };
    for (size_t i = 0, letters = 0; i < s.n; i++) {
        w.count += !is_blank_at(s, i) && (i == 0 || is_blank_at(s, i - 1));
        letters = is_word_char(s.s[i]) ? letters + 1 : 0;
        w.longest = letters > w.longest ? letters : w.longest;
    }
    return w;
}

/* Nothing but punctuation between `at` and the end of its line. */
static bool line_is_over(struct str t, size_t at)
{
    while (at < t.n && t.s[at] != '\n' && t.s[at] && strchr(" \t.,;:", t.s[at]))
        at++;
    return at >= t.n || t.s[at] == '\n';
}

static bool line_begins(struct str t, size_t at)
{
    while (at && (t.s[at - 1] == ' ' || t.s[at - 1] == '\t'))
        at--;
    return !at || t.s[at - 1] == '\n';
}

/* \[ … \]: in a sentence only what can be nothing else; on lines of its own all but plain words and numbers. */
static bool is_bracket_formula(struct str t, size_t open, size_t close)
{
    struct str inside = str_sub(t, open + 2, close);
    bool padded = is_blank_at(t, open + 2) && is_blank_at(t, close - 1);
    bool alone = str_find_char(inside, '\n', 0) < inside.n ||
                 (line_begins(t, open) && line_is_over(t, close + 2));
    if (is_surely_tex(inside) || (has_sign(inside) && (alone || padded)))
        return true;
    struct words w = count_words(inside);
    if (!alone)
        return padded && w.longest == 1;
    return w.longest > 1 ? padded && w.count == 1 : padded || w.longest == 1;
}

/* $$ … $$: money has its mark on one side of a number, and words behind it. */
static bool is_dollar_formula(struct str t, size_t open, size_t close)
{
    struct str inside = str_sub(t, open + 2, close);
    bool lopsided = is_blank_at(t, open + 2) != is_blank_at(t, close - 1) &&
                    str_find_char(inside, '\n', 0) >= inside.n;
    struct words w = count_words(inside);
    if (lopsided || is_digit_at(t, close + 2))
        return is_surely_tex(inside) && !is_digit_at(t, close + 2);
    return is_surely_tex(inside) || has_sign(inside) || w.count == 1 || w.longest <= 1;
}

size_t formula_end(struct str t, size_t open, size_t close)
{
    if (close <= open + 2 || str_trim(str_sub(t, open + 2, close)).n == 0)
        return open;
    bool is =
        t.s[open] == '$' ? is_dollar_formula(t, open, close) : is_bracket_formula(t, open, close);
    return is ? close + 2 : open;
}
