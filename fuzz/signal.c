/* room: realtime
 *
 * Messages of the signalling. What is published reads afterwards as the same object with our `clients`. */
#include "realtime/signalling/signal.h"
#include "base/limits.h"

#define CHECK(what)           \
    do {                      \
        if (!(what))          \
            __builtin_trap(); \
    } while (0)

static size_t members(struct json object, bool clients)
{
    struct json_iter it = json_iter(object);
    struct json value;
    struct str key;
    size_t count = 0;
    while (json_next(&it, &key, &value))
        count += clients == str_eq(key, S("clients"));
    return count;
}

/* The same members in the same order, but for `clients`, which comes last and once; the topic by the name that is given. */
static void check_forwarded(struct arena *a, struct str text, const struct signal *m,
                            struct str topic)
{
    struct json before, after, value, other;
    struct str key, other_key, head;
    CHECK(signal_head(a, m, topic, &head) == OK);
    struct str forwarded = str_cat(a, head, signal_tail(a, 7));
    CHECK(json_parse(a, text, SIGNAL_DEPTH_MAX, &before) == OK);
    CHECK(json_parse(a, forwarded, SIGNAL_DEPTH_MAX, &after) == OK);
    CHECK(members(after, true) == 1 && json_i64(json_get(after, S("clients")), 0) == 7);
    CHECK(members(after, false) == members(before, false));
    CHECK(str_eq(json_get_str(after, S("topic")), topic));
    struct json_iter x = json_iter(before), y = json_iter(after);
    while (json_next(&x, &key, &value)) {
        if (str_eq(key, S("clients")))
            continue;
        CHECK(json_next(&y, &other_key, &other));
        CHECK(str_eq(key, other_key) && json_type(value) == json_type(other));
        CHECK(json_count(value) == json_count(other));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > SIGNAL_MESSAGE_BYTES_MAX)
        return 0;
    CLEANUP(arena_free) struct arena a;
    arena_init(&a, MIB(64));
    struct str text = str_of((const char *)data, size);
    struct signal m;
    err_clear();
    if (signal_parse(&a, text, &m) != OK) {
        CHECK(err_detail()->text[0] != 0); /* every refusal says why */
        return 0;
    }
    CHECK(!json_exists(m.topics) || json_is(m.topics, JSON_ARRAY));
    CHECK((m.type == SIGNAL_PUBLISH) == (m.topic.n > 0));
    if (m.type == SIGNAL_PUBLISH) {
        check_forwarded(&a, text, &m, m.topic);
        check_forwarded(&a, text, &m, S("conversation:\"another\" name"));
    }
    return 0;
}
