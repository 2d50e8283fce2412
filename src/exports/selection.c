/* Which conversations an export is of. */
#include "archive/archive_entities.h"
#include "base/map.h"
#include "exports/inside.h"
#include "os/clock.h"
#include "search/search.h"
#include "sharing/sharing.h"

struct picking {
    struct buf items;
    struct map seen; /* ids */
    struct arena *a;
    struct uuid owner;
};

static err_t pick(struct picking *p, struct uuid owner, struct uuid id)
{
    struct str key = str_dup(p->a, str_of((const char *)id.b, sizeof id.b));
    if (!key.s)
        return arena_err(p->a);
    if (map_has(&p->seen, key))
        return OK;
    TRY(map_put(&p->seen, key, p));
    struct export_item item = { owner, id };
    buf_put(&p->items, str_of((const char *)&item, sizeof item));
    return buf_err(&p->items);
}

static err_t pick_named(struct app *app, struct db *db, struct arena *a, struct uuid caller,
                        struct str ids, struct picking *p)
{
    struct str text;
    size_t count = 0;
    while (str_cut(&ids, ',', &text)) {
        struct uuid id;
        struct access access;
        text = str_trim(text);
        if (++count > EXPORT_IDS_MAX)
            return err_note(E_LIMIT, "ids",
                            "at most %d conversations are named at once; export a "
                            "search, or all of them",
                            EXPORT_IDS_MAX);
        if (uuid_parse(text, &id) != OK)
            return err_note(E_INVALID, "ids", "\"%.*s\" is no id of a conversation",
                            text.n < 60 ? (int)text.n : 60, text.s);
        err_t e = sharing_access(app, db, a, caller, ARCHIVE_CONVERSATION, id, SHARE_READ, &access);
        if (e == E_NOT_FOUND)
            return err_note(E_NOT_FOUND, "ids", "there is no conversation %.*s", STR_ARG(text));
        TRY(e);
        TRY(pick(p, access.owner_id, id));
    }
    return OK;
}

static err_t pick_found(struct app *app, struct db *db, struct uuid caller, struct str q,
                        struct picking *p)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct search_page page = { .more = true };
    const struct search_ask ask = {
        .q = q, .exact = true, .every = true, .now_ms = clock_wall_ms()
    };
    arena_init(&a, SEARCH_ARENA_BYTES_MAX);
    for (bool first = true; page.more; first = false) {
        struct search_place from = page.next;
        arena_reset(&a);
        TRY(search_query(app, db, &a, caller, &ask, first ? NULL : &from, PAGE_ITEMS_MAX, &page));
        for (size_t i = 0; i < page.count; i++)
            if (!uuid_is_nil(page.items[i].conversation_id))
                TRY(pick(p, caller, page.items[i].conversation_id));
        if (p->seen.count > EXPORT_FOUND_MAX)
            return err_note(E_LIMIT, "q",
                            "this search finds more than %d conversations; narrow "
                            "it, or export all",
                            EXPORT_FOUND_MAX);
    }
    return p->seen.count ? OK
                         : err_note(E_NOT_FOUND, "q",
                                    "this search finds nothing, so there is nothing to export");
}

static err_t visit(void *context, struct uuid id)
{
    struct picking *p = context;
    struct export_item item = { p->owner, id };
    buf_put(&p->items, str_of((const char *)&item, sizeof item));
    return buf_err(&p->items) == E_LIMIT
               ? err_note(E_LIMIT, NULL, "there are more conversations than one export holds")
               : buf_err(&p->items);
}

err_t selection_make(struct app *app, struct db *db, struct arena *a, struct uuid caller,
                     const struct selected_by *by, struct selection *ret)
{
    struct picking p = { .a = a, .owner = caller };
    if ((by->ids.s != NULL) + (by->q.s != NULL) + by->all != 1)
        return err_note(E_INVALID, "ids", "say what to export: ids, q or all=true");
    buf_init(&p.items, a, EXPORT_CONVERSATIONS_MAX * sizeof(struct export_item));
    map_init(&p.seen, a);
    if (by->ids.s)
        TRY(pick_named(app, db, a, caller, by->ids, &p));
    else if (by->q.s)
        TRY(pick_found(app, db, caller, by->q, &p));
    else
        TRY(archive_each_id(db, caller, visit, &p));
    ret->count = p.items.n / sizeof(struct export_item);
    ret->items = ARENA_ARRAY(a, struct export_item, ret->count + 1);
    if (!ret->items)
        return arena_err(a);
    if (ret->count)
        memcpy(ret->items, p.items.s, p.items.n);
    return OK;
}
