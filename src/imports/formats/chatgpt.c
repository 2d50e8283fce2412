/* ChatGPT's export beside its JSON: the page that shows all of it, and the list of its files. */
#include "archive/providers/provider.h"
#include "base/limits.h"
#include "imports/formats/formats.h"
#include "imports/media.h"

/* --- chat.html: the conversations again, as a list in a script -------------------------------------------------------------- */

static size_t data_at(const struct source_head *h)
{
    size_t at = str_find(h->bytes, S("jsonData = ["), 0);
    return at < h->bytes.n ? at + S("jsonData = ").n : SIZE_MAX;
}

static bool page_sniff(const struct source_head *h)
{
    return h->json == HEAD_NO_JSON && data_at(h) != SIZE_MAX &&
           str_find(h->bytes, S("\"mapping\""), 0) < h->bytes.n;
}

/* Where the JSON lies beside it the page is that once more. */
static bool has_json(const struct import_files *f)
{
    for (size_t i = 0; i < f->count; i++) {
        struct str name = media_last_part(f->entries[i].name);
        if (str_starts(name, S("conversations")) && str_ends(name, S(".json")))
            return true;
    }
    return false;
}

static err_t page_open(struct import_source *s)
{
    if (has_json(s->files))
        return err_note(E_NOT_FOUND, NULL, "its conversations stand in the JSON beside it, too");
    TRY(source_skip(s, data_at(&s->head)));
    return values_open(s, NULL, provider_by_name(S("chatgpt")));
}

const struct source_format FORMAT_CHATGPT_PAGE = {
    .name = "ChatGPT's page of an export",
    .provider = "chatgpt",
    .kind = "export",
    .sniff = page_sniff,
    .open = page_open,
    .next = values_next,
    .forget = values_forget,
    .close = values_close,
};

/* --- export_manifest.json: what it names and the zip lacks did not come down whole ------------------------------------------- */

struct list {
    struct json_iter files;
};

static bool list_sniff(const struct source_head *h)
{
    return h->json == HEAD_OBJECT && source_head_names(h, "export_files") &&
           source_head_names(h, "logical_files");
}

static err_t list_open(struct import_source *s)
{
    struct list *l = ARENA_NEW(s->arena, struct list);
    struct str text;
    struct json root;
    if (!l)
        return arena_err(s->arena);
    TRY(source_text(s, IMPORT_SIDE_FILE_BYTES_MAX, &text));
    TRY(json_parse(s->arena, text, JSON_FOREIGN_DEPTH_MAX, &root));
    l->files = json_iter(json_get(root, S("export_files")));
    s->state = l;
    return OK;
}

static err_t list_next(struct import_source *s, struct arena *a, struct conversation *ret)
{
    struct list *l = s->state;
    struct json v;
    bool together = s->files->zip || s->files->folder;
    UNUSED(a), UNUSED(ret);
    while (together && json_next(&l->files, NULL, &v)) {
        struct str name = media_last_part(json_get_str(v, S("path")));
        s->place++;
        if (str_ends(name, S(".json")) && media_by_id(s->files, name) == SIZE_MAX)
            return err_note(E_INVALID, NULL, "the export's own list names %.*s, which is not here",
                            STR_ARG(str_sub(name, 0, 100)));
    }
    return E_NOT_FOUND;
}

const struct source_format FORMAT_CHATGPT_LIST = {
    .name = "ChatGPT's list of an export",
    .provider = "chatgpt",
    .kind = "export",
    .sniff = list_sniff,
    .open = list_open,
    .next = list_next,
};
