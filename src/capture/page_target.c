/* A page's target in the browser: its context, the commands that go to it, and whether it lives. */
#include "base/limits.h"
#include "capture/page_state.h"
#include "os/clock.h"

enum {
    HELD_WIDTH = 8, /* pixels; nothing is painted while the document is held back */
    PARAMS_BYTES_MAX = 1 << 26
};

/* --- calls ---------------------------------------------------------------------------------------- */

struct patience page_step(const struct page *p)
{
    return patience_until(&p->patience, clock_monotonic_ms() + CAPTURE_STEP_MS);
}

err_t page_call(struct page *p, const char *method, struct str params, struct json *ret)
{
    struct patience patience = page_step(p);
    return devtools_call(p->devtools, p->session, p->arena, method, params, &patience, ret);
}

err_t page_browser_call(struct page *p, const char *method, struct str params, struct json *ret)
{
    struct patience patience = page_step(p);
    return devtools_call(p->devtools, NULL, p->arena, method, params, &patience, ret);
}

struct str page_one(struct arena *a, const char *key, struct str text)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, a, PARAMS_BYTES_MAX);
    jo_init(&o, &b);
    jo_object(&o);
    jo_kstr(&o, key, text);
    jo_end(&o);
    return buf_str(&b);
}

/* --- the context -------------------------------------------------------------------------------------- */

err_t page_attach(struct page *p, int proxy_port)
{
    struct json r;
    struct str proxy =
        proxy_port
            ? str_fmt(
                  p->arena,
                  ",\"proxyServer\":\"http://127.0.0.1:%d\",\"proxyBypassList\":\"<-loopback>\"",
                  proxy_port)
            : S("");
    TRY(page_browser_call(p, "Target.createBrowserContext",
                          str_fmt(p->arena, "{\"disposeOnDetach\":true%.*s}", STR_ARG(proxy)), &r));
    p->context_id = json_get_str(r, S("browserContextId"));
    TRY(page_browser_call(
        p, "Target.createTarget",
        str_fmt(
            p->arena,
            "{\"url\":\"about:blank\",\"browserContextId\":\"%.*s\",\"width\":%d,\"height\":%d}",
            STR_ARG(p->context_id), HELD_WIDTH, HELD_WIDTH),
        &r));
    p->target_id = json_get_str(r, S("targetId"));
    TRY(page_browser_call(
        p, "Target.attachToTarget",
        str_fmt(p->arena, "{\"targetId\":\"%.*s\",\"flatten\":true}", STR_ARG(p->target_id)), &r));
    TRY(session_open(p->devtools, json_get_str(r, S("sessionId")), &p->session));
    p->frame_id = p->target_id; /* the main frame of a page bears the name of its target */
    return OK;
}

err_t page_tell(struct page *p, const char *method, struct str params)
{
    struct patience patience = page_step(p);
    int64_t ignored;
    return session_send(p->session, p->arena, method, params, &patience, &ignored);
}

struct str page_window_size(struct page *p)
{
    int height = p->enough ? PICTURE_HEIGHT : PAGE_HEIGHT;
    return str_fmt(p->arena,
                   "{\"width\":%d,\"height\":%d,\"screenWidth\":%d,\"screenHeight\":%d,"
                   "\"deviceScaleFactor\":1,\"mobile\":false}",
                   PAGE_WIDTH, height, PAGE_WIDTH, height);
}

err_t page_resize(struct page *p)
{
    return page_call(p, "Emulation.setDeviceMetricsOverride", page_window_size(p), NULL);
}

bool page_crashed(struct page *p)
{
    const struct patience none = { 0 };
    struct json event;
    while (!p->crashed && session_event(p->session, p->arena, &none, &event) == OK)
        p->crashed = str_eq(json_get_str(event, S("method")), S("Inspector.targetCrashed"));
    err_clear();
    return p->crashed;
}
