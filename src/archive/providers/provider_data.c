#include "archive/providers/provider_data.h"

#include "base/buf.h"
#include "base/embedded.h"
#include "base/encode.h"
#include "base/json_write.h"
#include "base/limits.h"

extern const struct embedded_file PROVIDER_FILES[];

/* --- patterns -------------------------------------------------------------------------------- */

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_uuid(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s.s[i] != '-' : !is_hex(s.s[i]))
            return false;
    }
    return s.n == 36;
}

static bool is_of(struct str s, bool hex)
{
    enum { ID_BYTES_MAX = 200 };
    for (size_t i = 0; i < s.n; i++) {
        char c = s.s[i];
        bool word = is_hex(c) || (c >= 'g' && c <= 'z') || (c >= 'G' && c <= 'Z') || c == '-' ||
                    c == '_' || c == '.';
        if (hex ? !is_hex(c) : !word)
            return false;
    }
    return s.n > 0 && s.n <= ID_BYTES_MAX;
}

static bool id_fits(struct arena *a, struct str brace, struct str id, struct str *ret)
{
    size_t colon = str_find_char(brace, ':', 0);
    struct str type = str_sub(brace, 0, colon), prefix = str_sub(brace, colon + 1, brace.n);
    struct str rest = str_sub(id, prefix.n, id.n);
    bool uuid = str_eq(type, S("uuid")), hex = str_eq(type, S("hex"));
    if (!str_starts(id, prefix) || !(uuid ? is_uuid(rest) : is_of(rest, hex)))
        return false;
    *ret = uuid || hex ? str_cat(a, prefix, str_lower(a, rest)) : id;
    return true;
}

bool provider_path_fits(struct arena *a, struct str pattern, struct str path, struct str *ret_id)
{
    struct str want, have;
    *ret_id = STR_NONE;
    if (path.n > 1 && path.s[path.n - 1] == '/')
        path.n--;
    while (str_cut(&pattern, '/', &want)) {
        if (!str_cut(&path, '/', &have))
            return false;
        bool brace = want.n > 2 && want.s[0] == '{';
        struct str inside = str_sub(want, 1, want.n - 1);
        if (!brace && !str_eq(want, have))
            return false;
        if (brace && str_eq(inside, S("lang"))) {
            if (have.n != 2)
                return false;
        } else if (brace && !id_fits(a, inside, have, ret_id)) {
            return false;
        }
    }
    return !str_cut(&path, '/', &have);
}

struct str provider_path_with(struct arena *a, struct str pattern, struct str id)
{
    struct buf b;
    struct str part;
    buf_init(&b, a, pattern.n + id.n + 8);
    for (bool first = true; str_cut(&pattern, '/', &part); first = false) {
        bool brace = part.n && part.s[0] == '{';
        if (brace && str_eq(part, S("{lang}")))
            continue;
        if (!first)
            buf_putc(&b, '/');
        buf_put(&b, brace ? id : part);
    }
    return buf_str(&b);
}

/* --- responses -------------------------------------------------------------------------------------- */

static struct str query_of(struct arena *a, struct str query, struct str name)
{
    struct str part, value;
    while (str_cut(&query, '&', &part)) {
        size_t eq = str_find_char(part, '=', 0);
        if (str_eq(str_sub(part, 0, eq), name) &&
            percent_decode(a, str_sub(part, eq + 1, part.n), true, &value) == OK)
            return value;
    }
    return STR_NONE;
}

static bool query_fits(struct arena *a, const struct provider_response *r, struct str query,
                       struct str share_id)
{
    for (size_t i = 0; i < PROVIDER_QUERY_MAX && r->query_name[i].n; i++) {
        struct str want = provider_path_with(a, r->query_value[i], share_id);
        if (!str_eq(query_of(a, query, r->query_name[i]), want))
            return false;
    }
    return true;
}

static bool is_host_of(const struct provider_data *p, struct str host)
{
    for (size_t i = 0; i < p->host_count; i++)
        if (str_eq_nocase(p->hosts[i], host))
            return true;
    return false;
}

const struct provider_response *provider_response_of(struct arena *a, const struct provider_data *p,
                                                     struct str method, struct str url,
                                                     struct str share_id)
{
    struct str scheme = S("https://"), rest = str_sub(url, scheme.n, url.n);
    size_t slash = str_find_char(rest, '/', 0), mark = str_find_char(rest, '?', slash);
    struct str path = str_sub(rest, slash, mark), query = str_sub(rest, mark + 1, rest.n), id;
    if (!str_starts(url, scheme) || !is_host_of(p, str_sub(rest, 0, slash)))
        return NULL;
    for (size_t i = 0; i < p->response_count; i++) {
        const struct provider_response *r = &p->responses[i];
        if (str_eq(r->method, method) && provider_path_fits(a, r->path, path, &id) &&
            (!id.n || str_eq(id, share_id)) && query_fits(a, r, query, share_id))
            return r;
    }
    return NULL;
}

/* --- the files ------------------------------------------------------------------------------------------ */

struct reading {
    struct arena *a;
    const char *file;
    err_t err;
};

static void wrong(struct reading *r, const char *what)
{
    if (r->err == OK)
        r->err = err_note(E_INVALID, NULL, "%s: %s", r->file, what);
}

static struct str need(struct reading *r, struct json o, const char *key)
{
    struct str s = json_get_str(o, str_from(key));
    if (!s.n)
        wrong(r, str_cstr(r->a, str_fmt(r->a, "the text \"%s\" is missing", key)));
    return s;
}

static void read_link(struct reading *r, struct provider_data *p, struct json v)
{
    if (p->link_count == PROVIDER_LINKS_MAX) {
        wrong(r, "too many links");
        return;
    }
    struct provider_link *l = &p->links[p->link_count++];
    *l = (struct provider_link){ .host = need(r, v, "host"),
                                 .path = need(r, v, "path"),
                                 .kind = json_get_str(v, S("kind")),
                                 .why = json_get_str(v, S("why")),
                                 .to = json_get_str(v, S("to")) };
    if (!l->kind.n == !l->why.n)
        wrong(r, "a link has either a kind or a sentence that says why it cannot be captured");
}

static void read_response(struct reading *r, struct provider_data *p, struct json v)
{
    struct json_iter it = json_iter(json_get(v, S("query")));
    struct str name;
    struct json value;
    if (p->response_count == PROVIDER_RESPONSES_MAX) {
        wrong(r, "too many responses");
        return;
    }
    struct provider_response *x = &p->responses[p->response_count++];
    *x = (struct provider_response){ .method = need(r, v, "method"),
                                     .path = need(r, v, "path"),
                                     .id_at = json_get_str(v, S("id")) };
    for (size_t i = 0; i < PROVIDER_QUERY_MAX && json_next(&it, &name, &value); i++) {
        x->query_name[i] = name;
        x->query_value[i] = json_str(value);
    }
}

static struct str text_of(struct reading *r, struct json v)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, r->a, KIB(64));
    jo_init(&o, &b);
    jo_value(&o, v);
    if (buf_err(&b) != OK)
        r->err = buf_err(&b);
    return buf_str(&b);
}

static void read_page(struct reading *r, struct provider_data *p, struct json v)
{
    p->recipe = str_fmt(r->a, "%.*s@%lld", STR_ARG(p->name),
                        (long long)json_i64(json_get(v, S("version")), 0));
    p->page = text_of(r, v);
    p->generic = json_bool(json_get(v, S("find")), false);
    p->wait_for = json_get_str(v, S("waitFor"));
    p->detect = need(r, v, "detect");
    if (!json_is(json_get(v, S("messages")), JSON_OBJECT))
        wrong(r, "the selectors of messages are missing");
}

static void read_provider(struct reading *r, struct json root, struct provider_data *p)
{
    struct json_iter hosts = json_iter(json_get(root, S("hosts")));
    struct json_iter links = json_iter(json_get(root, S("links")));
    struct json_iter responses = json_iter(json_get(root, S("responses")));
    struct json v;
    *p = (struct provider_data){ .name = need(r, root, "name"),
                                 .label = need(r, root, "label"),
                                 .unshare = json_get_str(root, S("unshare")),
                                 .embedded = json_bool(json_get(root, S("embedded")), false) };
    while (p->host_count < PROVIDER_HOSTS_MAX && json_next(&hosts, NULL, &v))
        p->hosts[p->host_count++] = json_str(v);
    while (json_next(&links, NULL, &v))
        read_link(r, p, v);
    while (json_next(&responses, NULL, &v))
        read_response(r, p, v);
    if (p->host_count ||
        json_exists(json_get(root, S("page")))) /* else its conversations come as files alone */
        read_page(r, p, json_get(root, S("page")));
}

err_t provider_table_load(struct arena *a, struct provider_table *ret)
{
    size_t count = 0;
    for (const struct embedded_file *f = PROVIDER_FILES; f->name; f++)
        count++;
    struct provider_data *list = ARENA_ARRAY(a, struct provider_data, count + 1);
    if (!list)
        return arena_err(a);
    for (size_t i = 0; i < count; i++) {
        struct reading r = { .a = a, .file = PROVIDER_FILES[i].name };
        struct json root;
        TRY(json_parse(a, embedded_bytes(&PROVIDER_FILES[i]), JSON_DEPTH_MAX, &root));
        read_provider(&r, root, &list[i]);
        TRY(r.err);
    }
    *ret = (struct provider_table){ list, count };
    return arena_err(a);
}

const struct provider_data *provider_data_of(const struct provider_table *t, struct str name)
{
    for (size_t i = 0; i < t->count; i++)
        if (str_eq(t->list[i].name, name))
            return &t->list[i];
    return NULL;
}
