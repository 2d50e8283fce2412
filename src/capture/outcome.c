#include "capture/capture.h"

static const struct {
    const char *name, *advice;
} OUTCOMES[OUTCOME_COUNT] = {
    [OUTCOME_NONE] = { "", "" },
    [OUTCOME_OK] = { "ok", "captured" },
    [OUTCOME_PARTIAL] = { "partial", "only a part of the conversation was in the page" },
    [OUTCOME_GONE] = { "gone", "the provider says that this share does not exist (any more); make "
                               "a new share link" },
    [OUTCOME_PRIVATE] = { "private", "the provider shows this share only to people who are signed "
                                     "in; use its official export" },
    [OUTCOME_CHALLENGE] = { "challenge", "the provider asks for a proof that a human is there; try "
                                         "again later, or use its official export" },
    [OUTCOME_RATE_LIMITED] = { "rate_limited", "the provider says that there were too many "
                                               "requests; try again in some minutes" },
    [OUTCOME_FORMAT_CHANGED] = { "format_changed",
                                 "the page was reached but not understood; what came is kept, and "
                                 "a newer version can read it again" },
    [OUTCOME_SERVER_ERROR] = { "server_error",
                               "the provider's server could not be reached, or answered with an "
                               "error; try again later" },
    [OUTCOME_TIMEOUT] = { "timeout", "the page did not finish loading in time; try again later" },
    [OUTCOME_BLOCKED] = { "blocked",
                          "the page led to an address that is not public, which is refused" },
    [OUTCOME_TOO_LARGE] = { "too_large", "the page is larger than a capture may be" },
    [OUTCOME_INVALID_URL] = { "invalid_url", "this is not the share link of a known provider" },
    [OUTCOME_BROWSER_FAILED] = { "browser_failed", "the browser could not be used; `vivim doctor` "
                                                   "says what is missing" },
    [OUTCOME_CRASHED] = { "crashed",
                          "the server ended each time that it worked on this page, so it "
                          "is set aside; the log of the server may say why" },
};

const char *outcome_name(enum outcome o)
{
    return OUTCOMES[o].name;
}

const char *outcome_advice(enum outcome o)
{
    return OUTCOMES[o].advice;
}

static const char *messages(int64_t n)
{
    return n == 1 ? "message" : "messages";
}

struct str capture_words(struct arena *a, const struct capture_row *row)
{
    long long fresh = (long long)row->messages_new, changed = (long long)row->messages_changed;
    if (!row->change.n)
        return STR_NONE;
    if (str_eq(row->change, S("unchanged")))
        return S("nothing new");
    if (str_eq(row->change, S("new")))
        return str_fmt(a, "new: %lld %s", (long long)row->message_count,
                       messages(row->message_count));
    if (fresh && changed)
        return str_fmt(a, "updated: %lld new %s, %lld changed", fresh, messages(fresh), changed);
    if (fresh)
        return str_fmt(a, "updated: %lld new %s", fresh, messages(fresh));
    if (changed)
        return str_fmt(a, "updated: %lld %s changed", changed, messages(changed));
    return S("updated: no new messages"); /* another title, more known of what was there */
}
