#include "realtime/topics/topics.h"

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

struct str caller_room(struct arena *a, struct uuid user)
{
    char id[UUID_TEXT_BYTES + 1];
    uuid_text(user, id);
    return str_cat(a, S("user:"), str_of(id, UUID_TEXT_BYTES));
}
