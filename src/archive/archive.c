#include "archive/archive.h"

#include "archive/archive_merge.h"
#include "archive/archive_store.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "ops/ops.h"
#include "os/entropy.h"

static err_t say_for(struct db *db, struct uuid owner, struct uuid actor, const char *entity,
                     struct uuid id, const char *kind, const char *fields, int64_t version,
                     int64_t now_ms)
{
    struct op_new op = {
        .owner_id = owner,
        .actor_id = actor,
        .entity = entity,
        .kind = kind,
        .fields = fields,
        .entity_id = id,
        .version = version,
    };
    return ops_append(db, &op, now_ms);
}

/* The owner's own doing. */
static err_t say(struct db *db, struct uuid owner, const char *entity, struct uuid id,
                 const char *kind, const char *fields, int64_t version, int64_t now_ms)
{
    return say_for(db, owner, owner, entity, id, kind, fields, version, now_ms);
}

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

static int64_t visible_count(const struct conversation *c)
{
    int64_t n = 0;
    for (size_t i = 0; i < c->message_count; i++)
        n += c->messages[i].on_path && !c->messages[i].hidden;
    return n;
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
        .version = 1,
        .message_count = visible_count(c),
        .created_ms = c->created_ms,
        .updated_ms = c->updated_ms,
        .captured_ms = c->source.captured_ms == TIME_NONE ? now_ms : c->source.captured_ms,
        .stored_ms = now_ms,
    };
    return OK;
}

static err_t put_step(struct db *db, struct uuid owner, const struct merge_step *step,
                      int64_t now_ms, struct archive_put_result *result)
{
    const struct archive_message *row = &step->row;
    switch (step->kind) {
    case MERGE_UNCHANGED:
        result->messages_unchanged++;
        return OK;
    case MERGE_NEW:
        result->messages_new++;
        TRY(archive_store_message_insert(db, owner, row));
        return say(db, owner, "message", row->id, "created", NULL, 1, now_ms);
    case MERGE_CHANGED:
        result->messages_changed++;
        TRY(archive_store_message_replace(db, owner, row, now_ms));
        TRY(archive_store_message_place(db, owner, row));
        return say(db, owner, "message", row->id, "updated", step->fields, row->version + 1,
                   now_ms);
    case MERGE_MOVED:
    case MERGE_GONE:
        *(step->kind == MERGE_GONE ? &result->messages_gone : &result->messages_moved) += 1;
        TRY(archive_store_message_place(db, owner, row));
        return say(db, owner, "message", row->id, "updated", step->fields, row->version, now_ms);
    }
    return E_INTERNAL;
}

/* Messages as a plan says; gives the hash of what is stored then. */
static err_t put_messages(struct db *db, struct arena *a, struct uuid owner,
                          const struct conversation *c, const struct archive_message *stored,
                          size_t stored_count, int64_t now_ms, struct archive_put_result *result,
                          struct str *ret_hash)
{
    struct merge_plan plan;
    TRY(merge_messages(a, result->id, c, stored, stored_count, uuid_new, &plan));
    for (size_t i = 0; i < plan.count; i++)
        TRY(put_step(db, owner, &plan.steps[i], now_ms, result));
    *ret_hash = plan.hash;
    return OK;
}

static err_t put_new(struct db *db, struct arena *a, struct uuid owner,
                     const struct conversation *c, struct archive_conversation *row, int64_t now_ms,
                     struct archive_put_result *result)
{
    row->id = result->id = uuid_new();
    result->created = true;
    result->version = 1;
    TRY(archive_store_insert(db, owner, row));
    TRY(say(db, owner, "conversation", row->id, "created", NULL, 1, now_ms));
    return put_messages(db, a, owner, c, NULL, 0, now_ms, result, &row->hash);
}

/* What a rendering names no more stays as it was known; a title that the owner gave stays in any case. */
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
}

/* Names of what changed, parted by commas, as the JSON has them, with the time of the capture, which changes always and
 * is no change of the conversation. */
static err_t find_fields(struct arena *a, const struct archive_conversation *old,
                         const struct archive_conversation *row, const struct archive_put_result *r,
                         const char **ret, bool *ret_changed)
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
        { "source", !str_eq(old->source_kind, row->source_kind) ||
                        !str_eq(old->source_url, row->source_url) ||
                        !str_eq(old->strategy, row->strategy) ||
                        !str_eq(old->recipe, row->recipe) },
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

static err_t put_again(struct db *db, struct arena *a, struct uuid owner,
                       const struct conversation *c, const struct archive_conversation *old,
                       struct archive_conversation *row, int64_t now_ms,
                       struct archive_put_result *result)
{
    struct archive_message *stored;
    size_t count;
    const char *fields;
    result->id = row->id = old->id;
    TRY(archive_messages(db, a, owner, old->id, true, -1, CONVERSATION_MESSAGES_MAX * 2, &stored,
                         &count));
    TRY(put_messages(db, a, owner, c, stored, count, now_ms, result, &row->hash));
    keep_known(old, row);
    TRY(find_fields(a, old, row, result, &fields, &result->changed));
    row->version = result->version = old->version + (result->changed ? 1 : 0);
    TRY(archive_store_update(db, owner, row)); /* when it was seen last changes in any case */
    return say(db, owner, "conversation", row->id, "updated", fields, row->version, now_ms);
}

/* Names may hold zero bytes (JSON can say \u0000), which no database takes as text. */
static struct conversation storable(struct arena *a, const struct conversation *c)
{
    struct conversation s = *c;
    s.title = utf8_repair(a, c->title);
    s.model = utf8_repair(a, c->model);
    s.source.id = utf8_repair(a, c->source.id);
    s.source.url = utf8_repair(a, c->source.url);
    s.source.recipe = utf8_repair(a, c->source.recipe);
    return s;
}

err_t archive_put(struct db *db, struct arena *a, struct uuid owner,
                  const struct conversation *given, const struct archive_put_options *options,
                  int64_t now_ms, struct archive_put_result *ret)
{
    assert(given->hash.n && given->provider && given->source.kind);
    struct conversation named = storable(a, given);
    const struct conversation *c = &named;
    TRY(arena_err(a));
    if (c->message_count > CONVERSATION_MESSAGES_MAX)
        return err_note(E_LIMIT, NULL, "the conversation has %zu messages; %d are the most",
                        c->message_count, CONVERSATION_MESSAGES_MAX);
    struct archive_conversation row, old;
    TRY(row_of(a, c, options, now_ms, &row));

    struct archive_put_result result = { 0 };
    CLEANUP(arena_free) struct arena work = { 0 }; /* what is stored of it may be larger than `a` */
    arena_init(&work, CONVERSATION_ARENA_BYTES_MAX);
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    err_t found = archive_store_find(db, &work, owner, c, &old);
    if (found == OK)
        TRY(put_again(db, &work, owner, c, &old, &row, now_ms, &result));
    else if (found == E_NOT_FOUND)
        TRY(put_new(db, &work, owner, c, &row, now_ms, &result));
    else
        return found;
    for (size_t i = 0; i < options->media_count; i++)
        TRY(archive_store_media(db, owner, result.id, &options->media[i]));
    TRY(db_txn_commit(&tx));
    *ret = result;
    return OK;
}

static err_t check_version(int64_t expected, int64_t now)
{
    return !expected || expected == now
               ? OK
               : err_note(E_PRECONDITION, NULL, "the conversation is at version %lld now",
                          (long long)now);
}

err_t archive_rename(struct db *db, struct arena *a, struct uuid owner, struct uuid actor,
                     struct uuid id, struct str title, int64_t expected_version, int64_t now_ms,
                     int64_t *ret_version)
{
    struct archive_conversation row;
    assert(db_in_txn(db));
    /* Written first: with PostgreSQL that holds the row, so of two at once the second one sees the first. */
    TRY(archive_store_rename(db, owner, id, title));
    TRY(archive_get(db, a, owner, id, &row));
    TRY(check_version(expected_version, row.version - 1));
    *ret_version = row.version;
    return say_for(db, owner, actor, "conversation", id, "updated", "title", row.version, now_ms);
}

/* One op for each, in pages: a conversation may be larger than a request's arena. */
static err_t say_deleted(struct db *db, struct uuid owner, struct uuid id, int64_t now_ms)
{
    enum { PAGE = 200 };
    CLEANUP(arena_free) struct arena page = { 0 };
    struct archive_message *messages;
    size_t count = PAGE;
    int64_t after = -1;
    arena_init(&page, CONVERSATION_ARENA_BYTES_MAX);
    while (count == PAGE) {
        arena_reset(&page);
        TRY(archive_messages(db, &page, owner, id, true, after, PAGE, &messages, &count));
        for (size_t i = 0; i < count; i++)
            TRY(say(db, owner, "message", messages[i].id, "deleted", NULL, messages[i].version,
                    now_ms));
        after = count ? messages[count - 1].position : after;
    }
    return OK;
}

err_t archive_delete(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                     int64_t expected_version, int64_t now_ms, int64_t *ret_version)
{
    struct archive_conversation row;
    assert(db_in_txn(db));
    TRY(archive_get(db, a, owner, id, &row));
    TRY(check_version(expected_version, row.version));
    TRY(say_deleted(db, owner, id, now_ms));
    TRY(archive_store_delete(db, owner, id));
    *ret_version = row.version;
    return say(db, owner, "conversation", id, "deleted", NULL, row.version, now_ms);
}
