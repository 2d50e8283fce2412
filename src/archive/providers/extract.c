#include "archive/providers/extract.h"

#include "archive/providers/dom.h"

err_t extract_json(struct arena *a, struct json root, const struct provider *of,
                   struct conversation *ret)
{
    if (dom_is(root))
        return dom_conversation(a, root, ret);
    const struct provider *p = of ? of : provider_of_json(root);
    return p ? p->from_json(a, root, ret) : E_NOT_FOUND;
}

err_t extract_page(struct arena *a, struct str html, struct conversation *ret)
{
    for (size_t i = 0; PROVIDERS[i]; i++) {
        struct json root;
        err_t e = PROVIDERS[i]->embedded ? PROVIDERS[i]->embedded(a, html, &root) : E_NOT_FOUND;
        if (e == OK) {
            TRY(PROVIDERS[i]->from_json(a, root, ret));
            ret->source.strategy = "embedded";
            return OK;
        }
        if (e == E_BUSY || e == E_LIMIT)
            return e;
    }
    err_clear();
    return E_NOT_FOUND;
}
