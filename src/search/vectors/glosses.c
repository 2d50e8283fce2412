/* Table A: WordNet's explanations with their synonyms (sources.h). The files' form: wndb(5WN). */
#include <stdio.h>

#include "base/utf8.h"
#include "os/file.h"
#include "search/vectors/sources.h"
#include "search/words/words.h"

enum {
    ROWS_MAX = 25000,
    DIMS = 300,
    COUNT_MIN = 2,
    FILE_BYTES_MAX = 64 << 20,
    LINE_BYTES_MAX = 1 << 16,
    CHECK_EVERY = 2000, /* lines */
};
static const char *const FILES[] = { "data.adj", "data.adv", "data.noun", "data.verb" };

static bool path_of(const char *folder, const char *name, char ret[512])
{
    int n = snprintf(ret, 512, "%s/%s", folder, name);
    return n > 0 && n < 512;
}

bool glosses_there(const char *folder)
{
    char path[512];
    for (size_t i = 0; i < COUNTOF(FILES); i++)
        if (!path_of(folder, FILES[i], path) || !file_exists(path))
            return false;
    return true;
}

/* --- a line: "offset number type count word id … | explanation" ------------------------------------- */

static bool hexadecimal(struct str s, size_t *ret)
{
    static const struct str DIGITS = { "0123456789abcdef", 16 };
    size_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        size_t digit = str_find_char(DIGITS, s.s[i], 0);
        if (digit == DIGITS.n || s.n > 4)
            return false;
        v = v * 16 + digit;
    }
    *ret = v;
    return s.n > 0;
}

bool glosses_line(struct str line, struct buf *to)
{
    struct str rest = line, field, head;
    size_t words;
    buf_clear(to);
    if (line.n > LINE_BYTES_MAX || str_starts(line, S(" ")) || !str_cut(&rest, '|', &head) ||
        !rest.s)
        return false;
    for (int i = 0; i < 3; i++)
        if (!str_cut(&head, ' ', &field))
            return false;
    if (!str_cut(&head, ' ', &field) || !hexadecimal(field, &words))
        return false;
    for (size_t i = 0; i < words; i++) {
        struct str word;
        if (!str_cut(&head, ' ', &word) || !str_cut(&head, ' ', &field))
            return false;
        for (size_t k = 0; k < word.n; k++)
            buf_putc(to, word.s[k] == '_' ? ' ' : word.s[k]);
        buf_putc(to, ' ');
    }
    buf_put(to, rest);
    return buf_err(to) == OK;
}

/* --- all of it, as ids --------------------------------------------------------------------------------- */

struct reading {
    struct arena arena; /* all of this */
    struct vocabulary *vocabulary;
    double *functions; /* of an id: how often it stood for a function word */
    uint32_t *ids;     /* of the texts, one after another */
    size_t count, max;
    uint32_t *ends; /* where each text ends in it */
    size_t texts, texts_max;
};

static err_t read_text(struct reading *r, struct str text)
{
    struct search_tokens walk;
    struct search_token t;
    search_tokens_init(&walk, text, SEARCH_ENGLISH);
    while (r->count < r->max && search_tokens_next_running(&walk, &t)) {
        uint32_t id;
        TRY(vocabulary_id(r->vocabulary, t.stem, &id));
        r->ids[r->count++] = id;
        r->functions[id] += search_word_class(SEARCH_ENGLISH, t.text) != SEARCH_WORD_CONTENT;
    }
    r->ends[r->texts++] = (uint32_t)r->count;
    return OK;
}

static err_t read_lines(struct reading *r, struct str rest, const struct search_check *check)
{
    CLEANUP(buf_free) struct buf text;
    struct str line;
    buf_init(&text, NULL, 2 * LINE_BYTES_MAX);
    for (size_t n = 0; r->texts < r->texts_max && str_cut(&rest, '\n', &line); n++) {
        if (n % CHECK_EVERY == 0)
            TRY(search_check(check));
        if (glosses_line(line, &text) && utf8_ok(buf_str(&text)))
            TRY(read_text(r, buf_str(&text)));
    }
    return OK;
}

static err_t read_files(struct reading *r, const char *folder, const struct search_check *check)
{
    for (size_t i = 0; i < COUNTOF(FILES); i++) {
        CLEANUP(arena_free) struct arena a;
        struct str bytes;
        char path[512];
        arena_init(&a, FILE_BYTES_MAX + KIB(4));
        if (!path_of(folder, FILES[i], path))
            return E_NOT_FOUND;
        TRY(file_read(&a, path, FILE_BYTES_MAX, &bytes));
        TRY(read_lines(r, bytes, check));
    }
    return r->count ? OK : err_note(E_CORRUPT, NULL, "%s holds no explanations of words", folder);
}

static err_t reading_init(struct reading *r)
{
    *r = (struct reading){ .max = 4000000, .texts_max = 400000 };
    arena_init(&r->arena, MIB(256));
    TRY(vocabulary_new(&r->arena, &r->vocabulary));
    r->functions = ARENA_ARRAY(&r->arena, double, r->max);
    r->ids = ARENA_ARRAY(&r->arena, uint32_t, r->max);
    r->ends = ARENA_ARRAY(&r->arena, uint32_t, r->texts_max);
    return arena_err(&r->arena);
}

static err_t plan(struct reading *r, int32_t **ret_row_of, struct table_plan *ret)
{
    size_t words = vocabulary_size(r->vocabulary);
    struct word_count *kept = ARENA_ARRAY(&r->arena, struct word_count, words);
    struct str *stems = ARENA_ARRAY(&r->arena, struct str, words);
    int32_t *row_of = ARENA_ARRAY(&r->arena, int32_t, words);
    TRY(arena_err(&r->arena));
    for (size_t i = 0; i < words; i++) {
        kept[i].id = (uint32_t)i;
        row_of[i] = -1;
    }
    for (size_t i = 0; i < r->count; i++)
        kept[r->ids[i]].weight++;
    size_t rows = word_counts_keep(kept, words, ROWS_MAX, COUNT_MIN);
    for (size_t i = 0; i < rows; i++)
        stems[i] = vocabulary_stem(r->vocabulary, kept[i].id);
    if (!rows)
        return err_note(E_CORRUPT, NULL, "too few words are explained");
    *ret_row_of = row_of;
    return rows_plan(&r->arena, kept, stems, rows, (double)r->count, r->functions, row_of, ret);
}

static err_t count_pairs(struct reading *r, const int32_t *row_of, struct cooccurrence *c)
{
    int32_t *rows = ARENA_ARRAY(&r->arena, int32_t, r->count);
    TRY(arena_err(&r->arena));
    for (size_t i = 0; i < r->count; i++)
        rows[i] = row_of[r->ids[i]];
    for (size_t i = 0, from = 0; i < r->texts; from = r->ends[i++])
        cooccurrence_add(c, rows + from, r->ends[i] - from);
    return OK;
}

static err_t make(struct reading *r, struct arena *counts, struct arena *a, const char *folder,
                  const struct search_check *check, struct str *ret)
{
    struct table_plan p = { .kind = SEARCH_TABLE_GLOSSES, .dims = DIMS };
    struct cooccurrence c;
    int32_t *row_of = NULL;
    TRY(reading_init(r));
    TRY(read_files(r, folder, check));
    TRY(plan(r, &row_of, &p));
    TRY(table_counts_new(counts, &c));
    TRY(count_pairs(r, row_of, &c));
    return table_make(a, &p, &c, counts, check, ret);
}

err_t glosses_table_make(struct arena *a, const char *folder, const struct search_check *check,
                         struct str *ret)
{
    struct reading r = { 0 };
    struct arena counts;
    arena_init(&counts, MIB(512));
    err_t e = make(&r, &counts, a, folder, check, ret);
    arena_free(&r.arena);
    arena_free(&counts);
    return e;
}
