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
    struct map by_origin; /* origin id -> stored row */
    struct map by_hash;   /* hash -> the first stored row that says this */
    size_t *next_equal;   /* the next row with the same hash; stored_count: none */
    bool *taken;
    size_t walked; /* matches by hash go forwards: rows before it are behind the last one */
};

static err_t index_rows(struct matcher *m)
{
    for (size_t i = m->stored_count; i-- > 0;) {
        const struct archive_message *row = &m->stored[i], *after = map_get(&m->by_hash, row->hash);
        m->next_equal[i] = after ? (size_t)(after - m->stored) : m->stored_count;
        TRY(map_put(&m->by_hash, row->hash, (void *)row));
        if (row->origin_id.n)
            TRY(map_put(&m->by_origin, row->origin_id, (void *)row));
    }
    return OK;
}

static err_t matcher_init(struct matcher *m, struct arena *a, const struct archive_message *stored,
                          size_t count)
{
    *m = (struct matcher){ .stored = stored, .stored_count = count };
    map_init(&m->by_origin, a);
    map_init(&m->by_hash, a);
    m->taken = ARENA_ARRAY(a, bool, count + 1);
    m->next_equal = ARENA_ARRAY(a, size_t, count + 1);
    return m->taken && m->next_equal ? index_rows(m) : arena_err(a);
}

static const struct archive_message *take(struct matcher *m, const struct archive_message *row)
{
    m->taken[row - m->stored] = true;
    return row;
}

/* Of two renderings one may name the messages and the other not (a page's JSON, its DOM): then what is equal is the same. */
static const struct archive_message *match(struct matcher *m, const struct archive_message *new)
{
    const struct archive_message *row =
        new->origin_id.n ? map_get(&m->by_origin, new->origin_id) : NULL;
    if (row)
        return m->taken[row - m->stored] ? NULL : take(m, row);
    const struct archive_message *first = map_get(&m->by_hash, new->hash);
    size_t i = first ? (size_t)(first - m->stored) : m->stored_count;
    for (; i < m->stored_count; i = m->next_equal[i]) {
        bool both_named = new->origin_id.n && m->stored[i].origin_id.n;
        if (i >= m->walked && !m->taken[i] && !both_named) {
            m->walked = i + 1;
            return take(m, &m->stored[i]);
        }
    }
    return NULL;
}

static bool is_poorer(const struct archive_message *old, struct str blocks)
{
    return str_find(blocks, REDACTED, 0) < blocks.n &&
           str_find(old->blocks, REDACTED, 0) == old->blocks.n;
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
static struct archive_message row_of(struct arena *a, const struct message *m,
                                     struct uuid conversation_id, size_t position,
                                     struct str blocks)
{
    return (struct archive_message){
        .conversation_id = conversation_id,
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
    };
    struct buf b;
    buf_init(&b, a, KIB(1));
    for (size_t i = 0; i < COUNTOF(all); i++)
        if (all[i].changed)
            buf_putf(&b, "%s%s", b.n ? "," : "", all[i].name);
    bool some = b.n > 0;
    buf_putc(&b, 0);
    *ret = some ? b.s : NULL;
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

static err_t compare(struct arena *a, const struct archive_message *old, struct merge_step *step)
{
    struct archive_message *row = &step->row;
    row->id = old->id;
    row->version = old->version;
    keep_known(old, row);
    bool says_else = !str_eq(old->hash, row->hash);
    if (says_else &&
        (is_poorer(old, row->blocks) || pictures_were_lost(old->blocks, row->blocks))) {
        row->role = old->role;
        row->blocks = old->blocks;
        row->hash = old->hash;
        says_else = false;
    }
    TRY(find_fields(a, old, row, &step->fields));
    step->kind = says_else ? MERGE_CHANGED : step->fields ? MERGE_MOVED : MERGE_UNCHANGED;
    return OK;
}

/* Messages that the new rendering lacks stay, off the path, behind the others. */
static err_t plan_gone(struct arena *a, struct merge_plan *plan, const struct matcher *m,
                       size_t position)
{
    for (size_t i = 0; i < m->stored_count; i++) {
        if (m->taken[i])
            continue;
        const struct archive_message *old = &m->stored[i];
        struct merge_step *step = &plan->steps[plan->count++];
        step->row = *old;
        step->row.on_path = false;
        step->row.position = (int64_t)position++;
        TRY(find_fields(a, old, &step->row, &step->fields));
        step->kind = old->on_path ? MERGE_GONE : step->fields ? MERGE_MOVED : MERGE_UNCHANGED;
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

err_t merge_messages(struct arena *a, struct uuid conversation_id, const struct conversation *c,
                     const struct archive_message *stored, size_t stored_count,
                     struct uuid (*new_id)(void), struct merge_plan *ret)
{
    struct matcher m;
    TRY(matcher_init(&m, a, stored, stored_count));
    struct map ids; /* the provider's id -> step, for parents */
    map_init(&ids, a);

    struct merge_plan plan = { .steps = ARENA_ARRAY(a, struct merge_step,
                                                    c->message_count + stored_count + 1) };
    if (!plan.steps)
        return arena_err(a);
    for (size_t i = 0; i < c->message_count; i++) {
        const struct message *msg = &c->messages[i];
        struct str blocks;
        TRY(blocks_json(a, msg, &blocks));
        struct merge_step *step = &plan.steps[plan.count++];
        step->row = row_of(a, msg, conversation_id, i, blocks);
        const struct merge_step *parent = msg->parent_id.n ? map_get(&ids, msg->parent_id) : NULL;
        if (parent)
            step->row.parent_id = parent->row.id;
        const struct archive_message *old = match(&m, &step->row);
        if (old) {
            TRY(compare(a, old, step));
        } else {
            step->kind = MERGE_NEW;
            step->row.id = new_id();
        }
        if (msg->id.n)
            TRY(map_put(&ids, msg->id, step));
    }
    TRY(plan_gone(a, &plan, &m, c->message_count));
    TRY(plan_hash(a, &plan));
    *ret = plan;
    return OK;
}
