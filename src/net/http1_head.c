#include "net/http1_head.h"

#include <llhttp.h>

#include "net/chunked.h"

enum { LENGTH_DIGITS_MAX = 18 };

/* --- what stands between and in lines ---------------------------------------------------------- */

static bool is_control(unsigned char c)
{
    return (c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f;
}

/* Where the next byte stands that may be one of those, from `at` on: eight are looked at together, for nearly all are not. */
static size_t next_control(struct str s, size_t at)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones * 0x80;
    for (; s.n - at >= 8; at += 8) {
        uint64_t w;
        memcpy(&w, s.s + at, 8);
        uint64_t del = w ^ ones * 0x7f;
        uint64_t found = (((w - ones * 0x20) & ~w) | ((del - ones) & ~del)) & highs;
        if (found) /* the lowest one is surely so; those above it may be a borrow */
            return at + (size_t)__builtin_ctzll(found) / 8;
    }
    return at;
}

bool http1_block_ok(struct str block)
{
    for (size_t i = next_control(block, 0); i < block.n; i = next_control(block, i + 1)) {
        unsigned char c = (unsigned char)block.s[i];
        if (is_control(c))
            return false;
        if (c == '\r' && (i + 1 == block.n || block.s[i + 1] != '\n'))
            return false;
        if (c != '\n')
            continue;
        if (i == 0 || block.s[i - 1] != '\r')
            return false;
        if (i + 1 < block.n && (block.s[i + 1] == ' ' || block.s[i + 1] == '\t'))
            return false; /* obsolete line folding */
    }
    return true;
}

static bool request_line_ok(struct str line)
{
    struct str method, target;
    if (!str_cut(&line, ' ', &method) || !str_cut(&line, ' ', &target) || !method.n || !target.n)
        return false;
    for (size_t i = 0; i < target.n; i++)
        if (target.s[i] <= 0x20 || target.s[i] >= 0x7f || target.s[i] == '#')
            return false;
    return str_eq(line, S("HTTP/1.1")) || str_eq(line, S("HTTP/1.0"));
}

bool http1_lines_ok(struct str block)
{
    struct str line;
    if (!str_cut(&block, '\n', &line) || !line.n || !request_line_ok(str_sub(line, 0, line.n - 1)))
        return false;
    while (str_cut(&block, '\n', &line) && line.n > 1) {
        size_t colon = str_find_char(line, ':', 0);
        if (colon == 0 || colon == line.n)
            return false;
        for (size_t i = 0; i < colon; i++)
            if (!http1_is_token((unsigned char)line.s[i]))
                return false;
    }
    return true;
}

/* --- where the body ends ------------------------------------------------------------------------- */

static bool parse_length(struct str s, uint64_t *ret)
{
    uint64_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.s[i] < '0' || s.s[i] > '9')
            return false;
        n = n * 10 + (uint64_t)(s.s[i] - '0');
    }
    *ret = n;
    return s.n > 0 && s.n <= LENGTH_DIGITS_MAX;
}

static err_t find_body(struct http1_exchange *x)
{
    struct str length = STR_NONE, coding = STR_NONE;
    size_t lengths = 0, codings = 0;
    for (size_t i = 0; i < x->header_count; i++) {
        const struct http1_header *h = &x->headers[i];
        if (str_eq(h->name, S("content-length"))) {
            length = h->value;
            lengths++;
        } else if (str_eq(h->name, S("transfer-encoding"))) {
            coding = h->value;
            codings++;
        }
    }
    x->body_chunked = codings > 0;
    if (lengths + codings > 1)
        return E_BAD_INPUT;
    if (codings && !(str_eq_nocase(coding, S("chunked")) && str_eq(x->version, S("1.1"))))
        return E_BAD_INPUT;
    if (lengths && !parse_length(length, &x->body_length))
        return E_BAD_INPUT;
    x->has_body = codings > 0 || x->body_length > 0;
    return OK;
}

/* --- taking it apart ------------------------------------------------------------------------------- */

struct parsing {
    struct http1_exchange *x;
    bool complete; /* the request ends with its head */
    size_t count;
    struct http1_header found[HTTP_HEADERS_MAX];
};

static int on_url(llhttp_t *p, const char *at, size_t n)
{
    struct parsing *g = p->data;
    g->x->target = str_of(at, n); /* the block lies in the arena, whole: one piece */
    return 0;
}

static int on_field(llhttp_t *p, const char *at, size_t n)
{
    struct parsing *g = p->data;
    if (g->count == HTTP_HEADERS_MAX)
        return -1;
    char *name = (char *)(uintptr_t)at; /* our own copy of the block */
    for (size_t i = 0; i < n; i++)
        if (name[i] >= 'A' && name[i] <= 'Z')
            name[i] = (char)(name[i] + 32);
    g->found[g->count++] = (struct http1_header){ str_of(at, n), S("") };
    return 0;
}

static int on_value(llhttp_t *p, const char *at, size_t n)
{
    struct parsing *g = p->data;
    g->found[g->count - 1].value = str_trim(str_of(at, n));
    return 0;
}

static int on_complete(llhttp_t *p)
{
    ((struct parsing *)p->data)->complete = true;
    return HPE_PAUSED;
}

err_t http1_parse_head(struct http1_exchange *x, struct str block)
{
    static const llhttp_settings_t SETTINGS = {
        .on_url = on_url,
        .on_header_field = on_field,
        .on_header_value = on_value,
        .on_message_complete = on_complete,
    };
    struct parsing g; /* not zeroed: most of it is never used */
    llhttp_t parser;
    g.x = x;
    g.complete = false;
    g.count = 0;
    if (!http1_block_ok(block) || !http1_lines_ok(block))
        return E_BAD_INPUT;
    llhttp_init(&parser, HTTP_REQUEST, &SETTINGS);
    parser.data = &g;
    enum llhttp_errno code = llhttp_execute(&parser, block.s, block.n);
    if (code != HPE_OK && code != HPE_PAUSED_UPGRADE && !g.complete)
        return E_BAD_INPUT;
    x->headers = ARENA_ARRAY(&x->arena, struct http1_header, g.count);
    if (!x->headers)
        return E_BUSY;
    x->header_count = g.count;
    memcpy(x->headers, g.found, g.count * sizeof g.found[0]);
    if (parser.http_major != 1 || x->target.n == 0 || x->target.n > HTTP_TARGET_BYTES_MAX)
        return E_BAD_INPUT;
    x->method = str_from(llhttp_method_name((llhttp_method_t)parser.method));
    x->version = parser.http_minor ? S("1.1") : S("1.0");
    x->upgrade = parser.upgrade;
    x->keep_alive = llhttp_should_keep_alive(&parser);
    TRY(find_body(x));
    /* Two readers, one opinion: where llhttp would go on to read a body there is one, and nowhere else. */
    return x->has_body == (code == HPE_OK) ? OK : E_BAD_INPUT;
}
