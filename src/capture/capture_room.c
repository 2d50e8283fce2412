#include "capture/capture_room.h"

#include "base/limits.h"
#include "os/file.h"

struct capture_room *capture_room(const struct app *app)
{
    return app_room(app, "capture");
}

/* The data folder is this process's alone: a profile that is there already is of a browser whose server was killed. */
static err_t make_browsers(struct app *app, struct capture_room *room)
{
    struct str path = str_fmt(&room->arena, "%s/tmp/browsers", app->data_dir);
    char *profiles = str_cstr(&room->arena, path);
    if (!profiles)
        return arena_err(&room->arena);
    folder_remove(profiles);
    TRY(folder_make(profiles, 0700));
    return browser_pool_new(app->settings->browser, profiles, &room->browsers);
}

err_t capture_room_new(struct app *app, struct capture_room **ret)
{
    struct arena arena; /* holds the room's object, and moves into it */
    arena_init(&arena, MIB(4));
    struct capture_room *room = ARENA_NEW(&arena, struct capture_room);
    if (!room)
        return arena_err(&arena);
    room->arena = arena;
    room->policy = (struct address_policy){ app->settings->capture_resolve,
                                            app->settings->capture_insecure_tls };
    err_t e = provider_table_load(&room->arena, &room->providers);
    if (e == OK)
        e = make_browsers(app, room);
    if (e != OK) {
        capture_room_free(room);
        return e;
    }
    *ret = room;
    return OK;
}

void capture_room_free(struct capture_room *room)
{
    if (!room)
        return;
    browser_pool_free(room->browsers);
    struct arena arena = room->arena;
    arena_free(&arena);
}
