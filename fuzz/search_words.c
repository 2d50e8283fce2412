/* room: search
 *
 * Any text, in any language (the first byte chooses): tokens lie in it in order, hold nothing that
 * a full-text expression could take for its own, and each piece that a mark would cover gives its
 * token again when it is typed. */
#include "base/utf8.h"
#include "search/words/words.h"

#define CHECK(what)           \
    do {                      \
        if (!(what))          \
            __builtin_trap(); \
    } while (0)

static void check_text(struct str text)
{
    CHECK(text.n > 0 && text.n <= SEARCH_TOKEN_BYTES_MAX && utf8_ok(text));
    for (size_t k = 0; k < text.n; k++) {
        unsigned char c = (unsigned char)text.s[k];
        CHECK(c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'));
    }
}

static bool gives(struct str source, struct str text)
{
    struct search_tokens walk;
    struct search_token t;
    search_tokens_init(&walk, source, SEARCH_LANGUAGE_NONE);
    while (search_tokens_next(&walk, &t))
        if (str_eq(t.text, text))
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct search_tokens walk;
    struct search_token t;
    if (!size)
        return 0;
    arena_init(&a, MIB(16));
    enum search_language l = (enum search_language)(data[0] % SEARCH_LANGUAGE_COUNT);
    struct str text = utf8_repair(&a, str_of((const char *)data + 1, size - 1));
    CHECK(search_language_of(text) == search_language_of(text));
    CHECK(search_stems_ready(l) == OK);
    size_t running = 0, count = 0, whole_end = 0;
    search_tokens_init(&walk, text, l);
    for (; search_tokens_next(&walk, &t); count++) {
        check_text(t.text);
        check_text(t.stem);
        CHECK(t.start < t.first_end && t.first_end <= t.end && t.end <= text.n);
        CHECK(!t.part || t.end <= whole_end);
        CHECK(!(t.beside && t.dense));
        if (!t.part)
            whole_end = t.end;
        if (!t.beside) {
            CHECK(t.start >= running);
            running = t.start;
        }
        CHECK(search_word_class(l, t.text) <= SEARCH_WORD_STOP);
        if (count < 200)
            CHECK(gives(str_sub(text, t.start, t.end), t.text));
    }
    return 0;
}
