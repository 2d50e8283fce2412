/* room: realtime
 *
 * The events of Socket.IO and the topics of the signalling, from a client's bytes to what is answered: the reading of
 * every event's argument by its table, what its handler makes of it, the parsing of topics, on a store that holds
 * nothing. A packet that begins with a brace is one of the signalling. */
#include <stdlib.h>

#include "archive/archive.h"
#include "base/limits.h"
#include "os/clock.h"
#include "os/entropy.h"
#include "os/file.h"
#include "realtime/presence/presence_room.h"
#include "realtime/realtime.h"
#include "realtime/signalling/signal.h"
#include "realtime/signalling/signalling.h"

#define CHECK(what)           \
    do {                      \
        if (!(what))          \
            __builtin_trap(); \
    } while (0)

static struct arena arena; /* of the process */
static struct settings settings;
static const struct module *const MODULES[] = { &hub_module, &archive_module, &realtime_module,
                                                NULL };
static struct app app = { .settings = &settings, .modules = MODULES };
static struct sio_loop *loop;
static struct db *db;
static struct caller caller = { .known = true, .handle = { "fuzz", 4 }, .scopes = ~0u };
static char *folder;

static void remove_folder(void)
{
    db_disconnect(db);
    db_close(app.store);
    realtime_module.stop(&app);
    hub_module.stop(&app);
    folder_remove(folder);
    arena_free(&arena);
}

/* The room as it is in the program, but nothing listens and nothing ticks. */
static void set_up(void)
{
    static char *environment[] = { NULL };
    arena_init(&arena, MIB(16));
    CHECK(folder_temp(&arena, "vivim-fuzz-", &folder) == OK);
    struct setting_flag data = { S("data"), str_from(folder) };
    CHECK(settings_load(&arena, &data, 1, NULL, environment, &settings) == OK);
    struct db_options o = { .url = S("sqlite:"), .data_dir = folder, .kind = DB_MAIN };
    CHECK(db_open(&o, &app.store) == OK && db_migrate(app.store, NULL) == OK);
    CHECK(db_connect(app.store, &db) == OK && hub_module.init(&app) == OK &&
          realtime_module.init(&app) == OK);
    presence_room_of(&app)->ticks = true;
    loop = hub_part_own_of(hub_of(&app), &SIO_PART, 0);
    loop->sio = sio_of(&app);
    caller.user_id = uuid_new();
    atexit(remove_folder);
}

/* Every refusal is the client's fault, or says that there is too much of it. */
static bool is_answer(err_t e)
{
    return e == OK || err_status(e) < 500;
}

static void run_event(struct arena *a, struct str text)
{
    struct sio_packet p;
    struct str reply;
    struct json root;
    if (sio_packet_parse(a, text, &p) != OK || (p.type != SIO_EVENT && p.type != SIO_BINARY_EVENT))
        return;
    err_t e = event_try(loop, db, a, &caller, &p, &reply);
    CHECK(is_answer(e) && !db_in_txn(db));
    if (e == OK) {
        CHECK(json_parse(a, reply, JSON_DEPTH_MAX, &root) == OK);
        CHECK(json_is(root, JSON_OBJECT));
    }
}

static void run_signal(struct arena *a, struct str text)
{
    struct signal m = { .topic = STR_NONE };
    struct json topic;
    if (text.n > SIGNAL_MESSAGE_BYTES_MAX || signal_parse(a, text, &m) != OK)
        return;
    struct json_iter it = json_iter(m.topics);
    while (json_next(&it, NULL, &topic)) {
        struct str name = json_str(topic);
        err_t e = signal_topic_check(&app, db, a, &caller, name, &name);
        CHECK(is_answer(e));
        struct str room = signal_room(a, true, name);
        CHECK(!room.s ||
              room.n == name.n + sizeof "signal/" - 1); /* nothing is lost behind a zero byte */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > EIO_PAYLOAD_BYTES_MAX)
        return 0;
    if (!folder)
        set_up();
    CLEANUP(arena_free) struct arena a;
    arena_init(&a, MIB(64));
    struct str text = str_of((const char *)data, size);
    err_clear();
    if (size && data[0] == '{')
        run_signal(&a, text);
    else
        run_event(&a, text);
    return 0;
}
