#include "capture/recipe.h"

#include "base/embedded.h"
#include "base/limits.h"

extern const struct embedded_file CAPTURE_FILES[];

static err_t missing(const char *file, const char *key, const char *what)
{
    return err_note(E_INVALID, key, "recipe %s: %s", file, what);
}

static err_t need(struct json root, const char *file, const char *key, struct str *ret)
{
    *ret = json_get_str(root, str_from(key));
    return ret->n ? OK : missing(file, key, "this text is missing");
}

static err_t parse(struct arena *a, const struct embedded_file *f, struct recipe *ret)
{
    struct json root;
    struct recipe r = { .json = embedded_bytes(f) };
    TRY(json_parse(a, r.json, JSON_DEPTH_MAX, &root));
    TRY(need(root, f->name, "id", &r.id));
    TRY(need(root, f->name, "provider", &r.provider));
    TRY(need(root, f->name, "detect", &r.detect));
    r.embedded = json_bool(json_get(root, S("embedded")), false);
    r.wait_for = json_get_str(root, S("waitFor"));
    struct json_iter it = json_iter(json_get(root, S("network")));
    struct json pattern;
    while (json_next(&it, NULL, &pattern)) {
        if (!json_is(pattern, JSON_STR) || r.network_count == RECIPE_PATTERNS_MAX)
            return missing(f->name, "network", "a list of at most 8 paths is wanted");
        r.network[r.network_count++] = json_str(pattern);
    }
    if (!json_is(json_get(root, S("messages")), JSON_OBJECT))
        return missing(f->name, "messages", "the selectors of messages are missing");
    *ret = r;
    return OK;
}

err_t recipes_load(struct arena *a, const struct recipe **ret, size_t *ret_count)
{
    size_t count = 0;
    for (const struct embedded_file *f = CAPTURE_FILES; f->name; f++)
        count++;
    struct recipe *list = ARENA_ARRAY(a, struct recipe, count + 1);
    if (!list)
        return arena_err(a);
    count = 0;
    for (const struct embedded_file *f = CAPTURE_FILES; f->name; f++)
        if (str_ends(str_from(f->name), S(".json")))
            TRY(parse(a, f, &list[count++]));
    *ret = list;
    *ret_count = count;
    return OK;
}

const struct recipe *recipe_of(const struct recipe *recipes, size_t count, struct str provider)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(recipes[i].provider, provider))
            return &recipes[i];
    return NULL;
}

bool recipe_keeps(const struct recipe *r, struct str url, struct str share_id)
{
    size_t scheme = str_find(url, S("://"), 0);
    size_t slash = scheme < url.n ? str_find_char(url, '/', scheme + 3) : url.n;
    struct str path = str_sub(url, slash, str_find_char(url, '?', slash));
    for (size_t i = 0; i < r->network_count; i++) {
        struct str p = r->network[i];
        size_t mark = str_find(p, S("{id}"), 0);
        struct str before = str_sub(p, 0, mark), after = str_sub(p, mark + 4, p.n);
        if (mark == p.n
                ? str_eq(path, p)
                : str_starts(path, before) &&
                      str_eq_nocase(str_sub(path, before.n, before.n + share_id.n), share_id) &&
                      str_eq(str_sub(path, before.n + share_id.n, path.n), after))
            return true;
    }
    return false;
}

struct str recipe_url_pattern(const struct recipe *r, size_t i, struct str share_id,
                              struct arena *a)
{
    struct str p = r->network[i];
    size_t mark = str_find(p, S("{id}"), 0);
    struct str before = str_sub(p, 0, mark), after = str_sub(p, mark + 4, p.n);
    struct str id = mark < p.n ? share_id : S("");
    return str_fmt(a, "*%.*s%.*s%.*s*", STR_ARG(before), STR_ARG(id), STR_ARG(after));
}

struct str recipe_runner(void)
{
    for (const struct embedded_file *f = CAPTURE_FILES; f->name; f++)
        if (strcmp(f->name, "runner.js") == 0)
            return embedded_bytes(f);
    assert(false && "the runner is part of the program");
    return STR_NONE;
}
