/* The op log's consumer that keeps the index: what changed is read from the rows and put in anew. */
#include "base/log.h"
#include "base/map.h"
#include "os/clock.h"
#include "search/inside.h"

const struct entity *search_entity(const struct app *app, struct str name)
{
    const struct entity *e = app_entity(app, name);
    return e && e->text ? e : NULL;
}

/* Put what the rows say now. Text that is too much for memory is left out rather than hold up
 * everything behind it. */
static err_t put_entity(struct app *app, struct db *rows, struct search_batch *batch,
                        const struct entity *entity, struct uuid owner, struct uuid id)
{
    CLEANUP(arena_free) struct arena a; /* its own: a batch may name many long texts */
    arena_init(&a, SEARCH_ARENA_BYTES_MAX);
    struct index_text t = { .created_ms = TIME_NONE };
    struct str name = str_from(entity->name);
    err_t e = entity->text(app, rows, &a, owner, id, &t);
    if (e == E_LIMIT) {
        char text[UUID_TEXT_BYTES + 1];
        uuid_text(id, text);
        log_at(LOG_WARN, "search.too_large", LZ("entity", entity->name), LZ("id", text));
    }
    if (e == E_NOT_FOUND || e == E_LIMIT)
        return search_batch_remove(batch, owner, name, id);
    TRY(e);
    assert(uuid_eq(t.owner_id, owner) && uuid_eq(t.id, id));
    return search_batch_put(batch, &(struct search_doc){
                                       .owner_id = owner,
                                       .id = id,
                                       .parent_id = t.parent_id,
                                       .entity = name,
                                       .text = t.text.s ? t.text : S(""),
                                       .aside = t.aside.s ? t.aside : S(""),
                                       .role = t.role,
                                       .provider = t.provider,
                                       .model = t.model,
                                       .account = t.account,
                                       .author = t.author,
                                       .has = t.has,
                                       .position = t.position,
                                       .created_ms = t.created_ms,
                                       .said_ms = t.said ? t.created_ms : TIME_NONE,
                                   });
}

static err_t consume_one(struct app *app, struct db *rows, struct search_batch *batch,
                         const struct op *op)
{
    bool deleted = str_eq(op->kind, S("deleted"));
    if (deleted && str_eq(op->entity, S("account")))
        return search_batch_remove_owner(batch, op->entity_id);
    /* What else is told of may bear the id of a conversation, as a grant does that was deleted. */
    const struct entity *entity = search_entity(app, op->entity);
    if (!entity)
        return OK;
    if (deleted)
        return search_batch_remove(batch, op->owner_id, op->entity, op->entity_id);
    return put_entity(app, rows, batch, entity, op->owner_id, op->entity_id);
}

/* What is put in is what the rows say now: of many changes of one thing in a batch the last one is enough. What was deleted
 * takes others along, each time. */
static err_t find_last(struct arena *a, const struct op *ops, size_t count, bool **ret_last)
{
    struct map seen;
    bool *last = ARENA_ARRAY(a, bool, count);
    map_init(&seen, a);
    for (size_t i = count; last && i-- > 0;) {
        struct str key = op_thing(a, &ops[i]);
        TRY(arena_err(a));
        bool later = map_has(&seen, key);
        last[i] = !later || str_eq(ops[i].kind, S("deleted"));
        if (!later)
            TRY(map_put(&seen, key, last));
    }
    *ret_last = last;
    return arena_err(a);
}

static err_t consume_all(struct app *app, struct db *rows, struct search_batch *batch,
                         struct arena *a, const struct op *ops, size_t count)
{
    bool *last;
    TRY(find_last(a, ops, count, &last));
    for (size_t i = 0; i < count; i++)
        if (last[i])
            TRY(consume_one(app, rows, batch, &ops[i]));
    return search_batch_end(batch);
}

static void wake_similar(struct app *app)
{
    struct search_room *room = app_room(app, "search");
    search_similar_wake(room ? room->similar : NULL);
}

err_t search_figures_look(struct search_room *room, struct db *index)
{
    struct search_index_size size;
    TRY(search_index_size(index, &size));
    struct search_figures *f = &room->figures;
    f->documents = size.documents;
    f->words = size.words;
    f->owners = size.owners;
    f->bytes = size.bytes;
    return OK;
}

/* What /metrics tells: once a second is often enough. `since_ms`: when the last of it was said. */
static err_t look(struct app *app, struct db *index, int64_t since_ms)
{
    enum { LOOK_EVERY_MS = 1000 };
    struct search_room *room = app_room(app, "search");
    if (!room || clock_monotonic_ms() < room->figures.next_ms)
        return OK;
    TRY(search_figures_look(room, index));
    room->figures.next_ms = clock_monotonic_ms() + LOOK_EVERY_MS;
    int64_t lag_ms = clock_wall_ms() - since_ms;
    room->figures.lag_ms = lag_ms > 0 ? lag_ms : 0;
    return OK;
}

static err_t consume(struct app *app, struct db *rows, struct db *effects, struct arena *a,
                     const struct op *ops, size_t count)
{
    struct search_batch *batch;
    TRY(search_batch_begin(effects, &batch));
    db_reads_begin(rows); /* thousands of single rows */
    err_t e = consume_all(app, rows, batch, a, ops, count);
    db_reads_end(rows);
    search_batch_free(batch);
    if (e == OK && count)
        e = look(app, effects, ops[count - 1].created_ms);
    wake_similar(app);
    return e;
}

/* --- from the rows --------------------------------------------------------------------------- */

struct rebuild {
    struct app *app;
    struct db *rows;
    struct search_batch *batch;
    const struct entity *entity;
};

static err_t visit(void *context, struct uuid owner, struct uuid id)
{
    struct rebuild *r = context;
    return put_entity(r->app, r->rows, r->batch, r->entity, owner, id);
}

static err_t rebuild_entities(struct rebuild *r, struct db *walk)
{
    for (size_t i = 0; r->app->modules[i]; i++)
        for (size_t j = 0; j < r->app->modules[i]->entity_count; j++) {
            r->entity = &r->app->modules[i]->entities[j];
            if (r->entity->text && r->entity->each)
                TRY(r->entity->each(r->app, walk, visit, r));
        }
    return OK;
}

static err_t rebuild_with(struct rebuild *r)
{
    struct db *walk; /* a second handle: texts are read while the walk is under way */
    TRY(search_batch_clear(r->batch));
    TRY(db_connect(r->app->store, &walk));
    db_set_patience(walk, DB_FOR_LONG);
    err_t e = rebuild_entities(r, walk);
    db_disconnect(walk);
    return e == OK ? search_batch_end(r->batch) : e;
}

static err_t rebuild(struct app *app, struct db *rows, struct db *effects, struct arena *a)
{
    UNUSED(a);
    struct rebuild r = { .app = app, .rows = rows };
    TRY(search_batch_begin(effects, &r.batch));
    err_t e = rebuild_with(&r);
    search_batch_free(r.batch);
    wake_similar(app);
    return e;
}

const struct op_consumer SEARCH_CONSUMERS[SEARCH_CONSUMER_COUNT] = {
    { .name = "search", .on_index = true, .consume = consume, .rebuild = rebuild },
};
