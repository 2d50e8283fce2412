/* The commands' way to the API: the running server's Unix socket, or our own when none runs. */
#include "base/encode.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "db/data_folder.h"
#include "net/local_client.h"

enum { CALL_TIMEOUT_MS = 120000 };

static const char *socket_path(struct cli *c)
{
    return str_cstr(c->arena, str_fmt(c->arena, "%.*s/vivim.sock", STR_ARG(c->settings.data)));
}

struct streaming {
    err_t (*part)(void *context, struct str bytes);
    void *context;
};

static err_t call(struct cli *c, const char *method, struct str target, struct str body,
                  const struct streaming *s, struct local_reply *ret)
{
    const char *path = socket_path(c);
    if (!path)
        return arena_err(c->arena);
    struct local_request rq = {
        .socket_path = path,
        .method = method,
        .target = target,
        .acting_handle = c->user,
        .body = body,
        .timeout_ms = CALL_TIMEOUT_MS,
        .part = s ? s->part : NULL,
        .context = s ? s->context : NULL,
    };
    return local_call(c->arena, &rq, ret);
}

bool cli_server_running(struct cli *c)
{
    struct local_reply reply;
    return call(c, "GET", S("/livez"), STR_NONE, NULL, &reply) == OK;
}

err_t cli_need_store(struct cli *c)
{
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
    if (c->connected)
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
static err_t problem_of(struct cli *c, const struct local_reply *reply)
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
                 const struct streaming *s, struct local_reply *ret)
{
    TRY(connect_once(c));
    err_t e = call(c, method, target, body, s, ret);
    if (e == E_NOT_FOUND)
        return err_note(E_UPSTREAM, NULL, "the server has gone away");
    TRY(e);
    return ret->status < 200 || ret->status > 299 ? problem_of(c, ret) : OK;
}

err_t cli_download(struct cli *c, struct str target, err_t (*part)(void *context, struct str bytes),
                   void *context)
{
    struct streaming s = { part, context };
    struct local_reply reply;
    return ask(c, "GET", target, STR_NONE, &s, &reply);
}

err_t cli_request(struct cli *c, const char *method, struct str target, struct str body,
                  struct str *ret_text, struct json *ret_json)
{
    struct local_reply reply;
    TRY(ask(c, method, target, body, NULL, &reply));
    struct json root = { 0 };
    if (ret_json && reply.body.n)
        TRY(json_parse(c->arena, reply.body, JSON_FOREIGN_DEPTH_MAX, &root));
    if (ret_text)
        *ret_text = reply.body;
    if (ret_json)
        *ret_json = root;
    return OK;
}
