/* Google Takeout, "My Activity" as JSON: entries of all products, the newest first; those of Gemini that have an answer, or
 * whose title says that something was asked. */
#include "base/json_values.h"
#include "base/limits.h"
#include "imports/days.h"
#include "imports/formats/formats.h"

struct record {
    struct json_values values;
    struct days days;
};

static bool takeout_sniff(const struct source_head *h)
{
    return h->json == HEAD_ARRAY && source_head_names(h, "header") &&
           source_head_names(h, "title") && source_head_names(h, "time");
}

static err_t takeout_open(struct import_source *s)
{
    struct record *r = ARENA_NEW(s->arena, struct record);
    if (!r)
        return arena_err(s->arena);
    json_values_init(&r->values, s->reader, NULL, IMPORT_VALUE_BYTES);
    days_init(&r->days, s->arena);
    s->state = r;
    return OK;
}

static bool is_gemini(struct json v)
{
    struct str header = json_get_str(v, S("header"));
    return str_eq(header, S("Gemini Apps")) || str_eq(header, S("Gemini")) ||
           str_eq(header, S("Bard"));
}

static struct str answer_of(struct arena *a, struct json v)
{
    struct json item = json_get(v, S("safeHtmlItem")), one;
    struct buf html;
    buf_init(&html, a, CONVERSATION_BYTES_MAX);
    struct json_iter it = json_iter(item);
    while (json_is(item, JSON_ARRAY) && json_next(&it, NULL, &one))
        buf_put(&html, json_get_str(one, S("html")));
    if (json_is(item, JSON_OBJECT)) /* one alone */
        buf_put(&html, json_get_str(item, S("htmlValue")).n ? json_get_str(item, S("htmlValue"))
                                                            : json_get_str(item, S("html")));
    return buf_str(&html);
}

static void add_file(struct activity *x, struct json v)
{
    struct str name = json_is(v, JSON_STR) ? json_str(v) : json_get_str(v, S("name"));
    if (name.n && x->file_count < ACTIVITY_FILES_MAX)
        x->files[x->file_count++] = name;
}

static void add_files(struct activity *x, struct json v)
{
    static const char *const LISTS[] = { "attachedFiles", "imageFile", "audioFiles" };
    for (size_t i = 0; i < COUNTOF(LISTS); i++) {
        struct json list = json_get(v, str_from(LISTS[i])), one;
        struct json_iter it = json_iter(list);
        if (json_is(list, JSON_STR))
            add_file(x, list);
        while (json_is(list, JSON_ARRAY) && json_next(&it, NULL, &one))
            add_file(x, one);
    }
}

/* NULL: it is no talk with Gemini. */
static err_t activity_of(struct arena *a, struct json v, struct activity **ret)
{
    struct str title = json_get_str(v, S("title")), answer = answer_of(a, v);
    struct str asked = days_question(title);
    bool said = answer.n || asked.n < str_trim(title).n;
    struct activity *x = is_gemini(v) && said ? ARENA_NEW(a, struct activity) : NULL;
    *ret = x;
    if (!x)
        return arena_err(a);
    *x = (struct activity){ .at_ms = TIME_NONE, .asked = asked, .answer = answer };
    struct str time = json_get_str(v, S("time"));
    if (time_parse(time, &x->at_ms) != OK)
        err_clear();
    x->day = str_sub(x->at_ms == TIME_NONE ? time : time_str(a, x->at_ms), 0, 10);
    if (!x->day.n)
        x->day = S("without a date");
    add_files(x, v);
    return arena_err(a);
}

static err_t read_one(void *context, struct arena *a, struct activity **ret)
{
    struct import_source *s = context;
    struct record *r = s->state;
    struct str text, list;
    struct json root;
    do {
        arena_reset(a);
        err_t e = json_values_next(&r->values, &text, &list);
        s->place = r->values.place;
        TRY(e);
        *ret = NULL;
        if (str_find(text, S("Gemini"), 0) >= text.n && str_find(text, S("Bard"), 0) >= text.n)
            continue; /* of another product */
        TRY(json_parse(a, text, JSON_FOREIGN_DEPTH_MAX, &root));
        TRY(activity_of(a, root, ret));
    } while (!*ret);
    return OK;
}

static err_t takeout_next(struct import_source *s, struct arena *a, struct conversation *ret)
{
    struct record *r = s->state;
    return days_next(&r->days, a, read_one, s, ret);
}

static void takeout_close(struct import_source *s)
{
    struct record *r = s->state;
    if (!r)
        return;
    json_values_free(&r->values);
    days_free(&r->days);
}

const struct source_format FORMAT_TAKEOUT = {
    .name = "Gemini activity of Google Takeout",
    .provider = "gemini",
    .kind = "export",
    .sniff = takeout_sniff,
    .open = takeout_open,
    .next = takeout_next,
    .close = takeout_close,
};
