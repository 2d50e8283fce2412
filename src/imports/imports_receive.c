/* What comes in by a request: into a folder of ours, under names that do no harm. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "imports/imports_inside.h"
#include "imports/multipart.h"
#include "os/file.h"

size_t import_bytes_allowed(const struct app *app)
{
    return MIB(app->settings->import_mib);
}

/* --- names --------------------------------------------------------------------------------------------------- */

static bool add_part(struct buf *b, struct str part)
{
    while (part.n && (part.s[0] == '.' || part.s[0] == ' '))
        part = str_sub(part, 1, part.n);
    part = utf8_cut(part, IMPORT_NAME_BYTES_MAX - 8);
    if (!part.n)
        return false;
    if (b->n)
        buf_putc(b, '/');
    for (size_t i = 0; i < part.n; i++)
        buf_putc(b, (unsigned char)part.s[i] < ' ' || part.s[i] == 127 ? '_' : part.s[i]);
    return true;
}

struct str import_safe_name(struct arena *a, struct str name)
{
    struct buf b;
    struct str rest = str_dup(a, utf8_repair(a, name)), part;
    int depth = 0;
    buf_init(&b, a, KIB(8));
    for (size_t i = 0; i < rest.n; i++)
        if (rest.s[i] == '\\')
            ((char *)rest.s)[i] = '/';
    while (str_cut(&rest, '/', &part) && depth < IMPORT_DEPTH_MAX && b.n < KIB(2))
        depth += add_part(&b, part);
    return buf_err(&b) == OK && b.n ? buf_str(&b) : S("file");
}

/* --- files ----------------------------------------------------------------------------------------------------- */

static err_t make_parents(struct arena *a, const char *path)
{
    size_t slash = strlen(path);
    while (slash > 0 && path[slash - 1] != '/')
        slash--;
    char *folder = str_cstr(a, str_of(path, slash ? slash - 1 : 0));
    return folder ? folder_make(folder, 0700) : arena_err(a);
}

err_t import_file_make(struct arena *a, const char *folder, struct str name, int *ret_fd,
                       struct str *ret_path)
{
    for (int i = 0; i <= IMPORT_PARTS_MAX; i++) {
        struct str path = i ? str_fmt(a, "%s/%d-%.*s", folder, i, STR_ARG(name))
                            : str_fmt(a, "%s/%.*s", folder, STR_ARG(name));
        char *z = str_cstr(a, path);
        if (!z)
            return arena_err(a);
        TRY(make_parents(a, z));
        int fd = open(z, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd >= 0) {
            *ret_fd = fd;
            *ret_path = path;
            return OK;
        }
        if (errno != EEXIST && errno != ENOTDIR && errno != EISDIR)
            return errno == ENOSPC ? err_note(E_FULL, NULL, "the disk is full")
                                   : err_note(E_IO, NULL, "making a file for the import failed");
    }
    return E_LIMIT;
}

/* On the disk, before a row names it. */
static err_t synced(int fd)
{
    if (fsync(fd) == 0)
        return OK;
    return errno == ENOSPC ? err_note(E_FULL, NULL, "the disk is full")
                           : err_note(E_IO, NULL, "writing what was sent failed");
}

/* --- the body ----------------------------------------------------------------------------------------------------- */

struct fd_reader {
    struct reader reader;
    int fd;
};

static err_t read_fd(struct reader *r, char *to, size_t max, size_t *ret_n)
{
    struct fd_reader *f = (struct fd_reader *)r;
    ssize_t n;
    do
        n = read(f->fd, to, max);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_note(E_IO, NULL, "reading what was sent failed");
    *ret_n = (size_t)n;
    return OK;
}

static err_t copy_part(struct multipart *m, int fd)
{
    char bytes[MULTIPART_BUFFER_BYTES];
    size_t n = 1;
    while (n) {
        TRY(multipart_read(m, bytes, sizeof bytes, &n));
        TRY(file_write_all(fd, str_of(bytes, n)));
    }
    return synced(fd);
}

static err_t receive_parts(struct req *rq, const char *folder, struct reader *from,
                           struct str *ret_label)
{
    struct multipart m;
    struct multipart_part part;
    size_t files = 0;
    TRY(multipart_init(&m, rq->arena, req_header(rq, S("content-type")), from));
    err_t e;
    while ((e = multipart_next(&m, rq->arena, &part)) == OK) {
        CLEANUP(fd_close) struct fd to = FD_NONE;
        struct str path, name;
        if (!part.file_name.s)
            continue;
        if (++files > IMPORT_PARTS_MAX)
            return err_note(E_LIMIT, NULL, "there are more than %d files", IMPORT_PARTS_MAX);
        name = import_safe_name(rq->arena, part.file_name);
        TRY(import_file_make(rq->arena, folder, name, &to.fd, &path));
        TRY(copy_part(&m, to.fd));
        if (files == 1)
            *ret_label = name;
    }
    if (e != E_NOT_FOUND)
        return e;
    if (!files)
        return err_note(E_BAD_INPUT, NULL, "there is no file in the form");
    if (files > 1)
        *ret_label = str_fmt(rq->arena, "%.*s and %zu more", STR_ARG(*ret_label), files - 1);
    return arena_err(rq->arena);
}

static err_t receive_one(struct req *rq, const char *folder, struct reader *from, struct str name)
{
    CLEANUP(fd_close) struct fd to = FD_NONE;
    char bytes[KIB(64)];
    struct str path;
    size_t n = 1;
    TRY(import_file_make(rq->arena, folder, name, &to.fd, &path));
    while (n) {
        TRY(from->read(from, bytes, sizeof bytes, &n));
        TRY(file_write_all(to.fd, str_of(bytes, n)));
    }
    return synced(to.fd);
}

err_t import_receive(struct req *rq, const char *folder, struct str name, struct str *ret_label)
{
    struct memory_reader memory;
    struct fd_reader file = { { read_fd }, rq->body_fd };
    struct str type = req_header(rq, S("content-type")), form = S("multipart/form-data");
    memory_reader_init(&memory, rq->body);
    struct reader *from = rq->body_fd >= 0 ? &file.reader : &memory.reader;
    if (!rq->body_bytes)
        return err_note(E_BAD_INPUT, NULL, "send the file as the body, or files as form data");
    if (type.n >= form.n && str_eq_nocase(str_sub(type, 0, form.n), form))
        TRY(receive_parts(rq, folder, from, ret_label));
    else {
        *ret_label = import_safe_name(rq->arena, name.n ? name : S("file"));
        TRY(receive_one(rq, folder, from, *ret_label));
    }
    return folder_sync(folder);
}
