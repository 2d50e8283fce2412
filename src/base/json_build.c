/* The format is simdjson's (its doc/tape.md): a word has its type in the highest byte. A container's first word holds where
 * it ends and how many elements it has, its last word where it begins; a number is in the word behind its own; a string is
 * a place among the strings. */
#include "base/json_build.h"

enum { COUNT_MOST = 0xFFFFFF }; /* more is written as this */

/* Aligned, and not cleared: most of a guessed tape is never touched. */
static uint64_t *words_alloc(struct arena *a, size_t words)
{
    char *p = arena_bytes(a, (words + 1) * sizeof(uint64_t));
    return p ? (uint64_t *)(void *)(p + -(uintptr_t)p % sizeof(uint64_t)) : NULL;
}

void json_build_init(struct json_build *b, struct arena *a, struct json document,
                     size_t expected_bytes)
{
    size_t bytes = expected_bytes < JSON_BUILD_BYTES_MAX ? expected_bytes : JSON_BUILD_BYTES_MAX;
    b->arena = a;
    b->strings = document.strings;
    b->words = 1; /* the root, which nobody reads */
    b->words_cap = bytes / sizeof *b->tape + 2;
    b->tape = words_alloc(a, b->words_cap);
    b->failed = b->tape ? OK : arena_err(a);
    b->depth = 0;
}

static void grow(struct json_build *b)
{
    size_t most = JSON_BUILD_BYTES_MAX / sizeof *b->tape;
    size_t cap = b->words_cap * 2 < most ? b->words_cap * 2 : most;
    uint64_t *tape = cap > b->words ? words_alloc(b->arena, cap) : NULL;
    if (!tape) {
        b->failed = cap > b->words ? arena_err(b->arena) : E_LIMIT;
        return;
    }
    memcpy(tape, b->tape, b->words * sizeof *tape);
    b->tape = tape;
    b->words_cap = cap;
}

static void put_word(struct json_build *b, uint64_t word)
{
    if (b->failed == OK && b->words == b->words_cap)
        grow(b);
    if (b->failed == OK)
        b->tape[b->words++] = word;
}

static uint64_t word_of(char type, uint64_t payload)
{
    return (uint64_t)(unsigned char)type << 56 | payload;
}

static void count_one(struct json_build *b)
{
    if (b->depth)
        b->open[b->depth - 1].count++;
}

static void open_container(struct json_build *b, char type)
{
    if (b->depth == JSON_BUILD_DEPTH_MAX && b->failed == OK)
        b->failed = E_LIMIT;
    if (b->failed != OK)
        return;
    count_one(b);
    b->open[b->depth].at = (uint32_t)b->words;
    b->open[b->depth].count = 0;
    b->open[b->depth].object = type == '{';
    b->depth++;
    put_word(b, word_of(type, 0)); /* its end is not known yet */
}

void json_build_object(struct json_build *b)
{
    open_container(b, '{');
}

void json_build_array(struct json_build *b)
{
    open_container(b, '[');
}

void json_build_close(struct json_build *b)
{
    if (b->failed != OK)
        return;
    assert(b->depth > 0);
    b->depth--;
    bool object = b->open[b->depth].object;
    uint32_t at = b->open[b->depth].at, count = b->open[b->depth].count;
    if (object)
        count /= 2; /* keys were counted too */
    put_word(b, word_of(object ? '}' : ']', at));
    b->tape[at] = word_of(object ? '{' : '[',
                          (uint64_t)(count < COUNT_MOST ? count : COUNT_MOST) << 32 | b->words);
}

void json_build_null(struct json_build *b)
{
    count_one(b);
    put_word(b, word_of('n', 0));
}

static void put_container(struct json_build *b, struct json v)
{
    struct json_iter it = json_iter(v);
    struct json item, key;
    open_container(b, it.object ? '{' : '[');
    while (b->failed == OK && json_next_member(&it, &key, &item)) {
        if (it.object)
            json_build_put(b, key);
        json_build_put(b, item);
    }
    json_build_close(b);
}

void json_build_put(struct json_build *b, struct json v)
{
    assert(!v.tape || v.strings == b->strings);
    switch (json_type(v)) {
    case JSON_NONE:
        json_build_null(b);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        put_container(b, v);
        break;
    case JSON_I64:
    case JSON_U64:
    case JSON_F64:
        count_one(b);
        put_word(b, v.tape[v.at]);
        put_word(b, v.tape[v.at + 1]);
        break;
    case JSON_NULL:
    case JSON_BOOL:
    case JSON_STR:
        count_one(b);
        put_word(b, v.tape[v.at]);
        break;
    }
}

err_t json_build_end(struct json_build *b, struct json *ret)
{
    TRY(b->failed);
    assert(b->depth == 0 && b->words > 1);
    *ret = (struct json){ b->tape, b->strings, 1 };
    return OK;
}
