/* Storing: a rendering becomes rows, or changes those that are there. */
#include "archive/archive_identity.h"
#include "archive/archive_write.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/utf8.h"
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
        return archive_say(db, owner, "message", row->id, "created", NULL, 1, now_ms);
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

static int64_t count_warnings(struct str findings)
{
    struct str mark = S("\"level\":\"warning\"");
    int64_t n = 0;
    for (size_t at = str_find(findings, mark, 0); at < findings.n;
         at = str_find(findings, mark, at + mark.n))
        n++;
    return n;
}

static err_t measure_add(struct archive_measure *m, const struct archive_message *row)
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
        TRY(measure_add(&ret->before, &before[i]));
    for (size_t i = 0; i < plan->count; i++)
        if (plan->steps[i].kind != MERGE_DROPPED)
            TRY(measure_add(&ret->after, &plan->steps[i].row));
    ret->before.warnings = count_warnings(findings_before);
    ret->after.warnings = count_warnings(findings_after);
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

static err_t insert_row(struct db *db, struct uuid owner, struct archive_conversation *row,
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
static err_t name_messages_of(struct arena *a, const struct map *stored, struct rendering *r)
{
    struct map own; /* the id that it has in the rendering -> in the rows */
    struct uuid *olds = ARENA_ARRAY(a, struct uuid, r->count + 1);
    map_init(&own, a);
    if (!olds)
        return arena_err(a);
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

static err_t name_messages(struct arena *a, const struct folded *f, const struct merge_plan *plan,
                           struct rendering *list, size_t count)
{
    struct map stored;
    map_init(&stored, a);
    for (size_t i = 0; i < f->count; i++)
        TRY(map_put(&stored, id_key(&f->messages[i].id), &plan->steps[i].row.id));
    for (size_t i = 0; i < count; i++)
        TRY(name_messages_of(a, &stored, &list[i]));
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
        TRY(insert_row(db, owner, &f.row, o, ret));
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
        TRY(name_messages(a, &f, &plan, list, count));
    return kept || !new ? source_store_keep(db, owner, id, list, kept ? count : 0) : OK;
}

/* --- from outside ------------------------------------------------------------------------------------------ */

static err_t findings_json(struct arena *a, const struct conversation *c, struct str *ret)
{
    struct buf b;
    buf_init(&b, a, MIB(1));
    struct json_out o;
    jo_init(&o, &b);
    findings_write(&o, c);
    TRY(buf_err(&b));
    *ret = buf_str(&b);
    return OK;
}

static err_t row_of(struct arena *a, const struct conversation *c,
                    const struct archive_put_options *options, int64_t now_ms,
                    struct archive_conversation *ret)
{
    struct str findings;
    TRY(findings_json(a, c, &findings));
    *ret = (struct archive_conversation){
        .provider = str_from(c->provider),
        .origin_id = c->source.id.n ? c->source.id : STR_NONE,
        .title = c->title.s ? utf8_cut(c->title, TITLE_BYTES_MAX) : STR_NONE,
        .model = c->model,
        .source_kind = str_from(c->source.kind),
        .source_url = c->source.url,
        .strategy = str_from(c->source.strategy),
        .recipe = c->source.recipe,
        .outcome = options->outcome,
        .hash = c->hash,
        .findings = findings,
        .account = c->source.account,
        .context_cwd = c->context.cwd,
        .context_branch = c->context.branch,
        .context_tool = c->context.tool,
        .version = 1,
        .created_ms = c->created_ms,
        .updated_ms = c->updated_ms,
        .captured_ms = c->source.captured_ms == TIME_NONE ? now_ms : c->source.captured_ms,
        .stored_ms = now_ms,
    };
    return OK;
}

/* Names may hold zero bytes (JSON can say \u0000), which no database takes as text. */
static struct conversation storable(struct arena *a, const struct conversation *c)
{
    struct conversation s = *c;
    struct str *const texts[] = { &s.title,       &s.model,          &s.source.id,
                                  &s.source.url,  &s.source.recipe,  &s.source.account,
                                  &s.context.cwd, &s.context.branch, &s.context.tool };
    for (size_t i = 0; i < COUNTOF(texts); i++)
        *texts[i] = utf8_repair(a, *texts[i]);
    return s;
}

struct put {
    struct db *db;
    struct arena *a;
    struct uuid owner;
    struct identity identity;
    struct rendering rendering; /* that came */
    struct write_options write;
    struct uuid mark;
    bool leaves_trash, archived;
};

/* The other conversations become part of the first one. */
static err_t take_over(struct put *p, const struct archive_conversation *from, struct uuid to)
{
    struct archive_source *sources;
    size_t count;
    TRY(archive_sources(p->db, p->a, p->owner, from->id, &sources, &count));
    for (size_t i = 0; i < count; i++) {
        sources[i].conversation_id = to;
        TRY(source_store_update(p->db, p->owner, &sources[i]));
    }
    TRY(source_store_copy_media(p->db, p->owner, from->id, to));
    return archive_remove(p->db, p->owner, from, "joined", p->write.now_ms);
}

/* All renderings of all conversations that this is of, the first one's in front, and what came. */
static err_t gather(struct put *p, const struct archive_conversation *rows, struct rendering **ret,
                    size_t *ret_own, size_t *ret_count)
{
    struct rendering *some[IDENTITY_JOINED_MAX], *list;
    size_t counts[IDENTITY_JOINED_MAX], all = 0, count = 0;
    for (size_t i = 0; i < p->identity.count; i++) {
        TRY(archive_load(p->db, p->a, p->owner, &rows[i], &some[i], &counts[i]));
        all += counts[i];
    }
    list = ARENA_ARRAY(p->a, struct rendering, all + 1);
    if (!list)
        return arena_err(p->a);
    for (size_t i = 0; i < p->identity.count; i++)
        for (size_t k = 0; k < counts[i]; k++)
            list[count++] = some[i][k];
    list[count++] = p->rendering;
    *ret_own = counts[0];
    *ret = list;
    *ret_count = count;
    return OK;
}

/* What it was before, for archive_undo: of the first change under the mark. */
static err_t pack_before(struct put *p, struct uuid id, const struct rendering *list, size_t count,
                         struct packed_rendering **ret)
{
    int64_t kept = 0;
    *ret = NULL;
    if (uuid_is_nil(p->mark))
        return OK;
    TRY(source_store_before_count(p->db, p->owner, p->mark, id, &kept));
    return kept ? OK : source_store_pack(p->a, list, count, ret);
}

/* It is in the trash, and here again: it comes back as one that is new. */
static err_t bring_back(struct put *p, struct archive_conversation *row,
                        struct archive_put_result *ret)
{
    if (row->trashed_ms == TIME_NONE)
        return OK;
    if (p->leaves_trash)
        return err_note(E_NOT_FOUND, NULL, "it is in the trash");
    ret->created = ret->restored = true;
    TRY(archive_restore(p->db, p->a, p->owner, row->id, p->write.now_ms, &row->version));
    return archive_get(p->db, p->a, p->owner, row->id, row);
}

static err_t put_onto(struct put *p, struct archive_put_result *ret)
{
    struct archive_conversation rows[IDENTITY_JOINED_MAX] = { 0 };
    struct rendering *list;
    struct packed_rendering *before = NULL;
    size_t own = 0, count, kept = p->identity.count;
    for (size_t i = 0; i < kept; i++)
        TRY(archive_store_any(p->db, p->a, p->owner, p->identity.conversations[i], &rows[i]));
    TRY(bring_back(p, &rows[0], ret));
    TRY(gather(p, rows, &list, &own, &count));
    if (!ret->restored)
        TRY(pack_before(p, rows[0].id, list, own, &before));
    TRY(rendering_retain(p->a, list, &count));
    for (size_t i = 1; i < kept; i++) {
        if (p->write.seen_ms < rows[i].captured_ms)
            p->write.seen_ms = rows[i].captured_ms;
        if (rows[i].title_own && !rows[0].title_own)
            TRY(archive_store_rename(p->db, p->owner, rows[0].id, rows[i].title));
        TRY(take_over(p, &rows[i], rows[0].id));
    }
    if (kept > 1)
        TRY(archive_get(p->db, p->a, p->owner, rows[0].id, &rows[0]));
    p->write.sources |= kept > 1;
    ret->joined = kept - 1;
    TRY(archive_write(p->db, p->a, p->owner, &rows[0], list, count, &p->write, ret));
    return before && ret->changed
               ? source_store_before_keep(p->db, p->owner, p->mark, rows[0].id, before, own)
               : OK;
}

static err_t put_source(struct put *p, bool new, struct uuid conversation)
{
    struct archive_source *s = &p->identity.source;
    s->conversation_id = conversation;
    return new ? source_store_insert(p->db, p->owner, s) : source_store_update(p->db, p->owner, s);
}

/* An archive brings what is here already: the same words, captured no earlier. */
static err_t is_here(struct put *p, struct archive_put_result *ret, bool *ret_here)
{
    struct archive_conversation row;
    *ret_here = false;
    if (!p->archived || p->identity.count != 1)
        return OK;
    TRY(archive_store_any(p->db, p->a, p->owner, p->identity.conversations[0], &row));
    *ret_here = row.trashed_ms == TIME_NONE && str_eq(row.hash, p->rendering.row.hash) &&
                row.captured_ms >= p->rendering.row.captured_ms;
    if (*ret_here)
        *ret = (struct archive_put_result){ .id = row.id,
                                            .version = row.version,
                                            .title = row.title,
                                            .message_count = row.message_count,
                                            .messages_unchanged = p->rendering.count };
    return OK;
}

static err_t put(struct put *p, const struct archive_source *source, size_t count,
                 struct archive_put_result *ret)
{
    static const struct archive_conversation NONE = { 0 };
    struct rendering *r = &p->rendering;
    TRY(identity_find(p->db, p->a, p->owner, source, r->messages, count, &p->identity));
    bool new = uuid_is_nil(p->identity.source.id), here;
    TRY(is_here(p, ret, &here));
    if (here)
        return OK;
    if (new)
        p->identity.source.id = uuid_new();
    r->source_id = p->identity.source.id;
    r->place = p->identity.source.place;
    for (size_t i = 0; i < count; i++)
        r->messages[i].source_id = r->source_id;
    p->write.sources = new && p->identity.count;
    if (p->identity.count)
        TRY(put_onto(p, ret));
    else
        TRY(archive_write(p->db, p->a, p->owner, &NONE, r, 1, &p->write, ret));
    ret->source_id = r->source_id;
    ret->source_new = new;
    return put_source(p, new, ret->id);
}

err_t archive_put_in(struct db *db, struct arena *a, struct uuid owner,
                     const struct conversation *given, const struct archive_put_options *options,
                     int64_t now_ms, struct archive_put_result *ret)
{
    assert(given->hash.n && given->provider && given->source.kind && db_in_txn(db));
    CLEANUP(arena_free) struct arena work = { 0 }; /* what is stored of it may be larger than `a` */
    arena_init(&work, CONVERSATION_ARENA_BYTES_MAX);
    struct conversation c = storable(&work, given);
    TRY(arena_err(&work));
    if (c.message_count > CONVERSATION_MESSAGES_MAX)
        return err_note(E_LIMIT, NULL, "the conversation has %zu messages; %d are the most",
                        c.message_count, CONVERSATION_MESSAGES_MAX);
    struct put p = { .db = db, .a = &work, .owner = owner, .mark = options->mark };
    p.leaves_trash = options->leaves_trash;
    p.archived = options->archived;
    struct rendering *r = &p.rendering;
    p.write = (struct write_options){ .measure = options->measure, .now_ms = now_ms };
    r->count = c.message_count;
    TRY(row_of(&work, &c, options, now_ms, &r->row));
    p.write.seen_ms = r->row.captured_ms;
    TRY(merge_rows_of(&work, (struct uuid){ { 0 } }, &c, (struct uuid){ { 0 } },
                      rendering_rank(r->row.source_kind, r->row.strategy), &r->messages));
    struct archive_source source = identity_source(&work, &c, options->outcome, r->row.captured_ms);
    TRY(arena_err(a));

    struct archive_put_result result = { 0 };
    TRY(source_store_turn(db, owner));
    TRY(put(&p, &source, r->count, &result));
    for (size_t i = 0; i < options->media_count; i++)
        TRY(archive_store_media(db, owner, result.id, &options->media[i]));
    if (result.title.s)
        result.title = str_dup(a, result.title);
    TRY(arena_err(a));
    *ret = result;
    return OK;
}

err_t archive_put(struct db *db, struct arena *a, struct uuid owner, const struct conversation *c,
                  const struct archive_put_options *options, int64_t now_ms,
                  struct archive_put_result *ret)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(archive_put_in(db, a, owner, c, options, now_ms, ret));
    return options->dry ? OK : db_txn_commit(&tx);
}
