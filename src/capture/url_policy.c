#include "capture/url_policy.h"

#include "base/embedded.h"
#include "base/limits.h"
#include "base/utf8.h"

extern const struct embedded_file CAPTURE_FILES[];

/* How a provider's share links look. `pattern`: "/share/<uuid>" matches the whole path; <uuid>, <hex12>, <id> (letters, digits,
 * - and _) and <hex32> are the id. `kind` goes before it in the canonical id. NULL kind: this form cannot be captured, `why` says so. */
struct link_form {
    const char *provider, *host, *pattern, *kind, *why;
};

#define PRIVATE_CHAT \
    "this is a private chat: open it, choose Share, and paste the link that it gives you"
#define LATER \
    "links of this provider cannot be captured yet; import its official export when that is there"

static const struct link_form FORMS[] = {
    { "chatgpt", "chatgpt.com", "/share/<uuid>", "share", NULL },
    { "chatgpt", "chat.openai.com", "/share/<uuid>", "share", NULL },
    { "chatgpt", "chatgpt.com", "/share/e/<uuid>", NULL,
      "this is a link of a workspace, which needs a login" },
    { "chatgpt", "chatgpt.com", "/c/<uuid>", NULL, PRIVATE_CHAT },
    { "chatgpt", "chat.openai.com", "/c/<uuid>", NULL, PRIVATE_CHAT },
    { "chatgpt", "chatgpt.com", "/s/<id>", NULL, LATER },
    { "claude", "claude.ai", "/share/<uuid>", "share", NULL },
    { "claude", "claude.ai", "/chat/<uuid>", NULL, PRIVATE_CHAT },
    { "gemini", "gemini.google.com", "/share/<id>", NULL, LATER },
    { "gemini", "g.co", "/gemini/share/<id>", NULL, LATER },
    { "gemini", "gemini.google.com", "/app/<id>", NULL, PRIVATE_CHAT },
    { "grok", "grok.com", "/share/<id>", NULL, LATER },
    { "grok", "x.com", "/i/grok/share/<id>", NULL, LATER },
    { "deepseek", "chat.deepseek.com", "/share/<id>", NULL, LATER },
    { "kimi", "www.kimi.com", "/share/<id>", NULL, LATER },
    { "kimi", "kimi.com", "/share/<id>", NULL, LATER },
    { "qwen", "chat.qwen.ai", "/s/<id>", NULL, LATER },
    { "zai", "chat.z.ai", "/s/<uuid>", NULL, LATER },
    { "copilot", "copilot.microsoft.com", "/shares/<id>", NULL, LATER },
    { "perplexity", "www.perplexity.ai", "/search/<id>", NULL, LATER },
    { "perplexity", "www.perplexity.ai", "/page/<id>", NULL, LATER },
    { "mistral", "chat.mistral.ai", "/share/<uuid>", NULL, LATER },
    { "mistral", "chat.mistral.ai", "/chat/<uuid>", NULL, PRIVATE_CHAT },
    { "poe", "poe.com", "/s/<id>", NULL, LATER },
};

/* --- pieces -------------------------------------------------------------------------------------- */

static err_t bad(const char *what)
{
    return err_note(E_INVALID_URL, "url", "%s", what);
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_uuid(struct str s)
{
    if (s.n != 36)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s.s[i] != '-' : !is_hex(s.s[i]))
            return false;
    }
    return true;
}

static bool is_id(struct str s)
{
    if (s.n == 0 || s.n > 200)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.s[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '-' || c == '_' || c == '.'))
            return false;
    }
    return true;
}

/* Does the whole path fit? The id is what stands in place of <…>. */
static bool path_fits(const char *pattern, struct str path, struct str *ret_id)
{
    struct str p = str_from(pattern);
    size_t mark = str_find_char(p, '<', 0);
    if (!str_starts(path, str_sub(p, 0, mark)))
        return false;
    struct str id = str_sub(path, mark, path.n), kind = str_sub(p, mark, p.n);
    if (id.n && id.s[id.n - 1] == '/')
        id.n--;
    *ret_id = id;
    return str_eq(kind, S("<uuid>")) ? is_uuid(id) : is_id(id);
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
    struct str host, path;
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
    path = str_sub(path, 0, str_find_char(path, '?', 0));
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
    return arena_err(a);
}

/* The known host that looks most like it, for the message. */
static const char *similar_host(struct str host)
{
    for (size_t i = 0; i < COUNTOF(FORMS); i++) {
        struct str known = str_from(FORMS[i].host), name = str_from(FORMS[i].provider);
        if (str_find(host, known, 0) < host.n || str_find(host, name, 0) < host.n)
            return FORMS[i].host;
    }
    return NULL;
}

static err_t unknown_host(struct str host)
{
    const char *similar = similar_host(host);
    int n = host.n > 100 ? 100 : (int)host.n;
    if (similar)
        return err_note(E_INVALID_URL, "url", "%.*s is not a provider's host; did you mean %s?", n,
                        host.s, similar);
    return err_note(
        E_INVALID_URL, "url",
        "%.*s is not a known provider; share links of chatgpt.com and claude.ai can be captured", n,
        host.s);
}

static err_t accept(struct arena *a, const struct link_form *form, struct str id,
                    struct share_url *ret)
{
    struct str lower = str_lower(a, id), pattern = str_from(form->pattern);
    struct str before = str_sub(pattern, 0, str_find_char(pattern, '<', 0));
    const char *host = strcmp(form->provider, "chatgpt") == 0
                           ? "chatgpt.com"
                           : form->host; /* one spelling for both hosts */
    ret->provider = form->provider;
    ret->id = str_fmt(a, "%s:%.*s", form->kind, STR_ARG(lower));
    ret->url = str_fmt(a, "https://%s%.*s%.*s", host, STR_ARG(before), STR_ARG(lower));
    return arena_err(a);
}

err_t url_policy_check(struct arena *a, struct str text, struct str blocked, struct share_url *ret)
{
    struct parts u;
    TRY(split(a, str_trim(text), &u));
    if (domain_is_listed(u.host, blocked, ',') || domain_is_listed(u.host, built_in_list(), '\n'))
        return err_note(E_BLOCKED, "url", "%.*s is on the list of blocked domains",
                        (int)(u.host.n > 100 ? 100 : u.host.n), u.host.s);
    bool known_host = false;
    for (size_t i = 0; i < COUNTOF(FORMS); i++) {
        struct str id;
        if (!str_eq(u.host, str_from(FORMS[i].host)))
            continue;
        known_host = true;
        if (!path_fits(FORMS[i].pattern, u.path, &id))
            continue;
        return FORMS[i].kind ? accept(a, &FORMS[i], id, ret) : bad(FORMS[i].why);
    }
    return known_host ? bad("this address of the provider is not a share link; open the chat, "
                            "choose Share, and paste the link that it gives you")
                      : unknown_host(u.host);
}
