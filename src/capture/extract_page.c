#include "capture/extract_page.h"

#include "base/limits.h"
#include "capture/browser.h"
#include "capture/page.h"
#include "capture/url_policy.h"
#include "os/clock.h"
#include "os/file.h"

/* By the link, or by the first provider whose mark is in the page. */
static const struct provider_data *choose(struct arena *a, struct page *p,
                                          const struct provider_table *t, struct str url)
{
    struct share_url share;
    if (url.n && url_policy_check(t, a, url, STR_NONE, &share) == OK)
        return share.provider;
    err_clear();
    for (size_t i = 0; i < t->count; i++)
        if (t->list[i].detect.n && page_matches(p, a, t->list[i].detect))
            return &t->list[i];
    return NULL;
}

static err_t read_stored(struct arena *a, struct devtools *d, struct str html, struct str url,
                         const struct patience *patience, struct str *ret)
{
    struct provider_table providers;
    const struct provider_data *found;
    struct page *p = NULL;
    bool broken = false;
    TRY(provider_table_load(a, &providers));
    err_t e = page_open_stored(a, d, html, patience, &p);
    if (e == OK) {
        found = choose(a, p, &providers, url);
        if (!found)
            e = err_note(E_INVALID, NULL,
                         "this page is not of a known provider (--url says where it came from)");
        else
            e = page_read_stored(p, found, a, ret);
    }
    struct err_detail detail = *err_detail();
    page_close(p, false, &broken);
    return e == OK ? OK : err_note(e, NULL, "%s", detail.text);
}

err_t capture_extract_page(struct arena *a, const struct settings *s, struct str html,
                           struct str url_or_none, const struct patience *patience,
                           struct str *ret_dom_json)
{
    char *temp;
    struct browser_pool *pool = NULL;
    struct devtools *d;
    TRY(folder_temp(a, "vivim-extract-", &temp));
    err_t e = browser_pool_new(s->browser, temp, &pool);
    if (e == OK)
        e = browser_acquire(pool, patience, &d);
    if (e == OK) {
        e = read_stored(a, d, html, url_or_none, patience, ret_dom_json);
        browser_release(pool, d, BROWSER_WELL);
    }
    struct err_detail detail = *err_detail();
    browser_pool_free(pool);
    folder_remove(temp);
    return e == OK ? OK : err_note(e, NULL, "%s", detail.text);
}
