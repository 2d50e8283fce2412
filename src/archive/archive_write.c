/* Making the rows what renderings say: those of a conversation that is there, or of one that leaves another. */
#include "archive/archive_write.h"
#include "archive/archive_source_store.h"
#include "base/limits.h"
#include "base/map.h"
#include "os/entropy.h"

/* --- messages ------------------------------------------------------------------------------------- */

static err_t drop_message(struct db *db, struct uuid owner, const struct archive_message *row,
                          int64_t now_ms)
{
    TRY(archive_store_message_delete(db, owner, row->id));
    return archive_say(db, owner, "message", row->id, "deleted", NULL, row->version, now_ms);
}

static err_t put_step(struct db *db, struct uuid owner, const struct merge_step *step,
                      int64_t now_ms, struct archive_put_result *result)
{
    const struct archive_message *row = &step->row;
    bool shown = row->on_path && !row->hidden;
    switch (step->kind) {
    case MERGE_UNCHANGED:
        result->messages_unchanged++;
        return OK;
    case MERGE_NEW:
        result->messages_new++;
        result->shown_new += shown;
        TRY(archive_store_message_insert(db, owner, row));
        return archive_say_new(db, owner, "message", row->id, now_ms);
    case MERGE_CHANGED:
        result->messages_changed++;
        result->shown_changed += shown;
        TRY(archive_store_message_replace(db, owner, row, now_ms));
        TRY(archive_store_message_place(db, owner, row));
        return archive_say(db, owner, "message", row->id, "updated", step->fields, row->version + 1,
                           now_ms);
    case MERGE_MOVED:
    case MERGE_GONE:
        *(step->kind == MERGE_GONE ? &result->messages_gone : &result->messages_moved) += 1;
        TRY(archive_store_message_place(db, owner, row));
        return archive_say(db, owner, "message", row->id, "updated", step->fields, row->version,
                           now_ms);
    case MERGE_DROPPED:
        result->messages_gone++;
        return drop_message(db, owner, row, now_ms);
    }
    return E_INTERNAL;
}

/* --- how much it says -------------------------------------------------------------------------------- */

static err_t count_words(struct str blocks, int64_t *words)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct json root;
    struct block *list;
    struct buf text;
    size_t count;
    bool inside = false;
    arena_init(&a, 3 * CONVERSATION_BYTES_MAX);
    TRY(json_parse(&a, blocks, JSON_FOREIGN_DEPTH_MAX, &root));
    TRY(blocks_read(&a, root, &list, &count));
    buf_init(&text, &a, CONVERSATION_BYTES_MAX);
    blocks_text(list, count, true, &text);
    TRY(buf_err(&text));
    for (size_t i = 0; i < text.n; i++) {
        bool space = (unsigned char)text.s[i] <= ' ';
        *words += !space && !inside;
        inside = !space;
    }
    return OK;
}

int64_t archive_count_warnings(struct str findings)
{
    struct str mark = S("\"level\":\"warning\"");
    int64_t n = 0;
    for (size_t at = str_find(findings, mark, 0); at < findings.n;
         at = str_find(findings, mark, at + mark.n))
        n++;
    return n;
}

err_t archive_measure_add(struct archive_measure *m, const struct archive_message *row)
{
    if (!row->on_path || row->hidden)
        return OK;
    m->messages++;
    return count_words(row->blocks, &m->words);
}

static err_t measure(const struct archive_message *before, size_t before_count,
                     const struct merge_plan *plan, struct str findings_before,
                     struct str findings_after, struct archive_put_result *ret)
{
    for (size_t i = 0; i < before_count; i++)
        TRY(archive_measure_add(&ret->before, &before[i]));
    for (size_t i = 0; i < plan->count; i++)
        if (plan->steps[i].kind != MERGE_DROPPED)
            TRY(archive_measure_add(&ret->after, &plan->steps[i].row));
    ret->before.warnings = archive_count_warnings(findings_before);
    ret->after.warnings = archive_count_warnings(findings_after);
    return OK;
}

/* --- the conversation ----------------------------------------------------------------------------------- */

/* A title that the owner gave stays; what no rendering names stays as it was known. */
static void keep_known(const struct archive_conversation *old, struct archive_conversation *row)
{
    if (!row->title.n || old->title_own)
        row->title = old->title;
    if (!row->model.n)
        row->model = old->model;
    if (row->created_ms == TIME_NONE)
        row->created_ms = old->created_ms;
    if (row->updated_ms == TIME_NONE)
        row->updated_ms = old->updated_ms;
    if (row->captured_ms < old->captured_ms)
        row->captured_ms = old->captured_ms;
}

/* Names of what changed, parted by commas, as the JSON has them, with the time of the capture, which changes always and
 * is no change of the conversation. */
static err_t find_fields(struct arena *a, const struct archive_conversation *old,
                         const struct archive_conversation *row, const struct archive_put_result *r,
                         bool sources, const char **ret, bool *ret_changed)
{
    const struct {
        const char *name;
        bool changed;
    } all[] = {
        { "messages", r->messages_new || r->messages_changed || r->messages_moved ||
                          r->messages_gone || !str_eq(old->hash, row->hash) ||
                          old->message_count != row->message_count },
        { "title", !str_eq(old->title, row->title) },
        { "model", !str_eq(old->model, row->model) },
        { "source",
          !str_eq(old->source_kind, row->source_kind) ||
              !str_eq(old->source_url, row->source_url) ||
              !str_eq(old->origin_id, row->origin_id) || !str_eq(old->account, row->account) ||
              !str_eq(old->strategy, row->strategy) || !str_eq(old->recipe, row->recipe) },
        { "sources", sources },
        { "context", !str_eq(old->context_cwd, row->context_cwd) ||
                         !str_eq(old->context_branch, row->context_branch) ||
                         !str_eq(old->context_tool, row->context_tool) },
        { "outcome", !str_eq(old->outcome, row->outcome) },
        { "findings", !str_eq(old->findings, row->findings) },
        { "created_at", old->created_ms != row->created_ms },
        { "updated_at", old->updated_ms != row->updated_ms },
    };
    struct buf b;
    buf_init(&b, a, KIB(1));
    for (size_t i = 0; i < COUNTOF(all); i++)
        if (all[i].changed)
            buf_putf(&b, "%s,", all[i].name);
    *ret_changed = b.n > 0;
    buf_put(&b, S("captured_at"));
    buf_putc(&b, 0);
    *ret = b.s;
    return buf_err(&b);
}

static err_t write_row(struct db *db, struct arena *a, struct uuid owner,
                       const struct archive_conversation *old, struct archive_conversation *row,
                       const struct write_options *o, struct archive_put_result *r)
{
    const char *fields;
    TRY(find_fields(a, old, row, r, o->sources, &fields, &r->changed));
    row->version = r->version = old->version + (r->changed ? 1 : 0);
    TRY(archive_store_update(db, owner, row)); /* when it was seen last changes in any case */
    return archive_say(db, owner, "conversation", row->id, "updated", fields, row->version,
                       o->now_ms);
}

err_t archive_insert_row(struct db *db, struct uuid owner, struct archive_conversation *row,
                         const struct write_options *o, struct archive_put_result *r)
{
    r->created = true;
    row->version = r->version = 1;
    row->stored_ms = o->now_ms;
    TRY(archive_store_insert(db, owner, row));
    return archive_say(db, owner, "conversation", row->id, "created", NULL, 1, o->now_ms);
}

static struct str id_key(const struct uuid *id)
{
    return str_of((const char *)id->b, sizeof id->b);
}

/* One rendering's messages, and the parents that they name, get the ids that they have in the rows. */
static err_t name_messages_of(const struct map *stored, struct rendering *r)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct map own; /* the id that it has in the rendering -> in the rows */
    arena_init(&a, CONVERSATION_ARENA_BYTES_MAX);
    struct uuid *olds = ARENA_ARRAY(&a, struct uuid, r->count + 1);
    map_init(&own, &a);
    if (!olds)
        return arena_err(&a);
    for (size_t i = 0; i < r->count; i++) {
        struct uuid *id = map_get(stored, id_key(&r->whole_ids[i]));
        olds[i] = r->messages[i].id;
        TRY(map_put(&own, id_key(&olds[i]), id ? id : &r->whole_ids[i]));
    }
    for (size_t i = 0; i < r->count; i++) {
        struct archive_message *m = &r->messages[i];
        const struct uuid *parent = map_get(&own, id_key(&m->parent_id));
        m->id = *(const struct uuid *)map_get(&own, id_key(&olds[i]));
        m->parent_id = parent ? *parent : (struct uuid){ { 0 } };
    }
    return OK;
}

static err_t name_messages(const struct folded *f, const struct merge_plan *plan,
                           struct rendering *list, size_t count)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct map stored;
    arena_init(&a, CONVERSATION_ARENA_BYTES_MAX);
    map_init(&stored, &a);
    for (size_t i = 0; i < f->count; i++)
        TRY(map_put(&stored, id_key(&f->messages[i].id), &plan->steps[i].row.id));
    for (size_t i = 0; i < count; i++)
        TRY(name_messages_of(&stored, &list[i]));
    return OK;
}

/* The rows, as the one rendering that they are made of. */
static err_t load_rows(struct db *db, struct arena *a, struct uuid owner,
                       const struct archive_conversation *row, struct rendering *r)
{
    struct archive_source *sources;
    size_t count;
    TRY(archive_sources(db, a, owner, row->id, &sources, &count));
    *r = (struct rendering){ .place = S(""), .row = *row };
    TRY(archive_messages(db, a, owner, row->id, true, -1, CONVERSATION_MESSAGES_MAX * 2,
                         &r->messages, &r->count));
    if (count) {
        r->source_id = sources[0].id;
        r->place = sources[0].place;
    }
    int rank = rendering_rank(row->source_kind, row->strategy);
    for (size_t i = 0; i < r->count; i++) {
        r->messages[i].source_id = r->source_id;
        r->messages[i].rank = rank;
    }
    return OK;
}

err_t archive_load(struct db *db, struct arena *a, struct uuid owner,
                   const struct archive_conversation *row, struct rendering **ret,
                   size_t *ret_count)
{
    struct rendering *kept;
    size_t count;
    TRY(source_store_renderings(db, a, owner, row->id, &kept, &count));
    if (!count) {
        kept = ARENA_NEW(a, struct rendering);
        if (!kept)
            return arena_err(a);
        TRY(load_rows(db, a, owner, row, kept));
        count = 1;
    }
    *ret = kept;
    *ret_count = count;
    return OK;
}

err_t archive_write(struct db *db, struct arena *a, struct uuid owner,
                    const struct archive_conversation *old, struct rendering *list, size_t count,
                    const struct write_options *o, struct archive_put_result *ret)
{
    struct folded f;
    struct merge_plan plan;
    struct archive_message *stored = NULL;
    size_t stored_count = 0;
    bool new = uuid_is_nil(old->id);
    const struct merge_options m = {
        .new_id = uuid_new, .by_id = true, .as_given = true, .drop = o->drop
    };
    struct uuid id = new ? uuid_new() : old->id;
    if (!new)
        TRY(archive_messages(db, a, owner, id, true, -1, CONVERSATION_MESSAGES_MAX * 2, &stored,
                             &stored_count));
    if (!new &&count == 1) /* what the rows are of, where one rendering alone made them */
        for (size_t i = 0; i < stored_count; i++)
            stored[i].rank = rendering_rank(old->source_kind, old->strategy);
    TRY(rendering_fold(a, list, count, &f));
    for (size_t i = 0; i < f.count; i++)
        f.messages[i].conversation_id = id;
    TRY(merge_rows(a, f.messages, f.count, stored, stored_count, &m, &plan));
    f.row.id = ret->id = id;
    f.row.hash = plan.hash;
    if (f.row.captured_ms < o->seen_ms)
        f.row.captured_ms = o->seen_ms;
    if (new)
        TRY(archive_insert_row(db, owner, &f.row, o, ret));
    else
        keep_known(old, &f.row);
    db_together_begin(db);
    for (size_t i = 0; i < plan.count; i++)
        TRY(put_step(db, owner, &plan.steps[i], o->now_ms, ret));
    TRY(db_together_end(db));
    if (!new)
        TRY(write_row(db, a, owner, old, &f.row, o, ret));
    ret->title = f.row.title;
    ret->message_count = f.row.message_count;
    if (o->measure)
        TRY(measure(stored, stored_count, &plan, new ? S("") : old->findings, f.row.findings, ret));
    /* The rows say all where one made them, and none that was left out was captured later than it. */
    bool kept = count > 1 || list[0].row.captured_ms != f.row.captured_ms;
    if (kept)
        TRY(name_messages(&f, &plan, list, count));
    return kept || !new ? source_store_keep(db, owner, id, list, kept ? count : 0) : OK;
}
