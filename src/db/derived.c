#include "db/derived.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/timestamp.h"
#include "os/clock.h"
#include "os/file.h"

enum { PATH_BYTES = 4096, NOTE_BYTES_MAX = 512 };

void derived_init(struct derived *d, const char *name, char *folder, err_t (*renew)(void *context),
                  void *context)
{
    *d = (struct derived){ .name = name, .folder = folder, .renew = renew, .context = context };
    mutex_init(&d->lock);
}

void derived_free(struct derived *d)
{
    mutex_free(&d->lock);
}

void derived_on_damage(struct derived *d, void (*tell)(void *context), void *context)
{
    mutex_lock(&d->lock);
    d->tell = tell;
    d->tell_context = context;
    mutex_unlock(&d->lock);
}

bool derived_is_damaged(const struct derived *d)
{
    return d->damaged;
}

static err_t rebuilding(const struct derived *d)
{
    return err_note(E_REBUILDING, NULL,
                    "the %s was damaged and is being made again from the rows; try again soon",
                    d->name);
}

err_t derived_usable(struct derived *d)
{
    return d->damaged ? rebuilding(d) : OK;
}

err_t derived_damaged(struct derived *d)
{
    mutex_lock(&d->lock);
    if (!d->damaged) {
        snprintf(d->why, sizeof d->why, "%.199s", err_detail()->text);
        log_at(LOG_ERROR, "derived.damaged", LZ("store", d->name), LZ("detail", d->why),
               LZ("advice", "it is set aside and made again from the rows; nothing is lost"));
        d->damaged = true;
        if (d->tell)
            d->tell(d->tell_context);
    }
    mutex_unlock(&d->lock);
    return rebuilding(d);
}

err_t derived_mend(struct derived *d)
{
    if (!d->damaged)
        return OK;
    TRY(d->renew(d->context));
    mutex_lock(&d->lock);
    log_at(LOG_WARN, "derived.set_aside", LZ("store", d->name), LZ("detail", d->why));
    derived_leave_note(d->folder, d->name, d->why);
    d->damaged = false;
    mutex_unlock(&d->lock);
    return OK;
}

/* --- files ---------------------------------------------------------------------------------------------- */

static err_t fail(const char *path)
{
    int code = errno;
    return err_note(code == EROFS ? E_READ_ONLY : E_IO, NULL, "setting aside %s: %s", path,
                    strerrordesc_np(code));
}

/* Renamed first: whatever happens in between, no half of it is taken for a whole one. */
static err_t remove_one(const char *path)
{
    char aside[PATH_BYTES];
    struct stat st;
    if (lstat(path, &st) != 0)
        return errno == ENOENT ? OK : fail(path);
    snprintf(aside, sizeof aside, "%.4000s.damaged-%lld", path, (long long)clock_wall_ms());
    if (rename(path, aside) != 0)
        return fail(path);
    if (S_ISDIR(st.st_mode) ? rmdir(aside) != 0 : unlink(aside) != 0)
        log_at(LOG_WARN, "derived.kept", LZ("path", aside),
               LZ("advice",
                  "it lay where a file of the store should be; look what it is, and remove it"));
    return OK;
}

err_t derived_remove_files(const char *path, const char *const *tails)
{
    char beside[PATH_BYTES];
    TRY(remove_one(path));
    for (; *tails; tails++) {
        snprintf(beside, sizeof beside, "%.4000s%s", path, *tails);
        TRY(remove_one(beside));
    }
    return OK;
}

/* --- the note ---------------------------------------------------------------------------------------------- */

static bool note_path(const char *folder, const char *name, char ret[PATH_BYTES])
{
    int n = snprintf(ret, PATH_BYTES, "%s/%s.rebuilt", folder, name);
    return n > 0 && n < PATH_BYTES;
}

struct str derived_note(struct arena *a, const char *folder, const char *name)
{
    char path[PATH_BYTES];
    struct str text;
    if (!note_path(folder, name, path) || file_read(a, path, NOTE_BYTES_MAX, &text) != OK)
        return STR_NONE;
    return str_trim(text);
}

void derived_leave_note(const char *folder, const char *name, const char *why)
{
    char path[PATH_BYTES], text[NOTE_BYTES_MAX];
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, 4096);
    struct str when = time_str(&a, clock_wall_ms());
    snprintf(text, sizeof text, "%.*s %.200s\n", STR_ARG(when), why);
    if (!note_path(folder, name, path) || file_write_atomic(path, str_from(text), 0600) != OK)
        err_clear();
}
