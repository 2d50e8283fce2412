/* Storing: a rendering comes from outside and becomes a conversation, or joins the one that it is of. */
#include "archive/archive_identity.h"
#include "archive/archive_write.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "os/entropy.h"

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
    const struct conversation *c;
    struct identity identity;
    struct rendering rendering; /* that came; of one that is new perhaps only the first messages */
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

/* Which one it is of. Of a large one the first messages say that it is new; the others are made into rows only where there is
 * something to hold them against. */
static err_t find(struct put *p, const struct archive_source *source)
{
    enum { FIRST = 1000 };
    struct rendering *r = &p->rendering;
    struct conversation first = *p->c;
    int rank = rendering_rank(r->row.source_kind, r->row.strategy);
    do {
        bool all = p->identity.undecided || p->c->message_count <= FIRST;
        first.message_count = r->count = all ? p->c->message_count : FIRST;
        TRY(merge_rows_of(p->a, (struct uuid){ { 0 } }, &first, (struct uuid){ { 0 } }, rank,
                          &r->messages));
        TRY(identity_find(p->db, p->a, p->owner, source, r->messages, r->count, !all,
                          &p->identity));
    } while (p->identity.undecided);
    return OK;
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
                                            .messages_unchanged = p->c->message_count };
    return OK;
}

static err_t put(struct put *p, const struct archive_source *source, struct archive_put_result *ret)
{
    struct rendering *r = &p->rendering;
    bool here;
    TRY(find(p, source));
    TRY(is_here(p, ret, &here));
    if (here)
        return OK;
    bool new = uuid_is_nil(p->identity.source.id);
    if (new)
        p->identity.source.id = uuid_new();
    r->source_id = p->identity.source.id;
    r->place = p->identity.source.place;
    for (size_t i = 0; i < r->count; i++)
        r->messages[i].source_id = r->source_id;
    p->write.sources = new && p->identity.count;
    if (p->identity.count)
        TRY(put_onto(p, ret));
    else
        TRY(archive_write_new(p->db, p->a, p->owner, p->c, r->source_id, &r->row, &p->write, ret));
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
    struct put p = { .db = db, .a = &work, .owner = owner, .c = &c, .mark = options->mark };
    p.leaves_trash = options->leaves_trash;
    p.archived = options->archived;
    p.write = (struct write_options){ .measure = options->measure, .now_ms = now_ms };
    TRY(row_of(&work, &c, options, now_ms, &p.rendering.row));
    p.write.seen_ms = p.rendering.row.captured_ms;
    struct archive_source source =
        identity_source(&work, &c, options->outcome, p.rendering.row.captured_ms);
    TRY(arena_err(a));

    struct archive_put_result result = { 0 };
    TRY(source_store_turn(db, owner));
    TRY(put(&p, &source, &result));
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
