#include "cli/importing.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/encode.h"
#include "base/limits.h"
#include "os/clock.h"
#include "os/file.h"

enum { POLL_MS = 200, REASONS_SHOWN = 20 };

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    UNUSED(signal_number);
    interrupted = 1;
}

void importing_catch_interrupt(void)
{
    struct sigaction catch = { .sa_handler = on_interrupt };
    sigaction(SIGINT, &catch, NULL);
}

bool importing_interrupted(void)
{
    return interrupted;
}

static bool has_ended(struct json import)
{
    struct str status = json_get_str(import, S("status"));
    return !str_eq(status, S("queued")) && !str_eq(status, S("running"));
}

long long importing_count(struct json import, const char *name)
{
    return (long long)json_i64(json_get(json_get(import, S("counts")), str_from(name)), 0);
}

static void draw(struct json import)
{
    struct json progress = json_get(import, S("progress"));
    int64_t done = json_i64(json_get(progress, S("done")), -1),
            total = json_i64(json_get(progress, S("total")), -1);
    long long percent = total > 0 && done >= 0 ? (long long)(done * 100 / total) : 0;
    cli_progress("%3lld %%  %lld new, %lld changed, %lld unchanged, %lld failed",
                 percent > 100 ? 100 : percent, importing_count(import, "new"),
                 importing_count(import, "changed"), importing_count(import, "unchanged"),
                 importing_count(import, "failed"));
}

/* --- one import ------------------------------------------------------------------------------------------------ */

/* Who interrupts asks the server to end it, and sees how it ended. */
err_t importing_follow(struct cli *c, struct str id, struct str *ret_text, struct json *ret)
{
    struct str target = str_fmt(c->arena, "/api/v1/imports/%.*s", STR_ARG(id));
    bool asked = false;
    for (;;) {
        TRY(cli_request(c, "GET", target, STR_NONE, ret_text, ret));
        if (has_ended(*ret))
            return OK;
        if (interrupted && !asked) {
            err_t e = cli_request(c, "POST", str_cat(c->arena, target, S("/cancel")), STR_NONE,
                                  NULL, NULL);
            asked = e == OK || e == E_CONFLICT;
        }
        draw(*ret);
        clock_sleep_ms(POLL_MS);
    }
}

static void add_query(struct cli *c, struct str *io_target, const char *name, struct str value)
{
    if (value.s)
        *io_target = str_fmt(c->arena, "%.*s&%s=%.*s", STR_ARG(*io_target), name,
                             STR_ARG(percent_encode(c->arena, value)));
}

static err_t begin(struct cli *c, struct str query, const char *send_or_null, struct str *ret_id)
{
    struct json answer;
    struct str target = str_cat(c->arena, S("/api/v1/imports?"), query);
    add_query(c, &target, "provider", cli_option(c, "--from"));
    add_query(c, &target, "account", cli_option(c, "--account"));
    if (cli_option(c, "--dry-run").s)
        add_query(c, &target, "dry_run", S("true"));
    TRY(arena_err(c->arena));
    TRY(send_or_null ? cli_upload(c, target, send_or_null, &answer)
                     : cli_request(c, "POST", target, STR_NONE, NULL, &answer));
    *ret_id = json_get_str(answer, S("id"));
    return OK;
}

err_t importing_send(struct cli *c, const char *path, struct str name, struct str *ret_id)
{
    struct str query = str_fmt(c->arena, "name=%.*s", STR_ARG(percent_encode(c->arena, name)));
    return begin(c, query, path, ret_id);
}

static struct str last_part(struct str path)
{
    size_t at = path.n;
    while (at > 0 && path.s[at - 1] != '/')
        at--;
    return str_sub(path, at, path.n);
}

err_t importing_start(struct cli *c, struct str path, struct str *ret_id)
{
    char whole[PATH_MAX];
    char *given = str_cstr(c->arena, path);
    struct stat st;
    if (!given)
        return arena_err(c->arena);
    if (!realpath(given, whole) || stat(whole, &st) != 0)
        return err_note(E_NOT_FOUND, NULL, "there is no file or folder %s", given);
    if (c->server.n && !S_ISREG(st.st_mode))
        return err_note(E_INVALID, NULL,
                        "%s is a folder, which a server elsewhere cannot read: send it as a zip",
                        given);
    if (c->server.n)
        return importing_send(c, whole, last_part(str_from(whole)), ret_id);
    struct str query =
        str_fmt(c->arena, "path=%.*s", STR_ARG(percent_encode(c->arena, str_from(whole))));
    return begin(c, query, NULL, ret_id);
}

/* --- what came of it --------------------------------------------------------------------------------------------- */

static void show_reasons(struct cli *c, struct str id, const char *outcome)
{
    struct json page, item;
    struct str target = str_fmt(c->arena, "/api/v1/imports/%.*s/items?outcome=%s&limit=%d",
                                STR_ARG(id), outcome, REASONS_SHOWN);
    if (cli_request(c, "GET", target, STR_NONE, NULL, &page) != OK)
        return;
    struct json_iter it = json_iter(json_get(page, S("items")));
    while (json_next(&it, NULL, &item)) {
        struct str file = json_get_str(item, S("file")), reason = json_get_str(item, S("reason"));
        int64_t place = json_i64(json_get(item, S("place")), 0);
        if (place)
            fprintf(stderr, "  %s: %.*s, %lld: %.*s\n", outcome, STR_ARG(file), (long long)place,
                    STR_ARG(reason));
        else
            fprintf(stderr, "  %s: %.*s: %.*s\n", outcome, STR_ARG(file), STR_ARG(reason));
    }
    if (json_get_str(page, S("next_cursor")).n)
        fprintf(stderr, "  ... and more\n");
}

bool importing_is_done(struct json import)
{
    return str_eq(json_get_str(import, S("status")), S("done"));
}

int importing_report(struct cli *c, struct str path, struct str text, struct json import)
{
    if (c->json) {
        printf("%.*s\n", STR_ARG(text));
        return importing_is_done(import) ? EXIT_OK : EXIT_FAILED;
    }
    struct str status = json_get_str(import, S("status")), id = json_get_str(import, S("id"));
    struct json error = json_get(import, S("error"));
    printf("%.*s  %.*s  %s%lld new, %lld changed, %lld unchanged, %lld skipped, %lld failed\n",
           STR_ARG(id), STR_ARG(status), cli_option(c, "--dry-run").s ? "would be " : "",
           importing_count(import, "new"), importing_count(import, "changed"),
           importing_count(import, "unchanged"), importing_count(import, "skipped"),
           importing_count(import, "failed"));
    if (importing_count(import, "skipped"))
        show_reasons(c, id, "skipped");
    if (importing_count(import, "failed"))
        show_reasons(c, id, "failed");
    if (importing_is_done(import))
        return EXIT_OK;
    struct str detail = json_get_str(error, S("detail"));
    fprintf(stderr, "vivim: %.*s: %.*s%s%.*s\n", STR_ARG(path), STR_ARG(status),
            detail.n ? ": " : "", STR_ARG(detail));
    return EXIT_FAILED;
}

/* --- what is sent ---------------------------------------------------------------------------------------------------- */

static err_t written(bool done)
{
    if (done)
        return OK;
    return errno == ENOSPC || errno == EDQUOT
               ? err_note(E_FULL, NULL, "the disk has no room for what is sent")
               : err_note(E_IO, NULL, "writing what is sent failed");
}

static err_t spool_bytes(void *spool, struct str bytes)
{
    struct spool *s = spool;
    return written(fwrite(bytes.s, 1, bytes.n, s->file) == bytes.n);
}

static err_t end_part(struct spool *s)
{
    char name[64];
    if (!s->part.n)
        return OK;
    snprintf(name, sizeof name, "conversations/%05zu.jsonl", ++s->parts);
    TRY(zip_out_add(&s->zip, str_from(name), buf_str(&s->part), false));
    buf_clear(&s->part);
    return OK;
}

/* One that is larger than a part is a part of its own. */
static err_t spool_line(void *spool, struct str line)
{
    struct spool *s = spool;
    if (s->part.n + line.n > EXPORT_PART_BYTES)
        TRY(end_part(s));
    buf_put(&s->part, line);
    return buf_err(&s->part);
}

static err_t spool_picture(void *spool, const struct import_media *m, struct str sha256)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct spool *s = spool;
    struct str bytes;
    if (map_has(&s->pictures, sha256))
        return OK;
    arena_init(&a, 4 * IMPORT_MEDIA_BYTES);
    TRY(base64_decode(&a, m->base64, &bytes));
    struct str name = str_fmt(&a, "media/%.*s", STR_ARG(sha256)), kept = str_dup(&s->arena, sha256);
    TRY(arena_err(&a));
    TRY(arena_err(&s->arena));
    TRY(map_put(&s->pictures, kept, s));
    return zip_out_add(&s->zip, name, bytes, false);
}

static err_t open_zip(struct spool *s, struct arena *a)
{
    TRY(folder_temp(a, "vivim-sessions-", &s->folder));
    s->path = str_cstr(a, str_fmt(a, "%s/sessions.zip", s->folder));
    s->file = s->path ? fopen(s->path, "wxe") : NULL;
    if (!s->file)
        return err_note(E_IO, NULL, "making a file for what is sent failed");
    return zip_out_init(&s->zip, spool_bytes, s, clock_wall_ms());
}

err_t spool_open(struct spool *s, struct arena *a)
{
    *s = (struct spool){ 0 };
    arena_init(&s->arena, MIB(256));
    map_init(&s->pictures, &s->arena);
    buf_init(&s->part, NULL, MIB(1024));
    extraction_init(&s->x, NULL);
    s->x.put = spool_line;
    s->x.keep = spool_picture;
    s->x.into = s;
    err_t e = open_zip(s, a);
    if (e != OK)
        spool_close(s);
    return e;
}

err_t spool_flush(struct spool *s)
{
    TRY(end_part(s));
    TRY(zip_out_end(&s->zip));
    return written(fflush(s->file) == 0);
}

void spool_close(struct spool *s)
{
    if (s->file)
        fclose(s->file);
    zip_out_free(&s->zip);
    extraction_free(&s->x);
    buf_free(&s->part);
    arena_free(&s->arena);
    if (s->folder)
        folder_remove(s->folder);
    *s = (struct spool){ 0 };
}
