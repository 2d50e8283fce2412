/* Searching: the indexes are asked, their hits become results from the rows. */
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

/* --- asking and merging ---------------------------------------------------------------------- */

/* The one place that knows which indexes there are to ask. With a second one (vectors), their lists
 * are merged here by rank, for their scores cannot be compared. */
static err_t find(struct db *index, struct arena *a, struct uuid owner,
                  const struct search_terms *terms, const struct search_place *from, size_t limit,
                  struct search_hit **ret, size_t *ret_count)
{
    return SEARCH_KEYWORD.find(index, a, owner, terms, from, limit, ret, ret_count);
}

/* --- from hit to result ---------------------------------------------------------------------- */

/* The text is read and cut in `scratch`, for it is much larger than what stays in `a`.
 * E_NOT_FOUND: it has gone, and the index has not heard of it yet. */
static err_t complete(struct app *app, struct db *rows, struct arena *a, struct arena *scratch,
                      struct uuid owner, const struct search_terms *terms,
                      const struct search_hit *hit, struct search_result *ret)
{
    const struct entity *entity = search_entity(app, hit->entity);
    struct index_text t = { .created_ms = TIME_NONE };
    struct search_snippet snippet;
    if (!entity)
        return E_NOT_FOUND;
    TRY(entity->text(app, rows, scratch, owner, hit->id, &t));
    assert(uuid_eq(t.owner_id, owner) && uuid_eq(t.id, hit->id));
    TRY(search_snippet(a, scratch, t.text.s ? t.text : S(""), terms, &snippet));
    struct search_result r = { .kind = str_from(entity->name),
                               .id = hit->id,
                               .source = SEARCH_KEYWORD.name };
    r.conversation_id = str_eq(r.kind, S("conversation")) ? hit->id : t.parent_id;
    if (str_eq(r.kind, S("message")))
        r.message_id = hit->id;
    r.title = t.title.s ? str_dup(a, t.title) : STR_NONE;
    r.role = t.role.s ? str_dup(a, t.role) : STR_NONE;
    r.provider = t.provider.s ? str_dup(a, t.provider) : STR_NONE;
    r.snippet = snippet.text;
    r.highlights = snippet.highlights;
    r.highlight_count = snippet.count;
    r.score = hit->score;
    r.created_ms = t.created_ms;
    TRY(arena_err(a));
    *ret = r;
    return OK;
}

static struct search_place place_of(const struct search_hit *h)
{
    return (struct search_place){ .score = h->score, .created = h->created, .id = h->id };
}

static err_t complete_all(struct app *app, struct db *rows, struct arena *a, struct uuid owner,
                          const struct search_terms *terms, const struct search_hit *hits,
                          size_t count, struct search_page *page)
{
    CLEANUP(arena_free) struct arena scratch;
    arena_init(&scratch, SEARCH_ARENA_BYTES_MAX);
    for (size_t i = 0; i < count; i++) {
        err_t e =
            complete(app, rows, a, &scratch, owner, terms, &hits[i], &page->items[page->count]);
        arena_reset(&scratch);
        if (e != OK && e != E_NOT_FOUND)
            return e;
        page->count += e == OK;
        page->next = place_of(&hits[i]);
    }
    return OK;
}

err_t search_query(struct app *app, struct db *rows, struct arena *a, struct uuid owner,
                   struct str q, const struct search_place *from, size_t limit,
                   struct search_page *ret)
{
    enum { ROUNDS_MAX = 4 }; /* where hits have gone in the meantime, more are asked for */
    assert(limit >= 1 && limit <= PAGE_ITEMS_MAX && !uuid_is_nil(owner));
    struct search_terms terms;
    TRY(search_parse(a, q, &terms));
    struct search_page page = { .items = ARENA_ARRAY(a, struct search_result, limit),
                                .more = !terms.nothing };
    if (!page.items)
        return arena_err(a);
    CLEANUP(search_give_back) struct search_lent index = { 0 };
    TRY(ops_index_whole(app));
    if (!terms.nothing)
        TRY(search_lend(app, &index));
    if (from)
        page.next = *from;
    for (int round = 0; round < ROUNDS_MAX && page.more && page.count < limit; round++) {
        struct search_hit *hits;
        size_t count, wanted = limit - page.count;
        TRY(find(index.db, a, owner, &terms, from || round ? &page.next : NULL, wanted + 1, &hits,
                 &count));
        page.more = count > wanted;
        TRY(complete_all(app, rows, a, owner, &terms, hits, page.more ? wanted : count, &page));
    }
    *ret = page;
    return OK;
}
