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
    room->counts = ARENA_ARRAY(&room->arena, struct capture_count, CAPTURE_COUNTS_MAX);
    mutex_init(&room->counting);
    err_t e = arena_err(&room->arena);
    if (e == OK)
        e = provider_table_load(&room->arena, &room->providers);
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
    mutex_free(&room->counting);
    struct arena arena = room->arena;
    arena_free(&arena);
}

static void set_word(char to[CAPTURE_WORD_BYTES], struct str word)
{
    size_t n = 0;
    for (; n < word.n && n + 1 < CAPTURE_WORD_BYTES; n++)
        to[n] = word.s[n] == '"' || word.s[n] == '\\' || word.s[n] < ' ' ? '_' : word.s[n];
    to[n] = 0;
}

void capture_room_count(struct capture_room *room, struct str provider, struct str recipe,
                        struct str strategy, struct str outcome)
{
    struct capture_count c = { 0 };
    size_t i = 0;
    set_word(c.provider, provider);
    set_word(c.recipe, recipe);
    set_word(c.strategy, strategy);
    set_word(c.outcome, outcome);
    mutex_lock(&room->counting);
    while (i < room->count_count &&
           memcmp(&room->counts[i], &c, offsetof(struct capture_count, captures)) != 0)
        i++;
    if (i < CAPTURE_COUNTS_MAX) {
        c.captures = room->counts[i].captures + 1;
        room->counts[i] = c;
        if (i == room->count_count)
            room->count_count++;
    }
    mutex_unlock(&room->counting);
}
