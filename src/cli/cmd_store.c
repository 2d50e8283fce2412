/* vivim migrate, doctor, config dump, healthcheck: the commands of whoever runs the server. */
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/json_write.h"
#include "base/limits.h"
#include "capture/browser.h"
#include "cli/commands.h"
#include "db/db.h"
#include "os/file.h"
#include "os/process.h"

static char *in_data(struct cli *c, const char *name)
{
    return str_cstr(c->arena, str_fmt(c->arena, "%.*s/%s", STR_ARG(c->settings.data), name));
}

/* --- migrate ---------------------------------------------------------------------------------- */

static void close_store(struct db_store **s)
{
    db_close(*s);
}

static err_t migrate_kind(struct cli *c, enum db_kind kind, bool apply, struct json_out *o)
{
    CLEANUP(close_store) struct db_store *store = NULL;
    struct db_options options = { .url = c->settings.database_url,
                                  .data_dir = str_cstr(c->arena, c->settings.data),
                                  .kind = kind };
    struct db_migration_row *rows;
    size_t count;
    TRY(folder_make(options.data_dir, 0700));
    TRY(db_open(&options, &store));
    if (apply)
        TRY(db_migrate(store, NULL));
    TRY(db_migration_status(store, c->arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        jo_object(o);
        jo_kstr(o, "store", kind == DB_MAIN ? S("main") : S("index"));
        jo_ki64(o, "number", rows[i].number);
        jo_kstr(o, "name", str_from(rows[i].name));
        jo_kbool(o, "applied", rows[i].applied);
        jo_end(o);
        if (!c->json)
            printf("%-6s %04d %-24s %s\n", kind == DB_MAIN ? "main" : "index", rows[i].number,
                   rows[i].name, rows[i].applied ? "applied" : "waiting");
    }
    return OK;
}

static int migrate(struct cli *c)
{
    bool status = c->argument_count == 1 && str_eq(c->arguments[0], S("status"));
    if (c->argument_count == 1 && !status && !str_eq(c->arguments[0], S("up")))
        return cli_usage(c, "migrate takes \"up\" (the default) or \"status\"");
    if (cli_server_running(c) && !status) {
        fprintf(stderr, "vivim: a server is running on this data folder; it migrated the store "
                        "when it started\n");
        return EXIT_OK;
    }
    err_clear();
    struct buf out;
    buf_init(&out, c->arena, MIB(1));
    struct json_out o;
    jo_init(&o, &out);
    jo_array(&o);
    CLEANUP(fd_close) struct fd lock = FD_NONE;
    err_t e = status ? OK : folder_make(str_cstr(c->arena, c->settings.data), 0700);
    if (e == OK && !status)
        e = file_lock(in_data(c, "lock"), &lock);
    if (e == OK)
        e = migrate_kind(c, DB_MAIN, !status, &o);
    if (e == OK)
        e = migrate_kind(c, DB_INDEX, !status, &o);
    jo_end(&o);
    if (e != OK)
        return cli_fail(c, e);
    if (c->json)
        printf("%.*s\n", STR_ARG(buf_str(&out)));
    return EXIT_OK;
}

const struct command COMMAND_MIGRATE = {
    .name = "migrate",
    .arguments = "[up|status]",
    .arguments_max = 1,
    .run = migrate,
    .summary = "bring the store to this program's schema, or say where it stands",
};

/* --- doctor ------------------------------------------------------------------------------------- */

enum level { LEVEL_GOOD, LEVEL_WARN, LEVEL_BAD };

struct checkup {
    struct cli *c;
    struct json_out o;
    enum level worst;
};

static void finding(struct checkup *d, enum level level, const char *what, const char *format, ...)
    PRINTF_LIKE(4, 5);
static void finding(struct checkup *d, enum level level, const char *what, const char *format, ...)
{
    static const char *const WORDS[] = { "ok", "warning", "error" };
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (level > d->worst)
        d->worst = level;
    jo_object(&d->o);
    jo_kstr(&d->o, "check", str_from(what));
    jo_kstr(&d->o, "level", str_from(WORDS[level]));
    jo_kstr(&d->o, "detail", str_from(text));
    jo_end(&d->o);
    if (!d->c->json)
        printf("%-8s %-12s %s\n", WORDS[level], what, text);
}

static void check_folder(struct checkup *d)
{
    struct cli *c = d->c;
    const char *path = str_cstr(c->arena, c->settings.data);
    struct stat st;
    if (stat(path, &st) != 0) {
        finding(d, LEVEL_WARN, "data folder", "%s is not there yet; the first start makes it",
                path);
        return;
    }
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
    if (!c->settings.master_key.n && file_exists(in_data(c, "master.key")))
        finding(d, LEVEL_WARN, "master key",
                "%s seals your secrets: keep a copy of it somewhere else",
                in_data(c, "master.key"));
}

static void check_store(struct checkup *d)
{
    struct cli *c = d->c;
    CLEANUP(close_store) struct db_store *store = NULL;
    struct db_options options = { .url = c->settings.database_url,
                                  .data_dir = str_cstr(c->arena, c->settings.data),
                                  .kind = DB_MAIN };
    struct db_migration_row *rows;
    size_t count, waiting = 0;
    if (str_starts(c->settings.database_url, S("sqlite:")) &&
        !file_exists(in_data(c, "vivim.db"))) {
        finding(d, LEVEL_GOOD, "store", "none yet");
        return;
    }
    err_t e = db_open(&options, &store);
    if (e == OK)
        e = db_migration_status(store, c->arena, &rows, &count);
    struct db *db = NULL;
    if (e == OK)
        e = db_connect(store, &db);
    if (e == OK)
        e = db_integrity(db);
    db_disconnect(db);
    if (e != OK) {
        finding(d, LEVEL_BAD, "store", "%s",
                err_detail()->text[0] ? err_detail()->text : err_title(e));
        return;
    }
    for (size_t i = 0; i < count; i++)
        waiting += !rows[i].applied;
    if (waiting)
        finding(d, LEVEL_WARN, "store",
                "%zu migrations wait; `vivim migrate` or the next start applies them", waiting);
    else
        finding(d, LEVEL_GOOD, "store", "readable, whole, schema up to date");
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
    check_browser(&d);
    check_open_files(&d);
    jo_end(&d.o);
    if (c->json)
        printf("%.*s\n", STR_ARG(buf_str(&out)));
    return d.worst == LEVEL_BAD ? EXIT_FAILED : EXIT_OK;
}

const struct command COMMAND_DOCTOR = {
    .name = "doctor",
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
    .arguments = "",
    .run = config_dump,
    .summary = "print every setting and where it comes from",
    .help = "Secrets are shown as (set).",
};

/* --- healthcheck -------------------------------------------------------------------------------------- */

static int healthcheck(struct cli *c)
{
    if (!cli_server_running(c)) {
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
    .arguments = "",
    .run = healthcheck,
    .summary = "exit 0 when the server is ready",
};
