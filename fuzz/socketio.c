/* room: realtime
 *
 * Socket.IO packets. What parses keeps its promises, and written again reads as the same. */
#include "realtime/protocol/socketio.h"
#include "base/limits.h"
#include "base/utf8.h"

#define CHECK(what)           \
    do {                      \
        if (!(what))          \
            __builtin_trap(); \
    } while (0)

static bool is_event(enum sio_type t)
{
    return t == SIO_EVENT || t == SIO_BINARY_EVENT;
}

static void check_promises(const struct sio_packet *p)
{
    bool binary = p->type == SIO_BINARY_EVENT || p->type == SIO_BINARY_ACK;
    CHECK(p->type <= SIO_BINARY_ACK && p->type != SIO_CONNECT_ERROR);
    CHECK(binary ? p->attachments >= 1 && p->attachments <= SIO_ATTACHMENTS_MAX
                 : p->attachments == 0);
    CHECK(p->nsp.n >= 1 && p->nsp.n <= SIO_NAMESPACE_BYTES_MAX && p->nsp.s[0] == '/');
    CHECK(!p->has_id || (p->id >= 0 && p->id <= INT64_C(1) << 53));
    CHECK((p->text.n == 0) == (json_type(p->data) == JSON_NONE));
    CHECK(p->text.n == 0 || utf8_ok(p->text));
    if (is_event(p->type))
        CHECK(json_count(p->data) > 0 && !str_eq(sio_event_name(p), S("connect")));
}

static void check_rewritten(struct arena *a, const struct sio_packet *p)
{
    CLEANUP(buf_free) struct buf b;
    struct sio_packet again;
    buf_init(&b, NULL, MIB(8));
    sio_head_write(&b, p->type, p->attachments, p->nsp, p->has_id ? p->id : -1);
    buf_put(&b, p->text);
    CHECK(sio_packet_parse(a, buf_str(&b), &again) == OK);
    CHECK(again.type == p->type && again.attachments == p->attachments);
    CHECK(str_eq(again.nsp, p->nsp) && str_eq(again.text, p->text));
    CHECK(again.has_id == p->has_id && (!p->has_id || again.id == p->id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > MIB(1))
        return 0;
    CLEANUP(arena_free) struct arena a;
    arena_init(&a, MIB(64));
    struct sio_packet p;
    err_clear();
    if (sio_packet_parse(&a, str_of((const char *)data, size), &p) != OK) {
        CHECK(err_detail()->text[0] != 0); /* every refusal says why */
        return 0;
    }
    check_promises(&p);
    check_rewritten(&a, &p);
    return 0;
}
