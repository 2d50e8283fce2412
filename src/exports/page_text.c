/* Markdown to HTML by md4c (docs/decisions/0019-exports.md), through its callbacks: what an element becomes is decided here, so that
 * nothing that comes from outside can act. The text's own HTML is text. Formulas stay TeX: they are set apart before md4c reads, which
 * would take their backslashes for escapes. */
#include <md4c.h>

#include "exports/inside.h"

enum {
    RENDER_BYTES_MAX = 512 * 1024, /* a longer text is shown as it is */
    GROWTH_MAX = 12,               /* of hostile text; then it is shown as it is */
    FORMULA_BYTES_MAX = 4000,
};
/* A code span that begins with this is a formula: private use, and taken out of what comes in. */
#define FORMULA "\xee\x80\x82" /* U+E002 */

void page_escape(struct buf *out, struct str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        struct str as = s.s[i] == '&'   ? S("&amp;")
                        : s.s[i] == '<' ? S("&lt;")
                        : s.s[i] == '>' ? S("&gt;")
                        : s.s[i] == '"' ? S("&quot;")
                        : s.s[i] == 0   ? S("\xef\xbf\xbd")
                                        : STR_NONE;
        if (!as.s)
            continue;
        buf_put(out, str_sub(s, from, i));
        buf_put(out, as);
        from = i + 1;
    }
    buf_put(out, str_sub(s, from, s.n));
}

/* --- formulas ------------------------------------------------------------------------------------ */

/* How long a formula is that begins here, with its marks; 0: none does. As web/src/ui/render/math_syntax.ts. */
static size_t formula(struct str s, size_t at, struct str *ret_tex)
{
    struct str rest = str_sub(s, at, at + FORMULA_BYTES_MAX);
    static const struct {
        const char *open, *close;
    } MARKS[] = { { "\\(", "\\)" }, { "\\[", "\\]" }, { "$$", "$$" } };
    for (size_t i = 0; i < COUNTOF(MARKS); i++) {
        if (!str_starts(rest, str_from(MARKS[i].open)))
            continue;
        size_t end = str_find(rest, str_from(MARKS[i].close), 2);
        struct str tex = str_sub(rest, 2, end);
        if (end == rest.n || str_find(tex, S("\n\n"), 0) < tex.n || !str_trim(tex).n)
            return 0;
        *ret_tex = tex;
        return end + 2;
    }
    if (rest.n < 3 || rest.s[0] != '$' || rest.s[1] == ' ' || rest.s[1] == '\n' || rest.s[1] == '$')
        return 0;
    size_t end = str_find_char(rest, '$', 1); /* a lone dollar is money more often: pandoc's rule */
    if (end + 1 > rest.n || rest.s[end - 1] == ' ' || rest.s[end - 1] == '\n' ||
        (end + 1 < rest.n && rest.s[end + 1] >= '0' && rest.s[end + 1] <= '9'))
        return 0;
    *ret_tex = str_sub(rest, 1, end);
    return str_find(*ret_tex, S("\n\n"), 0) < ret_tex->n ? 0 : end + 1;
}

static size_t run_of(struct str s, size_t at, char c)
{
    size_t n = 0;
    while (at + n < s.n && s.s[at + n] == c)
        n++;
    return n;
}

/* A code span that holds it, whatever it holds. */
static void put_formula(struct buf *out, struct str tex)
{
    size_t longest = 0;
    for (size_t i = 0; i < tex.n; i++) {
        size_t run = run_of(tex, i, '`');
        longest = run > longest ? run : longest;
        i += run;
    }
    for (size_t i = 0; i <= longest; i++)
        buf_putc(out, '`');
    buf_put(out, S(FORMULA));
    for (size_t i = 0; i < tex.n; i++)
        buf_putc(out, tex.s[i] == '\n' ? ' ' : tex.s[i]);
    buf_putc(out, ' ');
    for (size_t i = 0; i <= longest; i++)
        buf_putc(out, '`');
}

static void set_formulas_apart(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n;) {
        struct str tex;
        size_t n;
        if (s.s[i] == '`') { /* code is code */
            size_t run = run_of(s, i, '`');
            struct str rest = str_sub(s, i, i + FORMULA_BYTES_MAX * 4);
            size_t end = str_find(rest, str_sub(s, i, i + run), run);
            n = end < rest.n ? end + run_of(rest, end, '`') : run;
            buf_put(out, str_sub(s, i, i + n));
        } else if ((s.s[i] == '\\' || s.s[i] == '$') && (n = formula(s, i, &tex)) > 0)
            put_formula(out, tex);
        else if (s.s[i] == '\\' && i + 1 < s.n)
            buf_put(out, str_sub(s, i, i + (n = 2)));
        else if (str_starts(str_sub(s, i, i + 3), S(FORMULA)))
            n = 3;
        else
            buf_put(out, str_sub(s, i, i + (n = 1)));
        i += n;
    }
}

/* --- md4c ------------------------------------------------------------------------------------------ */

struct render {
    struct buf *out;
    size_t limit; /* of out->n */
    bool links[64];
    size_t depth; /* of links */
    bool code_begins;
    bool formula;
};

static int going_on(const struct render *r)
{
    return buf_err(r->out) != OK || r->out->n > r->limit ? 1 : 0;
}

static void put_z(struct render *r, const char *z)
{
    buf_put(r->out, str_from(z));
}

static bool is_good_address(struct str url)
{
    static const char *const SCHEMES[] = { "http://", "https://", "mailto:", "#" };
    for (size_t i = 0; i < COUNTOF(SCHEMES); i++)
        if (str_eq_nocase(str_sub(url, 0, strlen(SCHEMES[i])), str_from(SCHEMES[i])))
            return true;
    return false;
}

/* An address in quotes; entities stay as they are written. */
static void put_attribute(struct render *r, const MD_ATTRIBUTE *a)
{
    struct str all = str_of(a->text, a->size);
    for (size_t i = 0; a->substr_offsets[i] < a->size; i++) {
        struct str part = str_sub(all, a->substr_offsets[i], a->substr_offsets[i + 1]);
        if (a->substr_types[i] == MD_TEXT_ENTITY)
            buf_put(r->out, part);
        else
            page_escape(r->out, part);
    }
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *context)
{
    struct render *r = context;
    switch (type) {
    case MD_BLOCK_QUOTE:
        put_z(r, "<blockquote>");
        break;
    case MD_BLOCK_UL:
        put_z(r, "<ul>\n");
        break;
    case MD_BLOCK_OL:
        buf_putf(r->out, "<ol start=\"%u\">\n", ((MD_BLOCK_OL_DETAIL *)detail)->start);
        break;
    case MD_BLOCK_LI: {
        const MD_BLOCK_LI_DETAIL *d = detail;
        put_z(r, !d->is_task                                  ? "<li>"
                 : d->task_mark == 'x' || d->task_mark == 'X' ? "<li class=\"task\">☑ "
                                                              : "<li class=\"task\">☐ ");
        break;
    }
    case MD_BLOCK_HR:
        put_z(r, "<hr>\n");
        break;
    case MD_BLOCK_H:
        buf_putf(r->out, "<h%u>",
                 ((MD_BLOCK_H_DETAIL *)detail)->level < 5 ? ((MD_BLOCK_H_DETAIL *)detail)->level + 2
                                                          : 6); /* below the page's own */
        break;
    case MD_BLOCK_CODE:
        put_z(r, "<pre><code>");
        break;
    case MD_BLOCK_P:
        put_z(r, "<p>");
        break;
    case MD_BLOCK_TABLE:
        put_z(r, "<div class=\"wide\"><table>\n");
        break;
    case MD_BLOCK_TR:
        put_z(r, "<tr>");
        break;
    case MD_BLOCK_TH:
        put_z(r, "<th>");
        break;
    case MD_BLOCK_TD:
        put_z(r, "<td>");
        break;
    default:
        break;
    }
    return going_on(r);
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *context)
{
    struct render *r = context;
    static const char *const ENDS[] = {
        [MD_BLOCK_DOC] = "",       [MD_BLOCK_QUOTE] = "</blockquote>\n",
        [MD_BLOCK_UL] = "</ul>\n", [MD_BLOCK_OL] = "</ol>\n",
        [MD_BLOCK_LI] = "</li>\n", [MD_BLOCK_HR] = "",
        [MD_BLOCK_H] = "",         [MD_BLOCK_CODE] = "</code></pre>\n",
        [MD_BLOCK_HTML] = "",      [MD_BLOCK_P] = "</p>\n",
        [MD_BLOCK_THEAD] = "",     [MD_BLOCK_TABLE] = "</table></div>\n",
        [MD_BLOCK_TBODY] = "",     [MD_BLOCK_TR] = "</tr>\n",
        [MD_BLOCK_TH] = "</th>",   [MD_BLOCK_TD] = "</td>",
    };
    if (type == MD_BLOCK_H)
        buf_putf(r->out, "</h%u>\n",
                 ((MD_BLOCK_H_DETAIL *)detail)->level < 5 ? ((MD_BLOCK_H_DETAIL *)detail)->level + 2
                                                          : 6);
    else
        put_z(r, ENDS[type]);
    return going_on(r);
}

/* A picture in the text is not stored (stored ones are blocks) and not fetched: its words link to it. */
static void enter_link(struct render *r, const MD_ATTRIBUTE *url)
{
    bool good =
        url && r->depth < COUNTOF(r->links) && is_good_address(str_of(url->text, url->size));
    if (r->depth < COUNTOF(r->links))
        r->links[r->depth] = good;
    r->depth++;
    if (!good)
        return;
    put_z(r, "<a rel=\"noopener noreferrer nofollow\" href=\"");
    put_attribute(r, url);
    put_z(r, "\">");
}

static void leave_link(struct render *r)
{
    r->depth--;
    if (r->depth < COUNTOF(r->links) && r->links[r->depth])
        put_z(r, "</a>");
}

static int enter_span(MD_SPANTYPE type, void *detail, void *context)
{
    struct render *r = context;
    switch (type) {
    case MD_SPAN_EM:
        put_z(r, "<em>");
        break;
    case MD_SPAN_STRONG:
        put_z(r, "<strong>");
        break;
    case MD_SPAN_DEL:
        put_z(r, "<del>");
        break;
    case MD_SPAN_A:
        enter_link(r, &((MD_SPAN_A_DETAIL *)detail)->href);
        break;
    case MD_SPAN_IMG:
        /* no link within a link */
        enter_link(r, r->depth == 0 ? &((MD_SPAN_IMG_DETAIL *)detail)->src : NULL);
        put_z(r, "[picture: ");
        break;
    case MD_SPAN_CODE:
        r->code_begins = true;
        break;
    default:
        break;
    }
    return going_on(r);
}

static int leave_span(MD_SPANTYPE type, void *detail, void *context)
{
    struct render *r = context;
    UNUSED(detail);
    switch (type) {
    case MD_SPAN_EM:
        put_z(r, "</em>");
        break;
    case MD_SPAN_STRONG:
        put_z(r, "</strong>");
        break;
    case MD_SPAN_DEL:
        put_z(r, "</del>");
        break;
    case MD_SPAN_IMG:
        put_z(r, "]");
        leave_link(r);
        break;
    case MD_SPAN_A:
        leave_link(r);
        break;
    case MD_SPAN_CODE:
        put_z(r, r->code_begins ? "" : r->formula ? "</span>" : "</code>");
        r->formula = r->code_begins = false;
        break;
    default:
        break;
    }
    return going_on(r);
}

static int text(MD_TEXTTYPE type, const MD_CHAR *s, MD_SIZE n, void *context)
{
    struct render *r = context;
    struct str t = str_of(s, n);
    if (r->code_begins && n) {
        r->formula = str_starts(t, S(FORMULA));
        put_z(r, r->formula ? "<span class=\"tex\">" : "<code>");
        t = r->formula ? str_trim(str_sub(t, 3, t.n)) : t;
        r->code_begins = false;
    }
    if (type == MD_TEXT_BR)
        put_z(r, "<br>\n");
    else if (type == MD_TEXT_SOFTBR)
        put_z(r, "\n");
    else if (type == MD_TEXT_NULLCHAR)
        put_z(r, "\xef\xbf\xbd");
    else if (type == MD_TEXT_ENTITY)
        buf_put(r->out, t); /* "&…;" as md4c has recognised it; browsers know them all */
    else
        page_escape(r->out, t);
    return going_on(r);
}

err_t page_text(struct buf *out, struct arena *a, struct str markdown)
{
    static const MD_PARSER PARSER = {
        .flags = MD_FLAG_NOHTML | MD_FLAG_STRIKETHROUGH | MD_FLAG_TABLES | MD_FLAG_TASKLISTS |
                 MD_FLAG_PERMISSIVEURLAUTOLINKS,
        .enter_block = enter_block,
        .leave_block = leave_block,
        .enter_span = enter_span,
        .leave_span = leave_span,
        .text = text,
    };
    size_t begin = out->n;
    if (!markdown.n)
        return OK;
    if (markdown.n <= RENDER_BYTES_MAX) {
        struct buf apart;
        struct render r = { .out = out, .limit = begin + markdown.n * GROWTH_MAX + 4096 };
        buf_init(&apart, a, RENDER_BYTES_MAX * 4);
        set_formulas_apart(&apart, markdown);
        buf_putc(&apart, '\0'); /* md4c looks for the ends of lines by strcspn() */
        if (buf_err(&apart) == OK && md_parse(apart.s, (MD_SIZE)(apart.n - 1), &PARSER, &r) == 0)
            return buf_err(out);
        if (buf_err(out) || arena_err(a))
            return buf_err(out) ? buf_err(out) : arena_err(a);
        out->n = begin;
    }
    buf_put(out, S("<pre class=\"plain\">"));
    page_escape(out, markdown);
    buf_put(out, S("</pre>\n"));
    return buf_err(out);
}
