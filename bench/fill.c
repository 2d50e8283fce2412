/* Fill a data folder with what people would have put there over years, through the archive's own door: for the benchmarks
 * that ask what grows with it (bench/growth.mjs). No server runs on the folder meanwhile; the account "owner" is there.
 *
 *   build/release/bench/fill DATA MESSAGES ACCOUNTS MESSAGES_EACH
 *
 * MESSAGES_EACH for each of ACCOUNTS - 1 accounts more that it makes, then MESSAGES for the owner. The words of a message are
 * drawn as words of a language are, few of them often and most of them seldom; its last one, "m" and its number, stands in
 * no other message. The same arguments give the same words. */
#include <stdio.h>
#include <stdlib.h>

#include "archive/archive.h"
#include "archive/builder.h"
#include "base/limits.h"
#include "identity/identity.h"
#include "identity/inside.h"
#include "os/clock.h"

enum { MESSAGES_IN_ONE = 10, WORDS_IN_ONE = 40, VOCABULARY = 5000, SEED = 1 };
#define AGE_MS (OPS_KEEP_MS / 2) /* the first; none is so old that the log forgets it */

struct filling {
    struct db *db;
    struct db_store *store;
    uint64_t random;
    int64_t now_ms, conversations, messages;
};

static void must(err_t e)
{
    if (e != OK) {
        fprintf(stderr, "fill: %s: %s\n", err_code(e), err_detail()->text);
        exit(1);
    }
}

static uint64_t next_random(struct filling *f) /* SplitMix64 */
{
    uint64_t z = f->random += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* The cube of an even choice: about a fifth of all words are of the fortieth of the vocabulary that stands first. */
static void put_word(struct filling *f, struct buf *b)
{
    static const char *const SYLLABLES[] = { "ka", "re", "mo", "ti", "lu", "sen", "var", "dol" };
    double even = (double)(next_random(f) >> 11) / 9007199254740992.0;
    unsigned n = (unsigned)(even * even * even * VOCABULARY);
    do {
        buf_put(b, str_from(SYLLABLES[n % COUNTOF(SYLLABLES)]));
        n /= COUNTOF(SYLLABLES);
    } while (n);
    buf_putc(b, ' ');
}

static void put_message(struct filling *f, struct builder *build, struct arena *a, int at)
{
    struct buf text;
    buf_init(&text, a, KIB(4));
    for (int i = 0; i < WORDS_IN_ONE; i++)
        put_word(f, &text);
    buf_putf(&text, "m%lld", (long long)f->messages++);
    struct message *m =
        build_message(build, str_fmt(a, "%d", at), at ? str_fmt(a, "%d", at - 1) : STR_NONE,
                      at % 2 ? ROLE_ASSISTANT : ROLE_USER);
    m->created_ms = f->now_ms;
    build_text(build, buf_str(&text));
}

/* A failure ends the program; what was told is freed. */
static void told(struct db_handed *h, err_t e)
{
    must(e);
    free(h);
}

/* The commit is handed over: those that come together share one, as those of many clients do. */
static void put_conversation(struct filling *f, struct uuid owner, int messages)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    CLEANUP(arena_free) struct arena scratch = { 0 };
    struct builder build;
    struct conversation c;
    struct archive_put_result result;
    struct db_handed *h = calloc(1, sizeof *h);
    bool waits;
    must(h ? OK : E_BUSY);
    arena_init(&a, MIB(16));
    arena_init(&scratch, MIB(16));
    build_begin(&build, &a, "chatgpt", &c);
    c.title = str_fmt(&a, "Conversation %lld", (long long)f->conversations);
    c.source.kind = "export";
    c.source.id = str_fmt(&a, "filled-%lld", (long long)f->conversations++);
    c.source.captured_ms = f->now_ms += 1000;
    for (int i = 0; i < messages; i++)
        put_message(f, &build, &a, i);
    must(build_end(&build));
    must(conversation_hash(&a, &scratch, &c));
    h->told = told;
    db_hand_over_begin(f->db);
    must(archive_put(f->db, &a, owner, &c, &(struct archive_put_options){ .outcome = STR_NONE },
                     f->now_ms, &result));
    must(db_hand_over_end(f->db, h, &waits));
    if (!waits)
        free(h);
}

static void put_messages(struct filling *f, struct uuid owner, int64_t messages)
{
    for (int64_t left = messages; left > 0; left -= MESSAGES_IN_ONE)
        put_conversation(f, owner, left < MESSAGES_IN_ONE ? (int)left : MESSAGES_IN_ONE);
}

static struct uuid make_account(struct filling *f, int64_t number)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    struct account made;
    char handle[32];
    snprintf(handle, sizeof handle, "person-%lld", (long long)number);
    must(db_txn_begin(&tx, f->db));
    must(
        identity_account_make(f->db, str_from(handle), identity_nobody(), false, f->now_ms, &made));
    must(db_txn_commit(&tx));
    return made.id;
}

static void fill(struct filling *f, int64_t messages, int64_t accounts, int64_t messages_each)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct account owner;
    arena_init(&a, KIB(64));
    must(identity_user_get(f->db, &a, S("owner"), &owner));
    for (int64_t i = 1; i < accounts; i++)
        put_messages(f, make_account(f, i), messages_each);
    put_messages(f, owner.id, messages);
    db_flush(f->store);
}

int main(int argc, char **argv)
{
    struct filling f = { .random = SEED, .now_ms = clock_wall_ms() - AGE_MS };
    int64_t numbers[3];
    for (int i = 0; i < 3; i++)
        if (argc != 5 || str_to_i64(str_from(argv[i + 2]), &numbers[i]) != OK || numbers[i] < 0)
            return fprintf(stderr, "usage: fill DATA MESSAGES ACCOUNTS MESSAGES_EACH\n"), 2;
    crypto_init();
    must(db_open(&(struct db_options){ .url = S("sqlite:"), .data_dir = argv[1] }, &f.store));
    must(db_connect(f.store, &f.db));
    fill(&f, numbers[0], numbers[1], numbers[2]);
    db_disconnect(f.db);
    db_close(f.store);
    printf("%lld conversations, %lld messages\n", (long long)f.conversations,
           (long long)f.messages);
    return 0;
}
