#include "cli/watch_state.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "os/file.h"

#define FORMAT S("vivim.watch/1")

static err_t find_path(struct watch_state *s, struct str server, struct str user)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char folder[3900];
    arena_init(&a, KIB(64));
    if (state && state[0] == '/')
        snprintf(folder, sizeof folder, "%s/vivim", state);
    else if (home && home[0] == '/')
        snprintf(folder, sizeof folder, "%s/.local/state/vivim", home);
    else
        return err_note(E_INVALID, NULL, "HOME does not say where your folder is");
    TRY(folder_make(folder, 0700));
    struct str name =
        sha256_hex(&a, sha256_of(str_fmt(&a, "%.*s\n%.*s", STR_ARG(server), STR_ARG(user))));
    TRY(arena_err(&a));
    snprintf(s->path, sizeof s->path, "%s/watch-%.16s.json", folder, name.s);
    return OK;
}

err_t watch_state_put(struct watch_state *s, struct str key, struct str value)
{
    struct str *kept = ARENA_NEW(&s->arena, struct str), own = str_dup(&s->arena, key);
    if (!kept || !own.s)
        return arena_err(&s->arena);
    *kept = str_dup(&s->arena, value);
    TRY(arena_err(&s->arena));
    return map_put(&s->known, own, kept);
}

static err_t load(struct watch_state *s)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct str text, key;
    struct json root, value;
    arena_init(&a, MIB(512));
    err_t e = file_read(&a, s->path, MIB(128), &text);
    if (e == OK)
        e = json_parse(&a, text, JSON_DEPTH_MAX, &root);
    if (e == E_BUSY || e == E_IO)
        return e;
    err_clear();
    if (e != OK || !str_eq(json_get_str(root, S("format")), FORMAT))
        return OK;
    struct json_iter it = json_iter(json_get(root, S("known")));
    while (json_next(&it, &key, &value))
        TRY(watch_state_put(s, key, json_str(value)));
    return OK;
}

static void begin(struct watch_state *s)
{
    arena_init(&s->arena, MIB(512));
    map_init(&s->known, &s->arena);
}

err_t watch_state_open(struct watch_state *s, struct str server, struct str user)
{
    *s = (struct watch_state){ 0 };
    begin(s);
    TRY(find_path(s, server, user));
    return load(s);
}

void watch_state_free(struct watch_state *s)
{
    arena_free(&s->arena);
}

struct str watch_state_get(const struct watch_state *s, struct str key)
{
    const struct str *value = map_get(&s->known, key);
    return value ? *value : STR_NONE;
}

/* What was replaced leaves the memory too: it is read back from the file. */
err_t watch_state_save(struct watch_state *s, bool (*keep)(void *context, struct str key),
                       void *context)
{
    CLEANUP(buf_free) struct buf b = { 0 };
    struct json_out o;
    buf_init(&b, NULL, MIB(128));
    jo_init(&o, &b);
    jo_object(&o);
    jo_kstr(&o, "format", FORMAT);
    jo_kz(&o, "known");
    jo_object(&o);
    for (size_t i = 0; i < s->known.count; i++) {
        const struct map_entry *e = &s->known.entries[i];
        if (!keep(context, e->key))
            continue;
        jo_key(&o, e->key);
        jo_str(&o, *(const struct str *)e->value);
    }
    jo_end(&o);
    jo_end(&o);
    buf_putc(&b, '\n');
    TRY(buf_err(&b));
    TRY(file_write_atomic(s->path, buf_str(&b), 0600));
    arena_free(&s->arena);
    begin(s);
    return load(s);
}
