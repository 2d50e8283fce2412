#include "archive/archive_merge.h"

#include "archive/archive_pictures.h"
#include "base/limits.h"
#include "base/utf8.h"

/* What ChatGPT puts in place of a tool's output when a share is rendered again later. */
#define REDACTED S("The output of this plugin was redacted")

/* --- lists ---------------------------------------------------------------------------------------------- */

err_t merge_list_init(struct merge_list *l, size_t room)
{
    *l = (struct merge_list){ .room = room };
    if (room > MERGE_MESSAGES_MAX)
        return err_note(E_LIMIT, NULL,
                        "with what was said in it before the conversation has more than %d "
                        "messages; these are the most",
                        MERGE_MESSAGES_MAX);
    arena_init(&l->a, MERGE_ARENA_BYTES_MAX);
    l->m = arena_room(&l->a, room + 1, sizeof *l->m);
    return arena_err(&l->a);
}

void merge_list_free(struct merge_list *l)
{
    arena_free(&l->a);
    *l = (struct merge_list){ 0 };
}

err_t merge_list_make_room(struct merge_list *l, size_t more)
{
    struct merge_list larger = { 0 };
    if (l->count + more <= l->room)
        return OK;
    size_t room = 2 * (l->count + more);
    if (room > MERGE_MESSAGES_MAX && l->count + more <= MERGE_MESSAGES_MAX)
        room = MERGE_MESSAGES_MAX;
    err_t e = merge_list_init(&larger, room);
    if (e != OK) {
        merge_list_free(&larger);
        return e;
    }
    if (larger.m && l->count)
        memcpy(larger.m, l->m, l->count * sizeof *l->m);
    larger.count = l->count;
    arena_free(&l->a);
    *l = larger;
    return OK;
}

err_t merge_look_at(struct intern *texts, struct str blocks, struct merge_message *m)
{
    m->blocks_bytes = (uint32_t)blocks.n;
    m->redacted = str_find(blocks, REDACTED, 0) < blocks.n;
    m->picture = 0;
    return str_find(blocks, S("\"image\""), 0) < blocks.n
               ? intern_put(texts, blocks, false, &m->picture)
               : OK;
}

struct sha256 merge_chain(const struct merge_list *l)
{
    struct sha256 chain = { { 0 } };
    for (size_t i = 0; i < l->count; i++)
        if (l->m[i].on_path)
            chain = conversation_chain_add(chain, l->m[i].hash);
    return chain;
}

/* --- one message as a row ----------------------------------------------------------------------------- */

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

/* --- what changes ---------------------------------------------------------------------------------------- */

static const char *const FIELDS[] = { "blocks",     "role",      "author",      "model",
                                      "created_at", "parent_id", "provider_id", "position",
                                      "hidden",     "on_path",   "source_id" };

const char *merge_fields(uint16_t fields, char to[MERGE_FIELDS_BYTES])
{
    size_t n = 0;
    for (size_t i = 0; i < COUNTOF(FIELDS); i++) {
        size_t length = strlen(FIELDS[i]);
        if (!(fields >> i & 1))
            continue;
        assert(n + length + 2 <= MERGE_FIELDS_BYTES);
        if (n)
            to[n++] = ',';
        memcpy(to + n, FIELDS[i], length + 1);
        n += length;
    }
    return n ? to : NULL;
}

static struct uuid parent_id(const struct merge_list *l, const struct merge_message *m)
{
    return m->parent ? l->m[m->parent - 1].id : (struct uuid){ { 0 } };
}

/* Every column that a rendering may change, a bit for each name of FIELDS. */
static uint16_t find_fields(const struct merge_list *stored, const struct merge_message *old,
                            const struct merge_list *whole, const struct merge_message *m)
{
    const bool changed[COUNTOF(FIELDS)] = {
        memcmp(old->hash.b, m->hash.b, sizeof m->hash.b) != 0,
        old->role != m->role,
        !intern_eq(old->author, m->author),
        !intern_eq(old->model, m->model),
        old->created_ms != m->created_ms,
        !uuid_eq(parent_id(stored, old), parent_id(whole, m)),
        !intern_eq(old->origin, m->origin),
        old->position != m->position,
        old->hidden != m->hidden,
        old->on_path != m->on_path,
        old->source != m->source,
    };
    uint16_t fields = 0;
    for (size_t i = 0; i < COUNTOF(changed); i++)
        fields = (uint16_t)(fields | changed[i] << i);
    return fields;
}

static bool is_poorer(const struct intern *texts, const struct merge_message *old,
                      const struct merge_message *given)
{
    if (given->redacted != old->redacted)
        return given->redacted;
    if (old->rank && given->rank && given->rank < old->rank)
        return true;
    return old->picture && given->picture &&
           pictures_were_lost(intern_text(texts, old->picture), intern_text(texts, given->picture));
}

static void keep_known(const struct merge_message *old, struct merge_message *m)
{
    if (!intern_says(m->origin))
        m->origin = old->origin;
    if (!intern_says(m->author))
        m->author = old->author;
    if (!intern_says(m->model))
        m->model = old->model;
    if (m->created_ms == TIME_NONE)
        m->created_ms = old->created_ms;
}

static void keep_words(const struct merge_message *old, struct merge_message *m)
{
    m->role = old->role;
    m->hash = old->hash;
    m->rank = old->rank;
    m->source = old->source;
    m->said_by = old->said_by;
    m->said_at = old->said_at;
    m->picture = old->picture;
    m->redacted = old->redacted;
    m->blocks_bytes = old->blocks_bytes;
}

/* --- the plan ------------------------------------------------------------------------------------------------ */

struct plan {
    const struct intern *texts;
    struct merge_list *whole;
    const struct merge_list *stored;
    const struct merge_options *o;
    const uint32_t *olds;
    struct merge_step *steps; /* NULL: nobody asks */
    uint32_t *places;
};

/* The message as it shall be, from the new one; its id and its parent's are given. */
static struct merge_step compare(const struct plan *p, const struct merge_message *old,
                                 struct merge_message *m)
{
    m->version = old->version;
    keep_known(old, m);
    bool says_else = memcmp(old->hash.b, m->hash.b, sizeof m->hash.b) != 0;
    if (says_else && !p->o->as_given && is_poorer(p->texts, old, m)) {
        keep_words(old, m);
        says_else = false;
    } else if (!says_else && !p->o->as_given) {
        m->source = old->source; /* the first that said it */
        m->rank = m->rank < old->rank ? old->rank : m->rank;
    }
    uint16_t fields = find_fields(p->stored, old, p->whole, m);
    return (struct merge_step){ .kind = says_else                 ? MERGE_CHANGED
                                        : m->gone && old->on_path ? MERGE_GONE
                                        : fields                  ? MERGE_MOVED
                                                                  : MERGE_UNCHANGED,
                                .fields = fields };
}

/* Ids as they shall be: those of the stored messages that they are, else their own, or new ones. */
static void give_ids(const struct plan *p)
{
    for (size_t i = 0; i < p->whole->count; i++) {
        struct merge_message *m = &p->whole->m[i];
        struct uuid own = m->id;
        m->position = (uint32_t)i;
        if (p->olds[i]) {
            m->id = p->stored->m[p->olds[i] - 1].id;
            p->places[p->olds[i] - 1] = (uint32_t)i;
        } else if (p->o->new_id) {
            m->id = p->o->new_id();
        }
        if (p->steps)
            p->steps[i] = (struct merge_step){ .renamed = !uuid_eq(own, m->id) };
    }
}

static void plan_new(const struct plan *p)
{
    for (size_t i = 0; i < p->whole->count; i++) {
        struct merge_step step = { .kind = MERGE_NEW };
        if (p->olds[i])
            step = compare(p, &p->stored->m[p->olds[i] - 1], &p->whole->m[i]);
        if (p->steps) {
            step.renamed = p->steps[i].renamed;
            p->steps[i] = step;
        }
    }
}

/* Messages that the new rendering lacks stay, off the path, behind the others; or they go. */
static void plan_gone(const struct plan *p, const bool *lacks)
{
    struct merge_list *whole = p->whole;
    for (size_t i = 0; i < p->stored->count; i++) {
        if (!lacks[i])
            continue;
        const struct merge_message *old = &p->stored->m[i];
        struct merge_message *m = &whole->m[whole->count];
        *m = *old;
        m->parent = old->parent ? p->places[old->parent - 1] + 1 : 0;
        m->on_path = false;
        m->gone = true;
        m->position = (uint32_t)whole->count++;
        uint16_t fields = find_fields(p->stored, old, whole, m);
        if (p->steps)
            p->steps[m->position] = (struct merge_step){ .kind = p->o->drop     ? MERGE_DROPPED
                                                                 : old->on_path ? MERGE_GONE
                                                                 : fields       ? MERGE_MOVED
                                                                                : MERGE_UNCHANGED,
                                                         .fields = fields };
    }
}

/* Which of the stored ones nothing was matched with, and where these shall be. */
static size_t find_lacking(const struct plan *p, bool *lacks)
{
    size_t count = 0;
    for (size_t i = 0; i < p->stored->count; i++)
        lacks[i] = true;
    for (size_t i = 0; i < p->whole->count; i++)
        if (p->olds[i])
            lacks[p->olds[i] - 1] = false;
    for (size_t i = 0; i < p->stored->count; i++)
        if (lacks[i])
            p->places[i] = (uint32_t)(p->whole->count + count++);
    return count;
}

err_t merge_lists(struct arena *a, const struct intern *texts, struct merge_list *given,
                  const struct merge_list *stored, const struct merge_options *o,
                  struct merge_step **ret_steps, uint32_t **ret_places)
{
    CLEANUP(arena_free) struct arena work = { 0 }; /* what finds them goes when they are found */
    uint32_t *olds;
    arena_init(&work, MERGE_ARENA_BYTES_MAX);
    TRY(merge_match(&work, given, stored, o->by_id, &olds));
    bool *lacks = ARENA_ARRAY(&work, bool, stored->count + 1);
    struct plan p = { .texts = texts, .whole = given, .stored = stored, .o = o, .olds = olds };
    p.places = ARENA_ARRAY(ret_places ? a : &work, uint32_t, stored->count + 1);
    if (!lacks || !p.places)
        return arena_err(&work) != OK ? arena_err(&work) : arena_err(a);
    size_t lacking = find_lacking(&p, lacks);
    TRY(merge_list_make_room(given, lacking));
    if (ret_steps)
        p.steps = ARENA_ARRAY(a, struct merge_step, given->count + lacking + 1);
    if (ret_steps && !p.steps)
        return arena_err(a);
    give_ids(&p);
    plan_new(&p);
    plan_gone(&p, lacks);
    if (ret_steps)
        *ret_steps = p.steps;
    if (ret_places)
        *ret_places = p.places;
    return OK;
}
