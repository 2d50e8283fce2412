/* The query from its beginning to its page, and the room's handles on the index. */
#include "search/search.h"

#include "ops/ops.h"
#include "os/thread.h"
#include "search/inside.h"

/* --- handles on the index store -------------------------------------------------------------- */

/* A request has a handle on the main store from its worker; one on the index is lent from here,
 * because opening one takes longer than a search. */

err_t search_room_new(struct search_room **ret)
{
    struct arena arena;
    arena_init(&arena, KIB(64));
    struct search_room *room = ARENA_NEW(&arena, struct search_room);
    if (!room)
        return arena_err(&arena);
    room->arena = arena;
    mutex_init(&room->mutex);
    *ret = room;
    return OK;
}

void search_room_free(struct search_room *room)
{
    if (!room)
        return;
    for (size_t i = 0; i < room->idle_count; i++)
        db_disconnect(room->idle[i]);
    mutex_free(&room->mutex);
    struct arena arena = room->arena;
    arena_free(&arena);
}

err_t search_lend(struct app *app, struct search_lent *ret)
{
    struct search_room *room = app_room(app, "search");
    assert(room);
    *ret = (struct search_lent){ .room = room };
    mutex_lock(&room->mutex);
    if (room->idle_count)
        ret->db = room->idle[--room->idle_count];
    mutex_unlock(&room->mutex);
    return ret->db ? OK : db_connect(app->index, &ret->db);
}

void search_give_back(struct search_lent *l)
{
    if (!l->db)
        return;
    mutex_lock(&l->room->mutex);
    bool keep = l->room->idle_count < WORKERS_MAX;
    if (keep)
        l->room->idle[l->room->idle_count++] = l->db;
    mutex_unlock(&l->room->mutex);
    if (!keep)
        db_disconnect(l->db);
}

/* --- the query from its beginning to its page --------------------------------------------------- */

static err_t begin(struct search_run *r)
{
    struct search_languages languages;
    struct search_clock clock = { .now_ms = r->ask->now_ms, .zone_minutes = r->ask->zone_minutes };
    TRY(search_languages_of(r->index, r->a, r->reader, r->ask->q, &languages));
    if (languages.count)
        clock.language = languages.list[0];
    TRY(search_query_parse(r->a, r->ask->q, r->ask->typing, &clock, &languages, &r->query));
    bool mine = r->query.mine, shared = r->query.shared;
    TRY(search_archives_of(r->app, r->rows, r->a, r->reader, r->ask->conversation, mine || !shared,
                           (shared || !mine) && !r->ask->every, &r->sources));
    TRY(search_resolve(r));
    return r->anything && r->rank.ranked && !r->ask->newest && !r->ask->every ? search_rank_head(r)
                                                                              : OK;
}

/* What has gone in the meantime is left out, and more is asked for. */
static err_t complete_all(struct search_run *r, const struct search_hit *hits, size_t count,
                          struct search_page *page)
{
    CLEANUP(arena_free) struct arena scratch = { 0 };
    arena_init(&scratch, SEARCH_ARENA_BYTES_MAX);
    for (size_t i = 0; i < count; i++) {
        err_t e = search_complete(r, &scratch, &hits[i], &page->items[page->count]);
        arena_reset(&scratch);
        if (e != OK && e != E_NOT_FOUND)
            return e;
        page->count += e == OK;
        page->next = hits[i].place;
    }
    return OK;
}

static err_t flat_page(struct search_run *r, const struct search_place *from, size_t limit,
                       struct search_page *page)
{
    enum { ROUNDS_MAX = 4 };
    struct search_hit *hits = ARENA_ARRAY(r->a, struct search_hit, limit + 1);
    page->items = ARENA_ARRAY(r->a, struct search_result, limit);
    if (!hits || !page->items)
        return arena_err(r->a);
    page->more = true;
    if (from)
        page->next = *from;
    for (int round = 0; round < ROUNDS_MAX && page->more && page->count < limit; round++) {
        size_t wanted = limit - page->count, count;
        TRY(search_stream(r, from || round ? &page->next : NULL, wanted + 1, hits, &count));
        page->more = count > wanted;
        TRY(complete_all(r, hits, page->more ? wanted : count, page));
    }
    return OK;
}

/* --- by conversation ----------------------------------------------------------------------------------- */

enum { SHOWN_OF_GROUP = 3 };

static bool same_group(const struct search_hit *x, const struct search_hit *y)
{
    struct uuid a = uuid_is_nil(x->row->parent_id) ? x->row->id : x->row->parent_id;
    struct uuid b = uuid_is_nil(y->row->parent_id) ? y->row->id : y->row->parent_id;
    return uuid_eq(a, b) && uuid_eq(x->row->owner_id, y->row->owner_id);
}

/* A group stands where its best place does; a page of groups begins behind the best place of the last one. */
static bool begins_group(const struct search_hit *hits, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (same_group(&hits[i], &hits[at]))
            return false;
    return true;
}

static err_t complete_group(struct search_run *r, const struct search_hit *hits, size_t count,
                            size_t at, struct search_page *page)
{
    struct search_group g = { .first = page->count };
    for (size_t i = at; i < count; i++) {
        if (!same_group(&hits[i], &hits[at]))
            continue;
        g.count++;
        if (page->count - g.first < SHOWN_OF_GROUP) {
            struct search_place stays = page->next;
            TRY(complete_all(r, &hits[i], 1, page));
            page->next = stays;
        }
    }
    g.shown = page->count - g.first;
    if (g.shown)
        page->groups[page->group_count++] = g;
    page->next = hits[at].place;
    return OK;
}

static err_t grouped_page(struct search_run *r, const struct search_place *from, size_t limit,
                          struct search_page *page)
{
    size_t count;
    struct search_hit *hits = ARENA_ARRAY(r->a, struct search_hit, r->head_count + 1);
    page->items = ARENA_ARRAY(r->a, struct search_result, limit * SHOWN_OF_GROUP);
    page->groups = ARENA_ARRAY(r->a, struct search_group, limit);
    if (!hits || !page->items || !page->groups)
        return arena_err(r->a);
    TRY(search_stream(r, NULL, r->head_count, hits, &count));
    for (size_t i = from ? search_first_behind(hits, count, from) : 0; i < count; i++) {
        if (!begins_group(hits, i))
            continue;
        if (page->group_count == limit) {
            page->more = true;
            break;
        }
        TRY(complete_group(r, hits, count, i, page));
    }
    return OK;
}

static err_t say_more(struct search_run *r, struct search_page *page)
{
    page->corrections = r->corrections;
    page->correction_count = r->correction_count;
    page->hints = ARENA_ARRAY(r->a, struct search_hint_said, SEARCH_HINTS_MAX);
    if (!page->hints)
        return arena_err(r->a);
    for (; page->hint_count < r->query.hint_count; page->hint_count++) {
        const struct search_hint *h = &r->query.hints[page->hint_count];
        page->hints[page->hint_count] = (struct search_hint_said){ h->code, h->field, h->detail };
    }
    search_write_corrections(page);
    page->similar = r->rank.column != RANK_WORDS_ALONE;
    return search_facets(r, page);
}

err_t search_query(struct app *app, struct db *rows, struct arena *a, struct uuid reader,
                   const struct search_ask *ask, const struct search_place *from, size_t limit,
                   struct search_page *ret)
{
    assert(limit >= 1 && limit <= PAGE_ITEMS_MAX && !uuid_is_nil(reader));
    CLEANUP(search_give_back) struct search_lent index = { 0 };
    struct search_page page = { 0 };
    TRY(ops_index_whole(app));
    TRY(search_lend(app, &index));
    struct search_run *r = ARENA_NEW(a, struct search_run);
    if (!r)
        return arena_err(a);
    *r = (struct search_run){
        .app = app, .rows = rows, .index = index.db, .a = a, .reader = reader, .ask = ask
    };
    TRY(begin(r));
    bool by_group = ask->grouped && r->rank.ranked && !ask->newest;
    TRY(by_group ? grouped_page(r, from, limit, &page) : flat_page(r, from, limit, &page));
    TRY(say_more(r, &page));
    *ret = page;
    return OK;
}
