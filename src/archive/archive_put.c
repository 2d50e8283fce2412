/* Storing: a rendering comes from outside and becomes a conversation, or joins the one that it is of. */
#include "archive/archive_identity.h"
#include "archive/archive_keep.h"
#include "archive/archive_source_store.h"
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
    struct renderings set;
    struct rendering *rendering; /* that came; of one that is new perhaps only the first messages */
    struct write_options write;
    bool leaves_trash, archived;
};

/* The other conversation becomes part of the first one. */
static err_t take_over(struct put *p, const struct archive_conversation *from, struct uuid to)
{
    struct archive_source *sources;
    size_t count;
    TRY(archive_sources(p->db, p->a, p->owner, from->id, &sources, &count));
    for (size_t i = 0; i < count; i++) {
        sources[i].conversation_id = to;
        TRY(source_store_update(p->db, p->owner, &sources[i]));
    }
    return source_store_copy_media(p->db, p->owner, from->id, to);
}

/* All renderings of all conversations that this is of, the first one's in front, and what came. */
static err_t gather(struct put *p, const struct archive_conversation *rows, struct rendering ***ret,
                    size_t *ret_own, size_t *ret_count)
{
    struct rendering **some[IDENTITY_JOINED_MAX], **list;
    size_t counts[IDENTITY_JOINED_MAX], all = 0, count = 0;
    for (size_t i = 0; i < p->identity.count; i++) {
        TRY(keep_load(&p->set, &rows[i], &some[i], &counts[i]));
        all += counts[i];
    }
    list = ARENA_ARRAY(p->a, struct rendering *, all + 1);
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

/* The first one takes what is the others'. */
static err_t become_one(struct put *p, struct archive_conversation *rows)
{
    size_t count = p->identity.count;
    for (size_t i = 1; i < count; i++) {
        if (p->write.seen_ms < rows[i].captured_ms)
            p->write.seen_ms = rows[i].captured_ms;
        if (rows[i].title_own && !rows[0].title_own)
            TRY(archive_store_rename(p->db, p->owner, rows[0].id, rows[i].title));
        TRY(take_over(p, &rows[i], rows[0].id));
    }
    p->write.sources |= count > 1;
    return count > 1 ? archive_get(p->db, p->a, p->owner, rows[0].id, &rows[0]) : OK;
}

static err_t put_onto(struct put *p, struct archive_put_result *ret)
{
    struct archive_conversation rows[IDENTITY_JOINED_MAX] = { 0 };
    struct rendering **list;
    size_t own = 0, count, joined = p->identity.count;
    for (size_t i = 0; i < joined; i++)
        TRY(archive_store_any(p->db, p->a, p->owner, p->identity.conversations[i], &rows[i]));
    TRY(bring_back(p, &rows[0], ret));
    TRY(gather(p, rows, &list, &own, &count));
    struct rendering **before = ARENA_ARRAY(p->a, struct rendering *, own + 1);
    if (!before)
        return arena_err(p->a);
    memcpy(before, list, own * sizeof(void *));
    p->write.before = before;
    p->write.before_count = ret->restored ? 0 : own;
    TRY(rendering_retain(&p->set, list, &count));
    TRY(become_one(p, rows));
    ret->joined = joined - 1;
    TRY(archive_write(&p->set, &rows[0], list, count, &p->write, ret));
    for (size_t i = 1; i < joined; i++) /* what they said is read until here */
        TRY(archive_remove(p->db, p->owner, &rows[i], "joined", p->write.now_ms));
    return OK;
}

static err_t put_new(struct put *p, struct archive_put_result *ret)
{
    struct rendering *r = p->rendering;
    CLEANUP(merge_list_free) struct merge_list list = { 0 };
    TRY(rendering_take(&p->set, r, &list));
    merge_list_free(&list);
    return archive_write_new(p->db, p->a, p->owner, p->c, r->source_id, &r->row, &p->write, ret);
}

static err_t put_source(struct put *p, bool new, struct uuid conversation)
{
    struct archive_source *s = &p->identity.source;
    s->conversation_id = conversation;
    return new ? source_store_insert(p->db, p->owner, s) : source_store_update(p->db, p->owner, s);
}

/* Which one it is of. Of a large one the first messages say that it is new; the others are looked at only where there is
 * something to hold them against. */
static err_t find(struct put *p, const struct archive_source *source)
{
    enum { FIRST = 1000 };
    struct rendering *r = p->rendering;
    do {
        CLEANUP(merge_list_free) struct merge_list again = { 0 };
        bool all = p->identity.undecided || p->c->message_count <= FIRST;
        if (r->is_open)
            TRY(rendering_take(&p->set, r, &again));
        r->given_count = all ? p->c->message_count : FIRST;
        TRY(rendering_open(&p->set, r));
        TRY(identity_find(&p->set, source, &r->list, !all, &p->identity));
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
    *ret_here = row.trashed_ms == TIME_NONE && str_eq(row.hash, p->rendering->row.hash) &&
                row.captured_ms >= p->rendering->row.captured_ms;
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
    struct rendering *r = p->rendering;
    bool here;
    TRY(find(p, source));
    TRY(is_here(p, ret, &here));
    if (here)
        return OK;
    bool new = uuid_is_nil(p->identity.source.id);
    if (new)
        p->identity.source.id = uuid_new();
    r->place = p->identity.source.place;
    TRY(rendering_is_of(&p->set, r, p->identity.source.id));
    p->write.sources = new && p->identity.count;
    TRY(p->identity.count ? put_onto(p, ret) : put_new(p, ret));
    ret->source_id = r->source_id;
    ret->source_new = new;
    return put_source(p, new, ret->id);
}

static err_t put_given(struct put *p, const struct archive_put_options *options,
                       struct archive_put_result *ret)
{
    renderings_init(&p->set, p->db, p->a, p->owner);
    p->rendering = rendering_add(&p->set);
    if (!p->rendering)
        return arena_err(p->a);
    p->rendering->given = p->c;
    struct archive_conversation *row = &p->rendering->row;
    TRY(row_of(p->a, p->c, options, p->write.now_ms, row));
    p->write.seen_ms = row->captured_ms;
    struct archive_source source = identity_source(p->a, p->c, options->outcome, row->captured_ms);
    TRY(arena_err(p->a));
    TRY(source_store_turn(p->db, p->owner));
    return put(p, &source, ret);
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
    struct put p = { .db = db, .a = &work, .owner = owner, .c = &c };
    p.leaves_trash = options->leaves_trash;
    p.archived = options->archived;
    p.write = (struct write_options){ .measure = options->measure,
                                      .mark = options->mark,
                                      .now_ms = now_ms };
    struct archive_put_result result = { 0 };
    err_t e = put_given(&p, options, &result);
    renderings_free(&p.set);
    TRY(e);
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
