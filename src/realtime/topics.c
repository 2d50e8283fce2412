/* Topics: what a client may ask to hear of (seed 6.1, steps 6 and 7), and the events for that. */
#include "base/limits.h"
#include "ops/ops.h"
#include "realtime/inside.h"
#include "realtime/presence_room.h"
#include "sharing/sharing.h"

/* --- which one? -------------------------------------------------------------------------------------
 * A topic is read once, and its name and its room are built from what was read: an id has many spellings, and whoever is
 * in a room under another one than the withdrawal of a right names would hear on. */

/* Topics of the caller alone, whose room carries the account's id. */
static const char *own_topic(struct str text)
{
    static const char *const OWN[] = { "feed", "notifications" };
    for (size_t i = 0; i < COUNTOF(OWN); i++)
        if (str_eq(text, str_from(OWN[i])))
            return OWN[i];
    return NULL;
}

/* An entity of some room that can be asked whether it is there. */
static const struct entity *entity_named(const struct app *app, struct str name)
{
    const struct entity *one = app_entity(app, name);
    return one && one->exists ? one : NULL;
}

err_t topic_parse(const struct app *app, const struct caller *who, struct str text,
                  struct topic *ret)
{
    struct topic t = { .own = own_topic(text), .id = who->user_id };
    struct str rest = text, name;
    if (!t.own) {
        if (!str_cut(&rest, ':', &name) || uuid_parse(rest, &t.id) != OK)
            return err_note(E_INVALID, "topics", "a topic is like conversation:<id>, or feed");
        t.entity = entity_named(app, name);
        if (!t.entity)
            return err_note(E_INVALID, "topics", "there are no topics of this kind");
    }
    *ret = t;
    return OK;
}

err_t topic_parse_document(const struct app *app, const struct caller *who, struct str text,
                           struct topic *ret)
{
    struct topic t;
    if (topic_parse(app, who, text, &t) != OK || t.own || !t.entity->shareable)
        return err_note(E_INVALID, "topics", "a topic names a document: conversation:<id>");
    *ret = t;
    return OK;
}

struct str topic_of_entity(struct arena *a, const char *entity, struct uuid id)
{
    char text[UUID_TEXT_BYTES + 1];
    uuid_text(id, text);
    return str_fmt(a, "%s:%s", entity, text);
}

struct str topic_name(struct arena *a, const struct topic *t)
{
    return t->own ? str_from(t->own) : topic_of_entity(a, t->entity->name, t->id);
}

struct str topic_room(struct arena *a, const struct topic *t)
{
    return topic_of_entity(a, t->own ? t->own : t->entity->name, t->id);
}

/* --- may they? ------------------------------------------------------------------------------------ */

err_t topic_check(struct app *app, struct db *db, struct arena *a, const struct caller *who,
                  const struct topic *t)
{
    struct access access;
    if (!(who->scopes & 1u << SCOPE_READ))
        return err_note(E_FORBIDDEN, NULL, "the token's scopes do not allow this");
    if (t->own)
        return OK;
    return sharing_access(app, db, a, who->user_id, t->entity, t->id, SHARE_READ, &access);
}

/* The rooms that carry the account's id are the account's as long as it is who it is. */
err_t room_check(struct app *app, struct db *db, struct arena *a, const struct caller *who,
                 struct str room)
{
    struct str rest = room, kind;
    struct uuid id;
    struct topic t;
    str_cut(&rest, ':', &kind);
    if (uuid_parse(rest, &id) == OK && uuid_eq(id, who->user_id))
        return OK;
    TRY(topic_parse(app, who, room, &t));
    return topic_check(app, db, a, who, &t);
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
