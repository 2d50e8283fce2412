/* Microsoft's "Copilot activity history": a row for each message, the newest first. A question and its answer may have one
 * time, so the rows are reversed and never sorted. They name a conversation by its title alone. */
#include "archive/builder.h"
#include "archive/providers/provider.h"
#include "base/crypto.h"
#include "base/limits.h"
#include "base/map.h"
#include "imports/csv.h"
#include "imports/formats/formats.h"

static const struct role_word ROLES[] = { { "human", ROLE_USER },
                                          { "user", ROLE_USER },
                                          { "ai", ROLE_ASSISTANT },
                                          { "copilot", ROLE_ASSISTANT },
                                          { NULL, ROLE_SYSTEM } };

struct row {
    struct str time, author, text;
    struct row *older; /* … of the same title: behind it in the file */
};

struct talk {
    struct str title;
    struct row *newest, *oldest;
};

struct activity {
    struct map talks; /* by title, in the order of the file */
    size_t given;
    err_t broken; /* the file ended inside a row */
    struct err_detail why;
};

static bool copilot_sniff(const struct source_head *h)
{
    struct str s = h->bytes;
    if (str_starts(s, S("\xef\xbb\xbf")))
        s = str_sub(s, 3, s.n);
    return str_starts(s, S("Conversation,Time,Author,Message")) ||
           str_starts(s, S("\"Conversation\",\"Time\",\"Author\",\"Message\""));
}

static err_t add_row(struct arena *a, struct activity *all, const struct str *fields)
{
    struct talk *t = map_get(&all->talks, fields[0]);
    struct row *row = ARENA_NEW(a, struct row);
    if (!t) {
        t = ARENA_NEW(a, struct talk);
        if (!t)
            return arena_err(a);
        t->title = fields[0];
        TRY(map_put(&all->talks, t->title, t));
    }
    if (!row)
        return arena_err(a);
    *row = (struct row){ fields[1], fields[2], fields[3], NULL };
    if (t->oldest)
        t->oldest->older = row;
    else
        t->newest = row;
    t->oldest = row;
    return OK;
}

static err_t copilot_open(struct import_source *s)
{
    struct activity *all = ARENA_NEW(s->arena, struct activity);
    struct str text, fields[CSV_FIELDS_MAX];
    struct csv csv;
    size_t n;
    err_t e;
    if (!all)
        return arena_err(s->arena);
    map_init(&all->talks, s->arena);
    TRY(source_text(s, JSON_BYTES_MAX, &text));
    csv_init(&csv, s->arena, text);
    e = csv_next(&csv, fields, &n); /* the names */
    while (e == OK && (e = csv_next(&csv, fields, &n)) == OK)
        if (n >= 4)
            TRY(add_row(s->arena, all, fields));
    if (e == E_BUSY)
        return e;
    if (e != E_NOT_FOUND) {
        all->broken = e;
        all->why = *err_detail();
    }
    err_clear();
    s->state = all;
    return OK;
}

/* "2026-07-26T23:20:56", without saying where that is: taken as UTC. */
static int64_t time_of(struct builder *b, struct str s)
{
    int64_t ms;
    if (time_parse(s, &ms) == OK || time_parse(str_cat(b->a, s, S("Z")), &ms) == OK)
        return ms;
    err_clear();
    build_finding(b, FOUND_TIME_UNREADABLE, s);
    return TIME_NONE;
}

static void put_rows(struct builder *b, const struct row **rows, size_t n)
{
    while (n-- > 0) {
        struct message *m =
            build_message(b, STR_NONE, STR_NONE, build_role(b, ROLES, str_trim(rows[n]->author)));
        m->created_ms = time_of(b, str_trim(rows[n]->time));
        build_text(b, rows[n]->text);
    }
}

static err_t put_talk(struct arena *a, const struct talk *t, struct conversation *ret)
{
    struct builder b;
    size_t count = 0;
    for (const struct row *r = t->newest; r; r = r->older)
        count++;
    const struct row **rows = ARENA_ARRAY(a, const struct row *, count + 1);
    if (!rows)
        return arena_err(a);
    count = 0;
    for (const struct row *r = t->newest; r; r = r->older)
        rows[count++] = r;
    build_begin(&b, a, "copilot", ret);
    ret->title = t->title;
    ret->source.id = str_fmt(a, "title:%.16s", sha256_hex(a, sha256_of(t->title)).s);
    put_rows(&b, rows, count);
    build_finding(&b, FOUND_GROUPED, S("the export names conversations by their titles alone"));
    if (b.err == OK && ret->message_count) {
        ret->created_ms = ret->messages[0].created_ms;
        ret->updated_ms = ret->messages[ret->message_count - 1].created_ms;
    }
    return build_end(&b);
}

static err_t copilot_next(struct import_source *s, struct arena *a, struct conversation *ret)
{
    struct activity *all = s->state;
    s->place = all->given + 1;
    if (all->given < all->talks.count)
        return put_talk(a, all->talks.entries[all->given++].value, ret);
    err_t e = all->broken;
    all->broken = OK;
    if (e == OK)
        return E_NOT_FOUND;
    err_restore(&all->why);
    return e;
}

const struct source_format FORMAT_COPILOT = {
    .name = "Copilot activity history",
    .provider = "copilot",
    .kind = "export",
    .sniff = copilot_sniff,
    .open = copilot_open,
    .next = copilot_next,
};
