/* Changes as a client asks for them, in a transaction of their own. */
#ifndef VIVIM_TEST_ARCHIVE_CHANGE_H
#define VIVIM_TEST_ARCHIVE_CHANGE_H

#include "archive/archive_entities.h"
#include "ops/fixture.h"

static inline err_t rename_as(struct uuid owner, struct uuid actor, struct uuid id,
                              const char *title, int64_t version)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct entity_change c = { .kind = CHANGE_UPDATE,
                               .owner_id = owner,
                               .id = id,
                               .actor_id = actor,
                               .version = version,
                               .now_ms = NOW };
    arena_init(&a, MIB(16));
    struct str text = str_fmt(&a, "{\"title\":\"%s\"}", title);
    TRY(arena_err(&a));
    TRY(json_parse(&a, text, 4, &c.fields));
    return entity_change(&f.app, f.db, &a, ARCHIVE_CONVERSATION, &c, &version);
}

static inline err_t delete_as(struct uuid owner, struct uuid id)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    int64_t version;
    arena_init(&a, MIB(64));
    return entity_change(&f.app, f.db, &a, ARCHIVE_CONVERSATION,
                         &(struct entity_change){
                             .kind = CHANGE_DELETE, .owner_id = owner, .id = id, .now_ms = NOW },
                         &version);
}

#endif
