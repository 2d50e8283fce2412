#include "capture/doctor.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/limits.h"
#include "capture/capture_store.h"
#include "os/clock.h"
#include "os/process.h"

enum { LATELY_DAYS = 14, DRIFT_CAPTURES_MIN = 3, VERSION_MS = 5000 };

/* --- counting ------------------------------------------------------------------------------------ */

err_t doctor_count(struct app *app, struct db *db, struct str provider, struct str recipe,
                   struct str strategy, struct str outcome, int64_t now_ms)
{
    struct capture_room *room = capture_room(app);
    TRY(capture_store_tally(db, provider, recipe, strategy, outcome, now_ms));
    if (room)
        capture_room_count(room, provider, recipe, strategy, outcome);
    return OK;
}

err_t doctor_sweep(struct app *app, struct db *db, struct arena *a, int64_t now_ms)
{
    static_assert(LATELY_DAYS * INT64_C(86400000) < TALLY_DAYS_MS, "what is lately has its days");
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    UNUSED(app);
    UNUSED(a);
    TRY(db_txn_begin(&tx, db));
    TRY(capture_store_tally_gather(db, now_ms));
    return db_txn_commit(&tx);
}

void doctor_metrics(struct buf *out, void *context)
{
    struct capture_room *room = capture_room(context);
    if (!room)
        return;
    buf_put(out, S("# TYPE vivim_captures_total counter\n"));
    mutex_lock(&room->counting);
    for (size_t i = 0; i < room->count_count; i++) {
        const struct capture_count *c = &room->counts[i];
        buf_putf(
            out,
            "vivim_captures_total{provider=\"%s\",recipe=\"%s\",strategy=\"%s\",outcome=\"%s\"} "
            "%lld\n",
            c->provider, c->recipe, c->strategy, c->outcome, (long long)c->captures);
    }
    mutex_unlock(&room->counting);
}

/* --- the browser ------------------------------------------------------------------------------------- */

static struct str read_line(struct arena *a, int fd)
{
    char text[200];
    size_t n = 0;
    int64_t deadline = clock_monotonic_ms() + VERSION_MS;
    while (n < sizeof text) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int64_t left = deadline - clock_monotonic_ms();
        if (left <= 0 || poll(&p, 1, (int)left) <= 0)
            break;
        ssize_t got = read(fd, text + n, sizeof text - n);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    struct str all = str_of(text, n);
    return str_dup(a, str_trim(str_sub(all, 0, str_find_char(all, '\n', 0))));
}

/* As it names itself; STR_NONE where it does not answer. */
static struct str ask_version(struct arena *a, struct str path)
{
    int ends[2];
    char *program = str_cstr(a, path), version[] = "--version";
    char *const argv[] = { program, version, NULL };
    struct process child = { 0 };
    struct str line = STR_NONE;
    if (!program || pipe2(ends, O_CLOEXEC) != 0)
        return STR_NONE;
    struct process_fd map = { ends[1], 1 };
    if (process_start(&child, argv, NULL, &map, 1) == OK) {
        close(ends[1]);
        ends[1] = -1;
        line = read_line(a, ends[0]);
    }
    process_end(&child);
    if (ends[1] >= 0)
        close(ends[1]);
    close(ends[0]);
    return line.n ? line : STR_NONE;
}

static void write_browser(struct app *app, struct arena *a, struct json_out *o)
{
    struct str path = STR_NONE, version = STR_NONE, problem = STR_NONE;
    if (browser_find(a, app->settings->browser, &path) != OK) {
        problem = str_dup(a, str_from(err_detail()->text));
        path = STR_NONE;
    } else {
        version = ask_version(a, path);
        if (!version.n)
            problem = S("it does not say its version; does it start?");
    }
    err_clear();
    jo_kz(o, "browser");
    jo_object(o);
    jo_kstr(o, "path", path);
    jo_kstr(o, "version", version);
    jo_kstr(o, "problem", problem);
    jo_end(o);
}

/* --- a provider ------------------------------------------------------------------------------------------ */

struct provider_health {
    int64_t captures, lately, failures, not_understood;
    const struct tally_row *last,
        *works; /* the newest; what gives conversations most often lately */
};

static bool is_good(struct str outcome)
{
    return str_eq(outcome, S("ok")) || str_eq(outcome, S("partial"));
}

/* Nothing is wrong with us or the provider's page: the link was. */
static bool is_of_link(struct str outcome)
{
    return str_eq(outcome, S("gone")) || str_eq(outcome, S("private")) ||
           str_eq(outcome, S("invalid_url")) || str_eq(outcome, S("blocked")) ||
           str_eq(outcome, S("too_large"));
}

static struct provider_health look_at(const struct tally_row *rows, size_t count, struct str name)
{
    struct provider_health h = { 0 };
    for (size_t i = 0; i < count; i++) {
        const struct tally_row *r = &rows[i];
        if (!str_eq(r->provider, name))
            continue;
        h.captures += r->captures;
        h.lately += r->lately;
        if (!is_good(r->outcome) && !is_of_link(r->outcome))
            h.failures += r->lately;
        if (str_eq(r->outcome, S("format_changed")))
            h.not_understood += r->lately;
        if (!h.last || r->last_ms > h.last->last_ms)
            h.last = r;
        if (is_good(r->outcome) &&
            (!h.works || r->lately > h.works->lately ||
             (r->lately == h.works->lately && r->last_ms > h.works->last_ms)))
            h.works = r;
    }
    return h;
}

static bool last_is(const struct provider_health *h, const char *outcome)
{
    return h->last && str_eq(h->last->outcome, str_from(outcome));
}

struct opinion {
    const char *state, *advice;
};

static struct opinion think(const struct provider_health *h)
{
    if (!h->captures)
        return (struct opinion){ "unused", "nothing was captured from here yet" };
    if (!h->lately)
        return (struct opinion){ "quiet", "nothing was captured from here lately" };
    if (h->not_understood * 2 >= h->lately && h->not_understood >= DRIFT_CAPTURES_MIN)
        return (struct opinion){
            "drift",
            "the provider's pages have most likely changed: update VIVIM, then `vivim capture "
            "reextract` reads what was kept again; until then use the official export"
        };
    if (last_is(h, "browser_failed") || last_is(h, "crashed"))
        return (struct opinion){ "failing",
                                 "the browser failed at the last capture: `vivim doctor` "
                                 "says what is missing" };
    if (last_is(h, "challenge") || last_is(h, "rate_limited"))
        return (struct opinion){ "failing",
                                 "the provider holds captures back: wait some hours, or use "
                                 "the official export" };
    if (h->failures * 2 >= h->lately)
        return (struct opinion){ "failing",
                                 "most captures failed lately: try one again, and look at "
                                 "its reason" };
    if (h->not_understood)
        return (struct opinion){ "watch",
                                 "some pages were not understood: `vivim capture reextract` "
                                 "after the next update" };
    return (struct opinion){ "well", "captures go well" };
}

static void write_tally(struct json_out *o, const struct tally_row *r)
{
    jo_object(o);
    jo_kstr(o, "outcome", r->outcome);
    jo_kstr(o, "strategy", r->strategy.n ? r->strategy : STR_NONE);
    jo_kstr(o, "recipe", r->recipe.n ? r->recipe : STR_NONE);
    jo_ki64(o, "captures", r->captures);
    jo_ki64(o, "lately", r->lately);
    jo_ktime(o, "last_at", r->last_ms);
    jo_end(o);
}

static void write_share(struct json_out *o, const char *key, int64_t part, int64_t of)
{
    if (of)
        jo_kf64(o, key, (double)part / (double)of);
    else
        jo_knull(o, key);
}

static void write_provider(struct json_out *o, const struct provider_data *p,
                           const struct tally_row *rows, size_t count)
{
    struct provider_health h = look_at(rows, count, p->name);
    struct opinion says = think(&h);
    jo_object(o);
    jo_kstr(o, "provider", p->name);
    jo_kstr(o, "label", p->label);
    jo_kstr(o, "recipe", p->recipe);
    jo_kstr(o, "state", str_from(says.state));
    jo_kstr(o, "advice", str_from(says.advice));
    jo_ki64(o, "captures", h.captures);
    jo_ki64(o, "lately", h.lately);
    write_share(o, "failures", h.failures, h.lately);
    write_share(o, "format_changed", h.not_understood, h.lately);
    jo_kz(o, "last");
    if (h.last)
        write_tally(o, h.last);
    else
        jo_null(o);
    jo_kz(o, "works");
    if (h.works)
        write_tally(o, h.works);
    else
        jo_null(o);
    jo_kz(o, "outcomes");
    jo_array(o);
    for (size_t i = 0; i < count; i++)
        if (str_eq(rows[i].provider, p->name))
            write_tally(o, &rows[i]);
    jo_end(o);
    jo_end(o);
}

err_t doctor_write(struct app *app, struct db *db, struct arena *a, int64_t now_ms,
                   struct json_out *o)
{
    const struct provider_table *table = &capture_room(app)->providers;
    struct tally_row *rows;
    size_t count;
    TRY(capture_store_tallies(db, a, now_ms - LATELY_DAYS * INT64_C(86400000), &rows, &count));
    jo_object(o);
    write_browser(app, a, o);
    jo_ki64(o, "days", LATELY_DAYS);
    jo_kz(o, "providers");
    jo_array(o);
    for (size_t i = 0; i < table->count; i++)
        write_provider(o, &table->list[i], rows, count);
    jo_end(o);
    jo_end(o);
    return OK;
}
