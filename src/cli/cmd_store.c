/* vivim migrate, doctor, config dump, healthcheck: the commands of whoever runs the server. */
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/json_write.h"
#include "base/limits.h"
#include "capture/browser.h"
#include "cli/commands.h"
#include "db/data_folder.h"
#include "db/db.h"
#include "db/derived.h"
#include "identity/identity.h"
#include "os/file.h"
#include "os/process.h"
#include "search/vectors/background.h"

static char *in_data(struct cli *c, const char *name)
{
    return str_cstr(c->arena, str_fmt(c->arena, "%.*s/%s", STR_ARG(c->settings.data), name));
}

/* --- migrate ---------------------------------------------------------------------------------- */

static void close_store(struct db_store **s)
{
    db_close(*s);
}

static struct db_options store_options(struct cli *c, enum db_kind kind)
{
    return (struct db_options){ .url = c->settings.database_url,
                                .data_dir = str_cstr(c->arena, c->settings.data),
                                .kind = kind };
}

static err_t write_status(struct cli *c, struct db_store *store, const char *name,
                          struct json_out *o)
{
    struct db_migration_row *rows;
    size_t count;
    TRY(db_migration_status(store, c->arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        jo_object(o);
        jo_kstr(o, "store", str_from(name));
        jo_ki64(o, "number", rows[i].number);
        jo_kstr(o, "name", str_from(rows[i].name));
        jo_kbool(o, "applied", rows[i].applied);
        jo_end(o);
        if (!c->json)
            printf("%-6s %04d %-24s %s\n", name, rows[i].number, rows[i].name,
                   rows[i].applied ? "applied" : "waiting");
    }
    return OK;
}

static err_t forget_key(struct db_store *store)
{
    struct db *db;
    TRY(db_connect(store, &db));
    err_t e = identity_key_forget(db);
    db_disconnect(db);
    return e;
}

static err_t migrate_rows(struct cli *c, bool apply, struct json_out *o)
{
    CLEANUP(close_store) struct db_store *store = NULL;
    struct db_options options = store_options(c, DB_MAIN);
    TRY(data_folder_check(options.data_dir, options.url));
    TRY(db_open(&options, &store));
    TRY(data_folder_check_rows(options.data_dir, store));
    if (apply)
        TRY(db_migrate(store, NULL));
    if (apply && cli_option(c, "--forget-master-key").s)
        TRY(forget_key(store));
    return write_status(c, store, "main", o);
}

static err_t migrate_index(struct cli *c, bool apply, struct json_out *o)
{
    CLEANUP(close_store) struct db_store *store = NULL;
    struct db_options options = store_options(c, DB_INDEX);
    bool here = !str_starts(options.url, S("sqlite:")) || file_exists(in_data(c, "index.db"));
    if (apply)
        TRY(db_open_derived(&options, &store));
    else if (here)
        TRY(db_open(&options, &store));
    else
        return OK; /* the next start makes it */
    return write_status(c, store, "index", o);
}

static err_t migrate_all(struct cli *c, bool apply, struct json_out *o)
{
    CLEANUP(fd_close) struct fd lock = FD_NONE;
    const char *data = str_cstr(c->arena, c->settings.data);
    if (!data)
        return arena_err(c->arena);
    TRY(apply ? data_folder_open(data, &lock)
              : data_folder_need_store(data, c->settings.database_url));
    TRY(migrate_rows(c, apply, o));
    TRY(migrate_index(c, apply, o));
    return apply ? data_folder_remember(data, c->settings.database_url) : OK;
}

static int migrate(struct cli *c)
{
    bool status = c->argument_count == 1 && str_eq(c->arguments[0], S("status"));
    if (c->argument_count == 1 && !status && !str_eq(c->arguments[0], S("up")))
        return cli_usage(c, "migrate takes \"up\" (the default) or \"status\"");
    if (cli_server_running(c) && !status) {
        fprintf(stderr, "vivim: a server is running on this data folder; it migrated the store "
                        "when it started\n");
        return cli_option(c, "--forget-master-key").s ? EXIT_FAILED : EXIT_OK;
    }
    err_clear();
    struct buf out;
    buf_init(&out, c->arena, MIB(1));
    struct json_out o;
    jo_init(&o, &out);
    jo_array(&o);
    err_t e = migrate_all(c, !status, &o);
    jo_end(&o);
    if (e != OK)
        return cli_fail(c, e);
    if (c->json)
        printf("%.*s\n", STR_ARG(buf_str(&out)));
    return EXIT_OK;
}

static const struct cli_option MIGRATE_OPTIONS[] = {
    { "--forget-master-key", NULL,
      "the master key is lost for good: let the next start make a new one (what was sealed under "
      "it stays closed)" },
};

const struct command COMMAND_MIGRATE = {
    .name = "migrate",
    .here = true,
    .arguments = "[up|status]",
    .arguments_max = 1,
    .run = migrate,
    .makes_store = true,
    .options = MIGRATE_OPTIONS,
    .option_count = COUNTOF(MIGRATE_OPTIONS),
    .summary = "bring the store to this program's schema, or say where it stands",
};

/* --- doctor ------------------------------------------------------------------------------------- */

enum level { LEVEL_GOOD, LEVEL_WARN, LEVEL_BAD };

struct checkup {
    struct cli *c;
    struct json_out o;
    enum level worst;
};

/* `code`: of the error that was found, for programs; NULL: none. */
static void say(struct checkup *d, enum level level, const char *what, const char *code,
                const char *text)
{
    static const char *const WORDS[] = { "ok", "warning", "error" };
    if (level > d->worst)
        d->worst = level;
    jo_object(&d->o);
    jo_kstr(&d->o, "check", str_from(what));
    jo_kstr(&d->o, "level", str_from(WORDS[level]));
    if (code)
        jo_kstr(&d->o, "code", str_from(code));
    jo_kstr(&d->o, "detail", str_from(text));
    jo_end(&d->o);
    if (!d->c->json)
        printf("%-8s %-12s %s\n", WORDS[level], what, text);
}

static void finding(struct checkup *d, enum level level, const char *what, const char *format, ...)
    PRINTF_LIKE(4, 5);
static void finding(struct checkup *d, enum level level, const char *what, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    say(d, level, what, NULL, text);
}

static void check_folder(struct checkup *d)
{
    struct cli *c = d->c;
    const char *path = str_cstr(c->arena, c->settings.data);
    struct stat st;
    if (stat(path, &st) != 0)
        return; /* said already: there is no store */
    if (access(path, R_OK | W_OK | X_OK) != 0)
        finding(d, LEVEL_BAD, "data folder", "%s cannot be written by this user", path);
    else if (st.st_mode & 077)
        finding(d, LEVEL_WARN, "data folder", "%s is open to other users; chmod 700 closes it",
                path);
    else
        finding(d, LEVEL_GOOD, "data folder", "%s", path);
    struct statvfs fs;
    if (statvfs(path, &fs) == 0) {
        unsigned long long free_mib = (unsigned long long)fs.f_bavail * fs.f_frsize / MIB(1);
        finding(d, free_mib < 512 ? LEVEL_WARN : LEVEL_GOOD, "disk", "%llu MiB free", free_mib);
    }
}

/* Opened only where it is there: a look makes nothing. */
static err_t open_rows(struct cli *c, struct db_store **ret)
{
    struct db_options options = store_options(c, DB_MAIN);
    TRY(data_folder_need_store(options.data_dir, options.url));
    TRY(data_folder_check(options.data_dir, options.url));
    TRY(db_open(&options, ret));
    return data_folder_check_rows(options.data_dir, *ret);
}

static void bad(struct checkup *d, const char *what, err_t e)
{
    say(d, LEVEL_BAD, what, err_code(e), err_detail()->text[0] ? err_detail()->text : err_title(e));
}

/* The rows know under which key their secrets are sealed. */
static void check_key(struct checkup *d, struct db *db)
{
    struct cli *c = d->c;
    err_t e = identity_key_known(db, c->settings.master_key, str_cstr(c->arena, c->settings.data));
    if (e == E_NOT_FOUND)
        finding(d, LEVEL_GOOD, "master key", "none is known yet; the next start makes one");
    else if (e != OK)
        bad(d, "master key", e);
    else if (!c->settings.master_key.n)
        finding(d, LEVEL_WARN, "master key",
                "%s seals your secrets: keep a copy of it somewhere else",
                in_data(c, "master.key"));
}

static err_t look_at_rows(struct checkup *d, struct db *db, struct db_store *store)
{
    struct db_migration_row *rows;
    size_t count, waiting = 0;
    TRY(db_migration_status(store, d->c->arena, &rows, &count));
    db_set_patience(db, DB_FOR_LONG);
    TRY(db_integrity(db));
    for (size_t i = 0; i < count; i++)
        waiting += !rows[i].applied;
    if (waiting)
        finding(d, LEVEL_WARN, "store",
                "%zu migrations wait; `vivim migrate` or the next start applies them", waiting);
    else {
        finding(d, LEVEL_GOOD, "store", "readable, whole, schema up to date");
        check_key(d, db);
    }
    return OK;
}

static void check_store(struct checkup *d)
{
    CLEANUP(close_store) struct db_store *store = NULL;
    struct db *db = NULL;
    err_t e = open_rows(d->c, &store);
    if (e == OK)
        e = db_connect(store, &db);
    if (e == OK)
        e = look_at_rows(d, db, store);
    db_disconnect(db);
    if (e != OK)
        bad(d, "store", e);
}

/* --- the index ------------------------------------------------------------------------------------ */

static err_t look_at_index(struct cli *c)
{
    CLEANUP(close_store) struct db_store *store = NULL;
    struct db_options options = store_options(c, DB_INDEX);
    struct db *db = NULL;
    if (str_starts(options.url, S("sqlite:")) && file_size(in_data(c, "index.db")) == 0)
        return err_note(E_CORRUPT, NULL, "index.db is empty");
    TRY(db_open(&options, &store));
    TRY(db_connect(store, &db));
    err_t e = db_integrity(db);
    db_disconnect(db);
    return e;
}

static void check_index(struct checkup *d)
{
    struct cli *c = d->c;
    struct str note = derived_note(c->arena, str_cstr(c->arena, c->settings.data), "index");
    bool sqlite = str_starts(c->settings.database_url, S("sqlite:"));
    if (sqlite && !file_exists(in_data(c, "index.db"))) {
        finding(d, LEVEL_GOOD, "index", "not there; the next start makes it from the rows");
        return;
    }
    err_t e = look_at_index(c);
    if (e != OK)
        finding(
            d, LEVEL_WARN, "index",
            "damaged (%.200s); the server sets it aside and makes it again from the rows, at the "
            "latest when it starts",
            err_detail()->text[0] ? err_detail()->text : err_title(e));
    else if (note.n)
        finding(
            d, LEVEL_WARN, "index",
            "whole; it was damaged and rebuilt from the rows: %.*s (if that comes again look at "
            "the disk; remove %s to be told no more)",
            STR_ARG(note), in_data(c, "index.rebuilt"));
    else
        finding(d, LEVEL_GOOD, "index", "readable, whole");
}

/* Words alone do without them, so it is no fault when they are not there. */
static void check_similar_words(struct checkup *d)
{
    struct cli *c = d->c;
    struct str where = c->settings.similar_words;
    bool whole;
    if (str_eq(where, S("off"))) {
        finding(d, LEVEL_GOOD, "similar words", "off: search is by words alone");
        return;
    }
    char *folder = where.n ? str_cstr(c->arena, where) : in_data(c, "similar");
    struct str said = search_background_look(c->arena, folder, NULL, &whole);
    finding(d, LEVEL_GOOD, "similar words", "%.*s", STR_ARG(said));
}

static void check_browser(struct checkup *d)
{
    struct str path;
    err_t e = browser_find(d->c->arena, d->c->settings.browser, &path);
    if (e != OK)
        finding(d, LEVEL_WARN, "browser", "captures will fail: %s", err_detail()->text);
    else if (geteuid() == 0)
        finding(d, LEVEL_WARN, "browser",
                "%.*s; as root it runs without its own sandbox: use an ordinary user",
                STR_ARG(path));
    else
        finding(d, LEVEL_GOOD, "browser", "%.*s", STR_ARG(path));
}

/* Besides connections: the store, files under way, the browser. */
enum { FILES_BESIDE = 500 };

static void check_open_files(struct checkup *d)
{
    size_t most = process_raise_open_files();
    if (most < CONNECTIONS_MAX + FILES_BESIDE)
        finding(d, LEVEL_WARN, "open files",
                "at most %zu here, but %d connections may come; raise the hard limit of open files "
                "(LimitNOFILE of a systemd unit, ulimit -Hn) to %d",
                most, CONNECTIONS_MAX, CONNECTIONS_MAX + FILES_BESIDE);
    else
        finding(d, LEVEL_GOOD, "open files", "at most %zu", most);
}

static int doctor(struct cli *c)
{
    struct buf out;
    buf_init(&out, c->arena, MIB(1));
    struct checkup d = { .c = c };
    jo_init(&d.o, &out);
    jo_array(&d.o);
    finding(&d, LEVEL_GOOD, "server", cli_server_running(c) ? "running" : "not running");
    err_clear();
    check_folder(&d);
    check_store(&d);
    if (data_folder_has_store(str_cstr(c->arena, c->settings.data), c->settings.database_url))
        check_index(&d);
    check_similar_words(&d);
    check_browser(&d);
    check_open_files(&d);
    jo_end(&d.o);
    if (c->json)
        printf("%.*s\n", STR_ARG(buf_str(&out)));
    return d.worst == LEVEL_BAD ? EXIT_FAILED : EXIT_OK;
}

const struct command COMMAND_DOCTOR = {
    .name = "doctor",
    .here = true,
    .arguments = "",
    .run = doctor,
    .summary = "look for what is wrong and say how to mend it",
    .help = "Exit status 1 when something must be mended; warnings leave it 0.",
};

/* --- config dump ----------------------------------------------------------------------------------- */

static int config_dump(struct cli *c)
{
    const struct setting_row *rows;
    size_t count = settings_rows(c->arena, &c->settings, &rows);
    struct buf out;
    buf_init(&out, c->arena, MIB(1));
    struct json_out o;
    jo_init(&o, &out);
    jo_array(&o);
    for (size_t i = 0; i < count; i++) {
        jo_object(&o);
        jo_kstr(&o, "key", str_from(rows[i].key));
        jo_kstr(&o, "value", rows[i].value);
        jo_kstr(&o, "origin", str_from(rows[i].origin));
        jo_kstr(&o, "help", str_from(rows[i].help));
        jo_end(&o);
        if (!c->json)
            printf("%-32s %-28.*s # %s\n", rows[i].key,
                   STR_ARG(rows[i].value.n ? rows[i].value : S("-")), rows[i].origin);
    }
    jo_end(&o);
    if (c->json)
        printf("%.*s\n", STR_ARG(buf_str(&out)));
    return EXIT_OK;
}

const struct command COMMAND_CONFIG_DUMP = {
    .name = "config dump",
    .here = true,
    .arguments = "",
    .run = config_dump,
    .summary = "print every setting and where it comes from",
    .help = "Secrets are shown as (set).",
};

/* --- healthcheck -------------------------------------------------------------------------------------- */

static int healthcheck(struct cli *c)
{
    if (!cli_server_running(c)) {
        err_t none = cli_need_store(c);
        if (none != OK)
            return cli_fail(c, none);
        fprintf(stderr, "vivim: no server answers on the data folder %.*s\n",
                STR_ARG(c->settings.data));
        return EXIT_FAILED;
    }
    err_t e = cli_request(c, "GET", S("/readyz"), STR_NONE, NULL, NULL);
    if (e != OK)
        return cli_fail(c, e);
    if (!c->json)
        printf("ready\n");
    else
        printf("{\"ready\":true}\n");
    return EXIT_OK;
}

const struct command COMMAND_HEALTHCHECK = {
    .name = "healthcheck",
    .here = true,
    .arguments = "",
    .run = healthcheck,
    .summary = "exit 0 when the server is ready",
};
