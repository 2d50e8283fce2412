#include "base/crypto.h"
#include "base/encode.h"
#include "net/ws.h"

/* --- header lists ----------------------------------------------------------------------------- */

/* Is `token` among the members of a comma list, in any case? */
static bool list_has(struct str list, struct str token)
{
    struct str part;
    while (str_cut(&list, ',', &part))
        if (str_eq_nocase(str_trim(part), token))
            return true;
    return false;
}

static bool key_ok(struct arena *a, struct str key)
{
    struct str raw;
    return key.n == 24 && base64_decode(a, key, &raw) == OK && raw.n == 16;
}

/* Accept = base64(SHA-1(key + GUID)), RFC 6455 section 4.2.2. */
static err_t accept_of(struct arena *a, struct str key, char ret[29])
{
    struct str text = str_cat(a, key, S("258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    struct sha1 digest = sha1_of(text);
    struct str coded = base64_encode(a, str_of((const char *)digest.b, sizeof digest.b));
    TRY(arena_err(a));
    memcpy(ret, coded.s, 28);
    ret[28] = 0;
    return OK;
}

/* --- permessage-deflate offers -------------------------------------------------------------------- */

struct offer {
    bool server_no_context, client_no_context, server_bits_given, client_bits_given;
    int server_bits, client_bits; /* 0: client_max_window_bits without a value */
};

static bool window_bits(struct str value, int *ret)
{
    int64_t n;
    if (value.n >= 2 && value.s[0] == '"' && value.s[value.n - 1] == '"')
        value = str_sub(value, 1, value.n - 1);
    if (str_to_i64(value, &n) != OK || n < 8 || n > 15 || value.s[0] == '0')
        return false;
    *ret = (int)n;
    return true;
}

static bool once(bool *flag)
{
    bool first = !*flag;
    *flag = true;
    return first;
}

/* One parameter; false declines the whole alternative (unknown, doubled, bad value). */
static bool offer_parameter(struct str part, struct offer *o)
{
    struct str name, value = part;
    bool has_value = str_find_char(part, '=', 0) < part.n;
    str_cut(&value, '=', &name);
    name = str_trim(name);
    value = has_value ? str_trim(value) : STR_NONE;
    if (str_eq_nocase(name, S("server_no_context_takeover")))
        return !has_value && once(&o->server_no_context);
    if (str_eq_nocase(name, S("client_no_context_takeover")))
        return !has_value && once(&o->client_no_context);
    if (str_eq_nocase(name, S("server_max_window_bits")))
        return has_value && once(&o->server_bits_given) && window_bits(value, &o->server_bits);
    if (str_eq_nocase(name, S("client_max_window_bits")))
        return once(&o->client_bits_given) && (!has_value || window_bits(value, &o->client_bits));
    return false;
}

static bool offer_parse(struct str text, struct offer *o)
{
    struct str part;
    *o = (struct offer){ 0 };
    if (!str_cut(&text, ';', &part) || !str_eq_nocase(str_trim(part), S("permessage-deflate")))
        return false;
    while (str_cut(&text, ';', &part))
        if (!offer_parameter(str_trim(part), o))
            return false;
    /* zlib cannot write a raw stream with a window of 8 bits. */
    return !(o->server_bits_given && o->server_bits == 8);
}

static void negotiate(struct arena *a, struct str extensions, struct ws_accept *ret)
{
    struct str alternative;
    struct offer o;
    while (str_cut(&extensions, ',', &alternative)) {
        if (!offer_parse(str_trim(alternative), &o))
            continue;
        ret->deflate = ret->server_no_context = ret->client_no_context = true;
        ret->server_window_bits = o.server_bits_given ? o.server_bits : 15;
        ret->client_window_bits = o.client_bits_given && o.client_bits ? o.client_bits : 15;
        struct str bits =
            o.server_bits_given ? str_fmt(a, "; server_max_window_bits=%d", o.server_bits) : S("");
        ret->extensions = str_fmt(
            a, "permessage-deflate; server_no_context_takeover; client_no_context_takeover%.*s",
            STR_ARG(bits));
        return;
    }
}

err_t ws_handshake_check(struct arena *a, const struct ws_handshake *h, bool offer_deflate,
                         struct ws_accept *ret)
{
    if (!str_eq(h->method, S("GET")) || !h->http11)
        return err_note(E_BAD_INPUT, NULL, "a WebSocket begins with GET over HTTP/1.1");
    if (!list_has(h->upgrade, S("websocket")) || !list_has(h->connection, S("upgrade")))
        return err_note(E_BAD_INPUT, "upgrade", "the request does not ask for a WebSocket");
    if (!str_eq(str_trim(h->version), S("13")))
        return err_note(E_UPGRADE, "sec-websocket-version",
                        "only version 13 of the WebSocket protocol is spoken here");
    if (!key_ok(a, str_trim(h->key)))
        return err_note(E_BAD_INPUT, "sec-websocket-key", "the key is not 16 bytes in base64");
    struct ws_accept accept = { .client_window_bits = 15, .server_window_bits = 15 };
    TRY(accept_of(a, str_trim(h->key), accept.accept));
    if (offer_deflate && h->extensions.n)
        negotiate(a, h->extensions, &accept);
    TRY(arena_err(a));
    *ret = accept;
    return OK;
}
