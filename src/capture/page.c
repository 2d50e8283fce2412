#include "capture/page.h"

#include "base/encode.h"
#include "base/limits.h"
#include "os/clock.h"

enum {
    IDLE_AFTER_LOAD_MS = 8000,
    SLICE_MS = 200,
    CLOSE_TIMEOUT_MS = 5000,
    REQUESTS_MAX = 500,
    WIDTH = 1280,
    HEIGHT = 2000,
    LATE_JSON_MS = 4000
};

struct page {
    struct arena *arena;
    struct devtools *devtools;
    struct session *session;
    const struct recipe *recipe;
    struct str context_id, target_id, frame_id, loader_id;
    int64_t deadline, loaded_at;
    struct str document_request, json_request; /* request ids */
    bool document_done, json_done, idle, crashed, html_read, json_read;
};

/* --- calls ---------------------------------------------------------------------------------------- */

static int64_t step(const struct page *p)
{
    int64_t limit = clock_monotonic_ms() + CAPTURE_STEP_MS;
    return limit < p->deadline ? limit : p->deadline;
}

static err_t call(struct page *p, const char *method, struct str params, struct json *ret)
{
    return devtools_call(p->devtools, p->session, p->arena, method, params, step(p), ret);
}

/* {"key":"text"} */
static struct str one(struct arena *a, const char *key, struct str text)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, a, MIB(64));
    jo_init(&o, &b);
    jo_object(&o);
    jo_kstr(&o, key, text);
    jo_end(&o);
    return buf_str(&b);
}

static err_t browser_call(struct page *p, const char *method, struct str params, struct json *ret)
{
    return devtools_call(p->devtools, NULL, p->arena, method, params, step(p), ret);
}

static err_t attach(struct page *p, int proxy_port)
{
    struct json r;
    struct str proxy =
        proxy_port
            ? str_fmt(
                  p->arena,
                  ",\"proxyServer\":\"http://127.0.0.1:%d\",\"proxyBypassList\":\"<-loopback>\"",
                  proxy_port)
            : S("");
    TRY(browser_call(p, "Target.createBrowserContext",
                     str_fmt(p->arena, "{\"disposeOnDetach\":true%.*s}", STR_ARG(proxy)), &r));
    p->context_id = json_get_str(r, S("browserContextId"));
    TRY(browser_call(
        p, "Target.createTarget",
        str_fmt(
            p->arena,
            "{\"url\":\"about:blank\",\"browserContextId\":\"%.*s\",\"width\":%d,\"height\":%d}",
            STR_ARG(p->context_id), WIDTH, HEIGHT),
        &r));
    p->target_id = json_get_str(r, S("targetId"));
    TRY(browser_call(
        p, "Target.attachToTarget",
        str_fmt(p->arena, "{\"targetId\":\"%.*s\",\"flatten\":true}", STR_ARG(p->target_id)), &r));
    return session_open(p->devtools, json_get_str(r, S("sessionId")), &p->session);
}

static err_t prepare(struct page *p, bool insecure_tls)
{
    TRY(call(p, "Page.enable", STR_NONE, NULL));
    TRY(call(p, "Network.enable",
             S("{\"maxTotalBufferSize\":100000000,\"maxResourceBufferSize\":60000000}"), NULL));
    TRY(call(p, "Inspector.enable", STR_NONE, NULL));
    TRY(call(p, "Page.setLifecycleEventsEnabled", S("{\"enabled\":true}"), NULL));
    TRY(browser_call(p, "Browser.setDownloadBehavior",
                     str_fmt(p->arena, "{\"behavior\":\"deny\",\"browserContextId\":\"%.*s\"}",
                             STR_ARG(p->context_id)),
                     NULL));
    /* Saves time; the guard is the proxy. */
    TRY(call(p, "Network.setBlockedURLs",
             S("{\"urls\":[\"*.woff2*\",\"*.woff*\",\"*.ttf*\",\"*.mp4*\",\"*.mp3*\",\"*.webm*\","
               "\"*://*.google-analytics.com/*\","
               "\"*://*.googletagmanager.com/*\",\"*://*.doubleclick.net/*\",\"*://*.sentry.io/"
               "*\",\"*://*.segment.io/*\"]}"),
             NULL));
    if (insecure_tls)
        TRY(call(p, "Security.setIgnoreCertificateErrors", S("{\"ignore\":true}"), NULL));
    return OK;
}

/* --- events --------------------------------------------------------------------------------------------- */

static void note_request(struct page *p, struct page_result *r, struct str url, struct str type,
                         int64_t status)
{
    if (!r->requests)
        r->requests = ARENA_ARRAY(p->arena, struct page_request, REQUESTS_MAX);
    if (r->requests && r->request_count < REQUESTS_MAX)
        r->requests[r->request_count++] = (struct page_request){ url, type, status };
}

static void on_response(struct page *p, const struct page_options *o, struct page_result *r,
                        struct json params)
{
    struct json response = json_get(params, S("response"));
    struct str type = json_get_str(params, S("type")), url = json_get_str(response, S("url")),
               id = json_get_str(params, S("requestId"));
    int64_t status = json_i64(json_get(response, S("status")), 0);
    note_request(p, r, url, type, status);
    bool main_frame = str_eq(json_get_str(params, S("frameId")), p->frame_id);
    if (str_eq(type, S("Document")) && main_frame &&
        str_eq(json_get_str(params, S("loaderId")), p->loader_id)) {
        r->status = status;
        r->final_url = url;
        p->document_request = id;
    } else if (o->recipe && recipe_keeps(o->recipe, url, o->share_id)) {
        r->json_status = status;
        p->json_request = id;
        p->json_done = false;
    }
}

static void on_lifecycle(struct page *p, struct page_result *r, struct json params)
{
    /* about:blank's own events are replayed when they are enabled: only those of our navigation count. */
    if (!str_eq(json_get_str(params, S("loaderId")), p->loader_id) ||
        !str_eq(json_get_str(params, S("frameId")), p->frame_id))
        return;
    struct str name = json_get_str(params, S("name"));
    if (str_eq(name, S("load"))) {
        r->loaded = true;
        p->loaded_at = clock_monotonic_ms();
    } else if (str_eq(name, S("networkIdle"))) {
        p->idle = true;
    }
}

static void on_event(struct page *p, const struct page_options *o, struct page_result *r,
                     struct json event)
{
    struct str method = json_get_str(event, S("method"));
    struct json params = json_get(event, S("params"));
    struct str id = json_get_str(params, S("requestId"));
    if (str_eq(method, S("Network.responseReceived"))) {
        on_response(p, o, r, params);
    } else if (str_eq(method, S("Page.lifecycleEvent"))) {
        on_lifecycle(p, r, params);
    } else if (str_eq(method, S("Network.loadingFinished"))) {
        p->document_done |= id.n && str_eq(id, p->document_request);
        p->json_done |= id.n && str_eq(id, p->json_request);
    } else if (str_eq(method, S("Network.loadingFailed")) &&
               str_eq(json_get_str(params, S("type")), S("Document"))) {
        r->error = json_get_str(params, S("errorText"));
    } else if (str_eq(method, S("Page.javascriptDialogOpening"))) {
        (void)!call(p, "Page.handleJavaScriptDialog", S("{\"accept\":false}"), NULL);
    } else if (str_eq(method, S("Inspector.targetCrashed"))) {
        p->crashed = true;
    }
}

/* --- bodies ------------------------------------------------------------------------------------------------- */

static struct str body_of(struct page *p, struct str request_id)
{
    struct json r;
    struct str bytes;
    if (call(p, "Network.getResponseBody", one(p->arena, "requestId", request_id), &r) != OK)
        return STR_NONE;
    bytes = json_get_str(r, S("body"));
    if (json_bool(json_get(r, S("base64Encoded")), false) &&
        base64_decode(p->arena, bytes, &bytes) != OK)
        return STR_NONE;
    return bytes;
}

/* Whether what has come is enough to stop waiting. */
static bool take_bodies(struct page *p, const struct page_options *o, struct page_result *r)
{
    if (p->json_done && !p->json_read) {
        p->json_read = true;
        r->json = body_of(p, p->json_request);
        if (r->json.n)
            return true;
    }
    if (p->document_done && !p->html_read) {
        p->html_read = true;
        r->html = body_of(p, p->document_request);
        if (r->status >= 400)
            return true; /* a page that says no: nothing more comes of it */
        if (r->html.n && o->enough && o->enough(o->context, r->html))
            return true;
    }
    return false;
}

/* --- the wait ------------------------------------------------------------------------------------------------- */

static bool settled(struct page *p, const struct page_result *r)
{
    if (!r->loaded)
        return false;
    int64_t since = clock_monotonic_ms() - p->loaded_at;
    bool waits_for_json =
        p->recipe && p->recipe->network_count && !p->recipe->embedded && !p->json_read;
    if (p->idle && !(waits_for_json && since < LATE_JSON_MS))
        return true;
    return since > IDLE_AFTER_LOAD_MS;
}

static err_t wait_for_page(struct page *p, const struct page_options *o, struct page_result *r)
{
    for (;;) {
        struct json event;
        int64_t now = clock_monotonic_ms();
        if (p->crashed || now >= p->deadline) {
            r->broken = p->crashed;
            r->timed_out = !p->crashed;
            return OK;
        }
        if (o->check)
            TRY(o->check(o->context));
        err_t e =
            session_event(p->session, p->arena,
                          now + SLICE_MS < p->deadline ? now + SLICE_MS : p->deadline, &event);
        if (e == OK)
            on_event(p, o, r, event);
        else if (e != E_TIMEOUT)
            return e;
        if (r->error.n && !r->html.n)
            return OK;
        if (take_bodies(p, o, r) || settled(p, r))
            return OK;
    }
}

static err_t navigate(struct page *p, const struct page_options *o, struct page_result *r)
{
    struct json answer;
    err_t e = call(p, "Page.navigate", one(p->arena, "url", o->url), &answer);
    if (e == E_TIMEOUT) {
        r->timed_out = true; /* nothing at all came back from the address */
        return OK;
    }
    TRY(e);
    p->frame_id = json_get_str(answer, S("frameId"));
    p->loader_id = json_get_str(answer, S("loaderId"));
    r->error = json_get_str(answer, S("errorText"));
    if (r->error.n && !str_eq(r->error, S("net::ERR_HTTP_RESPONSE_CODE_FAILURE")))
        return OK;
    r->error = STR_NONE;
    return wait_for_page(p, o, r);
}

err_t page_open(struct arena *a, const struct page_options *o, struct page **ret,
                struct page_result *ret_result)
{
    struct page *p = ARENA_NEW(a, struct page);
    if (!p)
        return arena_err(a);
    *p = (struct page){
        .arena = a, .devtools = o->devtools, .recipe = o->recipe, .deadline = o->deadline
    };
    *ret_result = (struct page_result){ 0 };
    *ret = p;
    TRY(attach(p, o->proxy_port));
    TRY(prepare(p, o->insecure_tls));
    return navigate(p, o, ret_result);
}

void page_close(struct page *p, bool *ret_broken)
{
    if (!p)
        return;
    int64_t deadline = clock_monotonic_ms() + CLOSE_TIMEOUT_MS;
    if (p->context_id.n &&
        devtools_call(p->devtools, NULL, p->arena, "Target.disposeBrowserContext",
                      one(p->arena, "browserContextId", p->context_id), deadline, NULL) != OK)
        *ret_broken = true;
    session_close(p->session);
    p->session = NULL;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

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
    TRY(call(p, "Runtime.evaluate", buf_str(&b), &r));
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
    struct json r, tree;
    if (!p->frame_id.n) {
        TRY(call(p, "Page.getFrameTree", STR_NONE, &tree));
        p->frame_id = json_get_str(json_get(json_get(tree, S("frameTree")), S("frame")), S("id"));
    }
    TRY(call(
        p, "Page.createIsolatedWorld",
        str_fmt(p->arena, "{\"frameId\":\"%.*s\",\"worldName\":\"vivim\"}", STR_ARG(p->frame_id)),
        &r));
    *ret = json_i64(json_get(r, S("executionContextId")), 0);
    return OK;
}

err_t page_read_dom(struct page *p, struct arena *a, bool scroll, struct str *ret_json)
{
    int64_t world;
    struct json value;
    TRY(isolated_world(p, &world));
    struct str runner = str_trim(recipe_runner());
    struct str call_text = str_fmt(p->arena, "(%.*s)(%.*s, {\"scroll\":%s})", STR_ARG(runner),
                                   STR_ARG(p->recipe->json), scroll ? "true" : "false");
    TRY(arena_err(p->arena));
    TRY(evaluate(p, call_text, world, &value));
    struct str text = json_str(value);
    if (!text.n)
        return err_note(E_INVALID, NULL, "the page gave nothing to read");
    *ret_json = str_dup(a, text);
    return arena_err(a);
}

err_t page_read_stored(struct page *p, const struct recipe *recipe, struct arena *a,
                       struct str *ret_json)
{
    p->recipe = recipe;
    return page_read_dom(p, a, false, ret_json);
}

struct str page_screenshot(struct page *p, struct arena *a)
{
    struct json r;
    struct str bytes;
    if (p->crashed ||
        call(p, "Page.captureScreenshot",
             S("{\"format\":\"jpeg\",\"quality\":60,\"optimizeForSpeed\":true}"), &r) != OK ||
        base64_decode(a, json_get_str(r, S("data")), &bytes) != OK)
        return STR_NONE;
    return bytes;
}

struct str page_outer_html(struct page *p, struct arena *a)
{
    struct json value;
    if (p->crashed || evaluate(p, S("document.documentElement.outerHTML"), 0, &value) != OK)
        return STR_NONE;
    return str_dup(a, json_str(value));
}

bool page_matches(struct page *p, struct arena *a, struct str selector)
{
    struct buf b;
    struct json_out o;
    struct json value;
    buf_init(&b, a, KIB(64));
    buf_put(&b, S("Boolean(document.querySelector("));
    jo_init(&o, &b);
    jo_str(&o, selector);
    buf_put(&b, S("))"));
    return buf_err(&b) == OK && evaluate(p, buf_str(&b), 0, &value) == OK &&
           json_bool(value, false);
}

/* --- a stored document ------------------------------------------------------------------------------------------------ */

err_t page_open_stored(struct arena *a, struct devtools *d, struct str html, int64_t deadline,
                       struct page **ret)
{
    struct page *p = ARENA_NEW(a, struct page);
    struct json tree;
    if (!p)
        return arena_err(a);
    *p = (struct page){ .arena = a, .devtools = d, .deadline = deadline };
    *ret = p;
    TRY(attach(p, 0)); /* the browser's default proxy leads nowhere: no network */
    TRY(call(p, "Page.enable", STR_NONE, NULL));
    TRY(call(p, "Network.enable", STR_NONE, NULL));
    TRY(call(
        p, "Network.emulateNetworkConditions",
        S("{\"offline\":true,\"latency\":0,\"downloadThroughput\":-1,\"uploadThroughput\":-1}"),
        NULL));
    TRY(call(p, "Emulation.setScriptExecutionDisabled", S("{\"value\":true}"), NULL));
    TRY(call(p, "Page.getFrameTree", STR_NONE, &tree));
    p->frame_id = json_get_str(json_get(json_get(tree, S("frameTree")), S("frame")), S("id"));
    struct buf b;
    struct json_out o;
    buf_init(&b, a, MIB(128));
    jo_init(&o, &b);
    jo_object(&o);
    jo_kstr(&o, "frameId", p->frame_id);
    jo_kstr(&o, "html", html);
    jo_end(&o);
    TRY(buf_err(&b));
    return call(p, "Page.setDocumentContent", buf_str(&b), NULL);
}
