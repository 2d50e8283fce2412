/* room: exports */
/* Markdown to HTML: whatever it is, every element is one of ours, with attributes of ours, and no address acts. And a file's name is safe. */
#include "base/utf8.h"
#include "exports/inside.h"

static const char *const OURS[] = { "p",     "em",         "strong", "del", "a",   "code",
                                    "pre",   "ul",         "ol",     "li",  "h3",  "h4",
                                    "h5",    "h6",         "hr",     "br",  "div", "span",
                                    "table", "blockquote", "tr",     "th",  "td" };

static bool is_ours(struct str tag)
{
    tag = str_starts(tag, S("/")) ? str_sub(tag, 1, tag.n) : tag;
    struct str name = str_sub(tag, 0, str_find_char(tag, ' ', 0));
    for (size_t i = 0; i < COUNTOF(OURS); i++)
        if (str_eq(name, str_from(OURS[i])))
            return name.n == tag.n ||
                   str_starts(tag, S("a rel=\"noopener noreferrer nofollow\" href=\"")) ||
                   str_starts(tag, S("ol start=\"")) || str_find(tag, S(" class=\""), 0) == name.n;
    return false;
}

static void check(struct str html)
{
    for (size_t at = str_find_char(html, '<', 0); at < html.n;
         at = str_find_char(html, '<', at + 1)) {
        struct str tag = str_sub(html, at + 1, str_find_char(html, '>', at));
        assert(is_ours(tag));
        size_t href = str_find(tag, S("href=\""), 0);
        struct str url = str_sub(tag, href + 6, tag.n);
        assert(href == tag.n || str_eq_nocase(str_sub(url, 0, 4), S("http")) ||
               str_eq_nocase(str_sub(url, 0, 7), S("mailto:")) || str_starts(url, S("#")));
        size_t quotes = 0;
        for (size_t i = 0; i < tag.n; i++)
            quotes += tag.s[i] == '"';
        assert(quotes % 2 == 0 && quotes <= 4);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct buf out;
    arena_init(&a, (size_t)64 << 20);
    struct str s = utf8_repair(&a, str_of((const char *)data, size));
    buf_init(&out, &a, (size_t)32 << 20);
    if (page_text(&out, &a, s) == OK)
        check(buf_str(&out));
    struct str name = name_safe(&a, s);
    assert(arena_err(&a) != OK || (name.n && name.n <= EXPORT_NAME_BYTES_MAX + 1 && utf8_ok(name) &&
                                   name.s[0] != '.' && str_find_char(name, '/', 0) == name.n));
    return 0;
}
