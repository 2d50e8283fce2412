#include "archive/archive_merge.h"

#include "archive/archive_pictures.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/utf8.h"

/* What ChatGPT puts in place of a tool's output when a share is rendered again later. */
#define REDACTED S("The output of this plugin was redacted")

struct matcher {
    const struct archive_message *stored;
    size_t stored_count;
    struct map by_id;     /* where rows keep their ids: id -> stored row */
    struct map by_origin; /* origin id -> stored row */
    struct map by_hash;   /* hash -> the first stored row that says this */
    size_t *next_equal;   /* the next row with the same hash; stored_count: none */
    bool *taken;
    size_t walked; /* matches by hash go forwards: rows before it are behind the last one */
};

static struct str id_key(const struct archive_message *row)
{
    return str_of((const char *)row->id.b, sizeof row->id.b);
}

static err_t index_rows(struct matcher *m, bool by_id)
{
    for (size_t i = m->stored_count; i-- > 0;) {
        const struct archive_message *row = &m->stored[i], *after = map_get(&m->by_hash, row->hash);
        m->next_equal[i] = after ? (size_t)(after - m->stored) : m->stored_count;
        TRY(map_put(&m->by_hash, row->hash, (void *)row));
        if (row->origin_id.n)
            TRY(map_put(&m->by_origin, row->origin_id, (void *)row));
        if (by_id)
            TRY(map_put(&m->by_id, id_key(row), (void *)row));
    }
    return OK;
}

static err_t matcher_init(struct matcher *m, struct arena *a, const struct archive_message *stored,
                          size_t count, bool by_id)
{
    *m = (struct matcher){ .stored = stored, .stored_count = count };
    map_init(&m->by_id, a);
    map_init(&m->by_origin, a);
    map_init(&m->by_hash, a);
    m->taken = ARENA_ARRAY(a, bool, count + 1);
    m->next_equal = ARENA_ARRAY(a, size_t, count + 1);
    return m->taken && m->next_equal ? index_rows(m, by_id) : arena_err(a);
}

static const struct archive_message *take(struct matcher *m, const struct archive_message *row)
{
    m->taken[row - m->stored] = true;
    return row;
}

/* Both have an id from one place, and these differ: two messages. From two places the same message may have two ids. */
static bool are_told_apart(const struct archive_message *new, const struct archive_message *stored)
{
    return new->origin_id.n && stored->origin_id.n &&uuid_eq(new->source_id, stored->source_id);
}

/* Of two renderings one may name the messages and the other not (a page's JSON, its DOM): then what is equal is the same. */
static const struct archive_message *match(struct matcher *m, const struct archive_message *new)
{
    const struct archive_message *row = map_get(&m->by_id, id_key(new));
    if (!row && new->origin_id.n) {
        row = map_get(&m->by_origin, new->origin_id);
        if (row && m->taken[row - m->stored] && uuid_eq(row->source_id, new->source_id))
            return NULL;
    }
    if (row && !m->taken[row - m->stored])
        return take(m, row);
    const struct archive_message *first = map_get(&m->by_hash, new->hash);
    size_t i = first ? (size_t)(first - m->stored) : m->stored_count;
    for (; i < m->stored_count; i = m->next_equal[i]) {
        if (i >= m->walked && !m->taken[i] && !are_told_apart(new, &m->stored[i])) {
            m->walked = i + 1;
            return take(m, &m->stored[i]);
        }
    }
    return NULL;
}

/* --- what a rendering of another kind says in other words ------------------------------------------ */

static struct str place_key(struct arena *a, size_t question)
{
    return str_dup(a, str_of((const char *)&question, sizeof question));
}

/* The last answer of each turn (the stored question's place) that nothing was matched with. */
static err_t open_answers(struct matcher *m, struct arena *a, struct map *open)
{
    size_t question = m->stored_count;
    map_init(open, a);
    for (size_t i = 0; i < m->stored_count; i++) {
        const struct archive_message *row = &m->stored[i];
        if (!row->on_path || row->hidden)
            continue;
        if (str_eq(row->role, S("user")))
            question = i;
        else if (question < m->stored_count && str_eq(row->role, S("assistant")) && !m->taken[i] &&
                 row->rank)
            TRY(map_put(open, place_key(a, question), (void *)row));
    }
    return OK;
}

/* What a page shows and what its provider's data says differ in marks and tools; the answer to the same question, the last one
 * before the next question, is the same message. Only between kinds: two renderings of a kind that differ are two answers. */
static err_t match_answers(struct matcher *m, struct arena *a, const struct archive_message *new,
                           size_t count, const struct archive_message **olds)
{
    struct map open;
    size_t question = m->stored_count, last = count;
    TRY(open_answers(m, a, &open));
    for (size_t i = 0; i <= count && open.count; i++) {
        bool asks = i == count || (new[i].on_path &&str_eq(new[i].role, S("user")));
        if (!asks) {
            if (new[i].on_path && !new[i].hidden && str_eq(new[i].role, S("assistant")))
                last = i;
            continue;
        }
        if (question < m->stored_count && last < count && !olds[last]) {
            const struct archive_message *row = map_get(&open, place_key(a, question));
            if (row && !m->taken[row - m->stored] && new[last].rank && row->rank != new[last].rank)
                olds[last] = take(m, row);
        }
        question = i < count && olds[i] ? (size_t)(olds[i] - m->stored) : m->stored_count;
        last = count;
    }
    return arena_err(a);
}

/* --- poorer, and known -------------------------------------------------------------------------------- */

static bool is_redacted(struct str blocks)
{
    return str_find(blocks, REDACTED, 0) < blocks.n;
}

static bool is_poorer(const struct archive_message *old, const struct archive_message *new)
{
    bool redacted = is_redacted(new->blocks), was_redacted = is_redacted(old->blocks);
    if (redacted != was_redacted)
        return redacted;
    return (old->rank && new->rank &&new->rank < old->rank) ||
           pictures_were_lost(old->blocks, new->blocks);
}

static err_t blocks_json(struct arena *a, const struct message *m, struct str *ret)
{
    struct buf b;
    buf_init(&b, a, CONVERSATION_BYTES_MAX);
    struct json_out o;
    jo_init(&o, &b);
    blocks_write(&o, m->blocks, m->block_count);
    TRY(buf_err(&b));
    *ret = buf_str(&b);
    return OK;
}

/* Names may hold zero bytes (JSON can say \u0000), which no database takes as text; inside blocks they stay escaped. */
err_t merge_row_of(struct arena *a, const struct message *m, size_t position,
                   struct archive_message *ret)
{
    struct str blocks;
    TRY(blocks_json(a, m, &blocks));
    *ret = (struct archive_message){
        .origin_id = m->id.n ? utf8_repair(a, m->id) : STR_NONE,
        .role = str_from(role_name(m->role)),
        .author = utf8_repair(a, m->author),
        .model = utf8_repair(a, m->model),
        .blocks = blocks,
        .hash = m->hash,
        .position = (int64_t)position,
        .created_ms = m->created_ms,
        .hidden = m->hidden,
        .on_path = m->on_path,
        .version = 1,
    };
    return arena_err(a);
}

/* Every column that a rendering may change. */
static err_t find_fields(struct arena *a, const struct archive_message *old,
                         const struct archive_message *row, const char **ret)
{
    const struct {
        const char *name;
        bool changed;
    } all[] = {
        { "blocks", !str_eq(old->hash, row->hash) },
        { "role", !str_eq(old->role, row->role) },
        { "author", !str_eq(old->author, row->author) },
        { "model", !str_eq(old->model, row->model) },
        { "created_at", old->created_ms != row->created_ms },
        { "parent_id", !uuid_eq(old->parent_id, row->parent_id) },
        { "provider_id", !str_eq(old->origin_id, row->origin_id) },
        { "position", old->position != row->position },
        { "hidden", old->hidden != row->hidden },
        { "on_path", old->on_path != row->on_path },
        { "source_id", !uuid_eq(old->source_id, row->source_id) },
    };
    struct buf b;
    buf_init(&b, a, KIB(1));
    for (size_t i = 0; i < COUNTOF(all); i++)
        if (all[i].changed)
            buf_putf(&b, "%s%s", b.n ? "," : "", all[i].name);
    if (b.n)
        buf_putc(&b, 0);
    *ret = b.s;
    return buf_err(&b);
}

static void keep_known(const struct archive_message *old, struct archive_message *row)
{
    if (!row->origin_id.n)
        row->origin_id = old->origin_id;
    if (!row->author.n)
        row->author = old->author;
    if (!row->model.n)
        row->model = old->model;
    if (row->created_ms == TIME_NONE)
        row->created_ms = old->created_ms;
}

/* The row as it shall be, from the new one; its parent is set. */
static err_t compare(struct arena *a, const struct archive_message *old, bool as_given,
                     struct merge_step *step)
{
    struct archive_message *row = &step->row;
    row->version = old->version;
    keep_known(old, row);
    bool says_else = !str_eq(old->hash, row->hash);
    if (says_else && !as_given && is_poorer(old, row)) {
        row->role = old->role;
        row->blocks = old->blocks;
        row->hash = old->hash;
        row->rank = old->rank;
        row->source_id = old->source_id;
        says_else = false;
    } else if (!says_else && !as_given) {
        row->source_id = old->source_id; /* the first that said it */
        row->rank = row->rank < old->rank ? old->rank : row->rank;
    }
    TRY(find_fields(a, old, row, &step->fields));
    step->kind = says_else                   ? MERGE_CHANGED
                 : row->gone && old->on_path ? MERGE_GONE
                 : step->fields              ? MERGE_MOVED
                                             : MERGE_UNCHANGED;
    return OK;
}

/* Messages that the new rendering lacks stay, off the path, behind the others; or they go. */
static err_t plan_gone(struct arena *a, struct merge_plan *plan, const struct matcher *m, bool drop,
                       size_t position)
{
    for (size_t i = 0; i < m->stored_count; i++) {
        if (m->taken[i])
            continue;
        const struct archive_message *old = &m->stored[i];
        struct merge_step *step = &plan->steps[plan->count++];
        step->row = *old;
        step->row.on_path = false;
        step->row.gone = true;
        step->row.position = (int64_t)position++;
        TRY(find_fields(a, old, &step->row, &step->fields));
        step->kind = drop           ? MERGE_DROPPED
                     : old->on_path ? MERGE_GONE
                     : step->fields ? MERGE_MOVED
                                    : MERGE_UNCHANGED;
    }
    return OK;
}

static err_t plan_hash(struct arena *a, struct merge_plan *plan)
{
    struct str *path = ARENA_ARRAY(a, struct str, plan->count + 1);
    size_t count = 0;
    if (!path)
        return arena_err(a);
    for (size_t i = 0; i < plan->count; i++)
        if (plan->steps[i].row.on_path)
            path[count++] = plan->steps[i].row.hash;
    return conversation_chain(a, path, count, &plan->hash);
}

/* Ids as they shall be: those of the rows that they are, else their own, or new ones. */
static err_t give_ids(struct arena *a, const struct archive_message *new, size_t count,
                      const struct archive_message **olds, struct uuid (*new_id)(void),
                      struct merge_step *steps)
{
    struct map ids; /* a rendering's own id -> step, for parents */
    map_init(&ids, a);
    for (size_t i = 0; i < count; i++) {
        steps[i].row = new[i];
        steps[i].row.id = olds[i] ? olds[i]->id : new_id ? new_id() : new[i].id;
        TRY(map_put(&ids, id_key(&new[i]), &steps[i]));
    }
    for (size_t i = 0; i < count; i++) {
        struct str parent = str_of((const char *)new[i].parent_id.b, sizeof new[i].parent_id.b);
        const struct merge_step *step =
            uuid_is_nil(new[i].parent_id) ? NULL : map_get(&ids, parent);
        steps[i].row.parent_id = step ? step->row.id : (struct uuid){ { 0 } };
    }
    return OK;
}

err_t merge_rows(struct arena *a, const struct archive_message *new, size_t count,
                 const struct archive_message *stored, size_t stored_count,
                 const struct merge_options *o, struct merge_plan *ret)
{
    struct matcher m;
    CLEANUP(arena_free)
    struct arena work = { 0 }; /* what finds them goes as soon as they are found */
    arena_init(&work, CONVERSATION_ARENA_BYTES_MAX);
    TRY(matcher_init(&m, &work, stored, stored_count, o->by_id));
    const struct archive_message **olds =
        ARENA_ARRAY(&work, const struct archive_message *, count + 1);
    struct merge_plan plan = { .steps = ARENA_ARRAY(a, struct merge_step, count + stored_count + 1),
                               .count = count };
    if (!olds || !plan.steps)
        return olds ? arena_err(a) : arena_err(&work);
    for (size_t i = 0; i < count; i++)
        olds[i] = match(&m, &new[i]);
    TRY(match_answers(&m, &work, new, count, olds));
    TRY(give_ids(&work, new, count, olds, o->new_id, plan.steps));
    for (size_t i = 0; i < count; i++) {
        plan.steps[i].row.position = (int64_t)i;
        plan.steps[i].kind = MERGE_NEW;
        if (olds[i])
            TRY(compare(a, olds[i], o->as_given, &plan.steps[i]));
    }
    TRY(plan_gone(a, &plan, &m, o->drop, count));
    TRY(plan_hash(a, &plan));
    *ret = plan;
    return OK;
}

/* Its own id within a rendering: the place, which no other row has. */
static struct uuid id_of_place(size_t place)
{
    struct uuid id = { { 0 } };
    for (size_t i = 0; i < sizeof place; i++)
        id.b[15 - i] = (uint8_t)((place + 1) >> (8 * i));
    return id;
}

err_t merge_rows_of(struct arena *a, struct uuid conversation_id, const struct conversation *c,
                    struct uuid source_id, int rank, struct archive_message **ret)
{
    struct map ids; /* the provider's id -> row, for parents */
    struct archive_message *rows = ARENA_ARRAY(a, struct archive_message, c->message_count + 1);
    map_init(&ids, a);
    if (!rows)
        return arena_err(a);
    for (size_t i = 0; i < c->message_count; i++) {
        const struct message *msg = &c->messages[i];
        TRY(merge_row_of(a, msg, i, &rows[i]));
        rows[i].conversation_id = conversation_id;
        rows[i].id = id_of_place(i);
        rows[i].source_id = source_id;
        rows[i].rank = rank;
        const struct archive_message *parent =
            msg->parent_id.n ? map_get(&ids, msg->parent_id) : NULL;
        if (parent)
            rows[i].parent_id = parent->id;
        if (msg->id.n)
            TRY(map_put(&ids, msg->id, &rows[i]));
    }
    *ret = rows;
    return arena_err(a);
}

err_t merge_messages(struct arena *a, struct uuid conversation_id, const struct conversation *c,
                     const struct archive_message *stored, size_t stored_count,
                     struct uuid (*new_id)(void), struct merge_plan *ret)
{
    struct archive_message *rows;
    struct merge_options o = { .new_id = new_id };
    TRY(merge_rows_of(a, conversation_id, c, (struct uuid){ { 0 } }, 0, &rows));
    return merge_rows(a, rows, c->message_count, stored, stored_count, &o, ret);
}
