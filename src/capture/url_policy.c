#include "capture/url_policy.h"

#include "base/embedded.h"
#include "base/limits.h"

#define SHORT \
    "short" /* the kind of links that lead to the share's own address, which alone names it */

extern const struct embedded_file CAPTURE_FILES[];

/* --- pieces -------------------------------------------------------------------------------------- */

static err_t bad(const char *what)
{
    return err_note(E_INVALID_URL, "url", "%s", what);
}

bool domain_is_listed(struct str host, struct str list, char separator)
{
    struct str entry;
    while (str_cut(&list, separator, &entry)) {
        entry = str_trim(entry);
        if (!entry.n || entry.s[0] == '#')
            continue;
        if (entry.s[0] == '.')
            entry = str_sub(entry, 1, entry.n);
        if (host.n < entry.n || !str_eq_nocase(str_sub(host, host.n - entry.n, host.n), entry))
            continue;
        if (host.n == entry.n || host.s[host.n - entry.n - 1] == '.')
            return true;
    }
    return false;
}

static struct str built_in_list(void)
{
    for (const struct embedded_file *f = CAPTURE_FILES; f->name; f++)
        if (strcmp(f->name, "blocked_domains.txt") == 0)
            return embedded_bytes(f);
    return STR_NONE;
}

/* --- the URL ------------------------------------------------------------------------------------------ */

struct parts {
    struct str host, path, query; /* query: with its mark */
};

/* scheme "://" authority path, the rest cut off. Strict on what could mislead, indifferent to what is dropped anyway. */
static err_t split(struct arena *a, struct str text, struct parts *ret)
{
    if (text.n == 0 || text.n > URL_BYTES_MAX)
        return err_note(E_INVALID_URL, "url", "a link is 1 to %d bytes long", URL_BYTES_MAX);
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.s[i] <= 0x20 || (unsigned char)text.s[i] >= 0x7f ||
            text.s[i] == '\\')
            return bad("the link holds a character that links do not hold; copy it again");
    size_t scheme = str_find(text, S("://"), 0);
    if (scheme >= text.n)
        return bad("this is not a link; it begins with https://");
    if (!str_eq_nocase(str_sub(text, 0, scheme), S("https")))
        return bad("the link does not begin with https://");
    struct str rest = str_sub(text, scheme + 3, text.n);
    size_t end = rest.n;
    for (size_t i = 0; i < rest.n && end == rest.n; i++)
        if (rest.s[i] == '/' || rest.s[i] == '?' || rest.s[i] == '#')
            end = i;
    struct str authority = str_sub(rest, 0, end), path = str_sub(rest, end, rest.n);
    path = str_sub(path, 0, str_find_char(path, '#', 0));
    struct str query = str_sub(path, str_find_char(path, '?', 0), path.n);
    path = str_sub(path, 0, path.n - query.n);
    if (str_find_char(authority, '@', 0) < authority.n)
        return bad("the link holds a user name or a password; leave them out");
    if (str_find_char(authority, ':', 0) < authority.n)
        return bad("the link names a port (or an address in brackets); leave it out");
    if (!authority.n)
        return bad("the link has no host");
    ret->host = str_lower(a, authority);
    if (ret->host.n > 1 && ret->host.s[ret->host.n - 1] == '.')
        return bad("the host ends with a dot");
    ret->path = path.n ? path : S("/");
    ret->query = query;
    return arena_err(a);
}

/* The known host that looks most like it, for the message; STR_NONE. */
static struct str similar_host(const struct provider_table *t, struct str host)
{
    for (size_t i = 0; i < t->count; i++)
        for (size_t k = 0; k < t->list[i].host_count; k++) {
            struct str known = t->list[i].hosts[k], name = t->list[i].name;
            if (str_find(host, known, 0) < host.n || str_find(host, name, 0) < host.n)
                return known;
        }
    return STR_NONE;
}

static err_t unknown_host(const struct provider_table *t, struct str host)
{
    struct str similar = similar_host(t, host), shown = str_sub(host, 0, 100);
    if (similar.n)
        return err_note(E_INVALID_URL, "url", "%.*s is not a provider's host; did you mean %.*s?",
                        STR_ARG(shown), STR_ARG(similar));
    return err_note(
        E_INVALID_URL, "url",
        "%.*s is not a known provider; share links of chatgpt.com, claude.ai and others "
        "can be captured",
        STR_ARG(shown));
}

static err_t refuse(struct str why)
{
    return err_note(E_INVALID_URL, "url", "%.*s", STR_ARG(why));
}

static err_t accept(struct arena *a, const struct provider_data *p, const struct provider_link *l,
                    struct str id, struct share_url *ret)
{
    struct str address = l->to.n ? provider_path_with(a, l->to, id)
                                 : str_fmt(a, "https://%.*s%.*s", STR_ARG(l->host),
                                           STR_ARG(provider_path_with(a, l->path, id)));
    *ret = (struct share_url){ .provider = p,
                               .id = str_fmt(a, "%.*s:%.*s", STR_ARG(l->kind), STR_ARG(id)),
                               .url = address };
    return arena_err(a);
}

/* A link that can be captured wins over one that cannot. */
static err_t match(struct arena *a, const struct provider_data *p, const struct parts *u,
                   struct share_url *ret, bool *ret_known)
{
    struct str why = STR_NONE, id;
    for (size_t i = 0; i < p->link_count; i++) {
        const struct provider_link *l = &p->links[i];
        if (!str_eq(u->host, l->host))
            continue;
        *ret_known = true;
        if (!provider_path_fits(a, l->path, u->path, &id))
            continue;
        if (l->kind.n)
            return accept(a, p, l, id, ret);
        why = l->why;
    }
    return why.n ? refuse(why) : OK;
}

err_t url_policy_check(const struct provider_table *t, struct arena *a, struct str text,
                       struct str blocked, struct share_url *ret)
{
    struct parts u;
    bool known_host = false;
    *ret = (struct share_url){ 0 };
    TRY(split(a, str_trim(text), &u));
    if (domain_is_listed(u.host, blocked, ',') || domain_is_listed(u.host, built_in_list(), '\n'))
        return err_note(E_BLOCKED, "url", "%.*s is on the list of blocked domains",
                        STR_ARG(str_sub(u.host, 0, 100)));
    for (size_t i = 0; i < t->count && !ret->provider; i++)
        TRY(match(a, &t->list[i], &u, ret, &known_host));
    if (ret->provider)
        return OK;
    return known_host ? bad("this address of the provider is not a share link; open the chat, "
                            "choose Share, and paste the link that it gives you")
                      : unknown_host(t, u.host);
}

bool url_is_short(struct str id)
{
    return str_starts(id, S(SHORT ":"));
}

struct str url_share_id(struct arena *a, const struct provider_data *p, struct str url)
{
    struct parts u;
    struct share_url found = { 0 };
    bool known_host;
    bool is_one = split(a, url, &u) == OK && match(a, p, &u, &found, &known_host) == OK &&
                  found.provider && !url_is_short(found.id);
    err_clear();
    return is_one ? str_sub(found.id, str_find_char(found.id, ':', 0) + 1, found.id.n) : STR_NONE;
}

/* --- any page ------------------------------------------------------------------------------------- */

static const struct provider_data *generic_of(const struct provider_table *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->list[i].generic)
            return &t->list[i];
    return NULL;
}

static bool is_label(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.s[i] >= 'a' && s.s[i] <= 'z') || (s.s[i] >= '0' && s.s[i] <= '9') ||
              s.s[i] == '-'))
            return false;
    return s.n > 0;
}

/* Two labels or more, the last one a word: no address, and no name of the own network. What it resolves to is judged where
 * it is connected to (egress.h). */
static bool is_public_name(struct str host)
{
    struct str rest = host, label = STR_NONE;
    size_t labels = 0;
    for (; str_cut(&rest, '.', &label); labels++)
        if (!is_label(label))
            return false;
    return labels > 1 && label.n > 1 && label.s[0] >= 'a';
}

static bool is_known_host(const struct provider_table *t, struct str host)
{
    for (size_t i = 0; i < t->count; i++) {
        for (size_t k = 0; k < t->list[i].host_count; k++)
            if (str_eq(t->list[i].hosts[k], host))
                return true;
        for (size_t k = 0; k < t->list[i].link_count; k++)
            if (str_eq(t->list[i].links[k].host, host))
                return true;
    }
    return false;
}

err_t url_policy_check_any(const struct provider_table *t, struct arena *a, struct str text,
                           struct str blocked, struct share_url *ret)
{
    struct parts u;
    const struct provider_data *generic = generic_of(t);
    err_t e = url_policy_check(t, a, text, blocked, ret);
    if (e != E_INVALID_URL || !generic || split(a, str_trim(text), &u) != OK ||
        is_known_host(t, u.host))
        return e;
    if (!is_public_name(u.host))
        return bad("the link's host is not a public name");
    err_clear();
    *ret = (struct share_url){ .provider = generic,
                               .id = str_fmt(a, "page:%.*s%.*s%.*s", STR_ARG(u.host),
                                             STR_ARG(u.path), STR_ARG(u.query)),
                               .url = str_fmt(a, "https://%.*s%.*s%.*s", STR_ARG(u.host),
                                              STR_ARG(u.path), STR_ARG(u.query)) };
    return arena_err(a);
}

bool url_is_share(const struct provider_table *t, struct arena *a, struct str url,
                  struct str provider, struct str id)
{
    struct share_url found = { 0 };
    const struct provider_data *generic = generic_of(t);
    bool any = generic && str_eq(provider, generic->name);
    bool same =
        (any ? url_policy_check_any : url_policy_check)(t, a, url, STR_NONE, &found) == OK &&
        str_eq(found.provider->name, provider) &&
        (str_eq(found.id, id) || (url_is_short(id) && !url_is_short(found.id)));
    err_clear();
    return same;
}
