/* A ChatGPT share page of 1 MB from bytes to the normal form, on one thread: MB/s of CPU time; once with memory that the process
 * has already, once with memory that the kernel clears and hands over anew for each page (more than a third of the time then). The page is made here: many
 * turns with prose, code and a table, as turbo-stream in one chunk, behind the weight of a real page's HTML. */
#include <malloc.h>
#include <stdio.h>
#include <time.h>

#include "archive/providers/extract.h"
#include "base/limits.h"

enum { PAGE_BYTES = 1000000, SECONDS = 3 };

static void put_value(struct buf *b, size_t *count, struct str json)
{
    if ((*count)++)
        buf_putc(b, ',');
    buf_put(b, json);
}

/* The flat array: keys at fixed indices first, then three values for each message. */
static struct str state(struct arena *a)
{
    static const char *const KEYS[] = { "{\"_1\":2}",
                                        "\"loaderData\"",
                                        "{\"_3\":4}",
                                        "\"routes/share\"",
                                        "{\"_5\":6}",
                                        "\"serverResponse\"",
                                        "{\"_7\":8}",
                                        "\"data\"",
                                        "",
                                        "\"mapping\"",
                                        "",
                                        "\"title\"",
                                        "\"A long talk\"",
                                        "\"create_time\"",
                                        "1769130000.5",
                                        "\"id\"",
                                        "\"parent\"",
                                        "\"message\"",
                                        "\"author\"",
                                        "\"role\"",
                                        "\"user\"",
                                        "\"assistant\"",
                                        "\"content\"",
                                        "\"content_type\"",
                                        "\"text\"",
                                        "\"parts\"",
                                        "\"recipient\"",
                                        "\"all\"",
                                        "{\"_19\":20}",
                                        "{\"_19\":21}" };
    struct buf b, mapping;
    size_t count = 0, next = COUNTOF(KEYS);
    buf_init(&b, a, MIB(16));
    buf_init(&mapping, a, MIB(4));
    buf_putc(&mapping, '{');
    struct buf values;
    buf_init(&values, a, MIB(16));
    for (size_t i = 0; values.n < PAGE_BYTES * 7 / 10; i++) {
        size_t at = next;
        struct str parent = i ? str_fmt(a, "%zu", at - 6) : S("-5");
        buf_putf(&values,
                 ",\"m%zu\",{\"_15\":%zu,\"_16\":%.*s,\"_17\":%zu},{\"_18\":%d,\"_22\":%zu,\"_26\":"
                 "27,\"_13\":14},{\"_23\":24,\"_25\":%zu},[%zu]",
                 i, at, STR_ARG(parent), at + 2, i % 2 ? 29 : 28, at + 3, at + 4, at + 5);
        buf_putf(&values,
                 ",\"Answer %zu: the tide is the *difference* of the pull across the "
                 "Earth.\\n\\n```python\\ndef tide(m, d):\\n    return 2 * m / d ** 3\\n```\\n\\n"
                 "| body | tide |\\n|---|---|\\n| Moon | 1.00 |\\n| Sun | 0.46 |\\n\\nIt falls "
                 "with the cube of the distance; the rest is the shape of the coast, "
                 "which changes the height far more than the Sun does, as the tables of two "
                 "harbours show.\"",
                 i);
        buf_putf(&mapping, "%s\"_%zu\":%zu", i ? "," : "", at, at + 1);
        next += 6;
    }
    buf_putc(&mapping, '}');
    buf_putc(&b, '[');
    for (size_t i = 0; i < COUNTOF(KEYS); i++)
        put_value(&b, &count,
                  i == 8    ? S("{\"_9\":10,\"_11\":12,\"_13\":14}")
                  : i == 10 ? buf_str(&mapping)
                            : str_from(KEYS[i]));
    buf_put(&b, buf_str(&values));
    buf_put(&b, S("]\n"));
    return buf_str(&b);
}

static struct str page(struct arena *a)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, a, MIB(32));
    buf_put(&b, S("<!DOCTYPE "
                  "html><html><head><title>ChatGPT</title></"
                  "head><body><script>window.__reactRouterContext.streamController.enqueue("));
    jo_init(&o, &b);
    jo_str(&o, state(a));
    buf_put(&b, S(");</script>"));
    while (b.n < PAGE_BYTES)
        buf_put(&b, S("<link rel=\"modulepreload\" href=\"/cdn/assets/chunk.js\">"));
    return buf_str(&b);
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Megabytes for each second of CPU time; 0: the page is not understood. */
static double rate(struct str html)
{
    size_t rounds = 0;
    double begin = cpu_seconds(), now;
    do {
        CLEANUP(arena_free) struct arena a = { 0 };
        struct conversation c;
        arena_init(&a, CONVERSATION_ARENA_BYTES_MAX);
        if (extract_page(&a, html, &c) != OK || c.message_count < 100)
            return 0;
        rounds++;
        now = cpu_seconds();
    } while (now - begin < SECONDS);
    return (double)html.n * (double)rounds / (now - begin) / 1e6;
}

int main(void)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, MIB(256));
    struct str html = page(&a);
    mallopt(M_MMAP_THRESHOLD, (int)MIB(32));
    mallopt(M_TRIM_THRESHOLD, (int)MIB(64)); /* what is freed stays with the process */
    double warm = rate(html);
    mallopt(M_TRIM_THRESHOLD, (int)KIB(128)); /* the default: it goes back */
    double fresh = rate(html);
    if (warm == 0 || fresh == 0) {
        fprintf(stderr, "the page is not understood: %s\n", err_detail()->text);
        return 1;
    }
    printf("%.1f MB/s, %.1f MB/s with fresh memory (%zu bytes; without hashing)\n", warm, fresh,
           html.n);
    return 0;
}
