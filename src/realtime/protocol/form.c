/* How an emission looks to a socket of the product's namespace: `42["event",arguments,"offset"]`, and the frames of its
 * attachments. */
#include "realtime/protocol/sockets.h"
#include "realtime/transport/engineio.h"

static struct ws_frame *packet(const struct emission *e, uint64_t number)
{
    CLEANUP(buf_free) struct buf text = { 0 };
    buf_init(&text, NULL, EMISSION_BYTES_MAX);
    buf_putc(&text, '0' + EIO_MESSAGE);
    sio_head_write(&text, e->attachment_count ? SIO_BINARY_EVENT : SIO_EVENT, e->attachment_count,
                   S("/"), -1);
    buf_putf(&text, "[\"%s\"", e->event);
    if (e->arguments.n)
        buf_putc(&text, ',');
    buf_put(&text, e->arguments);
    if (e->keep)
        buf_putf(&text, ",\"%llu\"", (unsigned long long)number);
    buf_putc(&text, ']');
    return buf_err(&text) ? NULL : ws_frame_new(WS_TEXT, buf_str(&text));
}

static bool encode(const struct emission *e, uint64_t number, struct hub_frames *out)
{
    assert(e->attachment_count <= SIO_ATTACHMENTS_MAX);
    bool made = hub_frames_add(out, packet(e, number));
    for (unsigned i = 0; made && i < e->attachment_count; i++)
        made = hub_frames_add(out, ws_frame_new(WS_BINARY, e->attachments[i]));
    return made;
}

const struct hub_form SIO_FORM = { .name = "Socket.IO", .encode = encode };
