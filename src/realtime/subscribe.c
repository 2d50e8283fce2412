/* The events of this room: subscribe, unsubscribe, changes, presence. */
#include "ops/ops.h"
#include "realtime/feed/feed.h"
#include "realtime/inside.h"
#include "realtime/presence/presence_room.h"
#include "realtime/protocol/sockets.h"
#include "realtime/topics/topics.h"

/* --- subscribe, unsubscribe -------------------------------------------------------------------------- */

struct topics_argument {
    struct json topics;
};
static const struct field TOPICS[] = {
    FIELD(topics_argument, topics, FIELD_JSON, true, 0, 0,
          "a list of topics, such as conversation:<id>"),
};

static err_t read_topics(struct socket_call *c, struct json_iter *ret)
{
    struct topics_argument argument = { 0 };
    TRY(socket_fields(c, &argument));
    if (!json_is(argument.topics, JSON_ARRAY) || json_count(argument.topics) > TOPICS_PER_EVENT_MAX)
        return err_note(E_INVALID, "topics", "a list of at most %d topics", TOPICS_PER_EVENT_MAX);
    *ret = json_iter(argument.topics);
    return OK;
}

static void write_refused(struct json_out *o, struct str topic, err_t e)
{
    jo_object(o);
    jo_kstr(o, "topic", topic);
    jo_kstr(o, "code", str_from(err_code(e)));
    jo_kstr(o, "detail", str_from(err_detail()->text[0] ? err_detail()->text : err_title(e)));
    jo_end(o);
}

static bool is_refusal(err_t e)
{
    return e == E_INVALID || e == E_NOT_FOUND || e == E_FORBIDDEN;
}

/* Everything after this cursor comes live; what is before it is in the rows. */
static err_t say_ready(struct socket_call *c)
{
    struct op_cursor head;
    struct buf b;
    struct json_out o;
    TRY(ops_head(c->db, &head));
    buf_init(&b, c->arena, KIB(4));
    jo_init(&o, &b);
    jo_object(&o);
    jo_ktime(&o, "server_time", c->now_ms);
    jo_kstr(&o, "cursor", op_cursor_text(c->arena, head));
    jo_kuuid(&o, "user_id", c->caller->user_id);
    jo_kstr(&o, "handle", c->caller->handle);
    jo_ki64(&o, "heartbeat_ms", PRESENCE_BEAT_MS);
    jo_kbool(&o, "invisible", presence_is_invisible(c));
    jo_end(&o);
    TRY(buf_err(&b));
    call_emit(c, "ready", buf_str(&b));
    return OK;
}

/* `ret_name`: as every event about it names it, however it was typed. */
static err_t subscribe_to(struct socket_call *c, struct str text, struct str *ret_name)
{
    struct topic t;
    TRY(topic_parse(c->app, c->caller, text, &t));
    TRY(topic_check(c->app, c->db, c->arena, c->caller, &t));
    struct str room = topic_room(c->arena, &t);
    *ret_name = topic_name(c->arena, &t);
    TRY(arena_err(c->arena));
    call_join(c, room);
    return OK;
}

static err_t subscribe(struct socket_call *c)
{
    struct json_iter it;
    struct json topic;
    struct buf refused;
    struct json_out refusals;
    TRY(read_topics(c, &it));
    buf_init(&refused, c->arena, EMISSION_BYTES_MAX);
    jo_init(&refusals, &refused);
    jo_array(&refusals);
    jo_kz(c->reply, "subscribed");
    jo_array(c->reply);
    while (json_next(&it, NULL, &topic)) {
        struct str name;
        err_clear();
        err_t e = subscribe_to(c, json_str(topic), &name);
        if (e == OK)
            jo_str(c->reply, name);
        else if (is_refusal(e))
            write_refused(&refusals, json_str(topic), e);
        else
            return e;
    }
    jo_end(c->reply);
    jo_end(&refusals);
    TRY(buf_err(&refused));
    jo_kz(c->reply, "refused");
    jo_raw(c->reply, buf_str(&refused));
    return say_ready(c);
}

static err_t unsubscribe(struct socket_call *c)
{
    struct json_iter it;
    struct json topic;
    TRY(read_topics(c, &it));
    while (json_next(&it, NULL, &topic)) {
        struct topic t;
        if (topic_parse(c->app, c->caller, json_str(topic), &t) != OK)
            continue; /* nobody is at what is no topic */
        call_leave(c, topic_room(c->arena, &t));
        presence_leave(c, topic_name(c->arena, &t));
    }
    err_clear();
    return arena_err(c->arena);
}

/* --- changes ---------------------------------------------------------------------------------------------- */

struct changes_argument {
    struct str after;
    int64_t limit;
};
static const struct field CHANGES[] = {
    FIELD(changes_argument, after, FIELD_STR, true, 1, 64, "the last cursor that was heard of"),
    FIELD(changes_argument, limit, FIELD_I64, false, 1, PAGE_ITEMS_MAX, "how many at most"),
};

static err_t changes(struct socket_call *c)
{
    struct changes_argument argument = { .limit = PAGE_ITEMS_MAX };
    struct op_cursor cursor;
    TRY(socket_fields(c, &argument));
    bool nothing;
    TRY(op_cursor_parse(argument.after, &cursor));
    return changes_write(c->app, c->db, c->arena, c->caller->user_id, &cursor,
                         (size_t)argument.limit, c->reply, &nothing);
}

const struct socket_event REALTIME_EVENTS[] = {
    { "subscribe", AUTH_USER, SCOPE_READ, TOPICS, COUNTOF(TOPICS), subscribe },
    { "unsubscribe", AUTH_USER, SCOPE_READ, TOPICS, COUNTOF(TOPICS), unsubscribe },
    { "changes", AUTH_USER, SCOPE_READ, CHANGES, COUNTOF(CHANGES), changes },
    { "presence", AUTH_USER, SCOPE_READ, PRESENCE_FIELDS, PRESENCE_FIELD_COUNT, presence_event },
};
_Static_assert(COUNTOF(REALTIME_EVENTS) == REALTIME_EVENT_COUNT, "for the module's table");
