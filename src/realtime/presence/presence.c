#include "realtime/presence/presence.h"

#include "base/pool.h"
#include "base/table.h"
#include "os/thread.h"

enum { DEVICE_ID_BYTES = 24 };

enum device_state {
    DEVICE_HERE,
    DEVICE_SILENT,
    DEVICE_LOST,
    DEVICE_LOST_SILENT,
    DEVICE_GONE,
    DEVICE_STATES
};

struct device {
    struct device *next; /* of the person */
    char id[DEVICE_ID_BYTES];
    enum device_state state;
    enum presence_status status; /* as it said last */
    char topic[ROOM_BYTES_MAX];  /* "": nowhere */
    struct uuid message_id;
    int64_t beat_ms, lost_ms;
};

struct person {
    struct table_node by_id; /* the key is the id's 16 bytes */
    struct uuid id;
    char handle[HANDLE_BYTES_MAX + 1];
    struct device *devices;
    struct seat *seats;
    unsigned device_count;
    int64_t last_seen_ms;
    bool invisible, has_left; /* has_left: it is still to be told that the last device went */
};

/* A person at a topic, as it was told last and as it is. It goes once their going was told. */
struct seat {
    struct seat *next, *next_of_person; /* next: of the place */
    struct person *person;
    struct place *at;
    enum presence_status told, now;
    struct uuid message_told, message_now;
};

struct place { /* a topic where somebody is, or was until the next tick */
    struct table_node by_topic;
    char topic[ROOM_BYTES_MAX];
    struct seat *seats;
    struct place *next_dirty;
    bool dirty;
};

struct presence {
    struct mutex mutex;
    struct table people, places;
    struct pool persons, devices, seats, place_pool;
    struct place *dirty;
    int64_t scanned_ms;
};

err_t presence_new(struct arena *a, struct presence **ret)
{
    struct presence *p = ARENA_NEW(a, struct presence);
    if (!p)
        return arena_err(a);
    mutex_init(&p->mutex);
    pool_init(&p->persons, sizeof(struct person));
    pool_init(&p->devices, sizeof(struct device));
    pool_init(&p->seats, sizeof(struct seat));
    pool_init(&p->place_pool, sizeof(struct place));
    *ret = p;
    return OK;
}

void presence_free(struct presence *p)
{
    if (!p)
        return;
    table_free(&p->people);
    table_free(&p->places);
    pool_free(&p->persons);
    pool_free(&p->devices);
    pool_free(&p->seats);
    pool_free(&p->place_pool);
    mutex_free(&p->mutex);
}

/* --- states of a device ------------------------------------------------------------------------------ */

static void device_move(struct device *d, enum device_state to)
{
    static const bool MOVES[DEVICE_STATES][DEVICE_STATES] = {
        [DEVICE_HERE] = { [DEVICE_HERE] = true,
                          [DEVICE_SILENT] = true,
                          [DEVICE_LOST] = true,
                          [DEVICE_GONE] = true },
        [DEVICE_SILENT] = { [DEVICE_SILENT] = true,
                            [DEVICE_HERE] = true,
                            [DEVICE_LOST_SILENT] = true,
                            [DEVICE_GONE] = true },
        [DEVICE_LOST] = { [DEVICE_LOST] = true,
                          [DEVICE_HERE] = true,
                          [DEVICE_LOST_SILENT] = true,
                          [DEVICE_GONE] = true },
        [DEVICE_LOST_SILENT] = { [DEVICE_LOST_SILENT] = true,
                                 [DEVICE_LOST] = true,
                                 [DEVICE_HERE] = true,
                                 [DEVICE_SILENT] = true,
                                 [DEVICE_GONE] = true },
    };
    assert(MOVES[d->state][to]);
    d->state = to;
}

static bool is_lost(const struct device *d)
{
    return d->state == DEVICE_LOST || d->state == DEVICE_LOST_SILENT;
}

static bool is_silent(const struct device *d)
{
    return d->state == DEVICE_SILENT || d->state == DEVICE_LOST_SILENT;
}

static enum presence_status status_of(const struct device *d)
{
    return is_silent(d) ? PRESENCE_OFFLINE : d->status;
}

/* --- people and devices ---------------------------------------------------------------------------- */

static struct str key_of(const struct uuid *id)
{
    return str_of((const char *)id->b, sizeof id->b);
}

static struct person *person_find(struct presence *p, struct uuid id)
{
    return (struct person *)table_get(&p->people, key_of(&id)); /* its first member */
}

static struct person *person_make(struct presence *p, struct uuid id)
{
    struct person *one = person_find(p, id);
    if (one || !(one = POOL_NEW(&p->persons, struct person)))
        return one;
    one->id = id;
    if (table_put(&p->people, &one->by_id, key_of(&one->id)) == OK)
        return one;
    pool_put(&p->persons, one);
    return NULL;
}

static struct device **device_place(struct person *one, struct str id)
{
    struct device **d = &one->devices;
    char padded[DEVICE_ID_BYTES] = { 0 }; /* as each keeps its own */
    assert(id.n < sizeof padded);
    memcpy(padded, id.s, id.n);
    while (*d && memcmp((*d)->id, padded, sizeof padded) != 0)
        d = &(*d)->next;
    return d;
}

static void device_remove(struct presence *p, struct person *one, struct device **place)
{
    struct device *d = *place;
    device_move(d, DEVICE_GONE);
    *place = d->next;
    one->device_count--;
    pool_put(&p->devices, d);
}

static err_t device_make(struct presence *p, struct person *one, struct str id, struct device **ret)
{
    struct device **place = device_place(one, id);
    if (!*place) {
        if (one->device_count >= PRESENCE_DEVICES_MAX)
            return err_note(E_LIMIT, NULL, "at most %d connections of one person are looked at",
                            PRESENCE_DEVICES_MAX);
        struct device *d = POOL_NEW(&p->devices, struct device);
        if (!d)
            return E_BUSY;
        assert(id.n < sizeof d->id);
        memcpy(d->id, id.s, id.n);
        *place = d;
        one->device_count++;
    }
    *ret = *place;
    return OK;
}

/* --- places and seats --------------------------------------------------------------------------------- */

static struct place *place_make(struct presence *p, struct str topic)
{
    struct place *at = (struct place *)table_get(&p->places, topic); /* its first member */
    if (at || !(at = POOL_NEW(&p->place_pool, struct place)))
        return at;
    memcpy(at->topic, topic.s, topic.n);
    if (table_put(&p->places, &at->by_topic, str_of(at->topic, topic.n)) == OK)
        return at;
    pool_put(&p->place_pool, at);
    return NULL;
}

static struct seat *seat_of(struct presence *p, struct place *at, struct person *one)
{
    struct seat *s = at->seats;
    while (s && s->person != one)
        s = s->next;
    if (s || !(s = POOL_NEW(&p->seats, struct seat)))
        return s;
    *s = (struct seat){ .next = at->seats, .next_of_person = one->seats, .person = one, .at = at };
    at->seats = one->seats = s;
    return s;
}

/* The best status of the devices there; the message is the one that was looked at last. */
static void look(struct seat *s)
{
    int64_t latest_ms = INT64_MIN;
    s->now = PRESENCE_OFFLINE;
    s->message_now = (struct uuid){ { 0 } };
    if (s->person->invisible)
        return;
    for (const struct device *d = s->person->devices; d; d = d->next) {
        if (strcmp(d->topic, s->at->topic) != 0)
            continue;
        if (status_of(d) > s->now)
            s->now = status_of(d);
        if (d->beat_ms > latest_ms) {
            latest_ms = d->beat_ms;
            s->message_now = d->message_id;
        }
    }
}

static bool has_news(const struct seat *s)
{
    return s->now != s->told || !uuid_eq(s->message_now, s->message_told);
}

static void mark_dirty(struct presence *p, struct place *at)
{
    if (at->dirty)
        return;
    at->dirty = true;
    at->next_dirty = p->dirty;
    p->dirty = at;
}

/* Something of the person changed: look at their seats again. */
static void settle(struct presence *p, struct person *one)
{
    for (struct seat *s = one->seats; s; s = s->next_of_person) {
        look(s);
        if (has_news(s) || s->now == PRESENCE_OFFLINE)
            mark_dirty(p, s->at);
    }
}

static err_t sit_down(struct presence *p, struct person *one, struct str topic)
{
    struct place *at = topic.n ? place_make(p, topic) : NULL;
    if (!topic.n)
        return OK;
    if (!at)
        return E_BUSY;
    if (seat_of(p, at, one))
        return OK;
    mark_dirty(p, at); /* it may be empty: the tick removes it */
    return E_BUSY;
}

/* --- what happens ------------------------------------------------------------------------------------------ */

static err_t beat(struct presence *p, const struct presence_beat *b, int64_t now_ms)
{
    struct person *one = b->again ? person_find(p, b->user_id) : person_make(p, b->user_id);
    struct device *d;
    if (!one)
        return b->again ? OK : E_BUSY;
    if (b->again && !*device_place(one, b->device) && one->device_count < PRESENCE_DEVICES_MAX)
        return OK;
    TRY(device_make(p, one, b->device, &d));
    TRY(sit_down(p, one, b->topic));
    assert(b->topic.n < sizeof d->topic && b->handle.n < sizeof one->handle);
    memset(d->topic, 0, sizeof d->topic);
    if (b->topic.n)
        memcpy(d->topic, b->topic.s, b->topic.n);
    memset(one->handle, 0, sizeof one->handle);
    memcpy(one->handle, b->handle.s, b->handle.n);
    d->status = b->status;
    d->message_id = b->message_id;
    d->beat_ms = one->last_seen_ms = now_ms;
    device_move(d, b->again && is_lost(d) ? DEVICE_LOST : DEVICE_HERE);
    one->has_left = false;
    settle(p, one);
    return OK;
}

err_t presence_beat(struct presence *p, const struct presence_beat *b, int64_t now_ms)
{
    mutex_lock(&p->mutex);
    err_t e = beat(p, b, now_ms);
    mutex_unlock(&p->mutex);
    return e;
}

static void device_gone(struct presence *p, struct person *one, struct device **place)
{
    device_remove(p, one, place);
    one->has_left = one->device_count == 0;
    settle(p, one);
}

void presence_gone(struct presence *p, struct uuid user, struct str device, bool lost,
                   int64_t now_ms)
{
    mutex_lock(&p->mutex);
    struct person *one = person_find(p, user);
    struct device **place = one ? device_place(one, device) : NULL;
    if (place && *place && lost) {
        device_move(*place, is_silent(*place) ? DEVICE_LOST_SILENT : DEVICE_LOST);
        (*place)->lost_ms = now_ms;
    } else if (place && *place) {
        device_gone(p, one, place);
    }
    mutex_unlock(&p->mutex);
}

bool presence_back(struct presence *p, struct uuid user, struct str device, int64_t now_ms)
{
    mutex_lock(&p->mutex);
    struct person *one = person_find(p, user);
    struct device **place = one ? device_place(one, device) : NULL;
    bool there = place && *place;
    if (there) {
        device_move(*place, is_silent(*place) ? DEVICE_SILENT : DEVICE_HERE);
        (*place)->beat_ms = one->last_seen_ms = now_ms;
    }
    mutex_unlock(&p->mutex);
    return there;
}

static void leave_topic(struct presence *p, struct person *one, struct str topic)
{
    for (struct device *d = one->devices; d; d = d->next)
        if (str_eq(str_from(d->topic), topic))
            memset(d->topic, 0, sizeof d->topic);
    settle(p, one);
}

void presence_turn_away(struct presence *p, struct uuid user, struct str device, struct str topic)
{
    mutex_lock(&p->mutex);
    struct person *one = person_find(p, user);
    struct device *d = one ? *device_place(one, device) : NULL;
    if (d && str_eq(str_from(d->topic), topic)) {
        memset(d->topic, 0, sizeof d->topic);
        settle(p, one);
    }
    mutex_unlock(&p->mutex);
}

void presence_forget(struct presence *p, struct uuid user, struct str topic)
{
    mutex_lock(&p->mutex);
    struct place *at = (struct place *)table_get(&p->places, topic);
    for (struct seat *s = at ? at->seats : NULL; s; s = s->next)
        if (uuid_is_nil(user) || uuid_eq(s->person->id, user))
            leave_topic(p, s->person, topic);
    mutex_unlock(&p->mutex);
}

void presence_set_invisible(struct presence *p, struct uuid user, bool invisible)
{
    mutex_lock(&p->mutex);
    struct person *one = person_make(p, user);
    if (one) {
        one->invisible = invisible;
        for (struct device *d = one->devices; d && !invisible; d = d->next)
            (void)!sit_down(p, one, str_from(d->topic)); /* their seats went with their going */
        settle(p, one);
    }
    mutex_unlock(&p->mutex);
}

bool presence_knows(struct presence *p, struct uuid user, bool *ret_invisible)
{
    mutex_lock(&p->mutex);
    const struct person *one = person_find(p, user);
    if (one)
        *ret_invisible = one->invisible;
    mutex_unlock(&p->mutex);
    return one != NULL;
}

enum presence_status presence_of(struct presence *p, struct uuid user)
{
    enum presence_status best = PRESENCE_OFFLINE;
    mutex_lock(&p->mutex);
    const struct person *one = person_find(p, user);
    for (const struct device *d = one && !one->invisible ? one->devices : NULL; d; d = d->next)
        if (status_of(d) > best)
            best = status_of(d);
    mutex_unlock(&p->mutex);
    return best;
}

/* --- time passes ------------------------------------------------------------------------------------------------ */

/* A device that did not come back goes; one that does not beat any more is nowhere, until it does. */
static void scan_person(struct presence *p, struct person *one, int64_t now_ms)
{
    for (struct device **d = &one->devices; *d;) {
        if (is_lost(*d) && now_ms - (*d)->lost_ms >= PRESENCE_GRACE_MS) {
            device_gone(p, one, d);
            continue;
        }
        if (!is_silent(*d) && now_ms - (*d)->beat_ms >= PRESENCE_LEASE_MS) {
            device_move(*d, is_lost(*d) ? DEVICE_LOST_SILENT : DEVICE_SILENT);
            settle(p, one);
        }
        d = &(*d)->next;
    }
}

static void scan(struct presence *p, int64_t now_ms)
{
    if (now_ms - p->scanned_ms < PRESENCE_SCAN_MS)
        return;
    p->scanned_ms = now_ms;
    for (struct table_node *n = table_next(&p->people, NULL); n; n = table_next(&p->people, n))
        scan_person(p, (struct person *)n, now_ms);
}

static void view_of(const struct seat *s, enum presence_status status, struct uuid message,
                    struct presence_view *v)
{
    *v = (struct presence_view){ .user_id = s->person->id,
                                 .message_id = message,
                                 .status = status,
                                 .since_ms = s->person->last_seen_ms };
    memcpy(v->handle, s->person->handle, sizeof v->handle);
}

static void seat_remove(struct presence *p, struct seat **place)
{
    struct seat *s = *place, **of_person = &s->person->seats;
    while (*of_person != s)
        of_person = &(*of_person)->next_of_person;
    *of_person = s->next_of_person;
    *place = s->next;
    pool_put(&p->seats, s);
}

/* What changed at the place, into `views`. True: there is more than fits. */
static bool take_news(struct presence *p, struct place *at, struct presence_view *views,
                      size_t *ret_count)
{
    size_t n = 0;
    struct seat **s = &at->seats;
    while (*s) {
        bool news = has_news(*s);
        if (news && n == PRESENCE_VIEWS_MAX)
            break;
        if (news)
            view_of(*s, (*s)->now, (*s)->message_now, &views[n++]);
        (*s)->told = (*s)->now;
        (*s)->message_told = (*s)->message_now;
        if ((*s)->now == PRESENCE_OFFLINE)
            seat_remove(p, s);
        else
            s = &(*s)->next;
    }
    *ret_count = n;
    return *s != NULL;
}

struct news {
    char topic[ROOM_BYTES_MAX];
    struct presence_view views[PRESENCE_VIEWS_MAX];
    size_t count;
};

/* The news of one place; false: no place has any. */
static bool next_news(struct presence *p, struct news *ret)
{
    struct place *at = p->dirty;
    if (!at)
        return false;
    p->dirty = at->next_dirty;
    at->dirty = false;
    memcpy(ret->topic, at->topic, sizeof ret->topic);
    if (take_news(p, at, ret->views, &ret->count))
        mark_dirty(p, at);
    if (!at->seats) {
        assert(!at->dirty);
        table_remove(&p->places, &at->by_topic);
        pool_put(&p->place_pool, at);
    }
    return true;
}

/* One who has no device any more and whose going was told everywhere. */
static bool next_left(struct presence *p, struct uuid *ret_user, int64_t *ret_seen_ms)
{
    struct table_node *next;
    for (struct table_node *n = table_next(&p->people, NULL); n; n = next) {
        struct person *one = (struct person *)n;
        next = table_next(&p->people, n);
        if (one->devices || one->seats)
            continue;
        bool tell = one->has_left && !one->invisible;
        *ret_user = one->id;
        *ret_seen_ms = one->last_seen_ms;
        table_remove(&p->people, &one->by_id);
        pool_put(&p->persons, one);
        if (tell)
            return true;
    }
    return false;
}

bool presence_tick(struct presence *p, int64_t now_ms, const struct presence_told *told)
{
    struct news news;
    struct uuid user;
    int64_t seen_ms;
    mutex_lock(&p->mutex);
    scan(p, now_ms);
    while (next_news(p, &news)) {
        mutex_unlock(&p->mutex);
        if (news.count)
            told->changed(told->context, str_from(news.topic), news.views, news.count);
        mutex_lock(&p->mutex);
    }
    bool look_for_left = p->scanned_ms == now_ms;
    while (look_for_left && next_left(p, &user, &seen_ms)) {
        mutex_unlock(&p->mutex);
        told->left(told->context, user, seen_ms);
        mutex_lock(&p->mutex);
    }
    bool anybody = p->people.count > 0;
    mutex_unlock(&p->mutex);
    return anybody;
}

err_t presence_at(struct presence *p, struct arena *a, struct str topic, struct presence_view **ret,
                  size_t *ret_count)
{
    struct presence_view *views = ARENA_ARRAY(a, struct presence_view, PRESENCE_VIEWS_MAX);
    size_t n = 0;
    if (!views)
        return arena_err(a);
    mutex_lock(&p->mutex);
    const struct place *at = (const struct place *)table_get(&p->places, topic);
    for (const struct seat *s = at ? at->seats : NULL; s && n < PRESENCE_VIEWS_MAX; s = s->next)
        if (s->told != PRESENCE_OFFLINE)
            view_of(s, s->told, s->message_told, &views[n++]);
    mutex_unlock(&p->mutex);
    *ret = views;
    *ret_count = n;
    return OK;
}
