/* An export, or a folder of sessions, from its files to the normal form with hashes, nothing stored, on one thread:
 *   import PATH    prints {"bytes", "conversations", "messages", "words" (bytes of them), "cpu_seconds", "peak_bytes"} */
#include <stdio.h>
#include <sys/resource.h>

#include "base/crypto.h"
#include "base/limits.h"
#include "imports/source.h"

struct counts {
    size_t conversations, messages, words, skipped;
};

static err_t take(struct counts *n, struct conversation *c, struct arena *hashing,
                  struct arena *scratch, struct buf *words)
{
    arena_reset(hashing);
    TRY(conversation_hash(hashing, scratch, c));
    n->conversations++;
    n->messages += c->message_count;
    buf_clear(words);
    for (size_t i = 0; n->conversations % 64 == 0 && i < c->message_count; i++)
        blocks_text(c->messages[i].blocks, c->messages[i].block_count, BLOCKS_ALL, words);
    n->words += words->n * 64;
    return OK;
}

static err_t read_entry(struct import_files *files, size_t entry, struct counts *n)
{
    CLEANUP(arena_free)
    struct arena of_source = { 0 }, a = { 0 }, hashing = { 0 }, scratch = { 0 };
    CLEANUP(import_source_close) struct import_source s = { 0 };
    CLEANUP(buf_free) struct buf words = { 0 };
    const struct import_reading reading = { 0 };
    struct conversation c;
    arena_init(&of_source, MIB(512));
    arena_init(&a, CONVERSATION_BYTES_MAX * 4);
    arena_init(&hashing, CONVERSATION_BYTES_MAX);
    arena_init(&scratch, CONVERSATION_BYTES_MAX * 4);
    buf_init(&words, NULL, CONVERSATION_BYTES_MAX);
    TRY(import_source_open(&s, &of_source, &reading, files, entry));
    for (err_t e = OK; e != E_NOT_FOUND; arena_reset(&a)) {
        e = import_source_next(&s, &a, &c);
        if (e == OK)
            TRY(take(n, &c, &hashing, &scratch, &words));
        n->skipped += e != OK && e != E_NOT_FOUND;
    }
    return OK;
}

static err_t read_all(const char *path, struct counts *n, int64_t *ret_bytes)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    CLEANUP(import_files_close) struct import_files files = { 0 };
    arena_init(&a, MIB(64));
    TRY(import_files_open(&files, &a, path));
    for (size_t i = 0; i < files.count; i++) {
        *ret_bytes += files.entries[i].bytes;
        TRY(read_entry(&files, i, n));
    }
    return OK;
}

int main(int argc, char **argv)
{
    struct counts n = { 0 };
    int64_t bytes = 0;
    struct rusage used;
    crypto_init();
    if (argc != 2 || read_all(argv[1], &n, &bytes) != OK || !n.conversations || n.skipped) {
        fprintf(stderr, "%s: %zu skipped: %s\n", argc > 1 ? argv[1] : "usage: import PATH",
                n.skipped, err_detail()->text);
        return 1;
    }
    getrusage(RUSAGE_SELF, &used);
    double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                 (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf(
        "{\"bytes\":%lld,\"conversations\":%zu,\"messages\":%zu,\"words\":%zu,\"cpu_seconds\":%.3f,"
        "\"peak_bytes\":%lld}\n",
        (long long)bytes, n.conversations, n.messages, n.words, cpu,
        (long long)used.ru_maxrss * 1024);
    return 0;
}
