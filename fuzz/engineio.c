/* room: realtime
 *
 * Engine.IO payloads of a POST and texts of WebSocket messages. What parses is written again and must read as the same. */
#include "realtime/transport/engineio.h"
#include "base/limits.h"

#define CHECK(what)           \
    do {                      \
        if (!(what))          \
            __builtin_trap(); \
    } while (0)

static void check_rewritten(struct arena *a, const struct eio_packet *p)
{
    CLEANUP(buf_free) struct buf b;
    struct eio_packet again;
    buf_init(&b, NULL, MIB(8));
    if (p->binary)
        eio_binary_write(&b, a, p->data);
    else
        eio_packet_write(&b, p->type, p->data);
    CHECK(eio_packet_parse(a, buf_str(&b), true, &again) == OK);
    CHECK(again.type == p->type && again.binary == p->binary && str_eq(again.data, p->data));
}

static void check_packet(struct arena *a, struct str text, bool polling)
{
    struct eio_packet p = { .type = EIO_NOOP };
    err_clear();
    if (eio_packet_parse(a, text, polling, &p) != OK) {
        CHECK(err_detail()->text[0] != 0 && p.type == EIO_NOOP);
        return;
    }
    CHECK(p.type <= EIO_NOOP && (!p.binary || (polling && p.type == EIO_MESSAGE)));
    CHECK(p.data.n < text.n);
    check_rewritten(a, &p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > MIB(1))
        return 0;
    CLEANUP(arena_free) struct arena a;
    arena_init(&a, MIB(64));
    struct str rest = str_of((const char *)data, size), part;
    size_t parts = 0, bytes = 0;
    check_packet(&a, rest, false);
    while (eio_payload_next(&rest, &part)) {
        CHECK(str_find_char(part, EIO_SEPARATOR, 0) == part.n);
        check_packet(&a, part, true);
        parts++;
        bytes += part.n;
    }
    CHECK(parts == 0 || bytes + parts - 1 == size);
    return 0;
}
