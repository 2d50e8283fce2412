/* The commands' way to the API: the running server's Unix socket, our own when none runs, or with --server another machine's. */
#include "base/encode.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "db/data_folder.h"
#include "net/api_client.h"
#include "os/file.h"

enum { CALL_TIMEOUT_MS = 120000 };

static const char *socket_path(struct cli *c)
{
    return str_cstr(c->arena, str_fmt(c->arena, "%.*s/vivim.sock", STR_ARG(c->settings.data)));
}

struct streaming {
    err_t (*part)(void *context, struct str bytes);
    void *context;
    struct reader *from; /* of the request's body; NULL: none */
    int64_t from_bytes;
};

static err_t call(struct cli *c, const char *method, struct str target, struct str body,
                  const struct streaming *s, struct api_reply *ret)
{
    bool elsewhere = c->server.n > 0;
    const char *path = elsewhere ? NULL : socket_path(c);
    if (!path && !elsewhere)
        return arena_err(c->arena);
    struct api_request rq = {
        .socket_path = path,
        .base_url = c->server,
        .token = c->token,
        .method = method,
        .target = target,
        .acting_handle = c->user,
        .body = body,
        .stream = s ? s->from : NULL,
        .stream_bytes = s ? s->from_bytes : 0,
        .timeout_ms = CALL_TIMEOUT_MS,
        .part = s ? s->part : NULL,
        .context = s ? s->context : NULL,
        .check = c->check,
    };
    return api_call(c->arena, &rq, ret);
}

/* --- a server elsewhere -------------------------------------------------------------------------------------------- */

static bool is_token(struct str s)
{
    enum { TOKEN_BYTES_MAX = 512 };
    for (size_t i = 0; i < s.n; i++)
        if (s.s[i] <= ' ' || s.s[i] > '~')
            return false;
    return s.n > 0 && s.n <= TOKEN_BYTES_MAX;
}

static struct str variable(char *const environment[], struct str name)
{
    for (size_t i = 0; environment && environment[i]; i++) {
        struct str value = str_from(environment[i]), key;
        if (str_cut(&value, '=', &key) && str_eq(key, name))
            return value;
    }
    return STR_NONE;
}

/* Never from the command line, where everybody on the machine can read it. */
static err_t read_token(struct cli *c, char *const environment[])
{
    struct str text = variable(environment, S("VIVIM_TOKEN"));
    if (c->token_file.s) {
        char *path = str_cstr(c->arena, c->token_file);
        if (!path)
            return arena_err(c->arena);
        TRY(file_read(c->arena, path, KIB(4), &text));
    }
    c->token = str_trim(text);
    if (is_token(c->token))
        return OK;
    return err_note(E_USAGE, NULL, "%s",
                    text.n ? "what was given as the token is none"
                           : "a server elsewhere wants a token: put one into a file for "
                             "--token-file, or into VIVIM_TOKEN");
}

err_t cli_go_elsewhere(struct cli *c, char *const environment[])
{
    if (!c->server.s)
        return c->token_file.s ? err_note(E_USAGE, NULL, "--token-file is for --server") : OK;
    if (c->command->here)
        return err_note(E_USAGE, NULL, "%s is about this machine; leave --server out",
                        c->command->name);
    if (c->user.s)
        return err_note(E_USAGE, NULL, "a token says whose it is; leave --user out");
    if (!api_address_ok(c->server))
        return err_note(E_USAGE, NULL,
                        "--server is an address like https://vivim.example; http is for this "
                        "machine alone, for it would show the token to everybody on the way");
    if (str_ends(c->server, S("/")))
        c->server.n--;
    return read_token(c, environment);
}

/* --- this machine's ------------------------------------------------------------------------------------------------- */

bool cli_server_running(struct cli *c)
{
    struct api_reply reply;
    return call(c, "GET", S("/livez"), STR_NONE, NULL, &reply) == OK;
}

err_t cli_need_store(struct cli *c)
{
    if (c->server.n)
        return OK;
    const char *data = str_cstr(c->arena, c->settings.data);
    if (!data)
        return arena_err(c->arena);
    bool made = data_folder_has_store(data, c->settings.database_url);
    if (made || !c->command->makes_store)
        return made ? OK : data_folder_need_store(data, c->settings.database_url);
    bool elsewhere = !str_starts(c->settings.database_url, S("sqlite:"));
    if (!c->user.s || elsewhere || cli_server_running(c))
        return OK;
    err_clear();
    return err_note(E_NO_STORE, "handle",
                    "there is no store in %s, and so no account \"%.*s\" to act for; leave --user "
                    "out to make the first one",
                    data, STR_ARG(c->user));
}

/* Where no server answers, be one. A server that is just starting or stopping holds the lock but
 * does not answer: say so instead of waiting for ever. */
static err_t connect_once(struct cli *c)
{
    if (c->connected || c->server.n)
        return OK;
    if (!cli_server_running(c)) {
        err_clear();
        TRY(cli_need_store(c));
        err_t e = c->host->embed_start(&c->settings, &c->embedded);
        if (e == E_CONFLICT)
            return err_note(E_BUSY, NULL,
                            "a server holds the data folder %.*s but does not answer yet; try "
                            "again in a moment",
                            STR_ARG(c->settings.data));
        TRY(e);
    }
    c->connected = true;
    return OK;
}

void cli_disconnect(struct cli *c)
{
    if (c->embedded)
        c->host->embed_stop(c->embedded);
    c->embedded = NULL;
    c->connected = false;
}

/* The problem+json of an answer as our own error, detail and all. */
static err_t problem_of(struct cli *c, const struct api_reply *reply)
{
    static const char *const CODES[] = {
#define X(name, status, code, title) code,
        ERR_TABLE(X)
#undef X
    };
    struct json root;
    if (json_parse(c->arena, reply->body, JSON_DEPTH_MAX, &root) != OK)
        return err_note(E_UPSTREAM, NULL, "the server answered %d without saying why",
                        reply->status);
    struct str code = json_get_str(root, S("code")), detail = json_get_str(root, S("detail")),
               field = json_get_str(root, S("field"));
    char *name = NULL; /* what answers on the socket may be no server of ours */
    if (field.n && str_to_cstr(c->arena, field, &name) != OK)
        name = NULL;
    for (size_t i = 1; i < COUNTOF(CODES); i++)
        if (str_eq(code, str_from(CODES[i])))
            return err_note((err_t)i, name, "%.*s", STR_ARG(detail));
    return err_note(E_UPSTREAM, name, "%.*s", STR_ARG(detail));
}

/* OK: it answered 2xx. */
static err_t ask(struct cli *c, const char *method, struct str target, struct str body,
                 const struct streaming *s, struct api_reply *ret)
{
    TRY(connect_once(c));
    err_t e = call(c, method, target, body, s, ret);
    if (e == E_NOT_FOUND && c->server.n)
        return err_note(E_UPSTREAM, NULL, "no server answers at %.*s", STR_ARG(c->server));
    if (e == E_NOT_FOUND)
        return err_note(E_UPSTREAM, NULL, "the server has gone away");
    TRY(e);
    return ret->status < 200 || ret->status > 299 ? problem_of(c, ret) : OK;
}

err_t cli_download(struct cli *c, struct str target, err_t (*part)(void *context, struct str bytes),
                   void *context)
{
    struct streaming s = { .part = part, .context = context };
    struct api_reply reply;
    return ask(c, "GET", target, STR_NONE, &s, &reply);
}

static err_t read_reply(struct cli *c, const struct api_reply *reply, struct str *ret_text,
                        struct json *ret_json)
{
    struct json root = { 0 };
    if (ret_json && reply->body.n)
        TRY(json_parse(c->arena, reply->body, JSON_FOREIGN_DEPTH_MAX, &root));
    if (ret_text)
        *ret_text = reply->body;
    if (ret_json)
        *ret_json = root;
    return OK;
}

err_t cli_request(struct cli *c, const char *method, struct str target, struct str body,
                  struct str *ret_text, struct json *ret_json)
{
    struct api_reply reply;
    TRY(ask(c, method, target, body, NULL, &reply));
    return read_reply(c, &reply, ret_text, ret_json);
}

err_t cli_upload(struct cli *c, struct str target, const char *path, struct json *ret_json)
{
    CLEANUP(file_reader_close) struct file_reader file = { .fd = FD_NONE };
    struct api_reply reply;
    TRY(file_reader_open(&file, path));
    struct streaming s = { .from = &file.reader, .from_bytes = file_size(path) };
    if (s.from_bytes < 0)
        return err_note(E_NOT_FOUND, NULL, "there is no file %s", path);
    TRY(ask(c, "POST", target, STR_NONE, &s, &reply));
    return read_reply(c, &reply, NULL, ret_json);
}
