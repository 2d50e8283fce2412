/* Places and sessions of a conversation. A session ends where nothing was said for longer than SEARCH_SESSION_GAP_MS; what has no time
 * belongs to the session before it, so that without times a conversation is one. */
#include <stdlib.h>

#include "search/index/inside.h"

/* Kept in the order of the conversation; what was deleted in between leaves no gap. */
static int by_position(const void *x, const void *y)
{
    const struct search_stored *a = *(struct search_stored *const *)x,
                               *b = *(struct search_stored *const *)y;
    if (a->position != b->position)
        return a->position < b->position ? -1 : 1;
    return uuid_cmp(a->id, b->id);
}

static err_t gather(struct db *index, struct arena *a, struct uuid owner, struct uuid parent,
                    int64_t session, struct search_stored *const *fresh, size_t fresh_count,
                    struct search_stored ***ret, size_t *ret_count)
{
    struct search_stored *stored;
    size_t count;
    TRY(search_store_docs_from(index, a, owner, parent, session, &stored, &count));
    struct search_stored **all = ARENA_ARRAY(a, struct search_stored *, count + fresh_count + 1);
    if (!all)
        return arena_err(a);
    for (size_t i = 0; i < count; i++)
        all[i] = &stored[i];
    for (size_t i = 0; i < fresh_count; i++)
        all[count + i] = fresh[i];
    qsort(all, count + fresh_count, sizeof(struct search_stored *), by_position);
    *ret = all;
    *ret_count = count + fresh_count;
    return OK;
}

/* --- a session's words --------------------------------------------------------------------------- */

static int by_word(const void *x, const void *y)
{
    const struct search_share *a = x, *b = y;
    return a->word < b->word ? -1 : a->word > b->word;
}

/* What stands aside counts as little as in the lengths of documents, and at least once. */
static uint32_t share_of(int64_t parts)
{
    int64_t n = (parts + SEARCH_ASIDE_AS_ONE / 2) / SEARCH_ASIDE_AS_ONE;
    return n ? (uint32_t)n : 1;
}

static err_t shares_of(struct arena *a, const struct search_tally *t, struct str *ret)
{
    struct buf b;
    struct search_share *list = ARENA_ARRAY(a, struct search_share, t->count + 1);
    size_t count = 0;
    uint32_t last = 0;
    if (!list)
        return arena_err(a);
    for (size_t i = 0; i < t->room; i++)
        if (t->keys[i])
            list[count++] = (struct search_share){ t->keys[i], share_of(t->counts[i]) };
    qsort(list, count, sizeof *list, by_word);
    buf_init(&b, a, MIB(64));
    for (size_t i = 0; i < count; i++) {
        search_shares_put(&b, last, list[i]);
        last = list[i].word;
    }
    *ret = b.n ? buf_str(&b) : S("");
    return buf_err(&b);
}

static err_t write_session(struct db *index, struct uuid owner, struct uuid parent,
                           struct search_stored *const *docs, size_t count,
                           struct search_statistics *by)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct search_tally tally;
    struct str words;
    int64_t length = 0;
    arena_init(&a, MIB(512));
    search_tally_init(&tally, &a);
    for (size_t i = 0; i < count; i++) {
        struct search_walk walk = search_walk(docs[i]->words);
        struct search_word_at at;
        length += docs[i]->length;
        while (search_walk_next(&walk, &at))
            if (at.word)
                TRY(search_tally_add(&tally, at.word, at.aside ? 1 : SEARCH_ASIDE_AS_ONE));
    }
    TRY(shares_of(&a, &tally, &words));
    by->sessions++;
    by->session_words += length;
    return search_store_session_add(index, owner, parent, docs[0]->session, length, words);
}

/* --- all of it --------------------------------------------------------------------------------------- */

static err_t place(struct db *index, struct uuid owner, struct search_stored *d, int64_t at,
                   int64_t session)
{
    bool stored = d->place != SEARCH_NOT_PLACED, moved = d->place != at || d->session != session;
    d->place = at;
    d->session = session;
    return stored && moved ? search_store_doc_place(index, owner, d) : OK;
}

/* The first of `docs` begins the session. */
static err_t place_all(struct db *index, struct uuid owner, struct uuid parent,
                       struct search_stored **docs, size_t count, int64_t at, int64_t session,
                       struct search_statistics *by)
{
    int64_t said_ms = TIME_NONE;
    size_t begin = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t now_ms = docs[i]->said_ms;
        if (now_ms != TIME_NONE && said_ms != TIME_NONE && i > begin &&
            now_ms - said_ms > SEARCH_SESSION_GAP_MS) {
            TRY(write_session(index, owner, parent, docs + begin, i - begin, by));
            begin = i;
            session++;
        }
        if (now_ms != TIME_NONE)
            said_ms = now_ms;
        TRY(place(index, owner, docs[i], at + (int64_t)i, session));
    }
    return count > begin ? write_session(index, owner, parent, docs + begin, count - begin, by)
                         : OK;
}

static int64_t first_place(struct search_stored *const *docs, size_t count)
{
    int64_t first = -1;
    for (size_t i = 0; i < count; i++)
        if (docs[i]->place != SEARCH_NOT_PLACED && (first < 0 || docs[i]->place < first))
            first = docs[i]->place;
    return first < 0 ? 0 : first;
}

err_t search_sessions_remake(struct db *index, struct arena *a, struct uuid owner,
                             struct uuid parent, int64_t position,
                             struct search_stored *const *fresh, size_t fresh_count,
                             struct search_statistics *by)
{
    struct search_stored **docs;
    size_t count;
    int64_t session, sessions, length;
    err_t e = search_store_session_before(index, owner, parent, position, &session);
    if (e == E_NOT_FOUND)
        session = 0; /* from the beginning */
    else
        TRY(e);
    TRY(gather(index, a, owner, parent, session, fresh, fresh_count, &docs, &count));
    TRY(search_store_sessions_sum(index, owner, parent, session, &sessions, &length));
    TRY(search_store_sessions_remove(index, owner, parent, session));
    by->sessions -= sessions;
    by->session_words -= length;
    /* The one before stands in what was gathered, so its place is where that begins. */
    int64_t at = e == E_NOT_FOUND ? 0 : first_place(docs, count);
    return place_all(index, owner, parent, docs, count, at, session, by);
}
