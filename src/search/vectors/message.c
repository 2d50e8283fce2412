/* The vector of a message, the mean of a corpus, epochs (vectors.h). */
#include <math.h>

#include "search/vectors/bytes_dot.h"
#include "search/vectors/lanes.h"
#include "search/vectors/table_file.h"

/* --- the weighed average of words ------------------------------------------------------------------- */

/* Smooth inverse frequency (Arora, Liang, Ma 2017): a / (a + p(w)). p is the word's share of English as the language model has it,
 * else of the archive, else of the glosses, which are no ordinary language. 0: not in the space, or a function word. */
static const float SIF_A = 1e-3F;

static float weight_of(const struct search_space *s, const struct search_word_rows *w)
{
    static const enum search_table_kind ORDER[] = { SEARCH_TABLE_BIGRAMS, SEARCH_TABLE_OWN,
                                                    SEARCH_TABLE_GLOSSES };
    float weight = 0;
    for (size_t i = COUNTOF(ORDER); i-- > 0;) {
        float share = w->row[ORDER[i]] < 0 ? -1 : s->tables[ORDER[i]]->shares[w->row[ORDER[i]]];
        if (share >= 1)
            return 0;
        if (share >= 0)
            weight = SIF_A / (SIF_A + share);
    }
    return weight;
}

typedef int8_t eight_bytes __attribute__((vector_size(8), aligned(1), may_alias));
typedef int32_t eight_ints __attribute__((vector_size(32)));

LANES_BODY void add_row_body(float *to, const int8_t *row, size_t n, float by)
{
    for (size_t i = 0; i < n; i += LANES) {
        eight_ints wide = __builtin_convertvector(*(const eight_bytes *)(row + i), eight_ints);
        LANES_PUT(to + i, LANES_AT(to + i) + by * __builtin_convertvector(wide, lanes));
    }
}
LANES_KERNEL(add_row, (float *to, const int8_t *row, size_t n, float by), (to, row, n, by))

/* ret has s->bytes floats. Gives how many of the words are in the space. */
static size_t average(const struct search_space *s, const struct search_word_rows *words,
                      size_t count, float *ret)
{
    size_t known = 0;
    memset(ret, 0, s->bytes * sizeof *ret);
    for (size_t i = 0; i < count; i++) {
        float weight = weight_of(s, &words[i]);
        if (!(weight > 0))
            continue;
        known++;
        for (int k = 0; k < SEARCH_TABLE_KINDS; k++) {
            const struct search_table *t = s->tables[k];
            int32_t row = words[i].row[k];
            if (row >= 0)
                add_row(ret + s->at[k], t->vectors + (size_t)row * t->stride, t->stride,
                        weight * t->scales[row]);
        }
    }
    for (size_t i = 0; known && i < s->bytes; i++)
        ret[i] /= (float)known;
    return known;
}

void search_message_vector(const struct search_space *s, const struct search_epoch *e,
                           const struct search_word_rows *words, size_t count,
                           struct search_vector *ret)
{
    assert(search_epoch_fits(e, s));
    float v[SEARCH_VECTOR_BYTES_MAX];
    *ret = (struct search_vector){ .scale = 0 };
    if (!average(s, words, count, v))
        return;
    double square = 0;
    for (size_t i = 0; i < s->bytes; i++) {
        v[i] -= e->mean[i];
        square += (double)v[i] * (double)v[i];
    }
    if (square < 1e-20)
        return;
    float by = (float)(1 / sqrt(square));
    for (size_t i = 0; i < s->bytes; i++)
        v[i] *= by;
    ret->scale = bytes_quantise(v, s->bytes, ret->v);
}

float search_vector_cosine(const struct search_vector *x, const struct search_vector *y,
                           uint32_t bytes)
{
    int16_t wide[SEARCH_VECTOR_BYTES_MAX];
    if (!bytes)
        return 0;
    bytes_widen(x->v, bytes, wide);
    return x->scale * y->scale * (float)bytes_dot(wide, y->v, bytes);
}

float search_vector_cosine_part(const struct search_vector *x, const struct search_vector *y,
                                uint32_t part)
{
    int16_t wide[SEARCH_VECTOR_BYTES_MAX];
    bytes_widen(x->v, part, wide);
    return bytes_scale(x->v, part) * bytes_scale(y->v, part) * (float)bytes_dot(wide, y->v, part);
}

struct str search_vector_write(struct arena *a, const struct search_vector *v, uint32_t bytes)
{
    char *to = arena_bytes(a, SEARCH_VECTOR_HEAD_BYTES + bytes);
    if (!to)
        return STR_NONE;
    memcpy(to, &v->scale, SEARCH_VECTOR_HEAD_BYTES);
    memcpy(to + SEARCH_VECTOR_HEAD_BYTES, v->v, bytes);
    return str_of(to, SEARCH_VECTOR_HEAD_BYTES + bytes);
}

bool search_vector_read(struct str row, uint32_t bytes, struct search_vector *ret)
{
    if (row.n != SEARCH_VECTOR_HEAD_BYTES + bytes || bytes > SEARCH_VECTOR_BYTES_MAX)
        return false;
    memcpy(&ret->scale, row.s, SEARCH_VECTOR_HEAD_BYTES);
    memcpy(ret->v, row.s + SEARCH_VECTOR_HEAD_BYTES, bytes);
    return ret->scale >= 0 && ret->scale <= 1;
}

/* --- the mean ------------------------------------------------------------------------------------------ */

void search_mean_init(struct search_mean *m)
{
    *m = (struct search_mean){ 0 };
}

void search_mean_add(struct search_mean *m, const struct search_space *s,
                     const struct search_word_rows *words, size_t count)
{
    float v[SEARCH_VECTOR_BYTES_MAX];
    if (!average(s, words, count, v))
        return;
    m->messages++;
    for (size_t i = 0; i < s->bytes; i++)
        m->sum[i] += (double)v[i];
}

void search_mean_end(const struct search_mean *m, const struct search_space *s,
                     struct search_epoch *e)
{
    e->bytes = s->bytes;
    for (int k = 0; k < SEARCH_TABLE_KINDS; k++)
        e->id[k] = s->tables[k] ? s->tables[k]->id : (struct search_table_id){ 0 };
    for (size_t i = 0; i < SEARCH_VECTOR_BYTES_MAX; i++)
        e->mean[i] = m->messages && i < s->bytes ? (float)(m->sum[i] / (double)m->messages) : 0;
}

/* --- epochs -------------------------------------------------------------------------------------------- */

bool search_epoch_fits(const struct search_epoch *e, const struct search_space *s)
{
    for (int k = 0; k < SEARCH_TABLE_KINDS; k++) {
        struct search_table_id id = s->tables[k] ? s->tables[k]->id : (struct search_table_id){ 0 };
        if (memcmp(&id, &e->id[k], sizeof id) != 0)
            return false;
    }
    return e->bytes == s->bytes;
}

struct epoch_head { /* in bytes: this, then the mean */
    int64_t number, messages;
    struct search_table_id id[SEARCH_TABLE_KINDS];
    uint32_t version, bytes;
};
_Static_assert(sizeof(struct epoch_head) == 16 + 16 * SEARCH_TABLE_KINDS + 8, "without gaps");

struct str search_epoch_write(struct arena *a, const struct search_epoch *e)
{
    struct epoch_head h = { e->number, e->messages, { { { 0 } } }, TABLE_VERSION, e->bytes };
    memcpy(h.id, e->id, sizeof h.id);
    size_t n = sizeof h + e->bytes * sizeof(float);
    char *to = arena_bytes(a, n);
    if (!to)
        return STR_NONE;
    memcpy(to, &h, sizeof h);
    memcpy(to + sizeof h, e->mean, e->bytes * sizeof(float));
    return str_of(to, n);
}

err_t search_epoch_read(struct str bytes, struct search_epoch *ret)
{
    struct epoch_head h;
    if (bytes.n < sizeof h)
        return E_CORRUPT;
    memcpy(&h, bytes.s, sizeof h);
    if (h.version != TABLE_VERSION || h.bytes > SEARCH_VECTOR_BYTES_MAX || h.bytes % 32 ||
        bytes.n != sizeof h + h.bytes * sizeof(float))
        return E_CORRUPT;
    struct search_epoch e = { .number = h.number, .messages = h.messages, .bytes = h.bytes };
    memcpy(e.id, h.id, sizeof e.id);
    memcpy(e.mean, bytes.s + sizeof h, h.bytes * sizeof(float));
    for (size_t i = 0; i < h.bytes; i++)
        if (!(fabsf(e.mean[i]) <= 1))
            return E_CORRUPT;
    *ret = e;
    return OK;
}
