#include "realtime/transport/engineio.h"

#include "base/encode.h"
#include "base/json_write.h"

err_t eio_packet_parse(struct arena *a, struct str text, bool polling, struct eio_packet *ret)
{
    if (text.n == 0)
        return err_note(E_BAD_INPUT, NULL, "a packet is empty");
    if (polling && text.s[0] == 'b') {
        struct str bytes;
        err_t e = base64_decode(a, str_sub(text, 1, text.n), &bytes);
        if (e == E_BAD_INPUT)
            return err_note(e, NULL, "the bytes of a packet are not base64");
        TRY(e);
        *ret = (struct eio_packet){ EIO_MESSAGE, true, bytes };
        return OK;
    }
    if (text.s[0] < '0' || text.s[0] > '6')
        return err_note(E_BAD_INPUT, NULL, "a packet begins with an unknown type");
    *ret = (struct eio_packet){ (enum eio_type)(text.s[0] - '0'), false, str_sub(text, 1, text.n) };
    return OK;
}

bool eio_payload_next(struct str *rest, struct str *ret_part)
{
    return str_cut(rest, EIO_SEPARATOR, ret_part);
}

void eio_packet_write(struct buf *out, enum eio_type type, struct str data)
{
    buf_putc(out, (char)('0' + type));
    buf_put(out, data);
}

void eio_binary_write(struct buf *out, struct arena *scratch, struct str bytes)
{
    buf_putc(out, 'b');
    buf_put(out, base64_encode(scratch, bytes));
}

void eio_open_write(struct buf *out, const struct eio_open *o)
{
    struct json_out j;
    buf_putc(out, '0' + EIO_OPEN);
    jo_init(&j, out);
    jo_object(&j);
    jo_kstr(&j, "sid", o->sid);
    jo_kz(&j, "upgrades");
    jo_array(&j);
    if (o->offers_websocket)
        jo_str(&j, S("websocket"));
    jo_end(&j);
    jo_ki64(&j, "pingInterval", o->ping_interval_ms);
    jo_ki64(&j, "pingTimeout", o->ping_timeout_ms);
    jo_ki64(&j, "maxPayload", o->max_payload_bytes);
    jo_end(&j);
}

struct str eio_error_body(enum eio_error e)
{
    switch (e) {
    case EIO_TRANSPORT_UNKNOWN:
        return S("{\"code\":0,\"message\":\"Transport unknown\"}");
    case EIO_SID_UNKNOWN:
        return S("{\"code\":1,\"message\":\"Session ID unknown\"}");
    case EIO_BAD_HANDSHAKE_METHOD:
        return S("{\"code\":2,\"message\":\"Bad handshake method\"}");
    case EIO_BAD_REQUEST:
        return S("{\"code\":3,\"message\":\"Bad request\"}");
    case EIO_FORBIDDEN:
        return S("{\"code\":4,\"message\":\"Forbidden\"}");
    case EIO_UNSUPPORTED_VERSION:
        return S("{\"code\":5,\"message\":\"Unsupported protocol version\"}");
    }
    return S("{}");
}

int eio_error_status(enum eio_error e)
{
    return e == EIO_FORBIDDEN ? 403 : 400;
}
