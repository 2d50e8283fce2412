#include "archive/archive_keep.h"

#include "archive/archive_said.h"
#include "archive/archive_source_store.h"
#include "base/limits.h"

/* --- loading ------------------------------------------------------------------------------------------ */

/* Only what is known of the whole: its messages are read when they are asked for. */
static err_t read_head(struct renderings *s, struct rendering *r)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct str form;
    arena_init(&a, RENDERING_BYTES_MAX);
    if (r->where == SAID_KEPT)
        TRY(source_store_form(s->db, &a, s->owner, r->conversation_id, r->number, &form));
    else
        TRY(source_store_before_form(s->db, &a, s->owner, r->mark_id, r->conversation_id, r->number,
                                     &form));
    return form_read(s->a, form, &r->row, &r->place, NULL);
}

static err_t add_kept(struct renderings *s, const struct kept_form *kept, size_t count,
                      const struct rendering *like, struct rendering ***ret)
{
    struct rendering **list = ARENA_ARRAY(s->a, struct rendering *, count + 1);
    for (size_t i = 0; list && i < count; i++) {
        list[i] = rendering_add(s);
        if (!list[i])
            break;
        list[i]->where = like->where;
        list[i]->conversation_id = like->conversation_id;
        list[i]->mark_id = like->mark_id;
        list[i]->source_id = kept[i].source_id;
        list[i]->number = kept[i].number;
        TRY(read_head(s, list[i]));
    }
    *ret = list;
    return arena_err(s->a);
}

static err_t load_rows(struct renderings *s, const struct archive_conversation *row,
                       struct rendering ***ret)
{
    struct archive_source *sources;
    size_t count;
    TRY(archive_sources(s->db, s->a, s->owner, row->id, &sources, &count));
    struct rendering **list = ARENA_ARRAY(s->a, struct rendering *, 2), *r = rendering_add(s);
    if (!list || !r)
        return arena_err(s->a);
    r->where = SAID_ROWS;
    r->conversation_id = row->id;
    r->place = count ? sources[0].place : S("");
    r->source_id = count ? sources[0].id : (struct uuid){ { 0 } };
    r->row = *row;
    list[0] = r;
    *ret = list;
    return OK;
}

err_t keep_load(struct renderings *s, const struct archive_conversation *row,
                struct rendering ***ret, size_t *ret_count)
{
    const struct rendering like = { .where = SAID_KEPT, .conversation_id = row->id };
    struct kept_form *kept;
    TRY(source_store_forms(s->db, s->a, s->owner, row->id, &kept, ret_count));
    if (*ret_count)
        return add_kept(s, kept, *ret_count, &like, ret);
    *ret_count = 1;
    return load_rows(s, row, ret);
}

err_t keep_load_before(struct renderings *s, struct uuid mark, struct uuid conversation,
                       struct rendering ***ret, size_t *ret_count)
{
    const struct rendering like = { .where = SAID_BEFORE,
                                    .conversation_id = conversation,
                                    .mark_id = mark };
    struct kept_form *kept;
    TRY(source_store_before_forms(s->db, s->a, s->owner, mark, conversation, &kept, ret_count));
    return add_kept(s, kept, *ret_count, &like, ret);
}

/* --- packing ---------------------------------------------------------------------------------------------- */

struct packing {
    struct renderings *s;
    struct rendering *r;
    const struct merge_list *whole;
    struct form_writer *to;
    bool renamed;
};

static err_t pack_message(void *context, size_t i, const struct archive_message *m)
{
    struct packing *p = context;
    struct archive_message out = *m;
    if (p->renamed) {
        uint32_t parent = p->r->list.m[i].parent;
        out.id = p->whole->m[p->r->places[i]].id;
        out.parent_id = parent ? p->whole->m[p->r->places[parent - 1]].id : (struct uuid){ { 0 } };
    }
    return form_add(p->to, &out);
}

/* renamed: its messages get the ids that they have in the whole. */
static err_t pack(struct renderings *s, struct rendering *r, const struct merge_list *whole,
                  bool renamed, struct buf *out)
{
    CLEANUP(form_writer_free) struct form_writer w = { 0 };
    struct packing p = { s, r, whole, &w, renamed };
    const struct message_visit visit = { .each = pack_message, .context = &p };
    TRY(form_begin(&w, &r->row, r->place, out));
    if (renamed)
        TRY(rendering_open(s, r));
    TRY(rendering_each(s, r, &visit));
    if (renamed)
        rendering_close(s, r);
    return form_end(&w);
}

struct packing_whole {
    struct renderings *s;
    const struct merge_list *whole;
    struct form_writer *to;
};

static bool wants_all(void *context, size_t i)
{
    UNUSED(context);
    UNUSED(i);
    return true;
}

static err_t pack_said(void *context, size_t i, struct str blocks)
{
    struct packing_whole *p = context;
    char hash[SAID_HASH_BYTES];
    struct archive_message m;
    said_row(p->s, p->whole, i, blocks, hash, &m);
    return form_add(p->to, &m);
}

err_t keep_pack_list(struct renderings *s, const struct merge_list *whole,
                     const struct rendering *leader, const struct archive_conversation *row,
                     struct str place, struct buf *out)
{
    CLEANUP(form_writer_free) struct form_writer w = { 0 };
    struct packing_whole p = { s, whole, &w };
    const struct said_visit visit = { wants_all, pack_said, &p };
    TRY(form_begin(&w, row, place, out));
    TRY(said_each(s, whole, leader, &visit));
    return form_end(&w);
}

/* --- keeping ------------------------------------------------------------------------------------------------ */

static bool is_renamed(const struct rendering *r, const struct merge_step *steps)
{
    bool renamed = r->renamed;
    for (size_t i = 0; i < r->count && !renamed; i++)
        renamed = steps[r->places[i]].renamed;
    return renamed;
}

static err_t keep_packed(struct renderings *s, struct uuid conversation, struct rendering *r,
                         int64_t number, const struct merge_list *whole, bool renamed)
{
    CLEANUP(buf_free) struct buf form = { 0 };
    buf_init(&form, NULL, RENDERING_BYTES_MAX);
    TRY(pack(s, r, whole, renamed, &form));
    TRY(source_store_keep(s->db, s->owner, conversation, number, r->source_id, buf_str(&form)));
    if (r->where == SAID_GIVEN)
        return OK;
    r->where = SAID_KEPT; /* where it was, it may not be any more in a moment */
    r->conversation_id = conversation;
    r->number = number;
    return OK;
}

static bool is_among(struct rendering *const *list, size_t count, struct uuid conversation,
                     int64_t number)
{
    for (size_t i = 0; i < count; i++)
        if (list[i]->where == SAID_KEPT && uuid_eq(list[i]->conversation_id, conversation) &&
            list[i]->number == number)
            return true;
    return false;
}

static err_t drop_others(struct renderings *s, struct uuid conversation,
                         struct rendering *const *list, size_t count, int64_t first_new)
{
    struct kept_form *kept;
    size_t n;
    TRY(source_store_forms(s->db, s->a, s->owner, conversation, &kept, &n));
    for (size_t i = 0; i < n; i++)
        if (kept[i].number < first_new && !is_among(list, count, conversation, kept[i].number))
            TRY(source_store_drop(s->db, s->owner, conversation, kept[i].number));
    return OK;
}

/* One that stays as it is, and behind the one before it, is not written: it may be large. */
err_t keep_renderings(struct renderings *s, struct uuid conversation, struct rendering *const *list,
                      size_t count, const struct merge_list *whole, const struct merge_step *steps)
{
    int64_t first_new, next, last = -1;
    TRY(source_store_next_number(s->db, s->owner, conversation, &first_new));
    next = first_new;
    for (size_t i = 0; i < count; i++) {
        struct rendering *r = list[i];
        bool renamed = is_renamed(r, steps),
             same = !renamed && r->where == SAID_KEPT && uuid_eq(r->conversation_id, conversation);
        if (same && r->number > last) {
            last = r->number;
            continue;
        }
        last = next++;
        if (!same) {
            TRY(keep_packed(s, conversation, r, last, whole, renamed));
            continue;
        }
        TRY(source_store_renumber(s->db, s->owner, conversation, r->number, last));
        r->number = last;
    }
    return drop_others(s, conversation, list, count, first_new);
}

err_t keep_before(struct renderings *s, struct uuid mark, struct uuid conversation,
                  struct rendering *const *list, size_t count)
{
    int64_t kept;
    TRY(source_store_before_count(s->db, s->owner, mark, conversation, &kept));
    for (size_t i = 0; i < count && !kept; i++) {
        CLEANUP(buf_free) struct buf form = { 0 };
        if (list[i]->where == SAID_KEPT) {
            TRY(source_store_before_copy(s->db, s->owner, mark, conversation, list[i]->number,
                                         (int64_t)i));
            continue;
        }
        buf_init(&form, NULL, RENDERING_BYTES_MAX);
        TRY(pack(s, list[i], NULL, false, &form));
        TRY(source_store_before_keep(s->db, s->owner, mark, conversation, (int64_t)i,
                                     list[i]->source_id, buf_str(&form)));
    }
    return OK;
}
