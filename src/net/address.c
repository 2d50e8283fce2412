#include "net/address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "os/thread.h"

enum { NAME_BYTES_MAX = 253, LABEL_BYTES_MAX = 63, RESOLVE_TIMEOUT_MS = 10000 };

/* --- ranges ----------------------------------------------------------------------------------- */

struct range4 {
    uint32_t net;
    int bits;
};

#define V4(a, b, c, d) \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

static const struct range4 REFUSED4[] = {
    { V4(0, 0, 0, 0), 8 },        { V4(10, 0, 0, 0), 8 },     { V4(100, 64, 0, 0), 10 },
    { V4(127, 0, 0, 0), 8 },      { V4(169, 254, 0, 0), 16 }, { V4(172, 16, 0, 0), 12 },
    { V4(192, 0, 0, 0), 24 },     { V4(192, 0, 2, 0), 24 },   { V4(192, 88, 99, 0), 24 },
    { V4(192, 168, 0, 0), 16 },   { V4(198, 18, 0, 0), 15 },  { V4(198, 51, 100, 0), 24 },
    { V4(203, 0, 113, 0), 24 },   { V4(224, 0, 0, 0), 4 },    { V4(240, 0, 0, 0), 4 },
    { V4(168, 63, 129, 16), 32 }, /* a cloud's platform address on a public number */
};

static bool public4(uint32_t ip)
{
    for (size_t i = 0; i < COUNTOF(REFUSED4); i++) {
        uint32_t mask = REFUSED4[i].bits == 32 ? UINT32_MAX : ~(UINT32_MAX >> REFUSED4[i].bits);
        if ((ip & mask) == REFUSED4[i].net)
            return false;
    }
    return true;
}

/* Only 2000::/3 is global unicast, and not all of it. Forms that carry an IPv4 address are refused as a whole. */
static bool public6(const uint8_t b[16])
{
    if ((b[0] & 0xe0) != 0x20)
        return false;
    bool special = b[0] == 0x20 && b[1] == 0x01 &&
                   (b[2] & 0xfe) == 0; /* 2001::/23: Teredo, ORCHID, benchmarking */
    bool documentation = b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8;
    bool documentation_too = b[0] == 0x3f && b[1] == 0xff && (b[2] & 0xf0) == 0; /* 3fff::/20 */
    bool six_to_four = b[0] == 0x20 && b[1] == 0x02;
    return !special && !documentation && !documentation_too && !six_to_four;
}

static bool is_own_interface(const struct sockaddr *sa)
{
    struct ifaddrs *list;
    bool own = false;
    if (getifaddrs(&list) != 0)
        return false;
    for (struct ifaddrs *i = list; i && !own; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != sa->sa_family)
            continue;
        if (sa->sa_family == AF_INET)
            own = memcmp(&((const struct sockaddr_in *)sa)->sin_addr,
                         &((struct sockaddr_in *)i->ifa_addr)->sin_addr, 4) == 0;
        else
            own = memcmp(&((const struct sockaddr_in6 *)sa)->sin6_addr,
                         &((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr, 16) == 0;
    }
    freeifaddrs(list);
    return own;
}

/* How well an address serves to be told to the people around: 0 not at all, IPv4 before IPv6. */
static int reach(const struct ifaddrs *i)
{
    if (!i->ifa_addr || !(i->ifa_flags & IFF_UP) || i->ifa_flags & IFF_LOOPBACK)
        return 0;
    if (i->ifa_addr->sa_family == AF_INET) {
        uint32_t a = ntohl(((const struct sockaddr_in *)i->ifa_addr)->sin_addr.s_addr);
        return a >> 16 == (169u << 8 | 254) ? 1 : 3; /* nobody gave it one: link-local */
    }
    if (i->ifa_addr->sa_family != AF_INET6)
        return 0;
    /* A link-local one needs a zone, which no URL has. */
    return IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)i->ifa_addr)->sin6_addr) ? 0 : 2;
}

bool address_of_this_machine(bool only_ipv6, struct address *ret)
{
    struct ifaddrs *list;
    int best = 0;
    if (getifaddrs(&list) != 0)
        return false;
    for (struct ifaddrs *i = list; i; i = i->ifa_next) {
        bool six = i->ifa_addr && i->ifa_addr->sa_family == AF_INET6;
        if (!i->ifa_addr || reach(i) <= best || (only_ipv6 && !six))
            continue;
        best = reach(i);
        ret->length = six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
        memcpy(&ret->sa, i->ifa_addr, ret->length);
    }
    freeifaddrs(list);
    return best > 0;
}

bool address_is_public(const struct sockaddr *sa)
{
    if (sa->sa_family == AF_INET &&
        !public4(ntohl(((const struct sockaddr_in *)sa)->sin_addr.s_addr)))
        return false;
    if (sa->sa_family == AF_INET6 && !public6(((const struct sockaddr_in6 *)sa)->sin6_addr.s6_addr))
        return false;
    return (sa->sa_family == AF_INET || sa->sa_family == AF_INET6) && !is_own_interface(sa);
}

struct str address_text(struct arena *a, const struct address *x)
{
    char text[INET6_ADDRSTRLEN] = "?";
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&x->sa;
    const struct sockaddr_in *in4 = (const struct sockaddr_in *)&x->sa;
    inet_ntop(x->sa.ss_family,
              x->sa.ss_family == AF_INET6 ? (const void *)&in6->sin6_addr : &in4->sin_addr, text,
              sizeof text);
    return str_dup(a, str_from(text));
}

/* --- as others write them ------------------------------------------------------------------------ */

/* Nothing, or a colon and a number. */
static bool is_port(struct str s)
{
    int64_t port;
    return s.n == 0 || (s.s[0] == ':' && str_to_i64(str_sub(s, 1, s.n), &port) == OK && port >= 0 &&
                        port <= 65535);
}

/* "192.0.2.1:80", "[2001:db8::1]:80", "\"[2001:db8::1]\"", "fe80::1%eth0": the address alone; STR_NONE where that is none. */
static struct str bare(struct str text)
{
    text = str_trim(text);
    if (text.n >= 2 && text.s[0] == '"' && text.s[text.n - 1] == '"')
        text = str_sub(text, 1, text.n - 1);
    size_t end = str_find_char(text, ':', 0), from = 0, behind = end;
    if (text.n && text.s[0] == '[') {
        from = 1;
        end = str_find_char(text, ']', 0);
        behind = end + 1;
    } else if (str_find_char(text, ':', end + 1) < text.n) {
        end = behind = text.n; /* more than one colon: an IPv6 address, without a port */
    }
    struct str port = str_sub(text, behind, text.n);
    bool cut = from && end >= text.n;
    return cut || !is_port(port) ? STR_NONE : str_sub(text, from, end);
}

/* Gives the family, AF_UNSPEC for what is no address. The bytes of an IPv4 address stand first in `ret`. */
static int parse_any(struct str text, uint8_t ret[16])
{
    static const uint8_t MAPPED[12] = { [10] = 0xff, [11] = 0xff };
    char z[INET6_ADDRSTRLEN];
    text = bare(text);
    text = str_sub(text, 0, str_find_char(text, '%', 0));
    if (text.n == 0 || text.n >= sizeof z || memchr(text.s, 0, text.n))
        return AF_UNSPEC;
    memcpy(z, text.s, text.n);
    z[text.n] = 0;
    if (inet_pton(AF_INET, z, ret) == 1)
        return AF_INET;
    if (inet_pton(AF_INET6, z, ret) != 1)
        return AF_UNSPEC;
    if (memcmp(ret, MAPPED, sizeof MAPPED) != 0)
        return AF_INET6;
    memmove(ret, ret + sizeof MAPPED, 4);
    return AF_INET;
}

bool net_address_canonical(struct str text, char ret[NET_ADDRESS_TEXT_BYTES])
{
    uint8_t bytes[16];
    int family = parse_any(text, bytes);
    ret[0] = 0;
    return family != AF_UNSPEC && inet_ntop(family, bytes, ret, NET_ADDRESS_TEXT_BYTES);
}

bool net_address_network(struct str text, char ret[NET_ADDRESS_TEXT_BYTES])
{
    uint8_t bytes[16];
    int family = parse_any(text, bytes);
    ret[0] = 0;
    if (family == AF_UNSPEC)
        return false;
    if (family == AF_INET6)
        memset(bytes + 8, 0, 8);
    if (!inet_ntop(family, bytes, ret, NET_ADDRESS_TEXT_BYTES))
        return false;
    size_t n = strlen(ret);
    if (family == AF_INET6)
        snprintf(ret + n, NET_ADDRESS_TEXT_BYTES - n, "/64");
    return true;
}

/* --- hosts -------------------------------------------------------------------------------------- */

/* In its one canonical form, or not at all: what inet_ntop gives back is what was written. */
static bool parse_literal(struct str text, struct address *ret)
{
    char z[INET6_ADDRSTRLEN], again[INET6_ADDRSTRLEN];
    if (text.n == 0 || text.n >= sizeof z)
        return false;
    memcpy(z, text.s, text.n);
    z[text.n] = 0;
    *ret = (struct address){ 0 };
    struct sockaddr_in *in4 = (struct sockaddr_in *)&ret->sa;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ret->sa;
    if (inet_pton(AF_INET, z, &in4->sin_addr) == 1) {
        in4->sin_family = AF_INET;
        ret->length = sizeof *in4;
        inet_ntop(AF_INET, &in4->sin_addr, again, sizeof again);
    } else if (inet_pton(AF_INET6, z, &in6->sin6_addr) == 1) {
        in6->sin6_family = AF_INET6;
        ret->length = sizeof *in6;
        inet_ntop(AF_INET6, &in6->sin6_addr, again, sizeof again);
    } else {
        return false;
    }
    return str_eq_nocase(text, str_from(again));
}

static bool label_ok(struct str label)
{
    if (label.n == 0 || label.n > LABEL_BYTES_MAX || label.s[0] == '-' ||
        label.s[label.n - 1] == '-')
        return false;
    for (size_t i = 0; i < label.n; i++) {
        char c = label.s[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    return true;
}

static bool all_digits_or_hex(struct str label)
{
    if (str_starts(label, S("0x")))
        return true;
    for (size_t i = 0; i < label.n; i++)
        if (label.s[i] < '0' || label.s[i] > '9')
            return false;
    return true;
}

static err_t check_name(struct str name)
{
    static const char *const LOCAL[] = { ".localhost", ".local",       ".internal",
                                         ".home.arpa", ".localdomain", ".lan",
                                         ".test",      ".invalid",     ".onion" };
    struct str rest = name, label = S("");
    size_t labels = 0;
    if (name.n == 0 || name.n > NAME_BYTES_MAX)
        return err_note(E_INVALID, "host", "the host's name is empty or longer than %d bytes",
                        NAME_BYTES_MAX);
    while (str_cut(&rest, '.', &label)) {
        if (!label_ok(label))
            return err_note(E_INVALID, "host", "the host is not a valid name");
        labels++;
    }
    if (labels < 2)
        return err_note(E_INVALID, "host", "a name without a dot is of the local network");
    if (all_digits_or_hex(
            label)) /* a last label of digits makes it an address in some reader's eyes */
        return err_note(E_INVALID, "host",
                        "an address is written in its usual form, like 192.0.2.1");
    for (size_t i = 0; i < COUNTOF(LOCAL); i++)
        if (str_ends(name, str_from(LOCAL[i])))
            return err_note(E_INVALID, "host", "names that end in %s are of the local network",
                            LOCAL[i]);
    return OK;
}

err_t host_parse(struct arena *a, struct str text, struct host *ret)
{
    struct host h = { 0 };
    bool brackets = text.n > 2 && text.s[0] == '[' && text.s[text.n - 1] == ']';
    struct str inner = brackets ? str_sub(text, 1, text.n - 1) : text;
    if (parse_literal(inner, &h.address)) {
        if (brackets != (h.address.sa.ss_family == AF_INET6) && brackets)
            return err_note(E_INVALID, "host", "only an IPv6 address stands in brackets");
        h.literal = true;
        h.name = str_lower(a, inner);
        *ret = h;
        return arena_err(a);
    }
    if (brackets)
        return err_note(E_INVALID, "host",
                        "the address in brackets is not a canonical IPv6 address");
    if (text.n > 1 && text.s[text.n - 1] == '.')
        text.n--; /* the root's dot */
    h.name = str_lower(a, text);
    TRY(arena_err(a));
    TRY(check_name(h.name));
    *ret = h;
    return OK;
}

/* --- resolving ------------------------------------------------------------------------------------ */

static void set_port(struct address *x, int port)
{
    if (x->sa.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&x->sa)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)&x->sa)->sin_port = htons((uint16_t)port);
}

/* The test hook: an exact host:port. */
static bool mapped(const struct address_policy *p, struct str host, int port, struct address *ret)
{
    struct str rest = p->resolve, entry;
    while (str_cut(&rest, ',', &entry)) {
        struct str to = entry, from, name, number = STR_NONE;
        int64_t from_port, to_port;
        str_cut(&to, '=', &from);
        if (!to.s)
            continue;
        number = from;
        str_cut(&number, ':', &name);
        struct str to_number = to, to_host;
        str_cut(&to_number, ':', &to_host);
        if (!number.s || !to_number.s || str_to_i64(str_trim(number), &from_port) != OK ||
            str_to_i64(str_trim(to_number), &to_port) != OK)
            continue;
        if (from_port == port && str_eq_nocase(str_trim(name), host) &&
            parse_literal(str_trim(to_host), ret)) {
            set_port(ret, (int)to_port);
            return true;
        }
    }
    return false;
}

struct look_up {
    struct mutex lock;
    struct cond done_now;
    bool done, abandoned;
    int code;
    struct addrinfo *list;
    char host[NAME_BYTES_MAX + 1];
};

static void look_up_free(struct look_up *l)
{
    if (l->list)
        freeaddrinfo(l->list);
    mutex_free(&l->lock);
    cond_free(&l->done_now);
    free(l);
}

static void look_up_run(void *arg)
{
    struct look_up *l = arg;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG }, *list = NULL;
    int code = getaddrinfo(l->host, NULL, &hints, &list);
    mutex_lock(&l->lock);
    l->code = code;
    l->list = list;
    l->done = true;
    cond_signal(&l->done_now);
    bool abandoned = l->abandoned;
    mutex_unlock(&l->lock);
    if (abandoned)
        look_up_free(l);
}

/* getaddrinfo has no time limit of its own: it runs on a thread that is left behind when it takes too long. */
static err_t look_up(struct str host, const struct patience *patience, struct look_up **ret)
{
    struct patience p = patience_until(patience, clock_monotonic_ms() + RESOLVE_TIMEOUT_MS);
    struct look_up *l = calloc(1, sizeof *l);
    struct thread t = { 0 };
    if (!l)
        return E_BUSY;
    mutex_init(&l->lock);
    cond_init(&l->done_now);
    memcpy(l->host, host.s, host.n);
    if (thread_start(&t, "resolve", look_up_run, l) != OK) {
        look_up_free(l);
        return E_BUSY;
    }
    pthread_detach(t.handle);
    mutex_lock(&l->lock);
    err_t e = OK;
    while (!l->done && (e = patience_check(&p)) == OK)
        (void)cond_wait_ms(&l->done_now, &l->lock, patience_slice_ms(&p));
    bool done = l->done;
    l->abandoned = !done;
    mutex_unlock(&l->lock);
    if (done) {
        *ret = l;
        return OK;
    }
    return e == E_TIMEOUT ? err_note(e, "host", "looking up %.*s took too long", STR_ARG(host)) : e;
}

static err_t pick(struct arena *a, struct str host, bool any_address, const struct addrinfo *list,
                  struct address *ret)
{
    bool any = false;
    for (const struct addrinfo *i = list; i; i = i->ai_next) {
        if (i->ai_family != AF_INET && i->ai_family != AF_INET6)
            continue;
        struct address x = { .length = i->ai_addrlen };
        memcpy(&x.sa, i->ai_addr, i->ai_addrlen);
        if (!any_address && !address_is_public(i->ai_addr)) {
            struct str text = address_text(a, &x);
            return err_note(E_BLOCKED, "host", "%.*s leads to %.*s, which is not a public address",
                            STR_ARG(host), STR_ARG(text));
        }
        if (!any)
            *ret = x;
        any = true;
    }
    return any ? OK : err_note(E_NOT_FOUND, "host", "%.*s has no address", STR_ARG(host));
}

static err_t resolve_name(struct arena *a, struct str name, int port, bool any_address,
                          const struct patience *patience, struct address *ret)
{
    struct look_up *l;
    TRY(look_up(name, patience, &l));
    err_t e = l->code == 0
                  ? pick(a, name, any_address, l->list, ret)
                  : err_note(E_NOT_FOUND, "host", "%.*s: %s", STR_ARG(name), gai_strerror(l->code));
    look_up_free(l);
    if (e == OK)
        set_port(ret, port);
    return e;
}

err_t address_resolve(struct arena *a, const struct address_policy *p, struct str host, int port,
                      const struct patience *patience, struct address *ret)
{
    struct host h;
    if (port != 80 && port != 443)
        return err_note(E_BLOCKED, "port", "only the ports 80 and 443 may be reached, not %d",
                        port);
    if (host_parse(a, host, &h) != OK) {
        char why[400];
        snprintf(why, sizeof why, "%s", err_detail()->text);
        return err_note(E_BLOCKED, "host", "%s", why);
    }
    if (mapped(p, h.name, port, ret))
        return OK;
    if (h.literal) {
        if (!address_is_public((struct sockaddr *)&h.address.sa))
            return err_note(E_BLOCKED, "host", "%.*s is not a public address", STR_ARG(h.name));
        *ret = h.address;
        set_port(ret, port);
        return OK;
    }
    return resolve_name(a, h.name, port, false, patience, ret);
}

err_t address_resolve_named(struct arena *a, struct str host, int port,
                            const struct patience *patience, struct address *ret)
{
    struct address x;
    bool brackets = host.n > 2 && host.s[0] == '[' && host.s[host.n - 1] == ']';
    struct str name = brackets ? str_sub(host, 1, host.n - 1) : str_lower(a, host), rest = name,
               label;
    TRY(arena_err(a));
    if (parse_literal(name, &x)) {
        *ret = x;
        set_port(ret, port);
        return OK;
    }
    bool fits = !brackets && name.n > 0 && name.n <= NAME_BYTES_MAX;
    while (fits && str_cut(&rest, '.', &label))
        fits = label_ok(label);
    if (!fits)
        return err_note(E_INVALID, "host", "the host is not a valid name or address");
    return resolve_name(a, name, port, true, patience, ret);
}
