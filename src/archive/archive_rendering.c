#include "archive/archive_rendering.h"

#include "archive/archive_places.h"
#include "archive/archive_source_store.h"
#include "base/limits.h"

enum { FIRST_ROOM = 64 };

size_t rendering_held_max = 200000; /* 20 MiB */

void renderings_init(struct renderings *s, struct db *db, struct arena *a, struct uuid owner)
{
    *s = (struct renderings){ .db = db, .a = a, .owner = owner };
    intern_init(&s->texts, a);
}

void renderings_free(struct renderings *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->all[i]->is_open)
            merge_list_free(&s->all[i]->list);
}

struct rendering *rendering_add(struct renderings *s)
{
    struct rendering *r = ARENA_NEW(s->a, struct rendering);
    if (s->count == s->room) {
        size_t room = s->room ? 2 * s->room : 4;
        struct rendering **all = ARENA_ARRAY(s->a, struct rendering *, room);
        if (all && s->count)
            memcpy(all, s->all, s->count * sizeof(void *));
        if (!all)
            return NULL;
        s->all = all;
        s->room = room;
    }
    if (!r)
        return NULL;
    r->name = (uint32_t)s->count;
    s->all[s->count++] = r;
    return r;
}

int rendering_rank(struct str source_kind, struct str strategy)
{
    if (str_eq(strategy, S("generic")))
        return RANK_GENERIC;
    if (str_eq(strategy, S("dom")) || (!strategy.n && str_eq(source_kind, S("share"))))
        return RANK_DOM;
    return RANK_DATA;
}

int rendering_rank_of(const struct rendering *r)
{
    return rendering_rank(r->row.source_kind, r->row.strategy);
}

struct uuid uuid_of_place(size_t place)
{
    struct uuid id = { { 0 } };
    for (size_t i = 0; i < sizeof place; i++)
        id.b[15 - i] = (uint8_t)((place + 1) >> (8 * i));
    return id;
}

/* --- reading its messages --------------------------------------------------------------------------- */

static bool is_wanted(const struct message_visit *visit, size_t i)
{
    return !visit->wants || visit->wants(visit->context, i);
}

static err_t each_given(const struct rendering *r, const struct message_visit *visit)
{
    CLEANUP(arena_free) struct arena one = { 0 };
    arena_init(&one, 4 * CONVERSATION_BYTES_MAX);
    for (size_t i = 0; i < r->given_count; i++) {
        struct archive_message m;
        if (!is_wanted(visit, i))
            continue;
        arena_reset(&one);
        TRY(merge_row_of(&one, &r->given->messages[i], i, &m));
        m.id = uuid_of_place(i);
        TRY(visit->each(visit->context, i, &m));
    }
    return OK;
}

err_t rendering_each_row(struct renderings *s, struct uuid conversation,
                         const struct message_visit *visit)
{
    enum { PAGE = 1000 };
    CLEANUP(arena_free) struct arena page = { 0 };
    struct archive_message *rows;
    size_t count = PAGE, i = 0;
    int64_t after = -1;
    arena_init(&page, CONVERSATION_ARENA_BYTES_MAX);
    while (count == PAGE) {
        arena_reset(&page);
        TRY(archive_messages(s->db, &page, s->owner, conversation, true, after, PAGE, &rows,
                             &count));
        for (size_t k = 0; k < count; k++, i++)
            if (is_wanted(visit, i))
                TRY(visit->each(visit->context, i, &rows[k]));
        after = count ? rows[count - 1].position : after;
    }
    return OK;
}

static err_t each_kept(struct renderings *s, const struct rendering *r,
                       const struct message_visit *visit)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct str form = r->form;
    arena_init(&a, RENDERING_BYTES_MAX);
    if (r->where == SAID_KEPT)
        TRY(source_store_form(s->db, &a, s->owner, r->conversation_id, r->number, &form));
    else if (r->where == SAID_BEFORE)
        TRY(source_store_before_form(s->db, &a, s->owner, r->mark_id, r->conversation_id, r->number,
                                     &form));
    return form_read(&a, form, NULL, NULL, visit);
}

err_t rendering_each(struct renderings *s, const struct rendering *r,
                     const struct message_visit *visit)
{
    switch (r->where) {
    case SAID_GIVEN:
        return each_given(r, visit);
    case SAID_ROWS:
        return rendering_each_row(s, r->conversation_id, visit);
    case SAID_KEPT:
    case SAID_BEFORE:
    case SAID_FORM:
        return each_kept(s, r, visit);
    }
    return E_INTERNAL;
}

/* --- its list --------------------------------------------------------------------------------------------- */

struct listing {
    struct renderings *s;
    const struct rendering *r; /* NULL: rows as they are stored */
    struct merge_list *list;
    struct buf parents; /* the ids above, one for each; empty where the rendering was given */
    uint32_t source;
    int rank;
};

static err_t number_uuid(struct listing *l, struct uuid id, uint32_t *ret)
{
    *ret = 0;
    return uuid_is_nil(id)
               ? OK
               : intern_put(&l->s->texts, str_of((const char *)id.b, sizeof id.b), false, ret);
}

/* The ids of what was given outlast everything here, unless they had to be repaired. */
static err_t number_texts(struct listing *l, size_t i, const struct archive_message *row,
                          struct merge_message *m)
{
    struct intern *texts = &l->s->texts;
    bool lasts =
        l->r && l->r->where == SAID_GIVEN && row->origin_id.s == l->r->given->messages[i].id.s;
    TRY(intern_put(texts, row->origin_id, lasts, &m->origin));
    TRY(intern_put(texts, row->author, false, &m->author));
    TRY(intern_put(texts, row->model, false, &m->model));
    if (!l->r)
        TRY(number_uuid(l, row->source_id, &m->source));
    return merge_look_at(texts, row->blocks, m);
}

static err_t add_message(void *context, size_t i, const struct archive_message *row)
{
    struct listing *l = context;
    enum role role;
    TRY(merge_list_make_room(l->list, 1));
    struct merge_message *m = &l->list->m[l->list->count];
    *m = (struct merge_message){ .id = row->id,
                                 .created_ms = row->created_ms,
                                 .source = l->source,
                                 .position = (uint32_t)row->position,
                                 .version = (uint32_t)row->version,
                                 .said_by = l->r ? l->r->name : 0,
                                 .said_at = (uint32_t)i,
                                 .rank = (uint8_t)l->rank,
                                 .hidden = row->hidden,
                                 .on_path = row->on_path };
    TRY(message_hash_read(row->hash, &m->hash));
    if (!role_parse(row->role, &role))
        return err_note(E_CORRUPT, NULL, "a stored message has no role");
    m->role = (uint8_t)role;
    TRY(number_texts(l, i, row, m));
    buf_put(&l->parents, str_of((const char *)row->parent_id.b, sizeof row->parent_id.b));
    l->list->count++;
    return buf_err(&l->parents);
}

static err_t find_parents(struct listing *l)
{
    CLEANUP(arena_free) struct arena work = { 0 };
    struct merge_ids ids;
    arena_init(&work, MERGE_ARENA_BYTES_MAX);
    TRY(merge_ids_init(&ids, &work, l->list));
    for (size_t i = 0; i < l->list->count; i++) {
        struct uuid above;
        memcpy(above.b, l->parents.s + i * sizeof above.b, sizeof above.b);
        if (!uuid_is_nil(above))
            l->list->m[i].parent = merge_ids_find(&ids, above);
    }
    return OK;
}

static err_t find_parents_given(struct listing *l)
{
    CLEANUP(arena_free) struct arena work = { 0 };
    struct places places;
    arena_init(&work, MERGE_ARENA_BYTES_MAX);
    TRY(places_init(&places, &work, l->r->given));
    for (size_t i = 0; i < l->list->count; i++)
        l->list->m[i].parent = places_next(&places, i);
    return OK;
}

static void free_listing(struct listing *l)
{
    buf_free(&l->parents);
}

/* r NULL: the rows of the conversation as they are stored. */
static err_t make_list(struct listing *l, struct uuid conversation)
{
    const struct message_visit visit = { .each = add_message, .context = l };
    bool given = l->r && l->r->where == SAID_GIVEN;
    size_t room = given ? l->r->given_count : FIRST_ROOM;
    buf_init(&l->parents, NULL, MERGE_ARENA_BYTES_MAX);
    TRY(merge_list_init(l->list, room));
    if (l->r)
        TRY(number_uuid(l, l->r->source_id, &l->source));
    if (given)
        TRY(intern_reserve(&l->s->texts, room + room / 8 + FIRST_ROOM));
    TRY(l->r ? rendering_each(l->s, l->r, &visit) : rendering_each_row(l->s, conversation, &visit));
    return given ? find_parents_given(l) : find_parents(l);
}

err_t rendering_open(struct renderings *s, struct rendering *r)
{
    CLEANUP(free_listing)
    struct listing l = { .s = s, .r = r, .list = &r->list, .rank = rendering_rank_of(r) };
    if (r->is_open)
        return OK;
    err_t e = make_list(&l, r->conversation_id);
    if (e != OK) {
        merge_list_free(&r->list);
        return e;
    }
    for (size_t i = 0; i < r->list.count; i++)
        r->list.m[i].position = (uint32_t)i;
    r->is_open = true;
    s->held += r->list.count;
    return OK;
}

static void forget(struct renderings *s, struct rendering *r)
{
    s->held -= r->list.count;
    r->is_open = false;
}

err_t rendering_is_of(struct renderings *s, struct rendering *r, struct uuid source_id)
{
    struct listing l = { .s = s };
    r->source_id = source_id;
    TRY(number_uuid(&l, source_id, &l.source));
    for (size_t i = 0; r->is_open && i < r->list.count; i++)
        r->list.m[i].source = l.source;
    return OK;
}

void rendering_close(struct renderings *s, struct rendering *r)
{
    if (!r->is_open || s->held <= rendering_held_max)
        return;
    forget(s, r);
    merge_list_free(&r->list);
}

err_t rendering_take(struct renderings *s, struct rendering *r, struct merge_list *ret)
{
    TRY(rendering_open(s, r));
    forget(s, r);
    *ret = r->list;
    r->list = (struct merge_list){ 0 };
    return OK;
}

err_t rendering_rows(struct renderings *s, struct uuid conversation, int rank,
                     struct merge_list *ret)
{
    CLEANUP(free_listing) struct listing l = { .s = s, .list = ret, .rank = rank };
    err_t e = make_list(&l, conversation);
    if (e != OK)
        merge_list_free(ret);
    return e;
}
