#include "base/embedded.h"
#include "base/encode.h"
#include "base/limits.h"
#include "capture/page_state.h"

extern const struct embedded_file CAPTURE_FILES[];

/* The text of the injected runner.js, with what it uses in it (tools/rooms.mk): it is part of the program. */
struct str page_runner(void)
{
    for (const struct embedded_file *f = CAPTURE_FILES; f->name; f++)
        if (strcmp(f->name, "runner.js") == 0)
            return embedded_bytes(f);
    return STR_NONE;
}

/* --- evaluation ------------------------------------------------------------------------------------ */

static err_t evaluate(struct page *p, struct str expression, int64_t context, struct json *ret)
{
    struct buf b;
    struct json_out o;
    struct json r;
    buf_init(&b, p->arena, MIB(4));
    jo_init(&o, &b);
    jo_object(&o);
    jo_kstr(&o, "expression", expression);
    jo_kbool(&o, "returnByValue", true);
    jo_kbool(&o, "awaitPromise", true);
    if (context)
        jo_ki64(&o, "contextId", context);
    jo_end(&o);
    TRY(buf_err(&b));
    TRY(page_call(p, "Runtime.evaluate", buf_str(&b), &r));
    struct json thrown = json_get(r, S("exceptionDetails"));
    if (json_exists(thrown)) {
        struct str what = json_get_str(json_get(thrown, S("exception")), S("description"));
        return err_note(E_INVALID, NULL, "reading the page failed: %.*s",
                        (int)(what.n > 200 ? 200 : what.n), what.s ? what.s : "");
    }
    *ret = json_get(json_get(r, S("result")), S("value"));
    return OK;
}

/* Our own world: the page's scripts see nothing of it, and it sees the DOM. */
static err_t isolated_world(struct page *p, int64_t *ret)
{
    struct json r;
    TRY(page_call(
        p, "Page.createIsolatedWorld",
        str_fmt(p->arena, "{\"frameId\":\"%.*s\",\"worldName\":\"vivim\"}", STR_ARG(p->frame_id)),
        &r));
    *ret = json_i64(json_get(r, S("executionContextId")), 0);
    return OK;
}

static err_t read_dom(struct page *p, struct arena *a, bool scroll, struct str *ret_json)
{
    int64_t world;
    struct json value;
    TRY(isolated_world(p, &world));
    struct str call_text =
        str_fmt(p->arena, "(%.*s)({...%.*s, id: \"%.*s\", provider: \"%.*s\"}, {scroll: %s})",
                STR_ARG(str_trim(page_runner())), STR_ARG(p->data->page), STR_ARG(p->data->recipe),
                STR_ARG(p->data->name), scroll ? "true" : "false");
    TRY(arena_err(p->arena));
    TRY(evaluate(p, call_text, world, &value));
    struct str text = json_str(value);
    if (!text.n)
        return err_note(E_INVALID, NULL, "the page gave nothing to read");
    *ret_json = str_dup(a, text);
    return arena_err(a);
}

err_t page_read_dom(struct page *p, struct arena *a, bool scroll, struct str *ret_json)
{
    err_t e = read_dom(p, a, scroll, ret_json);
    if ((e == E_INVALID || e == E_TIMEOUT) && page_crashed(p))
        return err_note(E_UPSTREAM, NULL, "the page's process crashed");
    return e;
}

err_t page_read_stored(struct page *p, const struct provider_data *data, struct arena *a,
                       struct str *ret_json)
{
    p->data = data;
    return page_read_dom(p, a, false, ret_json);
}

struct str page_screenshot(struct page *p, struct arena *a)
{
    struct json r;
    struct str bytes;
    if (p->crashed ||
        page_call(p, "Page.captureScreenshot",
                  S("{\"format\":\"jpeg\",\"quality\":60,\"optimizeForSpeed\":true}"), &r) != OK ||
        base64_decode(a, json_get_str(r, S("data")), &bytes) != OK)
        return STR_NONE;
    return bytes;
}

bool page_matches(struct page *p, struct arena *a, struct str selector)
{
    struct buf b;
    struct json_out o;
    struct json value;
    buf_init(&b, a, KIB(64));
    /* Not document.querySelector: an element of the page may bear that name, and would stand in its place. */
    buf_put(&b, S("Boolean(Document.prototype.querySelector.call(document, "));
    jo_init(&o, &b);
    jo_str(&o, selector);
    buf_put(&b, S("))"));
    return buf_err(&b) == OK && evaluate(p, buf_str(&b), 0, &value) == OK &&
           json_bool(value, false);
}

/* --- a stored document ------------------------------------------------------------------------------------------------ */

err_t page_open_stored(struct arena *a, struct devtools *d, struct str html,
                       const struct patience *patience, struct page **ret)
{
    struct page *p = ARENA_NEW(a, struct page);
    if (!p)
        return arena_err(a);
    *p = (struct page){ .arena = a, .devtools = d, .patience = *patience };
    *ret = p;
    TRY(page_attach(p, 0)); /* the browser's default proxy leads nowhere: no network */
    TRY(page_call(p, "Page.enable", STR_NONE, NULL));
    TRY(page_call(p, "Network.enable", STR_NONE, NULL));
    TRY(page_call(
        p, "Network.emulateNetworkConditions",
        S("{\"offline\":true,\"latency\":0,\"downloadThroughput\":-1,\"uploadThroughput\":-1}"),
        NULL));
    TRY(page_call(p, "Emulation.setScriptExecutionDisabled", S("{\"value\":true}"), NULL));
    TRY(page_resize(p));
    struct buf b;
    struct json_out o;
    buf_init(&b, a, MIB(128));
    jo_init(&o, &b);
    jo_object(&o);
    jo_kstr(&o, "frameId", p->frame_id);
    jo_kstr(&o, "html", html);
    jo_end(&o);
    TRY(buf_err(&b));
    return page_call(p, "Page.setDocumentContent", buf_str(&b), NULL);
}
