#include "registry/module.h"

#include "base/limits.h"

void **app_room_state(struct app *app, const struct module *m)
{
    size_t i = 0;
    while (app->modules[i] != m) {
        assert(app->modules[i]);
        i++;
    }
    assert(i < APP_ROOMS_MAX);
    return &app->room_state[i];
}

void *app_room(const struct app *app, const char *name)
{
    size_t i = 0;
    while (app->modules[i] && strcmp(app->modules[i]->name, name) != 0)
        i++;
    assert(app->modules[i]);
    assert(i < APP_ROOMS_MAX);
    return app->room_state[i];
}

struct str op_thing(struct arena *a, const struct op *op)
{
    size_t ids = 2 * sizeof(struct uuid), n = ids + op->entity.n;
    char *key = arena_bytes(a, n);
    if (!key)
        return STR_NONE;
    memcpy(key, &op->owner_id, sizeof op->owner_id);
    memcpy(key + sizeof op->owner_id, &op->entity_id, sizeof op->entity_id);
    memcpy(key + ids, op->entity.s, op->entity.n);
    return str_of(key, n);
}

/* --- entities ----------------------------------------------------------------------------------- */

const struct entity *app_entity(const struct app *app, struct str name)
{
    for (size_t i = 0; app->modules[i]; i++)
        for (size_t j = 0; j < app->modules[i]->entity_count; j++)
            if (str_eq(str_from(app->modules[i]->entities[j].name), name))
                return &app->modules[i]->entities[j];
    return NULL;
}

const struct entity *app_shareable(const struct app *app, struct str name)
{
    const struct entity *e = app_entity(app, name);
    return e && e->shareable ? e : NULL;
}

bool entity_has_words(const struct entity *e)
{
    return e->text || e->exists;
}

err_t entity_change_begin(struct app *app, struct db *db, struct arena *a, const struct entity *e,
                          const struct entity_change *c, struct db_txn *tx, int64_t *ret_version)
{
    if (!e->apply)
        return err_note(E_METHOD, NULL, "this is changed by the server alone");
    TRY(db_txn_begin(tx, db));
    return e->apply(app, db, a, c, ret_version);
}

err_t entity_change(struct app *app, struct db *db, struct arena *a, const struct entity *e,
                    const struct entity_change *c, int64_t *ret_version)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(entity_change_begin(app, db, a, e, c, &tx, ret_version));
    return db_txn_commit(&tx);
}

/* --- routes --------------------------------------------------------------------------------------- */

#define SHAREABLE "{shareable}"

static bool is_pattern(const struct route *r)
{
    return str_find(str_from(r->path), S(SHAREABLE), 0) < strlen(r->path);
}

static size_t count_shareable(const struct app *app)
{
    size_t n = 0;
    for (size_t i = 0; app->modules[i]; i++)
        for (size_t j = 0; j < app->modules[i]->entity_count; j++)
            n += app->modules[i]->entities[j].shareable;
    return n;
}

static struct route row_for(struct arena *a, const struct route *r, const struct entity *e)
{
    struct str path = str_from(r->path);
    size_t at = str_find(path, S(SHAREABLE), 0);
    struct str behind = str_sub(path, at + sizeof SHAREABLE - 1, path.n);
    struct route row = *r;
    assert(e->plural && e->exists);
    row.path = str_cstr(a, str_fmt(a, "%.*s%s%.*s", (int)at, path.s, e->plural, STR_ARG(behind)));
    row.entity = e;
    return row;
}

static void put_rows(struct arena *a, const struct app *app, const struct route *r,
                     struct route *rows, size_t *io_count)
{
    if (!is_pattern(r)) {
        rows[(*io_count)++] = *r;
        return;
    }
    for (size_t i = 0; app->modules[i]; i++)
        for (size_t j = 0; j < app->modules[i]->entity_count; j++)
            if (app->modules[i]->entities[j].shareable)
                rows[(*io_count)++] = row_for(a, r, &app->modules[i]->entities[j]);
}

err_t registry_routes(struct arena *a, const struct app *app, struct route_tables *ret)
{
    size_t count = 0, kinds = count_shareable(app);
    while (app->modules[count])
        count++;
    *ret = (struct route_tables){ .tables = ARENA_ARRAY(a, const struct route *, count + 1),
                                  .counts = ARENA_ARRAY(a, size_t, count + 1),
                                  .count = count };
    for (size_t i = 0; arena_err(a) == OK && i < count; i++) {
        const struct module *m = app->modules[i];
        struct route *rows = ARENA_ARRAY(a, struct route, m->route_count * (kinds + 1) + 1);
        ret->tables[i] = rows;
        for (size_t j = 0; rows && j < m->route_count; j++)
            put_rows(a, app, &m->routes[j], rows, &ret->counts[i]);
    }
    return arena_err(a);
}

/* --- the kinds, for clients --------------------------------------------------------------------------- */

static const char *enum_schema(struct arena *a, const struct app *app, bool shareable)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, a, KIB(16));
    jo_init(&o, &b);
    jo_object(&o);
    jo_kz(&o, "enum");
    jo_array(&o);
    for (size_t i = 0; app->modules[i]; i++)
        for (size_t j = 0; j < app->modules[i]->entity_count; j++)
            if (!shareable || app->modules[i]->entities[j].shareable)
                jo_str(&o, str_from(app->modules[i]->entities[j].name));
    jo_end(&o);
    jo_end(&o);
    return buf_err(&b) ? NULL : str_cstr(a, buf_str(&b));
}

err_t registry_schemas(struct arena *a, const struct app *app)
{
    const char *all = enum_schema(a, app, false), *shareable = enum_schema(a, app, true);
    TRY(arena_err(a));
    http_schema("Entity", all);
    http_schema("ShareableEntity", shareable);
    return OK;
}
