/* Google Takeout, "My Activity" as a page: a cell for each entry, the newest first. The page is read a cell at a time; dates are
 * written as the owner's language has them, so only English ones become times. */
#include "base/limits.h"
#include "base/utf8.h"
#include "imports/days.h"
#include "imports/formats/formats.h"
#include "imports/html.h"

#define CELL    S("<div class=\"outer-cell")
#define CONTENT S("<div class=\"content-cell")

enum { PIECE_BYTES = 256 * 1024 };

struct pages {
    struct reader *from;
    struct buf window; /* begins with a cell, once one was found */
    bool in_cell, ended;
    struct days days;
};

static bool page_sniff(const struct source_head *h)
{
    return h->json == HEAD_NO_JSON && str_find(h->bytes, CELL, 0) < h->bytes.n &&
           str_find(h->bytes, S("mdl-"), 0) < h->bytes.n;
}

static err_t page_open(struct import_source *s)
{
    struct pages *p = ARENA_NEW(s->arena, struct pages);
    if (!p)
        return arena_err(s->arena);
    p->from = s->reader;
    buf_init(&p->window, NULL, IMPORT_VALUE_BYTES + PIECE_BYTES);
    days_init(&p->days, s->arena);
    s->state = p;
    return OK;
}

/* The next cell, a view until the next call. */
static err_t next_cell(struct pages *p, struct str *ret)
{
    size_t from = p->in_cell ? CELL.n : 0;
    for (;;) {
        size_t at = str_find(buf_str(&p->window), CELL, from);
        if (at < p->window.n && !p->in_cell) {
            buf_consume(&p->window, at);
            p->in_cell = true;
            from = CELL.n;
            continue;
        }
        if (at < p->window.n || p->ended) {
            *ret = str_of(p->window.s, p->in_cell ? at : 0);
            return ret->n ? OK : E_NOT_FOUND;
        }
        from = p->window.n > CELL.n ? p->window.n - CELL.n : 0;
        if (p->in_cell && from < CELL.n)
            from = CELL.n;
        size_t n;
        char *to = buf_reserve(&p->window, PIECE_BYTES);
        if (!to) {
            p->ended = true;
            p->in_cell = false;
            buf_clear(&p->window);
            return err_note(E_LIMIT, NULL, "it has more than %zu bytes", IMPORT_VALUE_BYTES);
        }
        TRY(p->from->read(p->from, to, PIECE_BYTES, &n));
        p->window.n += n;
        p->ended = n == 0;
    }
}

/* --- dates ------------------------------------------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A year and a clock. */
static bool is_date(struct str words)
{
    bool clock = false, year = false;
    for (size_t i = 0; i + 3 < words.n; i++) {
        const char *c = words.s + i;
        clock |= is_digit(c[0]) && c[1] == ':' && is_digit(c[2]) && is_digit(c[3]);
        year |= (c[0] == '2' || c[0] == '1') && is_digit(c[1]) && is_digit(c[2]) && is_digit(c[3]);
    }
    return clock && year && words.n < 80;
}

static int64_t number(struct str s, size_t *at)
{
    int64_t n = 0;
    while (*at < s.n && !is_digit(s.s[*at]))
        ++*at;
    for (; *at < s.n && is_digit(s.s[*at]) && n < 100000; ++*at)
        n = n * 10 + (s.s[*at] - '0');
    return n;
}

static bool zone(struct str name, int *ret_minutes)
{
    static const struct {
        const char *name;
        int minutes;
    } ZONES[] = { { "UTC", 0 },    { "GMT", 0 },    { "CET", 60 },   { "CEST", 120 },
                  { "BST", 60 },   { "EST", -300 }, { "EDT", -240 }, { "CST", -360 },
                  { "CDT", -300 }, { "MST", -420 }, { "MDT", -360 }, { "PST", -480 },
                  { "PDT", -420 }, { "IST", 330 },  { "JST", 540 } };
    for (size_t i = 0; i < COUNTOF(ZONES); i++)
        if (str_eq(name, str_from(ZONES[i].name))) {
            *ret_minutes = ZONES[i].minutes;
            return true;
        }
    if (!str_starts(name, S("GMT")) || name.n < 5 || (name.s[3] != '+' && name.s[3] != '-'))
        return false;
    size_t at = 4;
    int64_t hours = number(name, &at), minutes = at < name.n ? number(name, &at) : 0;
    *ret_minutes = (int)(hours * 60 + minutes) * (name.s[3] == '-' ? -1 : 1);
    return hours <= 14;
}

/* "Jul 26, 2026, 11:20:56 PM CEST" */
static int64_t time_of(struct arena *a, struct str s)
{
    static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    size_t month = str_find(str_from(MONTHS), str_sub(s, 0, 3), 0), at = 3;
    int minutes;
    int64_t ms;
    if (s.n < 12 || month % 3 || month >= sizeof MONTHS - 1)
        return TIME_NONE;
    int64_t day = number(s, &at), year = number(s, &at), hour = number(s, &at),
            minute = number(s, &at), second = number(s, &at);
    struct str rest = str_sub(s, at, s.n);
    bool pm = str_find(rest, S("PM"), 0) < rest.n, am = str_find(rest, S("AM"), 0) < rest.n;
    size_t last = rest.n;
    while (last > 0 && rest.s[last - 1] > ' ' && (unsigned char)rest.s[last - 1] < 128)
        last--;
    if (!zone(str_sub(rest, last, rest.n), &minutes) || hour > 23)
        return TIME_NONE;
    hour = (am || pm) ? hour % 12 + (pm ? 12 : 0) : hour;
    struct str text = str_fmt(a, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)year, (int)month / 3 + 1,
                              (int)day, (int)hour, (int)minute, (int)second);
    if (time_parse(text, &ms) != OK) {
        err_clear();
        return TIME_NONE;
    }
    return ms - (int64_t)minutes * 60000;
}

/* --- a cell --------------------------------------------------------------------------------------------------------------------- */

static struct str words_of(struct arena *a, struct str html)
{
    struct buf b;
    buf_init(&b, a, html.n * 4 + 16);
    html_words(html, &b);
    return str_trim(buf_str(&b));
}

static void take_files(struct activity *x, struct str html)
{
    struct str href = S("href=\"");
    for (size_t at = str_find(html, href, 0); at < html.n; at = str_find(html, href, at)) {
        at += href.n;
        struct str name = str_sub(html, at, str_find_char(html, '"', at));
        if (!str_starts(name, S("http")) && name.n && x->file_count < ACTIVITY_FILES_MAX)
            x->files[x->file_count++] = name;
    }
}

/* What was asked, a line that is a date, and the answer. */
static void take_content(struct arena *a, struct str content, struct activity *x)
{
    size_t from = 0, before = 0; /* before: what was asked without the last line */
    struct buf asked;
    buf_init(&asked, a, content.n * 4 + 16);
    for (bool first = true; from < content.n; first = false) {
        size_t end = str_find(content, S("<br"), from);
        struct str line = str_sub(content, from, end), words = words_of(a, line);
        from = str_find_char(content, '>', end);
        from += from < content.n;
        if (!first && is_date(words)) {
            x->at_ms = time_of(a, words);
            x->day = x->at_ms == TIME_NONE ? words : time_str(a, x->at_ms);
            x->answer = str_trim(str_sub(content, from, content.n));
            break;
        }
        if (!first && str_find(line, S("href=\""), 0) < line.n) {
            if (!x->file_count && before)
                asked.n = before; /* "Attached 1 file." in the owner's language */
            take_files(x, line);
        } else if (words.n) {
            before = asked.n;
            buf_putf(&asked, "%s%.*s", asked.n ? "\n" : "", STR_ARG(words));
        }
    }
    x->asked = buf_str(&asked);
}

/* A date as the owner's language has it, without its clock: the day's name. */
static struct str day_of(struct str date)
{
    size_t clock = str_find_char(date, ':', 0);
    while (clock > 0 && clock <= date.n && is_digit(date.s[clock - 1]))
        clock--;
    date = str_trim(str_sub(date, 0, clock));
    return str_ends(date, S(",")) ? str_sub(date, 0, date.n - 1) : date;
}

static err_t read_cell(struct arena *a, struct str cell, struct activity **ret)
{
    size_t head = str_find_char(cell, '>', str_find(cell, S("mdl-typography--title"), 0));
    struct str product = words_of(a, str_sub(cell, head + 1, str_find(cell, S("</p>"), head)));
    size_t begin = str_find_char(cell, '>', str_find(cell, CONTENT, 0));
    size_t end = str_find(cell, CONTENT, begin);
    struct str content = str_sub(cell, begin + 1, end);
    struct activity *x = ARENA_NEW(a, struct activity);
    *ret = NULL;
    if (!x)
        return arena_err(a);
    if (str_ends(content, S("</div>")))
        content = str_sub(content, 0, content.n - 6);
    x->at_ms = TIME_NONE;
    x->day = S("without a date");
    take_content(a, content, x);
    struct str asked = days_question(x->asked);
    bool gemini = str_starts(product, S("Gemini")) || str_starts(product, S("Bard"));
    if (!gemini || (!x->answer.n && asked.n == str_trim(x->asked).n))
        return arena_err(a);
    x->day = x->at_ms == TIME_NONE ? day_of(x->day) : str_sub(x->day, 0, 10);
    x->asked = asked;
    *ret = x;
    return arena_err(a);
}

static err_t read_one(void *context, struct arena *a, struct activity **ret)
{
    struct import_source *s = context;
    struct pages *p = s->state;
    struct str cell;
    do {
        arena_reset(a);
        TRY(next_cell(p, &cell));
        s->place++;
        struct str kept =
            str_dup(a, cell); /* its bytes may be no UTF-8 where the file is damaged */
        buf_consume(&p->window, cell.n);
        TRY(arena_err(a));
        kept = utf8_repair(a, kept);
        TRY(read_cell(a, kept, ret));
    } while (!*ret);
    return OK;
}

static err_t page_next(struct import_source *s, struct arena *a, struct conversation *ret)
{
    struct pages *p = s->state;
    return days_next(&p->days, a, read_one, s, ret);
}

static void page_close(struct import_source *s)
{
    struct pages *p = s->state;
    if (!p)
        return;
    buf_free(&p->window);
    days_free(&p->days);
}

const struct source_format FORMAT_TAKEOUT_PAGE = {
    .name = "Gemini activity of Google Takeout (page)",
    .provider = "gemini",
    .kind = "export",
    .sniff = page_sniff,
    .open = page_open,
    .next = page_next,
    .close = page_close,
};
