#include "imports/days.h"

#include <stdlib.h>

#include "archive/builder.h"
#include "archive/providers/provider.h"
#include "base/limits.h"
#include "imports/html.h"

struct str days_question(struct str title)
{
    static const char *const WORDS[] = { "Prompted ", "Asked ", "Said ", "Branched ", "Answered " };
    for (size_t i = 0; i < COUNTOF(WORDS); i++)
        if (str_starts(title, str_from(WORDS[i])))
            return str_trim(str_sub(title, strlen(WORDS[i]), title.n));
    return str_trim(title);
}

struct place {
    const struct activity *what;
    size_t from_end; /* the last of the file is the oldest */
};

static int in_time(const void *x, const void *y)
{
    const struct place *a = x, *b = y;
    int64_t at = a->what->at_ms, other = b->what->at_ms;
    if (at != other && at != TIME_NONE && other != TIME_NONE)
        return at < other ? -1 : 1;
    return a->from_end < b->from_end ? -1 : a->from_end > b->from_end;
}

static void put_answer(struct builder *b, const struct activity *what)
{
    struct buf text;
    struct message *m = build_message(b, STR_NONE, STR_NONE, ROLE_ASSISTANT);
    m->created_ms = what->at_ms;
    buf_init(&text, b->a, CONVERSATION_BYTES_MAX);
    html_markdown(what->answer, &text);
    build_fail(b, buf_err(&text));
    build_text(b, buf_str(&text));
}

static void put(struct builder *b, const struct activity *what)
{
    if (what->asked.n || what->file_count) {
        struct message *m = build_message(b, STR_NONE, STR_NONE, ROLE_USER);
        m->created_ms = what->at_ms;
        build_text(b, str_dup(b->a, what->asked));
        for (size_t i = 0; i < what->file_count; i++)
            build_file(b, str_dup(b->a, what->files[i]), STR_NONE, STR_NONE);
    }
    if (what->answer.n)
        put_answer(b, what);
}

/* A day that the file comes back to has another name: it replaces nothing. */
static err_t name_day(struct arena *a, struct map *seen, struct str day, struct str *ret)
{
    size_t *times = map_get(seen, day);
    if (!times) {
        times = ARENA_NEW(seen->arena, size_t);
        struct str key = str_dup(seen->arena, day);
        if (!times || !key.s)
            return arena_err(seen->arena);
        TRY(map_put(seen, key, times));
    }
    *ret = ++*times == 1 ? str_cat(a, S("day:"), day)
                         : str_fmt(a, "day:%.*s#%zu", STR_ARG(day), *times);
    return arena_err(a);
}

static err_t conversation_of(struct arena *a, struct map *seen, const struct activity *last,
                             struct conversation *ret)
{
    struct builder b;
    size_t n = 0;
    for (const struct activity *x = last; x; x = x->before)
        n++;
    struct place *all = ARENA_ARRAY(a, struct place, n + 1);
    if (!all)
        return arena_err(a);
    n = 0;
    for (const struct activity *x = last; x; x = x->before, n++)
        all[n] = (struct place){ x, n };
    if (n > 1)
        qsort(all, n, sizeof *all, in_time);
    build_begin(&b, a, provider_by_name(S("gemini"))->name, ret);
    ret->title = str_cat(a, S("Gemini, "), last->day);
    TRY(name_day(a, seen, last->day, &ret->source.id));
    for (size_t i = 0; i < n; i++)
        put(&b, all[i].what);
    build_finding(&b, FOUND_GROUPED,
                  S("the export names no conversations: these are the questions of one day"));
    ret->created_ms = all[0].what->at_ms;
    ret->updated_ms = all[n - 1].what->at_ms;
    return build_end(&b);
}

/* --- gathering a day ------------------------------------------------------------------------------------------------------ */

void days_init(struct days *d, struct arena *of_source)
{
    *d = (struct days){ 0 };
    map_init(&d->seen, of_source);
    arena_init(&d->day, CONVERSATION_BYTES_MAX * 4);
    arena_init(&d->one, CONVERSATION_BYTES_MAX * 4);
}

void days_free(struct days *d)
{
    arena_free(&d->day);
    arena_free(&d->one);
}

static err_t keep(struct days *d, const struct activity *x)
{
    struct activity *kept = ARENA_NEW(&d->day, struct activity);
    if (!kept)
        return arena_err(&d->day);
    *kept = *x;
    kept->before = d->last;
    kept->day = str_dup(&d->day, x->day);
    kept->asked = str_dup(&d->day, x->asked);
    kept->answer = str_dup(&d->day, x->answer);
    for (size_t i = 0; i < x->file_count; i++)
        kept->files[i] = str_dup(&d->day, x->files[i]);
    d->last = kept;
    return arena_err(&d->day);
}

/* Until another day begins, or the file has ended. */
static err_t gather(struct days *d,
                    err_t (*read)(void *context, struct arena *a, struct activity **ret),
                    void *context)
{
    if (d->waiting)
        TRY(keep(d, d->waiting));
    d->waiting = NULL;
    while (!d->ended) {
        struct activity *x = NULL;
        arena_reset(&d->one);
        err_t e = read(context, &d->one, &x);
        d->ended = e == E_NOT_FOUND;
        if (d->ended)
            return OK;
        TRY(e);
        if (d->last && !str_eq(d->last->day, x->day)) {
            d->waiting = x;
            return OK;
        }
        TRY(keep(d, x));
    }
    return OK;
}

err_t days_next(struct days *d, struct arena *a,
                err_t (*read)(void *context, struct arena *a, struct activity **ret), void *context,
                struct conversation *ret)
{
    TRY(gather(d, read, context));
    if (!d->last)
        return E_NOT_FOUND;
    err_t e = conversation_of(a, &d->seen, d->last, ret);
    d->last = NULL;
    arena_reset(&d->day);
    return e;
}
