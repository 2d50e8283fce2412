#include "hub/ring.h"

/* --- keeping ------------------------------------------------------------------------------------ */

static void kept_free(struct ring *r, struct kept *k)
{
    r->bytes -= k->bytes.n;
    buf_free(&k->bytes);
    *k = (struct kept){ 0 };
}

void ring_free(struct ring *r)
{
    for (size_t i = 0; i < RECOVERY_EMISSIONS_MAX; i++)
        kept_free(r, &r->kept[i]);
}

/* The oldest goes while there is too much. */
static void make_room(struct ring *r)
{
    for (size_t i = 0; i < RECOVERY_EMISSIONS_MAX && r->bytes > RECOVERY_BYTES_MAX; i++)
        kept_free(r, &r->kept[(r->next + i) % RECOVERY_EMISSIONS_MAX]);
}

void ring_keep(struct ring *r, uint64_t number, const struct emission *e, struct str rooms,
               int64_t now_ms)
{
    struct kept *k = &r->kept[r->next];
    struct str event = str_of(e->event, strlen(e->event) + 1);
    size_t n = rooms.n + e->about.n + event.n + e->arguments.n;
    kept_free(r, k);
    buf_init(&k->bytes, NULL, n);
    if (buf_reserve(&k->bytes, n)) { /* all at once: it holds no more than it needs */
        buf_put(&k->bytes, rooms);
        buf_put(&k->bytes, e->about);
        buf_put(&k->bytes, event);
        buf_put(&k->bytes, e->arguments);
    }
    if (buf_err(&k->bytes)) {
        k->bytes.n = 0;
        ring_free(r);
        return;
    }
    k->number = number;
    k->at_ms = now_ms;
    k->last = e->last;
    k->rooms_bytes = rooms.n;
    k->about_bytes = e->about.n;
    k->event_bytes = event.n;
    r->bytes += n;
    r->next = (r->next + 1) % RECOVERY_EMISSIONS_MAX;
    make_room(r);
}

/* --- looking ------------------------------------------------------------------------------------- */

static struct str rooms_of(const struct kept *k)
{
    return str_sub(buf_str(&k->bytes), 0, k->rooms_bytes);
}

static struct str about_of(const struct kept *k)
{
    return str_sub(buf_str(&k->bytes), k->rooms_bytes, k->rooms_bytes + k->about_bytes);
}

/* As it was emitted, but for the list of its rooms. */
static struct emission emission_of(const struct kept *k)
{
    size_t event = k->rooms_bytes + k->about_bytes;
    return (struct emission){
        .event = k->bytes.s + event,
        .arguments = str_sub(buf_str(&k->bytes), event + k->event_bytes, k->bytes.n),
        .keep = true,
        .last = k->last,
        .about = about_of(k),
    };
}

bool ring_has(const struct ring *r, uint64_t number, int64_t now_ms)
{
    for (size_t i = 0; i < RECOVERY_EMISSIONS_MAX; i++)
        if (r->kept[i].bytes.n && r->kept[i].number == number)
            return now_ms - r->kept[i].at_ms <= RECOVERY_MS;
    return false;
}

static bool names_hold(struct str names, struct str name)
{
    struct str other;
    while (names.n && str_cut(&names, 0, &other))
        if (str_eq(name, other))
            return true;
    return false;
}

/* Is it one that was missed: after the number, to one of the rooms? */
static bool was_missed(const struct kept *k, uint64_t after, struct str rooms)
{
    struct str to = rooms_of(k), name;
    if (!k->bytes.n || k->number <= after)
        return false;
    while (to.n && str_cut(&to, 0, &name))
        if (names_hold(rooms, name))
            return true;
    return false;
}

void ring_about(const struct ring *r, uint64_t after, struct str rooms, struct buf *out)
{
    for (size_t i = 0; i < RECOVERY_EMISSIONS_MAX; i++) {
        const struct kept *k = &r->kept[i];
        struct str about = about_of(k), name;
        if (!about.n || !was_missed(k, after, rooms))
            continue;
        while (about.n && str_cut(&about, 0, &name)) {
            if (names_hold(buf_str(out), name))
                continue;
            buf_put(out, name);
            buf_putc(out, 0);
        }
    }
}

void ring_replay(const struct ring *r, uint64_t after, struct str rooms,
                 void (*each)(void *context, const struct emission *e, uint64_t number),
                 void *context)
{
    for (size_t i = 0; i < RECOVERY_EMISSIONS_MAX; i++) {
        const struct kept *k = &r->kept[(r->next + i) % RECOVERY_EMISSIONS_MAX];
        if (!was_missed(k, after, rooms))
            continue;
        const struct emission e = emission_of(k);
        each(context, &e, k->number);
    }
}

bool ring_last(const struct ring *r, struct str room, int64_t max_ms, int64_t now_ms,
               struct emission *ret, uint64_t *ret_number)
{
    for (size_t i = RECOVERY_EMISSIONS_MAX; i > 0; i--) { /* the newest first */
        const struct kept *k = &r->kept[(r->next + i - 1) % RECOVERY_EMISSIONS_MAX];
        if (!k->bytes.n || !names_hold(rooms_of(k), room))
            continue;
        *ret = emission_of(k);
        *ret_number = k->number;
        return now_ms - k->at_ms < max_ms;
    }
    return false;
}
