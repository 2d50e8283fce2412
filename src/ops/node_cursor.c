/* The place in the log of what is derived on this node's own disk: a file of its own in the data folder, beside the effects. In
 * the store, which the nodes share, one node would move it on for all of them, and the files of the others would starve. */
#include "base/log.h"
#include "ops/inside.h"
#include "os/file.h"

enum { CURSOR_BYTES_MAX = 64 };

static char *path_of(const struct app *app, struct arena *a, const char *name)
{
    return str_cstr(a, str_fmt(a, "%s/%s.cursor", app->data_dir, name));
}

err_t node_cursor_get(const struct app *app, struct arena *a, const char *name,
                      struct op_cursor *ret)
{
    struct str text, line;
    char *path = path_of(app, a, name);
    if (!path)
        return arena_err(a);
    *ret = (struct op_cursor){ 0 };
    err_t e = file_read(a, path, CURSOR_BYTES_MAX, &text);
    if (e == OK && str_cut(&text, '\n', &line) && text.s && !text.n)
        e = op_cursor_parse(line, ret);
    else if (e == OK)
        e = E_BAD_INPUT;
    if (e == E_BAD_INPUT || e == E_LIMIT)
        log_at(LOG_WARN, "ops.cursor_damaged", LZ("consumer", name), LZ("path", path));
    else if (e != E_NOT_FOUND)
        return e;
    err_clear();
    return OK;
}

err_t node_cursor_set(const struct app *app, struct arena *a, const char *name, struct op_cursor c)
{
    char *path = path_of(app, a, name);
    struct str text = str_fmt(a, "%.*s\n", STR_ARG(op_cursor_text(a, c)));
    TRY(arena_err(a));
    return file_write_atomic(path, text, 0600);
}
