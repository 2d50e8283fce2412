#include "archive/archive_identity.h"

#include "archive/archive_fold.h"
#include "archive/archive_source_store.h"
#include "archive/archive_store.h"
#include "base/limits.h"
#include "ops/ops.h"

enum { PROBES_MAX = 8, HOLDERS_MAX = 8, WEIGHED_MAX = 2 * PROBES_MAX * HOLDERS_MAX };

/* --- the source ---------------------------------------------------------------------------------- */

/* A share's own id ends its link, and says nothing of the conversation; a session's is a file's, and other files go on with the
 * same conversation. */
static struct str conversation_id_of(const struct conversation *c)
{
    bool of_share = c->source.url.n && str_ends(c->source.url, c->source.id),
         of_session = str_eq(str_from(c->source.kind), S("session"));
    return c->source.id.n && !of_share && !of_session ? c->source.id : STR_NONE;
}

static struct str place_of(struct arena *a, const struct conversation *c)
{
    bool shared = str_eq(str_from(c->source.kind), S("share"));
    if (c->source.url.n && (shared || !c->source.id.n))
        return str_cat(a, S("share:"), c->source.url);
    if (c->source.id.n)
        return str_cat(a, S("conversation:"), c->source.id);
    return str_cat(a, S("content:"), c->hash);
}

struct archive_source identity_source(struct arena *a, const struct conversation *c,
                                      struct str outcome, int64_t captured_ms)
{
    return (struct archive_source){
        .provider = str_from(c->provider),
        .place = place_of(a, c),
        .account = c->source.account.n ? c->source.account : S(""),
        .origin_id = conversation_id_of(c),
        .source_kind = str_from(c->source.kind),
        .source_url = c->source.url,
        .strategy = str_from(c->source.strategy),
        .recipe = c->source.recipe,
        .outcome = outcome,
        .first_ms = captured_ms,
        .captured_ms = captured_ms,
    };
}

static bool accounts_agree(struct str x, struct str y)
{
    return !x.n || !y.n || str_eq(x, y);
}

/* What says the account comes before what does not. */
static const struct archive_source *of_account(const struct archive_source *list, size_t count,
                                               struct str account)
{
    const struct archive_source *found = NULL;
    for (size_t i = 0; i < count; i++) {
        if (str_eq(list[i].account, account))
            return &list[i];
        if (!found && accounts_agree(list[i].account, account))
            found = &list[i];
    }
    return found;
}

/* The stored source of the place, with what this rendering adds to it. */
static void meet(struct archive_source *s, const struct archive_source *stored)
{
    bool older = s->captured_ms < stored->captured_ms;
    struct archive_source now = older ? *stored : *s;
    now.id = stored->id;
    now.conversation_id = stored->conversation_id;
    now.source_url = stored->source_url;
    now.account = stored->account.n ? stored->account : s->account;
    now.origin_id = now.origin_id.n ? now.origin_id : older ? s->origin_id : stored->origin_id;
    now.first_ms = s->first_ms < stored->first_ms ? s->first_ms : stored->first_ms;
    *s = now;
}

/* --- which conversations ------------------------------------------------------------------------------ */

struct search {
    struct renderings *set;
    struct db *db;
    struct arena *a;
    struct uuid owner;
    const struct merge_list *list; /* of the rendering */
    struct identity *found;
    struct uuid weighed[WEIGHED_MAX]; /* each candidate is read once */
    size_t weighed_count;
};

static bool has(const struct identity *f, struct uuid conversation)
{
    for (size_t i = 0; i < f->count; i++)
        if (uuid_eq(f->conversations[i], conversation))
            return true;
    return false;
}

/* May these sources be of one conversation: they name neither two conversations nor two accounts. */
static bool may_be_one(const struct archive_source *x, size_t x_count,
                       const struct archive_source *y, size_t y_count)
{
    for (size_t i = 0; i < x_count; i++)
        for (size_t k = 0; k < y_count; k++)
            if (!accounts_agree(x[i].account, y[k].account) ||
                (x[i].origin_id.n && y[k].origin_id.n && !str_eq(x[i].origin_id, y[k].origin_id)))
                return false;
    return true;
}

/* Somebody else reads it: what others own must not grow by what they were not shown. */
static err_t is_shared(struct search *s, struct uuid conversation, bool *ret)
{
    struct uuid *readers;
    size_t count;
    TRY(ops_readers(s->db, s->a, s->owner, S("conversation"), conversation, &readers, &count));
    *ret = count > 0;
    return OK;
}

/* Does it go together with those that were found before it? */
static err_t may_join(struct search *s, struct uuid conversation, bool *ret)
{
    struct archive_source *mine, *theirs;
    size_t count, their_count;
    bool shared = false;
    TRY(archive_sources(s->db, s->a, s->owner, conversation, &mine, &count));
    *ret = count < CONVERSATION_SOURCES_MAX && may_be_one(&s->found->source, 1, mine, count);
    for (size_t i = 0; i < s->found->count && *ret; i++) {
        struct uuid other = s->found->conversations[i];
        bool apart = false, other_shared = false;
        TRY(archive_sources(s->db, s->a, s->owner, other, &theirs, &their_count));
        TRY(source_store_are_apart(s->db, s->owner, conversation, other, &apart));
        TRY(is_shared(s, conversation, &shared));
        TRY(is_shared(s, other, &other_shared));
        *ret = !apart && !shared && !other_shared && may_be_one(mine, count, theirs, their_count) &&
               count + their_count < CONVERSATION_SOURCES_MAX;
    }
    return OK;
}

static err_t join(struct search *s, struct uuid conversation)
{
    struct identity *f = s->found;
    bool may;
    if (f->count == IDENTITY_JOINED_MAX || has(f, conversation))
        return OK;
    TRY(may_join(s, conversation, &may));
    if (may)
        f->conversations[f->count++] = conversation;
    return OK;
}

static err_t by_origin(struct search *s)
{
    struct archive_source *list;
    size_t count;
    struct identity *f = s->found;
    if (!f->source.origin_id.n)
        return OK;
    TRY(source_store_of_origin(s->db, s->a, s->owner, f->source.provider, f->source.origin_id,
                               &list, &count));
    const struct archive_source *same = of_account(list, count, f->source.account);
    return same ? join(s, same->conversation_id) : OK;
}

static bool was_weighed(struct search *s, struct uuid conversation)
{
    for (size_t i = 0; i < s->weighed_count; i++)
        if (uuid_eq(s->weighed[i], conversation))
            return true;
    if (s->weighed_count < WEIGHED_MAX)
        s->weighed[s->weighed_count++] = conversation;
    return false;
}

/* A candidate holds one of our answers; does it hold enough of what is said? */
static err_t weigh(struct search *s, struct uuid conversation)
{
    CLEANUP(merge_list_free) struct merge_list theirs = { 0 };
    bool same;
    if (has(s->found, conversation) || was_weighed(s, conversation))
        return OK;
    TRY(rendering_rows(s->set, conversation, 0, &theirs));
    TRY(rendering_is_same(&s->set->texts, s->list, &theirs, &same));
    return same ? join(s, conversation) : OK;
}

static err_t probe(struct search *s, struct str said, bool by_id)
{
    struct uuid *holders;
    size_t n;
    TRY(source_store_answer(s->db, s->a, s->owner, s->found->source.provider, said, by_id,
                            HOLDERS_MAX, &holders, &n));
    for (size_t i = 0; i < n; i++)
        TRY(weigh(s, holders[i]));
    return OK;
}

/* By the first answers: whatever two renderings have in common, they have the beginning, or an answer on another branch.
 * *ret_enough: there were as many as are asked for. */
static err_t by_messages(struct search *s, bool *ret_enough)
{
    size_t probes = 0;
    for (size_t i = 0; i < s->list->count && probes < PROBES_MAX; i++) {
        const struct merge_message *m = &s->list->m[i];
        struct str origin = intern_text(&s->set->texts, m->origin);
        if (m->role != ROLE_ASSISTANT || m->hidden)
            continue;
        probes++;
        if (rendering_id_is_strong(origin))
            TRY(probe(s, origin, true));
        if (rendering_words_count(m))
            TRY(probe(s, sha256_tagged(s->a, m->hash), false));
    }
    *ret_enough = probes == PROBES_MAX;
    return OK;
}

err_t identity_find(struct renderings *set, const struct archive_source *source,
                    const struct merge_list *list, bool more, struct identity *ret)
{
    struct archive_source *sources;
    size_t n;
    bool enough = false;
    struct identity f = { .source = *source };
    struct search s = { .set = set, .db = set->db, .a = set->a, .owner = set->owner };
    s.list = list;
    s.found = &f;
    TRY(source_store_at(s.db, s.a, s.owner, source->provider, source->place, &sources, &n));
    const struct archive_source *stored = of_account(sources, n, source->account);
    if (stored) {
        meet(&f.source, stored);
        f.conversations[f.count++] = stored->conversation_id;
    }
    TRY(by_origin(&s));
    TRY(by_messages(&s, &enough));
    f.undecided = more && (f.count || s.weighed_count || !enough);
    *ret = f;
    return OK;
}

err_t archive_find(struct db *db, struct arena *a, struct uuid owner, const struct conversation *c,
                   struct archive_conversation *ret)
{
    struct archive_source *list, source = identity_source(a, c, STR_NONE, 0);
    size_t count;
    TRY(arena_err(a));
    TRY(source_store_at(db, a, owner, source.provider, source.place, &list, &count));
    const struct archive_source *stored = of_account(list, count, source.account);
    return stored ? archive_store_any(db, a, owner, stored->conversation_id, ret) : E_NOT_FOUND;
}

err_t archive_of_link(struct db *db, struct arena *a, struct uuid owner, struct str provider,
                      struct str url, struct archive_source *ret)
{
    struct archive_source *list;
    size_t count;
    struct str place = str_cat(a, S("share:"), url);
    TRY(arena_err(a));
    TRY(source_store_at(db, a, owner, provider, place, &list, &count));
    if (!count)
        return E_NOT_FOUND;
    *ret = list[0];
    return OK;
}
