#include "archive/archive_said.h"

#include <stdlib.h>

#include "base/encode.h"
#include "base/limits.h"

void said_row(const struct renderings *s, const struct merge_list *l, size_t i, struct str blocks,
              char hash[SAID_HASH_BYTES], struct archive_message *ret)
{
    const struct merge_message *m = &l->m[i];
    struct str tag = S("sha256:"), source = intern_text(&s->texts, m->source);
    memcpy(hash, tag.s, tag.n);
    hex_encode_to(str_of((const char *)m->hash.b, sizeof m->hash.b), hash + tag.n);
    *ret = (struct archive_message){
        .id = m->id,
        .origin_id = intern_text(&s->texts, m->origin),
        .role = str_from(role_name((enum role)m->role)),
        .author = intern_text(&s->texts, m->author),
        .model = intern_text(&s->texts, m->model),
        .blocks = blocks,
        .hash = str_of(hash, tag.n + 2 * sizeof m->hash.b),
        .position = m->position,
        .version = m->version,
        .created_ms = m->created_ms,
        .hidden = m->hidden,
        .on_path = m->on_path,
    };
    if (m->parent)
        ret->parent_id = l->m[m->parent - 1].id;
    if (source.n == sizeof ret->source_id.b)
        memcpy(ret->source_id.b, source.s, source.n);
}

/* --- what is not the leader's ------------------------------------------------------------------------------ */

struct other {
    uint32_t by, at, place; /* of which rendering, which message there; where in the whole */
    struct str blocks;
};

struct others {
    struct arena a;
    struct other *list;
    size_t count, at;
};

static void free_others(struct others *o)
{
    arena_free(&o->a);
}

static int compare_origin(const void *x, const void *y)
{
    const struct other *o = x, *p = y;
    if (o->by != p->by)
        return o->by < p->by ? -1 : 1;
    return o->at < p->at ? -1 : o->at > p->at;
}

static int compare_place(const void *x, const void *y)
{
    const struct other *o = x, *p = y;
    return o->place < p->place ? -1 : o->place > p->place;
}

static bool is_next(void *context, size_t i)
{
    const struct others *o = context;
    return o->at < o->count && o->list[o->at].at == i;
}

static err_t hold(void *context, size_t i, const struct archive_message *m)
{
    struct others *o = context;
    UNUSED(i);
    o->list[o->at++].blocks = str_dup(&o->a, m->blocks);
    return arena_err(&o->a);
}

/* Those of each rendering, one rendering behind the other. */
static err_t read_others(struct renderings *s, struct others *o)
{
    size_t all = o->count;
    const struct message_visit visit = { .wants = is_next, .each = hold, .context = o };
    for (o->at = 0; o->at < all;) {
        const struct rendering *r = s->all[o->list[o->at].by];
        o->count = o->at;
        while (o->count < all && o->list[o->count].by == r->name)
            o->count++;
        TRY(rendering_each(s, r, &visit));
        if (o->at != o->count)
            return err_note(E_CORRUPT, NULL, "a stored rendering lacks a message");
    }
    return OK;
}

/* --- all of it ----------------------------------------------------------------------------------------------- */

struct reading {
    const struct merge_list *whole;
    const struct rendering *leader;
    const struct said_visit *visit;
    struct others *others;
    size_t next;
};

static bool is_leaders(const struct reading *r, size_t i)
{
    return r->whole->m[i].said_by == r->leader->name;
}

static err_t find_others(struct renderings *s, struct reading *r)
{
    struct others *o = r->others;
    size_t wanted = 0;
    for (size_t i = 0; i < r->whole->count; i++)
        wanted += !is_leaders(r, i) && r->visit->wants(r->visit->context, i);
    o->list = ARENA_ARRAY(&o->a, struct other, wanted + 1);
    if (!o->list)
        return arena_err(&o->a);
    for (size_t i = 0; i < r->whole->count; i++) {
        const struct merge_message *m = &r->whole->m[i];
        if (!is_leaders(r, i) && r->visit->wants(r->visit->context, i))
            o->list[o->count++] = (struct other){ m->said_by, m->said_at, (uint32_t)i, STR_NONE };
    }
    qsort(o->list, o->count, sizeof *o->list, compare_origin);
    TRY(read_others(s, o));
    o->count = wanted;
    qsort(o->list, o->count, sizeof *o->list, compare_place);
    o->at = 0;
    return OK;
}

static err_t go_to(struct reading *r, size_t end)
{
    struct others *o = r->others;
    for (; r->next < end; r->next++) {
        bool held = o->at < o->count && o->list[o->at].place == r->next;
        TRY(r->visit->each(r->visit->context, r->next, held ? o->list[o->at++].blocks : STR_NONE));
    }
    return OK;
}

static bool leader_wants(void *context, size_t i)
{
    const struct reading *r = context;
    return i < r->whole->count && is_leaders(r, i) && r->visit->wants(r->visit->context, i);
}

static err_t leader_says(void *context, size_t i, const struct archive_message *m)
{
    struct reading *r = context;
    TRY(go_to(r, i));
    r->next = i + 1;
    return r->visit->each(r->visit->context, i, m->blocks);
}

err_t said_each(struct renderings *s, const struct merge_list *whole,
                const struct rendering *leader, const struct said_visit *visit)
{
    CLEANUP(free_others) struct others others = { 0 };
    struct reading r = { .whole = whole, .leader = leader, .visit = visit, .others = &others };
    const struct message_visit along = { leader_wants, leader_says, &r };
    bool asked = false;
    arena_init(&others.a, RENDERING_BYTES_MAX);
    TRY(find_others(s, &r));
    for (size_t i = 0; i < whole->count && !asked; i++)
        asked = leader_wants(&r, i);
    if (asked)
        TRY(rendering_each(s, leader, &along));
    return go_to(&r, whole->count);
}
