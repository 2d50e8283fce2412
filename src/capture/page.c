#include "base/encode.h"
#include "base/limits.h"
#include "capture/page_state.h"
#include "capture/url_policy.h"
#include "os/clock.h"

enum {
    IDLE_AFTER_LOAD_MS = 8000,
    SLICE_MS = 200,
    CLOSE_TIMEOUT_MS = 5000,
    HURRY_MS = 400, /* the same for a capture that was called off */
    REQUESTS_MAX = 500,
    LATE_JSON_MS = 4000,
    READ_RESERVE_MS =
        5000, /* of the whole time, kept for reading a page that never finishes loading */
    LOOK_MS = 100,
    REDRAW_MS =
        500, /* a page that asked for its data when it was idle already shows them after that */
};

/* The browser's wildcards, which find the response and perhaps more: provider_response_of decides. */
static struct str url_pattern(struct arena *a, struct str path)
{
    return str_fmt(a, "*%.*s*", STR_ARG(provider_path_with(a, path, S("*"))));
}

/* Hold back every document and the conversation's own data, until we have seen the body. Documents are held before they are
 * asked for, too: only of those does the browser tell us that the proxy wants its password, and it need ask for the first
 * one alone. */
static err_t hold_responses(struct page *p)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, p->arena, KIB(64));
    jo_init(&o, &b);
    jo_object(&o);
    jo_kbool(&o, "handleAuthRequests", true); /* the proxy's: on_challenge */
    jo_kz(&o, "patterns");
    jo_array(&o);
    for (int stage = 0; stage < 2; stage++) {
        jo_object(&o);
        jo_kstr(&o, "resourceType", S("Document"));
        jo_kstr(&o, "requestStage", stage ? S("Response") : S("Request"));
        jo_end(&o);
    }
    for (size_t i = 0; i < p->data->response_count; i++) {
        jo_object(&o);
        jo_kstr(&o, "urlPattern", url_pattern(p->arena, p->data->responses[i].path));
        jo_kstr(&o, "requestStage", S("Response"));
        jo_end(&o);
    }
    jo_end(&o);
    jo_end(&o);
    TRY(buf_err(&b));
    return page_call(p, "Fetch.enable", buf_str(&b), NULL);
}

/* The browser takes commands in order, so waiting for the last one is enough. Bodies come through the interception:
 * the browser need not keep any for us. */
static err_t prepare(struct page *p, const struct page_options *o)
{
    TRY(page_browser_call(p, "Browser.setDownloadBehavior",
                          str_fmt(p->arena, "{\"behavior\":\"deny\",\"browserContextId\":\"%.*s\"}",
                                  STR_ARG(p->context_id)),
                          NULL));
    TRY(page_tell(p, "Page.enable", STR_NONE));
    TRY(page_tell(p, "Page.setLifecycleEventsEnabled", S("{\"enabled\":true}")));
    TRY(page_tell(p, "Inspector.enable", STR_NONE));
    TRY(page_tell(p, "Network.enable",
                  S("{\"maxTotalBufferSize\":0,\"maxResourceBufferSize\":0}")));
    /* Saves time; the guard is the proxy. */
    TRY(page_tell(
        p, "Network.setBlockedURLs",
        S("{\"urls\":[\"*.woff2*\",\"*.woff*\",\"*.ttf*\",\"*.mp4*\",\"*.mp3*\",\"*.webm*\","
          "\"*://*.google-analytics.com/*\",\"*://*.googletagmanager.com/*\","
          "\"*://*.doubleclick.net/*\",\"*://*.sentry.io/*\",\"*://*.segment.io/*\"]}")));
    /* An answer that the page's own worker makes up is not the provider's. */
    TRY(page_tell(p, "Network.setBypassServiceWorker", S("{\"bypass\":true}")));
    if (o->insecure_tls)
        TRY(page_tell(p, "Security.setIgnoreCertificateErrors", S("{\"ignore\":true}")));
    return hold_responses(p);
}

/* --- letting the page in ---------------------------------------------------------------------------------- */

/* Nothing that the page itself must answer can be waited for here: the browser
 * keeps such commands back until the held navigation goes on. */
static err_t enter(struct page *p, struct page_result *r)
{
    if (p->entered)
        return OK;
    p->entered = r->entered = true;
    p->entered_at = clock_monotonic_ms();
    return page_tell(p, "Emulation.setDeviceMetricsOverride", page_window_size(p));
}

static err_t let_through(struct page *p, struct str id)
{
    return page_tell(p, "Fetch.continueRequest", page_one(p->arena, "requestId", id));
}

/* --- held responses ----------------------------------------------------------------------------------------- */

static void note_request(struct page *p, struct page_result *r, struct str url, struct str type,
                         int64_t status)
{
    if (!r->requests)
        r->requests = ARENA_ARRAY(p->arena, struct page_request, REQUESTS_MAX);
    if (r->requests && r->request_count < REQUESTS_MAX)
        r->requests[r->request_count++] = (struct page_request){ url, type, status };
}

static struct held *held_find(struct page *p, int64_t body_call)
{
    for (size_t i = 0; i < PAGE_HELD_MAX; i++)
        if (p->held[i].id.n ? p->held[i].body_call == body_call : body_call == 0)
            return &p->held[i];
    return NULL;
}

static struct held *held_free(struct page *p)
{
    return held_find(p, 0);
}

static bool is_redirect(int64_t status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool is_challenge(struct json params)
{
    struct json_iter it = json_iter(json_get(params, S("responseHeaders")));
    struct json header;
    while (json_next(&it, NULL, &header))
        if (str_eq_nocase(json_get_str(header, S("name")), S("cf-mitigated")))
            return str_eq_nocase(str_trim(json_get_str(header, S("value"))), S("challenge"));
    return false;
}

static err_t on_held(struct page *p, const struct page_options *o, struct page_result *r,
                     struct json params)
{
    struct str id = json_get_str(params, S("requestId")),
               url = json_get_str(json_get(params, S("request")), S("url"));
    int64_t status = json_i64(json_get(params, S("responseStatusCode")), 0);
    bool document = str_eq(json_get_str(params, S("resourceType")), S("Document"));
    const struct provider_response *response =
        document ? NULL
                 : provider_response_of(p->arena, o->data,
                                        json_get_str(json_get(params, S("request")), S("method")),
                                        url, r->share_id);
    bool wanted =
        document ? str_eq(json_get_str(params, S("frameId")), p->frame_id) : response != NULL;
    if (status == 0 && !json_exists(json_get(params, S("responseErrorReason"))))
        return let_through(p, id); /* it has not been asked for yet */
    struct held *h = held_free(p);
    if (document && !(p->enough && wanted))
        note_request(p, r, url, S("Document"), status);
    if (p->enough || !wanted || !h || status == 0 || is_redirect(status))
        return let_through(p, id);
    if (document) {
        r->status = status;
        r->final_url = url;
        r->challenged = is_challenge(params);
        if (o->is_short)
            r->share_id = url_share_id(p->arena, o->data, url);
    } else {
        r->json_status = status;
        r->json_challenged = is_challenge(params);
    }
    *h = (struct held){ .id = id,
                        .document = document,
                        .id_at = response ? response->id_at : STR_NONE };
    struct patience patience = page_step(p);
    return session_send(p->session, p->arena, "Fetch.getResponseBody",
                        page_one(p->arena, "requestId", id), &patience, &h->body_call);
}

static struct str body_bytes(struct page *p, struct json answer)
{
    struct json result = json_get(answer, S("result"));
    struct str bytes = json_get_str(result, S("body"));
    if (json_bool(json_get(result, S("base64Encoded")), false) &&
        base64_decode(p->arena, bytes, &bytes) != OK)
        return STR_NONE;
    return bytes;
}

static err_t on_body(struct page *p, const struct page_options *o, struct page_result *r,
                     struct held *h, struct json answer)
{
    struct held held = *h;
    struct str bytes = body_bytes(p, answer);
    struct str refused = json_get_str(json_get(answer, S("error")), S("message"));
    h->id = STR_NONE;
    if (bytes.n > CAPTURE_BODY_BYTES_MAX || str_eq(refused, S(DEVTOOLS_TOO_LARGE)))
        return err_note(E_LIMIT, NULL, "the page is larger than %zu MiB unpacked",
                        CAPTURE_BODY_BYTES_MAX / MIB(1));
    if (held.document) {
        r->html = bytes;
    } else {
        r->json = bytes;
        r->json_id_at = held.id_at;
        p->json_seen = true;
    }
    if (o->enough)
        TRY(o->enough(o->context, r, &p->enough));
    if (p->enough) {
        p->withheld = held.id;
        r->enough = true;
        return OK;
    }
    TRY(enter(p, r));
    return let_through(p, held.id);
}

/* --- events --------------------------------------------------------------------------------------------- */

static void on_navigated(struct page *p, struct page_result *r, struct json answer)
{
    struct json result = json_get(answer, S("result"));
    p->loader_id = json_get_str(result, S("loaderId"));
    struct str error = json_get_str(result, S("errorText"));
    if (!str_eq(error, S("net::ERR_HTTP_RESPONSE_CODE_FAILURE"))) /* an answer, without a body */
        r->error = error;
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

/* Documents were noted when they were held: one that decides brings no event of its own. */
static void on_response(struct page *p, struct page_result *r, struct json params)
{
    struct json response = json_get(params, S("response"));
    struct str type = json_get_str(params, S("type"));
    if (!str_eq(type, S("Document")))
        note_request(p, r, json_get_str(response, S("url")), type,
                     json_i64(json_get(response, S("status")), 0));
}

/* Our proxy asks for its password; the browser keeps it for this context and shows it unasked from then on. Nobody else is
 * told it, and a second question for one request means that it was wrong. */
static err_t on_challenge(struct page *p, const struct page_options *o, struct json params)
{
    struct buf b;
    struct json_out out;
    struct str id = json_get_str(params, S("requestId"));
    struct json challenge = json_get(params, S("authChallenge"));
    struct str origin = str_fmt(p->arena, "http://127.0.0.1:%d", o->proxy_port);
    bool ours = str_eq(json_get_str(challenge, S("source")), S("Proxy")) &&
                str_eq(json_get_str(challenge, S("origin")), origin);
    bool again = str_eq(id, p->challenged);
    p->challenged = id;
    buf_init(&b, p->arena, KIB(4));
    jo_init(&out, &b);
    jo_object(&out);
    jo_kstr(&out, "requestId", id);
    jo_kz(&out, "authChallengeResponse");
    jo_object(&out);
    jo_kstr(&out, "response", ours && !again ? S("ProvideCredentials") : S("CancelAuth"));
    if (ours && !again) {
        jo_kstr(&out, "username", o->proxy_user);
        jo_kstr(&out, "password", o->proxy_password);
    }
    jo_end(&out);
    jo_end(&out);
    TRY(buf_err(&b));
    return page_tell(p, "Fetch.continueWithAuth", buf_str(&b));
}

static err_t on_event(struct page *p, const struct page_options *o, struct page_result *r,
                      struct json event)
{
    struct str method = json_get_str(event, S("method"));
    struct json params = json_get(event, S("params"));
    int64_t answered = json_i64(json_get(event, S("id")), 0);
    struct held *h = answered ? held_find(p, answered) : NULL;
    if (h)
        return on_body(p, o, r, h, event);
    if (answered && answered == p->navigate_call) {
        on_navigated(p, r, event);
    } else if (str_eq(method, S("Fetch.requestPaused"))) {
        return on_held(p, o, r, params);
    } else if (str_eq(method, S("Fetch.authRequired"))) {
        return on_challenge(p, o, params);
    } else if (str_eq(method, S("Network.responseReceived"))) {
        on_response(p, r, params);
    } else if (str_eq(method, S("Page.lifecycleEvent"))) {
        on_lifecycle(p, r, params);
    } else if (str_eq(method, S("Network.loadingFailed"))) {
        if (!r->html.n && str_eq(json_get_str(params, S("requestId")), p->loader_id))
            r->error = json_get_str(params, S("errorText"));
    } else if (str_eq(method, S("Page.javascriptDialogOpening"))) {
        return page_tell(p, "Page.handleJavaScriptDialog", S("{\"accept\":false}"));
    } else if (str_eq(method, S("Inspector.targetCrashed"))) {
        p->crashed = true;
    }
    return OK;
}

/* --- the wait ------------------------------------------------------------------------------------------------- */

/* A page that says no (a status of 400 or more) is only looked at, for the evidence. */
static bool settled(const struct page *p, const struct page_result *r, int64_t now)
{
    bool refused = r->status >= 400;
    if (refused && p->entered && !r->html.n)
        return true;
    if (!r->loaded)
        return refused && p->entered && now - p->entered_at > IDLE_AFTER_LOAD_MS;
    bool waits_for_json = p->data->response_count && !p->data->embedded && !p->json_seen;
    if (refused || (p->idle && !(waits_for_json && now - p->loaded_at < LATE_JSON_MS)))
        return true;
    return now - p->loaded_at > IDLE_AFTER_LOAD_MS;
}

static bool ended(const struct page *p, struct page_result *r)
{
    int64_t now = clock_monotonic_ms();
    bool nothing_came = !r->status && now >= p->answer_by;
    bool time_is_over = now >= p->patience.deadline_ms - READ_RESERVE_MS;
    r->timed_out = nothing_came || (time_is_over && !r->loaded);
    return p->enough || p->crashed || r->timed_out || time_is_over || r->error.n ||
           settled(p, r, now);
}

static err_t wait_for_page(struct page *p, const struct page_options *o, struct page_result *r)
{
    while (!ended(p, r)) {
        struct json event;
        struct patience slice = patience_until(&p->patience, clock_monotonic_ms() + SLICE_MS);
        if (o->check)
            TRY(o->check(o->context));
        err_t e = session_event(p->session, p->arena, &slice, &event);
        if (e == OK)
            e = on_event(p, o, r, event);
        if (e != OK && e != E_TIMEOUT)
            return e;
    }
    /* A response that was begun and whose body has not come: it stalls. */
    for (size_t i = 0; i < PAGE_HELD_MAX && !p->enough; i++)
        r->timed_out |= p->held[i].id.n > 0;
    return p->crashed ? err_note(E_UPSTREAM, NULL, "the page's process crashed") : OK;
}

/* Whatever was held back goes on. */
static err_t let_all_through(struct page *p)
{
    TRY(let_through(p, p->withheld));
    for (size_t i = 0; i < PAGE_HELD_MAX; i++) {
        if (p->held[i].id.n)
            TRY(let_through(p, p->held[i].id));
        p->held[i].id = STR_NONE;
    }
    return OK;
}

/* Is what the recipe waits for on the page? Asked now and then, once something is there to be asked. */
static bool is_shown(struct page *p, const struct page_result *r, int64_t *next_ms)
{
    int64_t now = clock_monotonic_ms();
    if (!r->loaded || !p->data->wait_for.n || now < *next_ms)
        return false;
    *next_ms = now + LOOK_MS;
    return page_matches(p, p->arena, p->data->wait_for);
}

static err_t show(struct page *p, const struct page_options *o, struct page_result *r)
{
    int64_t now = clock_monotonic_ms(), end = now + (p->idle ? REDRAW_MS : CAPTURE_SHOW_MS);
    int64_t next_look = now;
    p->idle = false;
    if (end + CAPTURE_SHOW_MS / 2 <
        p->patience.deadline_ms) /* a page in an endless loop answers nothing */
        p->patience.deadline_ms = end + CAPTURE_SHOW_MS / 2;
    TRY(enter(p, r));
    TRY(let_all_through(p));
    while (!p->idle && !p->crashed && now < end && !is_shown(p, r, &next_look)) {
        struct json event;
        int64_t look = now + LOOK_MS;
        struct patience slice = patience_until(&p->patience, look < end ? look : end);
        if (o->check)
            TRY(o->check(o->context));
        err_t e = session_event(p->session, p->arena, &slice, &event);
        if (e == OK)
            e = on_event(p, o, r, event);
        if (e != OK && e != E_TIMEOUT)
            return e;
        now = clock_monotonic_ms();
    }
    return OK;
}

bool page_show(struct page *p, const struct page_options *o, struct page_result *r)
{
    struct page_result seen = *r; /* what has decided stays as it is */
    err_t e = show(p, o, &seen);
    r->requests = seen.requests;
    r->request_count = seen.request_count;
    return e == OK && !p->crashed;
}

err_t page_open(struct arena *a, const struct page_options *o, struct page **ret,
                struct page_result *ret_result)
{
    struct page *p = ARENA_NEW(a, struct page);
    if (!p)
        return arena_err(a);
    *p = (struct page){ .arena = a,
                        .devtools = o->devtools,
                        .data = o->data,
                        .patience = { o->deadline, o->check, o->context },
                        .answer_by = clock_monotonic_ms() + CAPTURE_STEP_MS };
    *ret_result = (struct page_result){ .share_id = o->share_id };
    *ret = p;
    TRY(page_attach(p, o->proxy_port));
    TRY(prepare(p, o));
    struct patience patience = page_step(p);
    TRY(session_send(p->session, a, "Page.navigate", page_one(a, "url", o->url), &patience,
                     &p->navigate_call));
    return wait_for_page(p, o, ret_result);
}

void page_close(struct page *p, bool hurry, bool *ret_broken)
{
    if (!p)
        return;
    const struct patience patience = { .deadline_ms = clock_monotonic_ms() +
                                                      (hurry ? HURRY_MS : CLOSE_TIMEOUT_MS) };
    if (p->context_id.n &&
        devtools_call(p->devtools, NULL, p->arena, "Target.disposeBrowserContext",
                      page_one(p->arena, "browserContextId", p->context_id), &patience, NULL) != OK)
        *ret_broken = true;
    session_close(p->session);
    p->session = NULL;
}
