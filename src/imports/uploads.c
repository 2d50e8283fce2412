/* Files that come in pieces: the tus protocol 1.0.0 (https://tus.io/protocols/resumable-upload), with the extensions creation,
 * termination and expiration. What has been answered with 204 is on the disk, and so is soon what came of a piece that was cut; an
 * upload goes on after a cut, or a restart, at the offset that HEAD gives. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "imports/imports_inside.h"
#include "imports/tus.h"
#include "os/entropy.h"
#include "os/file.h"

/* --- where they lie ------------------------------------------------------------------------------------------ */

static char *folder_of(const struct app *app, struct arena *a, struct uuid owner)
{
    char text[UUID_TEXT_BYTES + 1];
    uuid_text(owner, text);
    return str_cstr(a, str_fmt(a, "%s/uploads/%s", app->data_dir, text));
}

static char *path_of(const struct app *app, struct arena *a, struct uuid owner, struct uuid id)
{
    char text[UUID_TEXT_BYTES + 1];
    char *folder = folder_of(app, a, owner);
    uuid_text(id, text);
    return folder ? str_cstr(a, str_fmt(a, "%s/%s", folder, text)) : NULL;
}

/* --- headers ------------------------------------------------------------------------------------------------------ */

static err_t check_version(struct req *rq, struct reply *rp)
{
    reply_header(rp, "Tus-Resumable", S(TUS_VERSION));
    err_t e = tus_version(req_header(rq, S("tus-resumable")));
    if (e != OK)
        reply_header(rp, "Tus-Version", S(TUS_VERSION));
    return e;
}

static err_t header_bytes(struct req *rq, const char *name, int64_t *ret)
{
    return tus_bytes(name, req_header(rq, str_from(name)), ret);
}

/* RFC 9110 section 5.6.7. */
static void put_expires(struct reply *rp, int64_t ms)
{
    char text[64];
    struct tm tm;
    time_t s = (time_t)(ms / 1000);
    gmtime_r(&s, &tm);
    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    reply_header(rp, "Upload-Expires", str_from(text));
}

/* --- creation ------------------------------------------------------------------------------------------------------ */

static err_t check_room(struct req *rq, const char *folder, int64_t bytes)
{
    struct statvfs fs;
    int64_t count;
    if ((uint64_t)bytes > import_bytes_allowed(rq->app))
        return err_note(E_LIMIT, "upload-length", "an import may bring %lld MiB at most here",
                        (long long)rq->app->settings->import_mib);
    if (statvfs(folder, &fs) == 0 && (uint64_t)bytes > (uint64_t)fs.f_bavail * fs.f_frsize)
        return err_note(E_FULL, NULL, "the server's disk has no room for this");
    TRY(upload_store_count(rq->db, rq->caller.user_id, &count));
    return count < UPLOADS_MAX
               ? OK
               : err_note(E_LIMIT, NULL, "%d uploads are under way; end some first", UPLOADS_MAX);
}

static err_t make_file(const char *path)
{
    CLEANUP(fd_close) struct fd f = { open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) };
    return f.fd >= 0 ? OK : err_note(E_IO, NULL, "making a file for the upload failed");
}

err_t upload_post(struct req *rq, struct reply *rp)
{
    char id[UUID_TEXT_BYTES + 1];
    struct upload u = { .id = uuid_new(), .expires_ms = rq->now_ms + UPLOAD_KEEP_MS };
    TRY(check_version(rq, rp));
    TRY(header_bytes(rq, "upload-length", &u.bytes));
    TRY(tus_metadata(rq->arena, req_header(rq, S("upload-metadata")), &u.metadata, &u.name));
    char *folder = folder_of(rq->app, rq->arena, rq->caller.user_id);
    char *path = path_of(rq->app, rq->arena, rq->caller.user_id, u.id);
    if (!folder || !path)
        return arena_err(rq->arena);
    TRY(folder_make(folder, 0700));
    TRY(check_room(rq, folder, u.bytes));
    TRY(make_file(path));
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, rq->db));
    TRY(upload_store_insert(rq->db, rq->caller.user_id, &u));
    TRY(db_txn_commit(&tx));
    uuid_text(u.id, id);
    reply_status(rp, 201);
    reply_header(rp, "Location", str_fmt(rq->arena, "/api/v1/uploads/%s", id));
    put_expires(rp, u.expires_ms);
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kuuid(o, "id", u.id);
    jo_end(o);
    return OK;
}

/* --- where it stands ------------------------------------------------------------------------------------------------- */

static err_t find(struct req *rq, struct upload *ret)
{
    struct uuid id;
    TRY(req_param_uuid(rq, "id", &id));
    TRY(upload_store_get(rq->db, rq->arena, rq->caller.user_id, id, ret));
    return ret->expires_ms >= rq->now_ms
               ? OK
               : err_note(E_GONE, NULL, "this upload has expired; begin again");
}

err_t upload_get(struct req *rq, struct reply *rp)
{
    struct upload u;
    reply_header(rp, "Tus-Resumable", S(TUS_VERSION));
    TRY(find(rq, &u));
    reply_header(rp, "Cache-Control", S("no-store"));
    reply_header(rp, "Upload-Offset", str_fmt(rq->arena, "%lld", (long long)u.received));
    reply_header(rp, "Upload-Length", str_fmt(rq->arena, "%lld", (long long)u.bytes));
    if (u.metadata.n)
        reply_header(rp, "Upload-Metadata", u.metadata);
    put_expires(rp, u.expires_ms);
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kuuid(o, "id", u.id);
    jo_kstr(o, "name", u.name);
    jo_ki64(o, "bytes", u.bytes);
    jo_ki64(o, "received", u.received);
    jo_ktime(o, "expires_at", u.expires_ms);
    jo_end(o);
    return OK;
}

/* --- a piece ------------------------------------------------------------------------------------------------------------ */

static err_t failed(const char *what)
{
    return errno == ENOSPC || errno == EDQUOT
               ? err_note(E_FULL, NULL, "the server's disk is full; what was sent before is kept")
               : err_note(E_IO, NULL, "%s the upload failed", what);
}

static err_t write_at(int fd, struct str bytes, int64_t at)
{
    while (bytes.n) {
        ssize_t n = pwrite(fd, bytes.s, bytes.n, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return failed("writing");
        bytes = str_sub(bytes, (size_t)n, bytes.n);
        at += n;
    }
    return OK;
}

static err_t write_piece(struct req *rq, int fd, int64_t at)
{
    char bytes[KIB(64)];
    ssize_t n;
    if (rq->body_fd < 0)
        return write_at(fd, rq->body, at);
    while ((n = read(rq->body_fd, bytes, sizeof bytes)) > 0) {
        TRY(write_at(fd, str_of(bytes, (size_t)n), at));
        at += n;
    }
    return n == 0 ? OK : failed("reading");
}

static err_t wrong_offset(const struct upload *u)
{
    return err_note(E_CONFLICT, "upload-offset", "%lld bytes are here; go on from there",
                    (long long)u->received);
}

/* Whoever writes holds the file: of two at once the second one is told so, and who comes behind one looks again. */
static err_t append(struct req *rq, struct upload *u, int64_t offset)
{
    char *path = path_of(rq->app, rq->arena, rq->caller.user_id, u->id);
    if (!path)
        return arena_err(rq->arena);
    CLEANUP(fd_close) struct fd f = { open(path, O_WRONLY | O_CLOEXEC) };
    if (f.fd < 0)
        return err_note(E_GONE, NULL, "what was uploaded is not here any more; begin again");
    if (flock(f.fd, LOCK_EX | LOCK_NB) != 0)
        return err_note(E_CONFLICT, NULL, "another request writes to this upload");
    TRY(upload_store_get(rq->db, rq->arena, rq->caller.user_id, u->id, u));
    if (offset != u->received)
        return wrong_offset(u);
    if ((int64_t)rq->body_bytes > u->bytes - offset)
        return err_note(E_LIMIT, NULL, "this is more than the upload's length");
    TRY(write_piece(rq, f.fd, u->received));
    if (fsync(f.fd) != 0)
        return failed("writing");
    bool done;
    int64_t from = u->received;
    u->received += (int64_t)rq->body_bytes;
    u->expires_ms = rq->now_ms + UPLOAD_KEEP_MS;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, rq->db));
    TRY(upload_store_received(rq->db, rq->caller.user_id, u->id, from, u->received, u->expires_ms,
                              &done));
    if (!done)
        return wrong_offset(u);
    return db_txn_commit(&tx);
}

err_t upload_patch(struct req *rq, struct reply *rp)
{
    struct upload u;
    int64_t offset;
    TRY(check_version(rq, rp));
    if (!str_eq(req_header(rq, S("content-type")), S("application/offset+octet-stream")))
        return err_note(E_MEDIA_TYPE, "content-type",
                        "a piece is sent as application/offset+octet-stream");
    TRY(header_bytes(rq, "upload-offset", &offset));
    TRY(find(rq, &u));
    TRY(append(rq, &u, offset));
    reply_status(rp, 204);
    reply_header(rp, "Upload-Offset", str_fmt(rq->arena, "%lld", (long long)u.received));
    put_expires(rp, u.expires_ms);
    return OK;
}

/* --- its end ----------------------------------------------------------------------------------------------------------------- */

static err_t drop(struct app *app, struct db *db, struct uuid owner, struct uuid id, bool *ret_done)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, KIB(64));
    char *path = path_of(app, &a, owner, id);
    if (!path)
        return arena_err(&a);
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(upload_store_delete(db, owner, id, ret_done));
    TRY(db_txn_commit(&tx));
    unlink(path);
    return OK;
}

err_t upload_delete(struct req *rq, struct reply *rp)
{
    struct uuid id;
    bool done;
    TRY(check_version(rq, rp));
    TRY(req_param_uuid(rq, "id", &id));
    TRY(drop(rq->app, rq->db, rq->caller.user_id, id, &done));
    if (!done)
        return E_NOT_FOUND;
    reply_status(rp, 204);
    return OK;
}

err_t uploads_sweep(struct app *app, struct db *db, struct arena *a, int64_t now_ms)
{
    struct upload_old *list;
    size_t count;
    bool done;
    TRY(upload_store_expired(db, a, now_ms, UPLOADS_MAX, &list, &count));
    for (size_t i = 0; i < count; i++)
        TRY(drop(app, db, list[i].owner_id, list[i].id, &done));
    return OK;
}

/* --- to an import --------------------------------------------------------------------------------------------------------------- */

static err_t link_one(struct app *app, struct arena *a, struct uuid owner, const struct upload *u,
                      const char *folder)
{
    CLEANUP(fd_close) struct fd made = FD_NONE;
    struct str path;
    char *from = path_of(app, a, owner, u->id);
    if (!from)
        return arena_err(a);
    if (u->received != u->bytes)
        return err_note(E_CONFLICT, "uploads", "the upload of %.*s is not complete",
                        STR_ARG(u->name));
    TRY(import_file_make(a, folder, u->name, &made.fd, &path));
    char *to = str_cstr(a, path);
    if (!to)
        return arena_err(a);
    unlink(to); /* its name is ours; the bytes come in its place */
    return link(from, to) == 0 ? OK : err_note(E_IO, NULL, "taking over the upload failed");
}

err_t uploads_link(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                   struct str ids, const char *folder, struct str *ret_label)
{
    struct str part;
    size_t count = 0;
    while (str_cut(&ids, ',', &part)) {
        struct uuid id;
        struct upload u;
        if (uuid_parse(part, &id) != OK)
            return err_note(E_INVALID, "uploads", "ids of uploads, parted by commas, are wanted");
        err_t e = upload_store_get(db, a, owner, id, &u);
        if (e == E_NOT_FOUND)
            return err_note(E_INVALID, "uploads", "there is no upload %.*s", STR_ARG(part));
        TRY(e);
        TRY(link_one(app, a, owner, &u, folder));
        if (++count == 1)
            *ret_label = u.name;
        if (count > IMPORT_PARTS_MAX)
            return err_note(E_LIMIT, "uploads", "there are more than %d files", IMPORT_PARTS_MAX);
    }
    if (count > 1)
        *ret_label = str_fmt(a, "%.*s and %zu more", STR_ARG(*ret_label), count - 1);
    TRY(arena_err(a));
    return folder_sync(folder);
}

err_t uploads_drop(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                   struct str ids)
{
    struct str part;
    struct uuid id;
    bool done;
    UNUSED(a);
    while (str_cut(&ids, ',', &part))
        if (uuid_parse(part, &id) == OK)
            TRY(drop(app, db, owner, id, &done));
    return OK;
}
