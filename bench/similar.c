/* Similar words, measured alone on one thread: making both background tables (CPU, peak memory), an account's own table, the scan
 * of many vectors; and how well vectors alone find the evidence of a set of questions, which is the check that the tables are right.
 *
 *   similar make glosses|bigrams FILE       make one table from the Debian package
 *   similar scan COUNT                      the scan of COUNT vectors of 608 bytes
 *   similar recall DOCS QUERIES FILE ...    JSON Lines {conversation, id, text} and {conversation, query, evidence}; files of tables,
 *                                           and "own": make that one from DOCS
 *   similar near WORD FILE                  the words nearest to one
 * Each prints one line of JSON, but the last. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/json.h"
#include "base/map.h"
#include "os/file.h"
#include "search/vectors/sources.h"
#include "search/words/words.h"

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void need(err_t e, const char *what)
{
    if (e != OK) {
        fprintf(stderr, "similar: %s: %s %s\n", what, err_code(e), err_detail()->text);
        exit(1);
    }
}

/* --- making ------------------------------------------------------------------------------------------- */

static int make(const char *which, const char *path)
{
    struct arena a;
    struct str bytes = STR_NONE;
    struct rusage use;
    arena_init(&a, MIB(256));
    double from = cpu_seconds();
    if (strcmp(which, "glosses") == 0)
        need(glosses_table_make(&a, GLOSSES_FOLDER, NULL, &bytes), which);
    else
        need(bigrams_table_make(&a, BIGRAMS_FILE, NULL, &bytes), which);
    double seconds = cpu_seconds() - from;
    need(file_write_atomic(path, bytes, 0600), path);
    struct search_table t;
    need(search_table_open(bytes, &t), "opening");
    getrusage(RUSAGE_SELF, &use);
    printf("{\"table\":\"%s\",\"words\":%u,\"cpu_s\":%.1f,\"peak_mb\":%.0f,\"bytes\":%zu}\n", which,
           t.rows, seconds, (double)use.ru_maxrss / 1000, bytes.n);
    return 0;
}

/* --- the scan ------------------------------------------------------------------------------------------- */

static bool keep_half(const struct search_near_item *item, void *context)
{
    UNUSED(context);
    return item->meta & 1;
}

static int scan(size_t count)
{
    enum { BYTES = 608, ROUNDS = 50, HITS = 100 };
    struct search_near *n;
    struct search_vector v = { .scale = 0.01F };
    struct search_near_hit hits[HITS];
    uint64_t x = 1;
    need(search_near_new(BYTES, BYTES, (size_t)1 << 32, &n), "a set");
    for (size_t i = 0; i < count; i++) {
        struct search_near_item item = { .meta = (uint32_t)(i * 2654435761U >> 16) };
        memcpy(&item.id, &i, sizeof i);
        for (size_t k = 0; k < BYTES; k++) {
            x = x * 6364136223846793005 + 1442695040888963407;
            v.v[k] = (int8_t)((int)(x >> 33 & 0xff) - 128 + (x >> 33 == 0));
        }
        need(search_near_put(n, &item, &v), "an item");
    }
    double from = cpu_seconds(), all, half;
    for (int i = 0; i < ROUNDS; i++)
        search_near_scan(n, &v, true, NULL, NULL, hits, HITS);
    all = cpu_seconds() - from;
    from = cpu_seconds();
    for (int i = 0; i < ROUNDS; i++)
        search_near_scan(n, &v, true, keep_half, NULL, hits, HITS);
    half = cpu_seconds() - from;
    printf("{\"vectors\":%zu,\"bytes\":%d,\"all_ms\":%.2f,\"half_ms\":%.2f}\n", count, BYTES,
           all * 1000 / ROUNDS, half * 1000 / ROUNDS);
    search_near_free(n);
    return 0;
}

/* --- recall ----------------------------------------------------------------------------------------------- */

struct message {
    struct str conversation, id;
    uint32_t *words;
    size_t count;
    struct search_vector vector;
};

struct set {
    struct arena arena;
    struct vocabulary *vocabulary;
    struct message *messages;
    size_t count, at;              /* at: of the walk for the own table */
    struct search_word_rows *rows; /* of each word */
    struct search_space space;
    struct search_epoch epoch;
    struct search_table tables[SEARCH_TABLE_KINDS];
};

static void read_words(struct set *s, struct str text, struct message *m)
{
    struct search_tokens walk;
    struct search_token t;
    size_t n = 0;
    search_tokens_init(&walk, text, SEARCH_ENGLISH);
    while (search_tokens_next_running(&walk, &t))
        n++;
    m->words = ARENA_ARRAY(&s->arena, uint32_t, n);
    search_tokens_init(&walk, text, SEARCH_ENGLISH);
    while (search_tokens_next_running(&walk, &t))
        need(vocabulary_id(s->vocabulary, t.stem, &m->words[m->count++]), "a word");
}

static void read_messages(struct set *s, const char *path)
{
    struct str text, line;
    need(file_read(&s->arena, path, MIB(256), &text), path);
    for (size_t i = 0; i < text.n; i++)
        s->count += text.s[i] == '\n';
    s->messages = ARENA_ARRAY(&s->arena, struct message, s->count);
    for (size_t n = 0; n < s->count && str_cut(&text, '\n', &line); n++) {
        struct json j;
        struct message *m = &s->messages[n];
        need(json_parse(&s->arena, line, 8, &j), "a line");
        struct str said = json_get_str(j, S("text"));
        m->conversation = json_get_str(j, S("conversation"));
        m->id = json_get_str(j, S("id"));
        read_words(s, str_sub(said, str_find_char(said, ' ', 0), said.n), m);
    }
}

static err_t rewind_set(void *context)
{
    ((struct set *)context)->at = 0;
    return OK;
}

static err_t next_of_set(void *context, struct search_sequence *ret, bool *ret_more)
{
    struct set *s = context;
    *ret = (struct search_sequence){ s->messages[s->at].words, s->messages[s->at].count };
    *ret_more = ++s->at < s->count;
    return OK;
}

static err_t stem_of_set(void *context, uint32_t id, struct str *ret)
{
    *ret = vocabulary_stem(((struct set *)context)->vocabulary, id);
    return OK;
}

static void open_table(struct set *s, const char *path)
{
    struct str bytes;
    struct search_table t;
    if (strcmp(path, "own") == 0) {
        struct search_corpus c = { s, (uint32_t)vocabulary_size(s->vocabulary), rewind_set,
                                   next_of_set, stem_of_set };
        double from = cpu_seconds();
        need(search_own_table_make(&s->arena, &c, NULL, &bytes), path);
        fprintf(stderr, "own table: %.1f s\n", cpu_seconds() - from);
    } else {
        struct file_map *map = ARENA_NEW(&s->arena, struct file_map);
        need(file_map_open(path, SEARCH_TABLE_BYTES_MAX, map), path);
        bytes = map->bytes;
    }
    need(search_table_open(bytes, &t), path);
    s->tables[t.kind] = t;
    s->space.tables[t.kind] = &s->tables[t.kind];
}

static size_t rows_of(const struct set *s, const struct message *m, struct search_word_rows *to)
{
    for (size_t i = 0; i < m->count; i++)
        to[i] = s->rows[m->words[i]];
    return m->count;
}

static void make_vectors(struct set *s)
{
    struct search_word_rows *rows = ARENA_ARRAY(&s->arena, struct search_word_rows, 1000000);
    struct search_mean mean;
    s->rows = ARENA_ARRAY(&s->arena, struct search_word_rows, vocabulary_size(s->vocabulary));
    for (size_t i = 0; i < vocabulary_size(s->vocabulary); i++)
        s->rows[i] = search_space_word(&s->space, vocabulary_stem(s->vocabulary, (uint32_t)i));
    search_mean_init(&mean);
    for (size_t i = 0; i < s->count; i++)
        search_mean_add(&mean, &s->space, rows, rows_of(s, &s->messages[i], rows));
    search_mean_end(&mean, &s->space, &s->epoch);
    double from = cpu_seconds();
    for (size_t i = 0; i < s->count; i++)
        search_message_vector(&s->space, &s->epoch, rows, rows_of(s, &s->messages[i], rows),
                              &s->messages[i].vector);
    fprintf(stderr, "vectors: %.2f s of %zu messages\n", cpu_seconds() - from, s->count);
}

struct place {
    double score;
    const struct message *m;
};

static int better(const void *x, const void *y)
{
    double a = ((const struct place *)x)->score, b = ((const struct place *)y)->score;
    return a > b ? -1 : a < b;
}

static size_t question_rows(const struct set *s, struct str text, struct search_word_rows *to)
{
    struct search_tokens walk;
    struct search_token t;
    size_t n = 0;
    search_tokens_init(&walk, text, SEARCH_ENGLISH);
    while (search_tokens_next_running(&walk, &t))
        to[n++] = search_space_word(&s->space, t.stem);
    return n;
}

static void rank(const struct set *s, struct json q, double found[4])
{
    static const size_t KS[] = { 5, 10, 20, 50 };
    struct search_word_rows rows[1000];
    struct search_vector v;
    struct place *places = calloc(s->count, sizeof *places);
    size_t n = 0, want = json_count(json_get(q, S("evidence")));
    search_message_vector(&s->space, &s->epoch, rows,
                          question_rows(s, json_get_str(q, S("query")), rows), &v);
    for (size_t i = 0; i < s->count; i++)
        if (str_eq(s->messages[i].conversation, json_get_str(q, S("conversation")))) {
            const struct message *m = &s->messages[i];
            double cosine = (double)search_vector_cosine(&v, &m->vector, s->space.bytes);
            places[n++] = (struct place){ cosine, m };
        }
    qsort(places, n, sizeof *places, better);
    for (size_t k = 0; k < COUNTOF(KS); k++) {
        size_t got = 0;
        for (size_t i = 0; i < KS[k] && i < n; i++)
            for (size_t w = 0; w < want; w++) {
                struct json e = json_at(json_get(q, S("evidence")), w);
                char id[32];
                snprintf(id, sizeof id, "%lld", (long long)json_i64(e, -1));
                struct str name = json_is(e, JSON_STR) ? json_str(e) : str_from(id);
                got += str_eq(places[i].m->id, name);
            }
        found[k] += (double)got / (double)want;
    }
    free(places);
}

static int recall(const char *docs, const char *queries, char **tables)
{
    static struct set s;
    struct str text, line;
    double found[4] = { 0 };
    size_t asked = 0;
    arena_init(&s.arena, (size_t)1 << 32);
    need(vocabulary_new(&s.arena, &s.vocabulary), "words");
    read_messages(&s, docs);
    for (; *tables; tables++)
        open_table(&s, *tables);
    search_space_init(&s.space, s.space.tables[0], s.space.tables[1], s.space.tables[2]);
    make_vectors(&s);
    need(file_read(&s.arena, queries, MIB(16), &text), queries);
    while (str_cut(&text, '\n', &line) && line.n) {
        struct json q;
        need(json_parse(&s.arena, line, 8, &q), "a question");
        if (!json_count(json_get(q, S("evidence"))))
            continue;
        rank(&s, q, found);
        asked++;
    }
    printf("{\"questions\":%zu", asked);
    for (size_t k = 0; k < 4; k++)
        printf(",\"R@%s\":%.1f", (const char *[]){ "5", "10", "20", "50" }[k],
               found[k] * 100 / (double)asked);
    printf("}\n");
    return 0;
}

/* --- a look --------------------------------------------------------------------------------------------- */

static int near(const char *word, const char *path)
{
    struct file_map map;
    struct search_table t;
    struct search_space s;
    need(file_map_open(path, SEARCH_TABLE_BYTES_MAX, &map), path);
    need(search_table_open(map.bytes, &t), path);
    search_space_init(&s, t.kind == 0 ? &t : NULL, t.kind == 1 ? &t : NULL, NULL);
    struct search_word_rows *all = calloc(t.rows, sizeof *all);
    float *cosines = calloc(t.rows, sizeof *cosines);
    struct search_word_rows query = search_space_word(&s, str_from(word));
    for (uint32_t i = 0; i < t.rows; i++) {
        all[i] = (struct search_word_rows){ { -1, -1, -1 } };
        all[i].row[t.kind] = (int32_t)i;
    }
    search_space_similar(&s, &query, 1, all, t.rows, cosines);
    for (int n = 0; n < 15; n++) {
        uint32_t best = 0;
        for (uint32_t i = 1; i < t.rows; i++)
            if (cosines[i] > cosines[best])
                best = i;
        printf("%.2f %.*s\n", (double)cosines[best], (int)(t.offsets[best + 1] - t.offsets[best]),
               t.words + t.offsets[best]);
        cosines[best] = -2;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "make") == 0)
        return make(argv[2], argv[3]);
    if (argc == 3 && strcmp(argv[1], "scan") == 0)
        return scan((size_t)strtoull(argv[2], NULL, 10));
    if (argc >= 5 && strcmp(argv[1], "recall") == 0)
        return recall(argv[2], argv[3], argv + 4);
    if (argc == 4 && strcmp(argv[1], "near") == 0)
        return near(argv[2], argv[3]);
    fprintf(stderr, "usage: see bench/similar.c\n");
    return 2;
}
