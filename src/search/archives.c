/* Whose documents a reader may search: its own, and the conversations that others share with it. Asked of the rows at each search, so that
 * a withdrawn right acts at once. */
#include "search/inside.h"
#include "sharing/sharing.h"

enum { GRANTS_MAX = 500 }; /* the newest; who was given more finds those by their conversation */

static const char ENTITY[] = "conversation";

/* A source for each owner; grants are few. */
static struct search_archive *source_of(struct search_archives *s, struct uuid owner)
{
    for (size_t i = 0; i < s->count; i++)
        if (uuid_eq(s->list[i].owner, owner))
            return &s->list[i];
    return NULL;
}

static err_t add(struct arena *a, struct search_archives *s, const struct grant *g)
{
    struct search_archive *to = source_of(s, g->owner_id);
    if (!to) {
        struct uuid *ids = ARENA_ARRAY(a, struct uuid, GRANTS_MAX);
        if (!ids)
            return arena_err(a);
        to = &s->list[s->count++];
        *to = (struct search_archive){ .owner = g->owner_id,
                                       .handle = g->handle,
                                       .conversations = ids };
    }
    ((struct uuid *)to->conversations)[to->count++] = g->entity_id;
    return OK;
}

static err_t add_shared(struct db *rows, struct arena *a, struct uuid reader,
                        struct search_archives *s)
{
    struct sharing_page page = { .before_ms = INT64_MAX, .limit = PAGE_ITEMS_MAX };
    struct grant *grants;
    size_t count = PAGE_ITEMS_MAX;
    for (size_t all = 0; all + PAGE_ITEMS_MAX <= GRANTS_MAX && count == PAGE_ITEMS_MAX;
         all += count) {
        TRY(sharing_shared_with(rows, a, reader, ENTITY, &page, &grants, &count));
        for (size_t i = 0; i < count; i++)
            TRY(add(a, s, &grants[i]));
        if (count) {
            page.before_ms = grants[count - 1].created_ms;
            page.before_id = grants[count - 1].entity_id;
        }
    }
    return OK;
}

static err_t add_one(struct app *app, struct db *rows, struct arena *a, struct uuid reader,
                     struct uuid conversation, struct search_archives *s)
{
    struct access access = { 0 };
    const struct entity *entity = app_entity(app, S("conversation"));
    struct uuid *id = ARENA_NEW(a, struct uuid);
    if (!id)
        return arena_err(a);
    *id = conversation;
    err_t e = entity && entity->exists
                  ? sharing_access(app, rows, a, reader, entity, conversation, SHARE_READ, &access)
                  : OK; /* in a test that has no conversations: the reader's own */
    if (e == E_NOT_FOUND)
        return err_note(E_NOT_FOUND, "conversation", "there is no such conversation");
    TRY(e);
    bool own = !entity || !entity->exists || uuid_eq(access.owner_id, reader);
    s->list[s->count++] = (struct search_archive){ .owner = own ? reader : access.owner_id,
                                                   .handle = own ? STR_NONE : access.shared_by,
                                                   .conversations = id,
                                                   .count = 1 };
    return OK;
}

err_t search_archives_of(struct app *app, struct db *rows, struct arena *a, struct uuid reader,
                         struct uuid conversation, bool own, bool shared,
                         struct search_archives *ret)
{
    struct search_archives s = { .list = ARENA_ARRAY(a, struct search_archive, GRANTS_MAX + 2) };
    if (!s.list)
        return arena_err(a);
    if (!uuid_is_nil(conversation)) {
        TRY(add_one(app, rows, a, reader, conversation, &s));
    } else {
        if (own)
            s.list[s.count++] = (struct search_archive){ .owner = reader };
        if (shared)
            TRY(add_shared(rows, a, reader, &s));
    }
    *ret = s;
    return OK;
}
