/* How large an export will be, said before it is begun. */
#include "exports/inside.h"

enum {
    PAGE_BYTES = 12000, /* of a page of HTML, beside its messages: its style above all */
    BYTES_BESIDE = 300, /* of a message's line or page, beside its text: ids, times, marks */
    PACKED_TO = 4,      /* text in a zip becomes a quarter (docs/decisions/0019-exports.md) */
    BASE64_OF_3 = 4,    /* a picture inside a page */
};

static int64_t bytes_of(const struct export_order *o, const struct archive_size *rows)
{
    bool zipped = o->form == EXPORT_ARCHIVE || (o->form != EXPORT_JSONL && !o->one);
    bool media = !o->no_media && o->form != EXPORT_JSONL;
    int64_t text = rows->text_bytes + rows->messages * BYTES_BESIDE;
    if (o->form == EXPORT_HTML)
        text += (int64_t)o->selection.count * PAGE_BYTES;
    if (zipped)
        return text / PACKED_TO + (media ? rows->media_bytes : 0);
    return text + (media && o->form == EXPORT_HTML ? rows->media_bytes / 3 * BASE64_OF_3 : 0);
}

err_t export_estimate(struct db *db, const struct export_order *o, struct export_size *ret)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct export_size all = { .conversations = (int64_t)o->selection.count };
    arena_init(&a, MIB(1));
    for (size_t i = 0; i < o->selection.count; i++) {
        const struct export_item *item = &o->selection.items[i];
        struct archive_size one;
        arena_reset(&a);
        TRY(archive_size(db, &a, item->owner, item->id, &one));
        all.rows.messages += one.messages;
        all.rows.text_bytes += one.text_bytes;
        all.rows.media += one.media;
        all.rows.media_bytes += one.media_bytes;
    }
    all.bytes = bytes_of(o, &all.rows);
    *ret = all;
    return OK;
}
