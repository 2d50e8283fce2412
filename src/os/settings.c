#include "os/settings.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "os/file.h"

enum { VALUE_BYTES_MAX = 16384 };

struct key {
    const char *name; /* "LISTEN" */
    enum setting_kind kind;
    const char *fallback, *help;
    int64_t min, max;
    unsigned flags;
    size_t offset;
};

static const struct key KEYS[] = {
#define X(member, key, kind, def, min, max, flags, help) \
    { key, SETTING_##kind, def, help, min, max, flags, offsetof(struct settings, member) },
    SETTINGS_TABLE(X)
#undef X
};

/* Variables with our prefix that other tools of the project read. */
static const char *const NOT_OURS[] = { "SHARED", "BUILD", "BINARY", "TEST_PG_URL", "TOKEN" };

/* Where each value of the last settings_load came from, for `config dump`. */
static const char *origins[COUNTOF(KEYS)];

/* --- names ------------------------------------------------------------------------------------ */

/* The same key is LISTEN, listen or --listen, BASE_URL, base_url or --base-url. */
static bool same_key(struct str given, const char *name)
{
    struct str n = str_from(name);
    if (given.n != n.n)
        return false;
    for (size_t i = 0; i < n.n; i++) {
        char c = given.s[i] == '-' ? '_' : given.s[i];
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (c != n.s[i])
            return false;
    }
    return true;
}

static size_t find_key(struct str given)
{
    for (size_t i = 0; i < COUNTOF(KEYS); i++)
        if (same_key(given, KEYS[i].name))
            return i;
    return COUNTOF(KEYS);
}

/* What tests alone may set is offered to nobody. */
static const char *nearest(struct str given)
{
    struct suggestion s = suggest(given);
    for (size_t i = 0; i < COUNTOF(KEYS); i++)
        if (!(KEYS[i].flags & SETTING_TEST_ONLY))
            suggest_offer(&s, str_from(KEYS[i].name));
    return suggest_best(&s).s; /* the whole of a name, so it is terminated */
}

/* The flag's spelling of a key, in static storage of its own for each. */
static struct str flag_name(const char *name)
{
    static char names[COUNTOF(KEYS)][32];
    size_t at = find_key(str_from(name)), i = 0;
    for (; name[i] && i + 1 < sizeof names[at]; i++)
        names[at][i] = name[i] == '_'                     ? '-'
                       : name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a')
                                                          : name[i];
    return str_of(names[at], i);
}

bool setting_known(struct str name)
{
    return find_key(name) < COUNTOF(KEYS);
}

void settings_suggest(struct suggestion *s)
{
    for (size_t i = 0; i < COUNTOF(KEYS); i++)
        if (!(KEYS[i].flags & SETTING_TEST_ONLY))
            suggest_offer(s, flag_name(KEYS[i].name));
}

/* --- values ------------------------------------------------------------------------------------- */

static err_t wrong(const char *where, const struct key *k, const char *what)
{
    return err_note(E_INVALID, NULL, "VIVIM_%s (%s): %s", k->name, where, what);
}

static err_t set_number(struct settings *s, const struct key *k, struct str value,
                        const char *where)
{
    int64_t n;
    if (str_to_i64(value, &n) != OK || n < k->min || n > k->max)
        return err_note(E_INVALID, NULL,
                        "VIVIM_%s (%s): a number from %lld to %lld is wanted, not \"%.*s\"",
                        k->name, where, (long long)k->min, (long long)k->max,
                        (int)(value.n < 40 ? value.n : 40), value.s);
    memcpy((char *)s + k->offset, &n, sizeof n);
    return OK;
}

static err_t set_flag(struct settings *s, const struct key *k, struct str value, const char *where)
{
    bool on = str_eq(value, S("1")) || str_eq(value, S("true")) || str_eq(value, S("on")) ||
              str_eq(value, S("yes"));
    bool off = str_eq(value, S("0")) || str_eq(value, S("false")) || str_eq(value, S("off")) ||
               str_eq(value, S("no"));
    if (!on && !off)
        return wrong(where, k, "1 or 0 is wanted");
    memcpy((char *)s + k->offset, &on, sizeof on);
    return OK;
}

static err_t set(struct arena *a, struct settings *s, size_t at, struct str value,
                 const char *where)
{
    const struct key *k = &KEYS[at];
    if (value.n > VALUE_BYTES_MAX || !text_ok(value))
        return wrong(where, k, "the value is too long or not valid UTF-8");
    if (k->kind == SETTING_I64)
        return set_number(s, k, value, where);
    if (k->kind == SETTING_BOOL)
        return set_flag(s, k, value, where);
    struct str kept = str_dup(a, value);
    if (!kept.s)
        return arena_err(a);
    memcpy((char *)s + k->offset, &kept, sizeof kept);
    return OK;
}

static err_t unknown(struct str name, const char *where)
{
    const char *near = nearest(name);
    return err_note(E_INVALID, NULL, "%s: there is no setting \"%.*s\"%s%s%s", where,
                    (int)(name.n < 60 ? name.n : 60), name.s, near ? "; did you mean VIVIM_" : "",
                    near ? near : "", near ? "?" : "");
}

/* --- sources --------------------------------------------------------------------------------------- */

static err_t from_file(struct arena *a, struct settings *s, const char *path, bool must)
{
    struct str text, line;
    err_t e = file_read(a, path, KIB(256), &text);
    if (e == E_NOT_FOUND && !must) {
        err_clear();
        return OK;
    }
    TRY(e);
    for (unsigned number = 1; str_cut(&text, '\n', &line); number++) {
        line = str_trim(line);
        if (!line.n || line.s[0] == '#')
            continue;
        struct str name, value = line;
        bool has_value = str_find_char(line, '=', 0) < line.n;
        char where[512];
        snprintf(where, sizeof where, "%s line %u", path, number);
        str_cut(&value, '=', &name);
        name = str_trim(name);
        if (!has_value)
            return err_note(E_INVALID, NULL, "%s: a line is \"key = value\"", where);
        size_t at = find_key(str_starts(name, S("VIVIM_")) ? str_sub(name, 6, name.n) : name);
        if (at == COUNTOF(KEYS))
            return unknown(name, where);
        TRY(set(a, s, at, str_trim(value), where));
        origins[at] = "file";
    }
    return OK;
}

static bool not_ours(struct str name)
{
    for (size_t i = 0; i < COUNTOF(NOT_OURS); i++)
        if (str_eq(name, str_from(NOT_OURS[i])))
            return true;
    return false;
}

/* VIVIM_X, or VIVIM_X_FILE whose first line is the value (secrets mounted as files). */
static err_t from_variable(struct arena *a, struct settings *s, struct str name, struct str value)
{
    size_t at = find_key(name);
    if (at == COUNTOF(KEYS) && str_ends(name, S("_FILE"))) {
        at = find_key(str_sub(name, 0, name.n - 5));
        if (at < COUNTOF(KEYS)) {
            char *path = str_cstr(a, value);
            struct str all;
            if (!path)
                return arena_err(a);
            TRY(file_read(a, path, VALUE_BYTES_MAX, &all));
            str_cut(&all, '\n', &value);
            value = str_trim(value);
        }
    }
    if (at == COUNTOF(KEYS))
        return not_ours(name) ? OK : unknown(name, "environment");
    TRY(set(a, s, at, value, "environment"));
    origins[at] = "environment";
    return OK;
}

static err_t from_environment(struct arena *a, struct settings *s, char *const environment[])
{
    for (size_t i = 0; environment && environment[i]; i++) {
        struct str value = str_from(environment[i]), name;
        if (!str_starts(value, S("VIVIM_")))
            continue;
        str_cut(&value, '=', &name);
        TRY(from_variable(a, s, str_sub(name, 6, name.n), value.s ? value : S("")));
    }
    return OK;
}

static err_t from_flags(struct arena *a, struct settings *s, const struct setting_flag *flags,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = find_key(flags[i].key);
        if (at == COUNTOF(KEYS))
            return unknown(flags[i].key, "command line");
        TRY(set(a, s, at, flags[i].value, "command line"));
        origins[at] = "flag";
    }
    return OK;
}

/* --- what fits together ------------------------------------------------------------------------------ */

static bool is_loopback(struct str listen)
{
    return str_starts(listen, S("127.")) || str_starts(listen, S("localhost:")) ||
           str_starts(listen, S("[::1]:"));
}

static err_t check(const struct settings *s)
{
    if (s->test && !is_loopback(s->listen))
        return err_note(E_INVALID, NULL,
                        "VIVIM_TEST=1 unlocks keys that are for tests alone: it does not go with "
                        "the public address %.*s",
                        STR_ARG(s->listen));
    for (size_t i = 0; i < COUNTOF(KEYS) && !s->test; i++)
        if (KEYS[i].flags & SETTING_TEST_ONLY && strcmp(origins[i], "default") != 0)
            return err_note(E_INVALID, NULL,
                            "VIVIM_%s is for tests alone; it counts only with VIVIM_TEST=1",
                            KEYS[i].name);
    if (!s->data.n)
        return err_note(E_INVALID, NULL, "VIVIM_DATA is empty; name a folder");
    if (!str_starts(s->database_url, S("sqlite:")) &&
        !str_starts(s->database_url, S("postgresql://")) &&
        !str_starts(s->database_url, S("postgres://")))
        return err_note(E_INVALID, NULL, "VIVIM_DATABASE_URL begins with sqlite: or postgresql://");
    return OK;
}

static bool known_word(struct str value, const char *const *words)
{
    for (; *words; words++)
        if (str_eq(value, str_from(*words)))
            return true;
    return false;
}

static err_t check_words(const struct settings *s)
{
    static const char *const LEVELS[] = { "debug", "info", "warn", "error", NULL };
    static const char *const FORMATS[] = { "auto", "json", "human", NULL };
    if (!known_word(s->log_level, LEVELS))
        return err_note(E_INVALID, NULL,
                        "VIVIM_LOG_LEVEL is debug, info, warn or error, not \"%.*s\"",
                        STR_ARG(s->log_level));
    if (!known_word(s->log_format, FORMATS))
        return err_note(E_INVALID, NULL, "VIVIM_LOG_FORMAT is auto, json or human, not \"%.*s\"",
                        STR_ARG(s->log_format));
    return OK;
}

err_t settings_load(struct arena *a, const struct setting_flag *flags, size_t flag_count,
                    const char *config_path_or_null, char *const environment[],
                    struct settings *ret)
{
    struct settings s = { 0 };
    for (size_t i = 0; i < COUNTOF(KEYS); i++) {
        TRY(set(a, &s, i, str_from(KEYS[i].fallback), "default"));
        origins[i] = "default";
    }
    /* The data folder comes from flag or environment before its vivim.conf can be read; then all again, on top. */
    TRY(from_environment(a, &s, environment));
    TRY(from_flags(a, &s, flags, flag_count));
    struct str conf = str_fmt(a, "%.*s/vivim.conf", STR_ARG(s.data));
    char *path = str_cstr(a, conf);
    if (!path)
        return arena_err(a);
    TRY(from_file(a, &s, config_path_or_null ? config_path_or_null : path,
                  config_path_or_null != NULL));
    TRY(from_environment(a, &s, environment));
    TRY(from_flags(a, &s, flags, flag_count));
    TRY(check(&s));
    TRY(check_words(&s));
    *ret = s;
    return OK;
}

/* --- config dump ------------------------------------------------------------------------------------------ */

static struct str shown(struct arena *a, const struct settings *s, const struct key *k)
{
    const char *at = (const char *)s + k->offset;
    struct str text;
    int64_t number;
    bool on;
    switch (k->kind) {
    case SETTING_I64:
        memcpy(&number, at, sizeof number);
        return str_fmt(a, "%lld", (long long)number);
    case SETTING_BOOL:
        memcpy(&on, at, sizeof on);
        return on ? S("1") : S("0");
    case SETTING_TEXT:
        memcpy(&text, at, sizeof text);
        return k->flags & SETTING_SECRET && text.n && !str_eq(text, S("sqlite:")) ? S("(set)")
                                                                                  : text;
    }
    return STR_NONE;
}

size_t settings_rows(struct arena *a, const struct settings *s, const struct setting_row **ret)
{
    struct setting_row *rows = ARENA_ARRAY(a, struct setting_row, COUNTOF(KEYS));
    if (!rows)
        return 0;
    for (size_t i = 0; i < COUNTOF(KEYS); i++) {
        struct str key = str_fmt(a, "VIVIM_%s", KEYS[i].name);
        rows[i] =
            (struct setting_row){ str_cstr(a, key), KEYS[i].help,
                                  origins[i] ? origins[i] : "default", shown(a, s, &KEYS[i]) };
    }
    *ret = rows;
    return COUNTOF(KEYS);
}
