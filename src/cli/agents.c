#include "cli/agents.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "os/file.h"

enum { PLACES_MAX = 4096 };

/* --- which files ------------------------------------------------------------------------------------------------- */

static struct str last_part(struct str name)
{
    size_t at = name.n;
    while (at > 0 && name.s[at - 1] != '/')
        at--;
    return str_sub(name, at, name.n);
}

static bool is_jsonl(struct str name)
{
    return str_ends(name, S(".jsonl"));
}

/* The list of their names lies beside these two folders. */
static bool is_rollout(struct str name)
{
    return is_jsonl(name) && str_starts(last_part(name), S("rollout-")) &&
           (str_starts(name, S("sessions/")) || str_starts(name, S("archived_sessions/")));
}

static bool is_chat(struct str name)
{
    return str_find(name, S("/chats/"), 0) < name.n &&
           (is_jsonl(name) || str_ends(name, S(".json")));
}

static bool is_vault(struct str name)
{
    return str_eq(name, S("state.vscdb"));
}

/* --- where ----------------------------------------------------------------------------------------------------------- */

struct place_search {
    struct arena *a;
    struct agent_place *list;
    size_t count;
};

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] == '/' ? value : NULL;
}

static void offer(struct place_search *f, const char *tool, struct str path,
                  bool (*is_session)(struct str name))
{
    const char *z = str_cstr(f->a, path);
    for (size_t i = 0; z && i < f->count; i++)
        if (strcmp(f->list[i].path, z) == 0)
            return;
    if (z && f->count < PLACES_MAX && file_exists(z))
        f->list[f->count++] = (struct agent_place){ tool, z, is_session };
}

/* Under `moved` where that is set, else under home. */
static struct str base_of(struct place_search *f, const char *moved, const char *home,
                          const char *own)
{
    return moved ? str_from(moved) : str_fmt(f->a, "%s/%s", home, own);
}

/* One file for all, and one for each workspace, with a note beside it that says which folder that is. */
static void offer_cursor(struct place_search *f, struct str user)
{
    offer(f, "Cursor", str_cat(f->a, user, S("/globalStorage/state.vscdb")), is_vault);
    const char *workspaces = str_cstr(f->a, str_cat(f->a, user, S("/workspaceStorage")));
    DIR *dir = workspaces ? opendir(workspaces) : NULL;
    for (struct dirent *d; dir && (d = readdir(dir));) {
        const char *file =
            str_cstr(f->a, str_fmt(f->a, "%s/%s/state.vscdb", workspaces, d->d_name));
        if (d->d_name[0] != '.' && file && file_exists(file))
            offer(f, "Cursor", str_fmt(f->a, "%s/%s", workspaces, d->d_name), is_vault);
    }
    if (dir)
        closedir(dir);
}

err_t agent_places(struct arena *a, struct agent_place **ret, size_t *ret_count)
{
    const char *home = variable("HOME"), *gemini = variable("GEMINI_CLI_HOME");
    struct place_search f = { .a = a, .list = ARENA_ARRAY(a, struct agent_place, PLACES_MAX) };
    if (!home)
        return err_note(E_INVALID, NULL, "HOME does not say where your folder is");
    if (!f.list)
        return arena_err(a);
    struct str claude = base_of(&f, variable("CLAUDE_CONFIG_DIR"), home, ".claude"),
               codex = base_of(&f, variable("CODEX_HOME"), home, ".codex"),
               config = base_of(&f, variable("XDG_CONFIG_HOME"), home, ".config");
    offer(&f, "Claude Code", str_cat(a, claude, S("/projects")), is_jsonl);
    offer(&f, "Codex", codex, is_rollout);
    offer(&f, "Gemini CLI", str_fmt(a, "%s/.gemini/tmp", gemini ? gemini : home), is_chat);
    offer_cursor(&f, str_cat(a, config, S("/Cursor/User")));
    offer_cursor(&f, str_fmt(a, "%s/Library/Application Support/Cursor/User", home));
    *ret = f.list;
    *ret_count = f.count;
    return arena_err(a);
}

/* --- what lies there --------------------------------------------------------------------------------------------------- */

static void add_stamp(struct session_file *f, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return;
    int64_t ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    f->bytes += st.st_size;
    f->changed_ns = ns > f->changed_ns ? ns : f->changed_ns;
}

static err_t add_files(struct sessions *s, struct arena *a, const struct agent_place *p,
                       size_t files)
{
    const struct import_files *f = &s->opened[files];
    for (size_t i = 0; i < f->count; i++) {
        const struct import_entry *e = &f->entries[i];
        if (e->refused || !e->path || !text_ok(str_from(e->path)) ||
            (p->is_session && !p->is_session(e->name)))
            continue;
        struct session_file one = { .place = p, .files = files, .entry = i, .path = e->path };
        add_stamp(&one, e->path);
        if (p->is_session == is_vault) {
            const char *log = str_cstr(a, str_fmt(a, "%s-wal", e->path));
            if (!log)
                return arena_err(a);
            add_stamp(&one, log);
        }
        s->list[s->count++] = one;
    }
    return OK;
}

static err_t open_place(struct sessions *s, struct arena *a, const struct agent_place *p)
{
    struct import_files *f = &s->opened[s->opened_count];
    err_t e = import_files_open(f, a, p->path);
    if (e == OK)
        s->of[s->opened_count++] = p;
    if (e == OK || e == E_BUSY)
        return e;
    if (e != E_NOT_FOUND)
        fprintf(stderr, "vivim: %s: %s\n", p->path,
                err_detail()->text[0] ? err_detail()->text : err_title(e));
    err_clear();
    return OK;
}

err_t sessions_look(struct sessions *s, struct arena *a, const struct agent_place *places,
                    size_t count)
{
    size_t files = 0;
    *s = (struct sessions){ .opened = ARENA_ARRAY(a, struct import_files, count + 1),
                            .of = ARENA_ARRAY(a, const struct agent_place *, count + 1) };
    if (!s->opened || !s->of)
        return arena_err(a);
    for (size_t i = 0; i < count; i++)
        TRY(open_place(s, a, &places[i]));
    for (size_t i = 0; i < s->opened_count; i++)
        files += s->opened[i].count;
    s->list = ARENA_ARRAY(a, struct session_file, files + 1);
    if (!s->list)
        return arena_err(a);
    for (size_t i = 0; i < s->opened_count; i++)
        TRY(add_files(s, a, s->of[i], i));
    return OK;
}

err_t sessions_extract(const struct sessions *s, const struct session_file *f, struct extraction *x)
{
    const struct import_reading reading = { 0 };
    err_t e = extraction_entry(x, &reading, &s->opened[f->files], f->entry);
    if (e == OK || extraction_ends(e))
        return e;
    fprintf(stderr, "vivim: skipped %s: %s\n", f->path,
            err_detail()->text[0] ? err_detail()->text : err_title(e));
    err_clear();
    return OK;
}

void sessions_close(struct sessions *s)
{
    for (size_t i = 0; i < s->opened_count; i++)
        import_files_close(&s->opened[i]);
    *s = (struct sessions){ 0 };
}
