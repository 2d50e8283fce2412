#include "capture/capture.h"

#include "archive/archive.h"
#include "base/limits.h"
#include "capture/capture_room.h"
#include "capture/capture_store.h"
#include "capture/url_policy.h"
#include "ops/ops.h"
#include "os/clock.h"

#define HOUR_MS ((int64_t)3600 * 1000)

static struct str payload_json(struct arena *a, const struct share_url *share)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, a, KIB(16));
    jo_init(&o, &b);
    jo_object(&o);
    jo_kstr(&o, "url", share->url);
    jo_end(&o);
    return buf_str(&b);
}

static err_t check_rate(struct app *app, struct db *db, struct uuid owner, int64_t now_ms)
{
    int64_t count;
    TRY(capture_store_count_since(db, owner, now_ms - HOUR_MS, &count));
    if (count < app->settings->capture_rate_per_hour)
        return OK;
    return err_note(E_RATE, NULL, "%lld captures an hour are the most; try again later",
                    (long long)app->settings->capture_rate_per_hour);
}

err_t capture_start(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                    struct str url, bool any_host, int64_t now_ms, struct uuid *ret_id)
{
    struct share_url share = { 0 };
    const struct provider_table *providers = &capture_room(app)->providers;
    struct str blocked = app->settings->blocked_domains;
    TRY((any_host ? url_policy_check_any : url_policy_check)(providers, a, url, blocked, &share));
    if (share.provider->generic && !app->settings->capture_any_host)
        return err_note(E_BLOCKED, "url", "this server reads pages of known providers only");
    struct str dedup = str_fmt(a, "%.*s:%.*s", STR_ARG(share.provider->name), STR_ARG(share.id));
    struct str payload = payload_json(a, &share);
    TRY(arena_err(a));
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    bool existing;
    TRY(job_add(db, a, owner, "capture", payload, dedup, now_ms, ret_id, &existing));
    if (existing)
        return OK; /* nothing to write: the running one's id */
    TRY(check_rate(app, db, owner, now_ms));
    struct capture_row row = {
        .id = *ret_id,
        .url = share.url,
        .provider = share.provider->name,
        .share_id = share.id,
        .created_ms = now_ms,
    };
    TRY(capture_store_insert(db, owner, &row));
    return db_txn_commit(&tx);
}

/* --- a conversation that goes ------------------------------------------------------------------- */

static err_t forget_capture(struct db *db, const struct op *why, struct uuid id)
{
    struct op_new op = { .owner_id = why->owner_id,
                         .actor_id = why->actor_id,
                         .entity = "capture",
                         .kind = "deleted",
                         .entity_id = id,
                         .version = 1 };
    TRY(capture_store_forget_one(db, why->owner_id, id));
    TRY(job_forget(db, why->owner_id, id));
    return ops_append(db, &op, clock_wall_ms());
}

/* Its captures say where it came from, and their evidence is the conversation itself. */
static err_t forget_captures_of(struct db *db, struct arena *a, const struct op *deleted)
{
    enum { AT_ONCE = 100 };
    struct capture_row *rows;
    size_t count = AT_ONCE;
    while (count == AT_ONCE) {
        TRY(capture_store_of(db, a, deleted->owner_id, deleted->entity_id, AT_ONCE, &rows, &count));
        for (size_t i = 0; i < count; i++)
            TRY(forget_capture(db, deleted, rows[i].id));
    }
    return OK;
}

/* The conversation is another one now, or two: each capture is of the one that its link gave. */
static err_t follow_links(struct db *db, struct arena *a, const struct op *moved)
{
    struct capture_row *rows;
    size_t count;
    TRY(capture_store_of(db, a, moved->owner_id, moved->entity_id, CAPTURES_OF_ONE_MAX, &rows,
                         &count));
    for (size_t i = 0; i < count; i++) {
        struct archive_source now;
        err_t e = archive_of_link(db, a, moved->owner_id, rows[i].provider, rows[i].url, &now);
        if (e == OK && !uuid_eq(now.conversation_id, moved->entity_id))
            e = capture_store_move(db, moved->owner_id, rows[i].id, now.conversation_id);
        if (e != OK && e != E_NOT_FOUND)
            return e;
    }
    return OK;
}

/* Is this name among those of the fields? */
static bool names(struct str fields, struct str name)
{
    struct str field;
    while (str_cut(&fields, ',', &field))
        if (str_eq(field, name))
            return true;
    return false;
}

static err_t consume_one(struct db *db, struct arena *a, const struct op *op)
{
    bool deleted = str_eq(op->kind, S("deleted"));
    if (!str_eq(op->entity, S("conversation")))
        return OK;
    if (names(op->fields, deleted ? S("joined") : S("sources")))
        TRY(follow_links(db, a, op));
    return deleted ? forget_captures_of(db, a, op) : OK;
}

err_t capture_consume(struct app *app, struct db *rows, struct db *effects, struct arena *a,
                      const struct op *ops, size_t count)
{
    UNUSED(app);
    UNUSED(rows);
    for (size_t i = 0; i < count; i++)
        TRY(consume_one(effects, a, &ops[i]));
    return OK;
}
