/* What was added to conversations, in an archive of ours: it comes in with them (annotations.h). Here it is only looked through,
 * so that what is damaged is named. */
#include "imports/annotations.h"
#include "base/json_values.h"
#include "base/limits.h"
#include "imports/formats/formats.h"

static bool annotations_sniff(const struct source_head *h)
{
    size_t at = source_head_value(h, "format");
    return str_starts(str_sub(h->bytes, at, h->bytes.n), S("\"vivim.annotations/"));
}

static err_t annotations_open(struct import_source *s)
{
    struct json_values *v = ARENA_NEW(s->arena, struct json_values);
    if (!v)
        return arena_err(s->arena);
    json_values_init(v, s->reader, NULL, IMPORT_VALUE_BYTES);
    s->state = v;
    return OK;
}

static err_t annotations_next(struct import_source *s, struct arena *a, struct conversation *ret)
{
    struct json_values *v = s->state;
    UNUSED(ret);
    for (;; arena_reset(a)) {
        struct str text, list;
        struct json root;
        struct archive_added added;
        err_t e = json_values_next(v, &text, &list);
        s->place = v->place;
        TRY(e);
        TRY(json_parse(a, text, JSON_FOREIGN_DEPTH_MAX, &root));
        TRY(annotation_read(a, root, &added));
    }
}

static void annotations_end(struct import_source *s)
{
    if (s->state)
        json_values_free(s->state);
}

const struct source_format FORMAT_ANNOTATIONS = {
    .name = "VIVIM annotations",
    .kind = "export",
    .sniff = annotations_sniff,
    .open = annotations_open,
    .next = annotations_next,
    .close = annotations_end,
};
