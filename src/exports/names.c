#include "exports/names.h"

#include "base/encode.h"
#include "base/utf8.h"

void names_init(struct names *n, struct arena *a)
{
    *n = (struct names){ .arena = a };
    map_init(&n->taken, a);
}

/* Written by a system or by Obsidian for something else, or not seen at all: directions, joiners without anything to join. */
static bool is_unsafe(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xfffd || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
           (c >= 0xe000 && c <= 0xf8ff) || (c < 0x80 && strchr("/\\:*?\"<>|#^[]%", (int)c));
}

static bool is_reserved(struct arena *a, struct str name)
{
    static const char *const DEVICES[] = { "con", "prn", "aux", "nul", "conin$", "conout$" };
    struct str stem = str_lower(a, str_trim(str_sub(name, 0, str_find_char(name, '.', 0))));
    for (size_t i = 0; i < COUNTOF(DEVICES); i++)
        if (str_eq(stem, str_from(DEVICES[i])))
            return true;
    return stem.n >= 4 && (str_starts(stem, S("com")) || str_starts(stem, S("lpt"))) &&
           (stem.n == 4 ? stem.s[3] >= '0' && stem.s[3] <= '9'
                        : stem.n == 5 && (uint8_t)stem.s[3] == 0xc2); /* COM¹ */
}

static struct str trim_ends(struct str s)
{
    while (s.n && (s.s[0] == '.' || s.s[0] == ' '))
        s = str_sub(s, 1, s.n);
    while (s.n && (s.s[s.n - 1] == '.' || s.s[s.n - 1] == ' '))
        s.n--;
    return s;
}

struct str name_safe(struct arena *a, struct str title)
{
    struct buf b;
    buf_init(&b, a, KIB(8));
    for (size_t at = 0; at < title.n && b.n < EXPORT_NAME_BYTES_MAX * 2;) {
        uint32_t c = utf8_next(title, &at);
        if (!is_unsafe(c) && c != ' ')
            utf8_put(&b, c);
        else if (b.n && b.s[b.n - 1] != ' ')
            buf_putc(&b, ' ');
    }
    struct str name = trim_ends(utf8_cut(trim_ends(buf_str(&b)), EXPORT_NAME_BYTES_MAX));
    if (!name.n)
        return S("Untitled");
    return is_reserved(a, name) ? str_cat(a, S("_"), name) : name;
}

err_t names_unique(struct names *n, struct str title, struct str *ret)
{
    struct str name = name_safe(n->arena, title), tried = name;
    for (int i = 2;; i++) {
        struct str key = str_lower(n->arena, tried);
        TRY(arena_err(n->arena));
        uintptr_t next = (uintptr_t)map_get(&n->taken, key);
        if (!next) {
            TRY(map_put(&n->taken, key, (void *)(uintptr_t)2));
            *ret = tried;
            return OK;
        }
        if (i == 2) { /* where the last one of this name left off */
            i = (int)next;
            TRY(map_put(&n->taken, key, (void *)(next + 1)));
        }
        tried = str_fmt(n->arena, "%.*s %d", STR_ARG(name), i);
    }
}

struct str name_ending(struct str media_type)
{
    static const struct {
        const char *type, *ending;
    } KNOWN[] = {
        { "image/png", ".png" },       { "image/jpeg", ".jpg" },
        { "image/gif", ".gif" },       { "image/webp", ".webp" },
        { "image/avif", ".avif" },     { "image/svg+xml", ".svg" },
        { "application/pdf", ".pdf" }, { "text/plain", ".txt" },
        { "text/markdown", ".md" },    { "text/csv", ".csv" },
        { "text/html", ".html.txt" },  { "application/json", ".json" },
        { "audio/mpeg", ".mp3" },      { "audio/wav", ".wav" },
        { "audio/x-wav", ".wav" },     { "audio/ogg", ".ogg" },
        { "audio/mp4", ".m4a" },       { "audio/aac", ".aac" },
        { "audio/webm", ".weba" },     { "video/mp4", ".mp4" },
        { "video/webm", ".webm" },     { "application/zip", ".zip" },
        { "text/x-python", ".py" },
    };
    struct str type = str_trim(str_sub(media_type, 0, str_find_char(media_type, ';', 0)));
    for (size_t i = 0; i < COUNTOF(KNOWN); i++)
        if (str_eq_nocase(type, str_from(KNOWN[i].type)))
            return str_from(KNOWN[i].ending);
    return S(".bin");
}

struct str name_disposition(struct arena *a, struct str file_name)
{
    struct buf plain;
    buf_init(&plain, a, KIB(8));
    for (size_t at = 0; at < file_name.n;) {
        uint32_t c = utf8_next(file_name, &at);
        buf_putc(&plain, c >= 0x20 && c < 0x7f && c != '"' && c != '\\' ? (char)c : '_');
    }
    return str_fmt(a, "attachment; filename=\"%.*s\"; filename*=UTF-8''%.*s",
                   STR_ARG(buf_str(&plain)), STR_ARG(percent_encode(a, file_name)));
}
