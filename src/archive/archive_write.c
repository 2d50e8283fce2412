/* Making the rows what renderings say: those of a conversation that is there, or of one that leaves another. */
#include "archive/archive_write.h"

#include "archive/archive_keep.h"
#include "archive/archive_said.h"
#include "base/limits.h"
#include "os/entropy.h"

struct writing {
    struct renderings *set;
    const struct archive_conversation *old;
    struct rendering **list;
    size_t count;
    const struct write_options *o;
    struct archive_put_result *ret;
    struct uuid id;
    bool new;
    struct folded f;          /* laid over the rows: with the ids that its messages have there */
    struct merge_step *steps; /* for each of its messages */
};

/* --- messages ------------------------------------------------------------------------------------- */

static void count_step(enum merge_kind kind, bool shown, struct archive_put_result *r)
{
    switch (kind) {
    case MERGE_NEW:
        r->messages_new++;
        r->shown_new += shown;
        return;
    case MERGE_UNCHANGED:
        r->messages_unchanged++;
        return;
    case MERGE_MOVED:
        r->messages_moved++;
        return;
    case MERGE_CHANGED:
        r->messages_changed++;
        r->shown_changed += shown;
        return;
    case MERGE_GONE:
    case MERGE_DROPPED:
        r->messages_gone++;
        return;
    }
}

static void count_steps(const struct writing *w)
{
    for (size_t i = 0; i < w->f.list.count; i++) {
        const struct merge_message *m = &w->f.list.m[i];
        count_step((enum merge_kind)w->steps[i].kind, m->on_path && !m->hidden, w->ret);
    }
}

static err_t put_step(struct db *db, struct uuid owner, const struct merge_step *step,
                      const struct archive_message *row, int64_t now_ms)
{
    char fields[MERGE_FIELDS_BYTES];
    const char *changed = merge_fields(step->fields, fields);
    switch ((enum merge_kind)step->kind) {
    case MERGE_UNCHANGED:
        return OK;
    case MERGE_NEW:
        TRY(archive_store_message_insert(db, owner, row));
        return archive_say_new(db, owner, "message", row->id, now_ms);
    case MERGE_CHANGED:
        TRY(archive_store_message_replace(db, owner, row, now_ms));
        TRY(archive_store_message_place(db, owner, row));
        return archive_say(db, owner, "message", row->id, "updated", changed, row->version + 1,
                           now_ms);
    case MERGE_MOVED:
    case MERGE_GONE:
        TRY(archive_store_message_place(db, owner, row));
        return archive_say(db, owner, "message", row->id, "updated", changed, row->version, now_ms);
    case MERGE_DROPPED:
        TRY(archive_store_message_delete(db, owner, row->id));
        return archive_say(db, owner, "message", row->id, "deleted", NULL, row->version, now_ms);
    }
    return E_INTERNAL;
}

static bool wants_words(void *context, size_t i)
{
    const struct writing *w = context;
    return w->steps[i].kind == MERGE_NEW || w->steps[i].kind == MERGE_CHANGED;
}

static err_t put_message(void *context, size_t i, struct str blocks)
{
    struct writing *w = context;
    char hash[SAID_HASH_BYTES];
    struct archive_message row;
    if (w->steps[i].kind == MERGE_UNCHANGED)
        return OK;
    said_row(w->set, &w->f.list, i, blocks, hash, &row);
    row.conversation_id = w->id;
    return put_step(w->set->db, w->set->owner, &w->steps[i], &row, w->o->now_ms);
}

static err_t put_messages(struct writing *w)
{
    const struct said_visit visit = { wants_words, put_message, w };
    db_together_begin(w->set->db);
    TRY(said_each(w->set, &w->f.list, w->list[w->count - 1], &visit));
    return db_together_end(w->set->db);
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
    blocks_text(list, count, BLOCKS_ALL, &text);
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

static err_t measure_row(void *context, size_t i, const struct archive_message *row)
{
    struct writing *w = context;
    UNUSED(i);
    return archive_measure_add(&w->ret->before, row);
}

static bool wants_measure(void *context, size_t i)
{
    const struct writing *w = context;
    const struct merge_message *m = &w->f.list.m[i];
    return m->on_path && !m->hidden && w->steps[i].kind != MERGE_DROPPED;
}

static err_t measure_message(void *context, size_t i, struct str blocks)
{
    struct writing *w = context;
    const struct archive_message shown = { .blocks = blocks, .on_path = true };
    return wants_measure(w, i) ? archive_measure_add(&w->ret->after, &shown) : OK;
}

/* Before the rows are changed. */
static err_t measure(struct writing *w)
{
    const struct message_visit before = { .each = measure_row, .context = w };
    const struct said_visit after = { wants_measure, measure_message, w };
    if (!w->new)
        TRY(rendering_each_row(w->set, w->id, &before));
    TRY(said_each(w->set, &w->f.list, w->list[w->count - 1], &after));
    w->ret->before.warnings = archive_count_warnings(w->new ? S("") : w->old->findings);
    w->ret->after.warnings = archive_count_warnings(w->f.row.findings);
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

/* What changes of the row, and whether that is more than when it was seen last. */
static err_t plan_row(struct writing *w, const char **ret_fields)
{
    struct archive_conversation *row = &w->f.row;
    keep_known(w->old, row);
    TRY(find_fields(w->set->a, w->old, row, w->ret, w->o->sources, ret_fields, &w->ret->changed));
    row->version = w->ret->version = w->old->version + (w->ret->changed ? 1 : 0);
    return OK;
}

static err_t write_row(struct writing *w, const char *fields)
{
    const struct archive_conversation *row = &w->f.row;
    struct db *db = w->set->db;
    TRY(archive_store_update(db, w->set->owner, row)); /* also when only the capture is new */
    return archive_say(db, w->set->owner, "conversation", row->id, "updated", fields, row->version,
                       w->o->now_ms);
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

/* Fold what was said, and lay it over the rows. */
static err_t plan(struct writing *w)
{
    const struct merge_options m = {
        .new_id = uuid_new, .by_id = true, .as_given = true, .drop = w->o->drop
    };
    CLEANUP(merge_list_free) struct merge_list stored = { 0 };
    struct archive_conversation *row = &w->f.row;
    TRY(rendering_fold(w->set, w->list, w->count, &w->f));
    /* What the rows are of is known where one rendering alone made them. */
    if (!w->new)
        TRY(rendering_rows(
            w->set, w->id,
            w->count == 1 ? rendering_rank(w->old->source_kind, w->old->strategy) : 0, &stored));
    TRY(merge_lists(w->set->a, &w->set->texts, &w->f.list, &stored, &m, &w->steps, NULL));
    row->id = w->ret->id = w->id;
    row->hash = sha256_tagged(w->set->a, merge_chain(&w->f.list));
    if (row->captured_ms < w->o->seen_ms)
        row->captured_ms = w->o->seen_ms;
    count_steps(w);
    return arena_err(w->set->a);
}

static err_t keep(struct writing *w)
{
    const struct write_options *o = w->o;
    /* The rows say all where one made them, and none that was left out was captured later than it. */
    bool kept = w->count > 1 || w->list[0]->row.captured_ms != w->f.row.captured_ms;
    if (w->ret->changed && !uuid_is_nil(o->mark) && o->before_count)
        TRY(keep_before(w->set, o->mark, w->id, o->before, o->before_count));
    return kept || !w->new
               ? keep_renderings(w->set, w->id, w->list, kept ? w->count : 0, &w->f.list, w->steps)
               : OK;
}

static err_t make(struct writing *w)
{
    const char *fields = NULL;
    TRY(plan(w));
    if (!w->new)
        TRY(plan_row(w, &fields));
    if (w->o->measure)
        TRY(measure(w));
    TRY(keep(w));
    if (w->new)
        TRY(archive_insert_row(w->set->db, w->set->owner, &w->f.row, w->o, w->ret));
    TRY(put_messages(w));
    if (!w->new)
        TRY(write_row(w, fields));
    w->ret->title = w->f.row.title;
    w->ret->message_count = w->f.row.message_count;
    return OK;
}

err_t archive_write(struct renderings *set, const struct archive_conversation *old,
                    struct rendering **list, size_t count, const struct write_options *o,
                    struct archive_put_result *ret)
{
    struct writing w = { .set = set, .old = old, .list = list, .count = count, .o = o, .ret = ret };
    w.new = uuid_is_nil(old->id);
    w.id = w.new ? uuid_new() : old->id;
    err_t e = make(&w);
    folded_free(&w.f);
    return e;
}
