/* Topics: what a client may ask to hear of (seed 6.1, steps 6 and 7), and the events for that. */
#include "base/limits.h"
#include "ops/ops.h"
#include "realtime/inside.h"
#include "realtime/presence_room.h"
#include "sharing/sharing.h"

/* --- may they? ------------------------------------------------------------------------------------ */

/* Topics of the caller alone, whose room carries the account's id. */
static bool is_own(struct str topic)
{
    return str_eq(topic, S("feed")) || str_eq(topic, S("notifications"));
}

/* "conversation:<id>": an entity of some room that can be asked whether it is there. */
static err_t check_entity(struct app *app, struct db *db, struct arena *a, struct uuid user,
                          struct str topic)
{
    struct str rest = topic, name;
    struct uuid id, owner;
    if (!str_cut(&rest, ':', &name) || uuid_parse(rest, &id) != OK)
        return err_note(E_INVALID, "topics", "a topic is like conversation:<id>, or feed");
    const struct entity *entity = app_entity_named(app, name);
    if (!entity || !entity->exists)
        return err_note(E_INVALID, "topics", "there are no topics of this kind");
    TRY(sharing_find(db, a, user, entity->name, id, SHARE_READ, &owner));
    return entity->exists(app, db, owner, id);
}

static err_t check_scope(const struct caller *who)
{
    return who->scopes & 1u << SCOPE_READ
               ? OK
               : err_note(E_FORBIDDEN, NULL, "the token's scopes do not allow this");
}

err_t topic_check_document(struct app *app, struct db *db, struct arena *a,
                           const struct caller *who, struct str topic)
{
    struct str rest = topic, kind;
    struct uuid id;
    TRY(check_scope(who));
    if (!str_cut(&rest, ':', &kind) || !shared_entity(kind) || uuid_parse(rest, &id) != OK)
        return err_note(E_INVALID, "topics", "a topic names a document: conversation:<id>");
    return check_entity(app, db, a, who->user_id, topic);
}

err_t topic_check(struct app *app, struct db *db, struct arena *a, const struct caller *who,
                  struct str topic, struct str *ret_room)
{
    char id[UUID_TEXT_BYTES + 1];
    TRY(check_scope(who));
    if (is_own(topic)) {
        uuid_text(who->user_id, id);
        *ret_room = str_fmt(a, "%.*s:%s", STR_ARG(topic), id);
        return arena_err(a);
    }
    if (topic.n >= ROOM_BYTES_MAX)
        return err_note(E_INVALID, "topics", "a topic is like conversation:<id>, or feed");
    TRY(check_entity(app, db, a, who->user_id, topic));
    *ret_room = topic;
    return OK;
}

/* The rooms that carry the account's id are the account's as long as it is who it is. */
err_t room_check(struct app *app, struct db *db, struct arena *a, const struct caller *who,
                 struct str room)
{
    struct str rest = room, kind, ignored;
    struct uuid id;
    str_cut(&rest, ':', &kind);
    if (uuid_parse(rest, &id) == OK && uuid_eq(id, who->user_id))
        return OK;
    return topic_check(app, db, a, who, room, &ignored);
}

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

static err_t subscribe_to(struct socket_call *c, struct str topic)
{
    struct str room;
    TRY(topic_check(c->app, c->db, c->arena, c->caller, topic, &room));
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
        err_clear();
        err_t e = subscribe_to(c, json_str(topic));
        if (e == OK)
            jo_str(c->reply, json_str(topic));
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
    char id[UUID_TEXT_BYTES + 1];
    TRY(read_topics(c, &it));
    uuid_text(c->caller->user_id, id);
    while (json_next(&it, NULL, &topic)) {
        struct str name = json_str(topic);
        call_leave(c, is_own(name) ? str_fmt(c->arena, "%.*s:%s", STR_ARG(name), id) : name);
        presence_leave(c, name);
    }
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
    TRY(op_cursor_parse(argument.after, &cursor));
    return changes_write(c->db, c->arena, c->caller->user_id, &cursor, (size_t)argument.limit,
                         c->reply);
}

const struct socket_event REALTIME_EVENTS[] = {
    { "subscribe", AUTH_USER, SCOPE_READ, TOPICS, COUNTOF(TOPICS), subscribe },
    { "unsubscribe", AUTH_USER, SCOPE_READ, TOPICS, COUNTOF(TOPICS), unsubscribe },
    { "changes", AUTH_USER, SCOPE_READ, CHANGES, COUNTOF(CHANGES), changes },
    { "presence", AUTH_USER, SCOPE_READ, PRESENCE_FIELDS, PRESENCE_FIELD_COUNT, presence_event },
};
_Static_assert(COUNTOF(REALTIME_EVENTS) == REALTIME_EVENT_COUNT, "for the module's table");
