/* Password hashes, a bounded number at a time: each takes 64 MiB (PASSWORD_MIB) and a core for a
 * tenth of a second. */
#include <stdio.h>

#include "identity/inside.h"
#include "os/clock.h"

void identity_gate_init(struct hash_gate *g, int64_t mib)
{
    /* With the parameters of password_hash(), so that checking against it costs the same (a test
     * compares them). No password that anybody knows has this hash. */
    snprintf(g->nobody, sizeof g->nobody,
             "$argon2id$v=19$m=%lld,t=%d,p=1$ciik6DYeXlERpCklRqFaqw$"
             "5axF9Wgfl57sCtBjNjxoSrdx3mk9AKv7++19FTDFRKc",
             (long long)mib * 1024, PASSWORD_PASSES);
    g->mib = mib;
    mutex_init(&g->mutex);
    cond_init(&g->freed);
    g->running = 0;
    g->waiting = 0;
}

void identity_gate_free(struct hash_gate *g)
{
    cond_free(&g->freed);
    mutex_free(&g->mutex);
}

static bool wait_for_slot(struct hash_gate *g)
{
    int64_t deadline_ms = clock_monotonic_ms() + PASSWORD_HASH_WAIT_MS;
    g->waiting++;
    while (g->running >= PASSWORD_HASHES_AT_ONCE) {
        int64_t left_ms = deadline_ms - clock_monotonic_ms();
        if (left_ms <= 0 || !cond_wait_ms(&g->freed, &g->mutex, left_ms))
            break;
    }
    g->waiting--;
    return g->running < PASSWORD_HASHES_AT_ONCE;
}

err_t identity_slot_take(struct hash_slot *s, struct hash_gate *g, int64_t *ret_retry_ms)
{
    assert(!s->gate);
    mutex_lock(&g->mutex);
    bool free = g->running < PASSWORD_HASHES_AT_ONCE;
    if (!free && g->waiting < PASSWORD_HASHES_WAITING_MAX)
        free = wait_for_slot(g);
    if (free)
        g->running++;
    mutex_unlock(&g->mutex);
    if (!free) {
        *ret_retry_ms = PASSWORD_HASH_WAIT_MS;
        return err_note(E_BUSY, NULL,
                        "too many people sign in at this moment; try again in %d seconds",
                        PASSWORD_HASH_WAIT_MS / 1000);
    }
    s->gate = g;
    return OK;
}

void identity_slot_end(struct hash_slot *s)
{
    if (!s->gate)
        return;
    mutex_lock(&s->gate->mutex);
    assert(s->gate->running > 0);
    s->gate->running--;
    cond_signal(&s->gate->freed);
    mutex_unlock(&s->gate->mutex);
    s->gate = NULL;
}

static err_t no_memory(err_t e)
{
    return e == E_BUSY ? err_note(E_BUSY, NULL,
                                  "this server has no memory for a password at this moment; try "
                                  "again soon")
                       : e;
}

err_t identity_hash(const struct hash_slot *s, struct arena *a, struct str password,
                    struct str *ret)
{
    assert(s->gate);
    char encoded[PASSWORD_HASH_BYTES];
    TRY(no_memory(password_hash(password, s->gate->mib, encoded)));
    *ret = str_dup(a, str_from(encoded));
    return arena_err(a);
}

struct str identity_nobody(const struct hash_gate *g)
{
    return str_from(g->nobody);
}

err_t identity_hash_check(const struct hash_slot *s, struct arena *a, struct str encoded,
                          struct str password, bool *ret)
{
    assert(s->gate);
    bool same;
    const char *text = encoded.s ? str_cstr(a, encoded) : s->gate->nobody;
    if (!text)
        return arena_err(a);
    TRY(no_memory(password_check(text, password, &same)));
    *ret = same && encoded.s;
    return OK;
}
