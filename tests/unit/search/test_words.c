/* What a word is, its stem, the language of a text: without a store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "os/thread.h"
#include "search/words/inside.h"

static struct arena a;

static int open_arena(void **state)
{
    UNUSED(state);
    arena_init(&a, MIB(64));
    return 0;
}

static int close_arena(void **state)
{
    UNUSED(state);
    arena_free(&a);
    return 0;
}

/* --- the walk -------------------------------------------------------------------------------- */

enum show { TEXT, STEM };

/* "token:the source it came from|(beside)|…" */
static struct str tokens_of(struct str text, enum search_language l, enum show show)
{
    struct search_tokens walk;
    struct search_token t;
    struct buf b;
    buf_init(&b, &a, MIB(4));
    search_tokens_init(&walk, text, l);
    while (search_tokens_next(&walk, &t)) {
        assert_true(t.start < t.end && t.end <= text.n && t.first_end > t.start &&
                    t.first_end <= t.end);
        buf_put(&b, b.n ? S("|") : S(""));
        buf_put(&b, t.beside ? S("(") : S(""));
        buf_put(&b, show == STEM ? t.stem : t.text);
        struct str source = str_sub(text, t.start, t.end);
        if (show == TEXT && !str_eq(source, t.text)) {
            buf_putc(&b, ':');
            buf_put(&b, source);
        }
        buf_put(&b, t.beside ? S(")") : S(""));
    }
    return b.n ? buf_str(&b) : S("");
}

static void check_tokens(const char *const cases[][2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct str got = tokens_of(str_from(cases[i][0]), SEARCH_LANGUAGE_NONE, TEXT);
        if (!str_eq(got, str_from(cases[i][1])))
            fail_msg("\"%s\" gives %.*s, not %s", cases[i][0], STR_ARG(got), cases[i][1]);
    }
}

static void cutting_and_folding(void **state)
{
    UNUSED(state);
    static const char *const CASES[][2] = {
        { "", "" },
        { " \n.,-_*\"'", "" },
        { "a", "a" },
        { "Hello, World!", "hello:Hello|world:World" },
        { "it's the end. Next", "it|s|the|end|next:Next" },
        { "café CAFÉ cafe\u0301", "cafe:café|cafe:CAFÉ|cafe:cafe\u0301" },
        { "naïve ÅNGSTRÖM Łódź", "naive:naïve|angstrom:ÅNGSTRÖM|łodz:Łódź" },
        { "Straße STRASSE ΣΊΣΥΦΟΣ", "strasse:Straße|strasse:STRASSE|σισυφοσ:ΣΊΣΥΦΟΣ" },
        { "ﬁn ＡＢＣ１２ x²", "fin:ﬁn|abc12:ＡＢＣ１２|x2:x²" },
        { "soft\u00adhyphen", "softhyphen:soft\u00adhyphen" },
        { "हिन्दी", "हिन्दी" },
        { "привет ёж", "привет|еж:ёж" },
        { "مُحَمَّد", "محمد:مُحَمَّد" },
        { "今天重大新闻", "今天|天重|重大|大新|新闻|闻" },
        { "新", "新" },
        { "新 闻", "新|闻" },
        { "用C语言", "用|c:C|语言|言" },
        { "ガラス", "カラ:ガラ|ラス|ス" },
        { "뉴스를 가힣", "뉴스|스를|를|가힣|힣" },
        { "ภาษา", "ภา|าษ|ษา|า" },
        { "😀 ok", "😀|ok" },
        { "ok👍🏽!", "ok|👍:👍🏽" },
        { "🇩🇪🇫🇷 ❤️ → ★", "🇩🇪|🇫🇷|❤:❤️|★" },
        { "👩‍🚀", "👩:👩‍|🚀" },
    };
    check_tokens(CASES, COUNTOF(CASES));
}

static void identifiers(void **state)
{
    UNUSED(state);
    static const char *const CASES[][2] = {
        { "my snake_case x", "my|(snakecase:snake_case)|snake|case|x" },
        { "my camelCase x", "my|camelcase:camelCase|(camel)|(case:Case)|x" },
        { "get-user_Name", "(getusername:get-user_Name)|get|user|name:Name" },
        { "HTTPServer URLs iPhone ABC",
          "httpserver:HTTPServer|(http:HTTP)|(server:Server)|urls:URLs|iphone:iPhone|"
          "(phone:Phone)|abc:ABC" },
        { "C++ c++, C++11 i++; F#",
          "(c＋＋:C++)|c:C|(c＋＋:c++)|c|(c＋＋:C++)|c:C|11|(i＋＋:i++)|i|(f＃:F#)|f:F" },
        { "use .NET", "use|(．net:.NET)|net:NET" },
        { "(.gitignore)", "(．gitignore:.gitignore)|gitignore" },
        { "a .b ...c", "a|(．b:.b)|b|c" },
        { ".ab .zz .1", "(．ab:.ab)|ab|(．zz:.zz)|zz|1" },
        { "ABCd aBC", "abcd:ABCd|(ab:AB)|(cd:Cd)|abc:aBC|(bc:BC)" },
        { "e-mail Email", "(email:e-mail)|e|mail|email:Email" },
        { "gpt-4 gpt\u20114", "(gpt4:gpt-4)|gpt|4|(gpt4:gpt\u20114)|gpt|4" },
        { "v1.2.3-rc1", "(v1．2．3rc1:v1.2.3-rc1)|v1|2|3|rc1" },
        { "2025-11-30", "(2025－11－30:2025-11-30)|2025|11|30" },
        { "src/main.c", "(src／main．c:src/main.c)|src|main|c" },
        { "C:\\Users", "c:C|users:Users" },
        { "Users\\me", "(users／me:Users\\me)|users:Users|me" },
        { "std::vector", "(std：vector:std::vector)|std|vector" },
        { "ann.b@example.com.", "(ann．b＠example．com:ann.b@example.com)|ann|b|example|com" },
        { "https://example.com/a-b?c=d#e",
          "https|(example．com／ab:example.com/a-b)|example|com|a|b|c|d|e" },
        { "no -- dash--es a- -b", "no|dash|es|a|b" },
        { "fooBar.bazQux",
          "(foobar．bazqux:fooBar.bazQux)|foobar:fooBar|(foo)|(bar:Bar)|bazqux:bazQux|(baz)|"
          "(qux:Qux)" },
        { "über-cool", "(ubercool:über-cool)|uber:über|cool" },
        { "新-x", "新|x" },
        { "x#y C# z", "x|y|(c＃:C#)|c:C|z" },
        { "5# 3++", "5|3" },
        { "a::\uFE79", "a" }, /* a letter that becomes a space and a mark */
        { "℀", "a:℀|c:℀" },   /* one character, two words and what joins them */
    };
    check_tokens(CASES, COUNTOF(CASES));
}

static void wholes_and_parts_are_said(void **state)
{
    UNUSED(state);
    struct search_tokens walk;
    struct search_token t;
    static const struct {
        const char *text;
        bool beside, part;
    } WANT[] = {
        { "x", false, false }, { "ab．cd", true, false }, { "ab", false, true },
        { "cd", false, true }, { "efgh", false, false },  { "ef", true, true },
        { "gh", true, true },  { "y", false, false },
    };
    search_tokens_init(&walk, S("x ab.cd efGh y"), SEARCH_LANGUAGE_NONE);
    for (size_t i = 0; i < COUNTOF(WANT); i++) {
        assert_true(search_tokens_next(&walk, &t));
        assert_true(str_eq(t.text, str_from(WANT[i].text)));
        assert_int_equal(t.beside, WANT[i].beside);
        assert_int_equal(t.part, WANT[i].part);
    }
    assert_false(search_tokens_next(&walk, &t));
    search_tokens_init(&walk, S("x ab.cd efGh y"), SEARCH_LANGUAGE_NONE);
    size_t running = 0;
    while (search_tokens_next_running(&walk, &t))
        running++;
    assert_int_equal(running, 5);
}

static void long_words_are_cut_alike(void **state)
{
    UNUSED(state);
    char text[SEARCH_TOKEN_BYTES_MAX + 2];
    struct search_tokens walk;
    struct search_token one, two;
    memset(text, 'x', sizeof text);
    search_tokens_init(&walk, str_of(text, SEARCH_TOKEN_BYTES_MAX), SEARCH_ENGLISH);
    assert_true(search_tokens_next(&walk, &one));
    assert_int_equal(one.text.n, SEARCH_TOKEN_BYTES_MAX);
    struct str kept = str_dup(&a, one.text);
    search_tokens_init(&walk, str_of(text, SEARCH_TOKEN_BYTES_MAX + 1), SEARCH_ENGLISH);
    assert_true(search_tokens_next(&walk, &two));
    assert_true(str_eq(kept, two.text));
    assert_int_equal(two.end, SEARCH_TOKEN_BYTES_MAX + 1);
    assert_false(search_tokens_next(&walk, &two));
}

/* A whole is no longer than a token; its parts are there all the same. */
static void long_identifiers_have_no_whole(void **state)
{
    UNUSED(state);
    struct buf b;
    buf_init(&b, &a, MIB(1));
    for (int i = 0; i < 20000; i++)
        buf_put(&b, S("ab."));
    struct search_tokens walk;
    struct search_token t;
    size_t parts = 0;
    search_tokens_init(&walk, buf_str(&b), SEARCH_LANGUAGE_NONE);
    while (search_tokens_next(&walk, &t)) {
        assert_false(t.beside || t.part);
        parts++;
    }
    assert_int_equal(parts, 20000);
}

/* --- stems ----------------------------------------------------------------------------------- */

static void stems(void **state)
{
    UNUSED(state);
    static const struct {
        enum search_language language;
        const char *text, *stems;
    } CASES[] = {
        { SEARCH_LANGUAGE_NONE, "boiling kettles", "boiling|kettles" },
        { SEARCH_ENGLISH, "Boiling KETTLES boils", "boil|kettl|boil" },
        { SEARCH_ENGLISH, "e-mails x86s naïvely 你们", "(email)|e|mail|x86s|naiv|你们|们" },
        { SEARCH_ENGLISH, "userNames user_names", "usernam|(user)|(name)|(usernam)|user|name" },
        { SEARCH_GERMAN, "Häuser Haus Straßen", "haus|haus|strass" },
        { SEARCH_FRENCH, "continué continuer", "continu|continu" },
        { SEARCH_SPANISH, "canciones canción cancio\u0301n", "cancion|cancion|cancion" },
        { SEARCH_PORTUGUESE, "informações informação", "inform|inform" },
        { SEARCH_RUSSIAN, "новый новая ёлки елки", "нов|нов|елк|елк" },
        { SEARCH_CHINESE, "kettles 新闻", "kettles|新闻|闻" },
    };
    for (int round = 0; round < 2; round++) /* made, and kept */
        for (size_t i = 0; i < COUNTOF(CASES); i++) {
            struct str got = tokens_of(str_from(CASES[i].text), CASES[i].language, STEM);
            if (!str_eq(got, str_from(CASES[i].stems)))
                fail_msg("\"%s\" gives %.*s, not %s", CASES[i].text, STR_ARG(got), CASES[i].stems);
        }
}

static void every_stemmer_is_there(void **state)
{
    UNUSED(state);
    for (unsigned l = 0; l < SEARCH_LANGUAGE_COUNT; l++) {
        assert_int_equal(search_stems_ready((enum search_language)l), OK);
        assert_int_equal(stems_of_thread((enum search_language)l) != NULL,
                         language_stemmer((enum search_language)l) != NULL);
    }
}

static void stem_on_a_thread(void *arg)
{
    struct search_tokens walk;
    struct search_token t;
    search_tokens_init(&walk, S("kettles"), SEARCH_ENGLISH);
    *(bool *)arg = search_tokens_next(&walk, &t) && str_eq(t.stem, S("kettl"));
}

static void threads_give_back_what_they_keep(void **state) /* the leak checker sees it */
{
    UNUSED(state);
    struct thread t = { 0 };
    bool right = false;
    assert_int_equal(thread_start(&t, "stems", stem_on_a_thread, &right), OK);
    thread_join(&t);
    assert_true(right);
}

/* --- languages ------------------------------------------------------------------------------- */

static void languages(void **state)
{
    UNUSED(state);
    static const struct {
        const char *code, *text;
    } CASES[] = {
        { "", "" },
        { "", "kettle" },
        { "", "xyzzy 1234 foo_bar" },
        { "en", "what is the best kettle for tea" },
        { "en", "How do I reverse a list in Python?" },
        { "en", "The café in München was not as good as we had hoped, but they were kind." },
        { "de", "Wie kann ich eine Liste umdrehen?" },
        { "de", "Das Haus ist nicht groß, aber es hat einen schönen Garten." },
        { "fr", "Comment est-ce que je peux inverser une liste ?" },
        { "es", "¿Cómo puedo invertir una lista en Python?" },
        { "pt", "Como posso inverter uma lista? Não sei o que fazer com isso." },
        { "it", "Come posso invertire una lista? Non so che cosa fare con questo." },
        { "nl", "Hoe kan ik een lijst omdraaien? Ik weet niet wat ik ermee moet doen." },
        { "sv", "Hur kan jag vända på en lista? Jag vet inte vad jag ska göra med det." },
        { "no",
          "Hvordan kan jeg snu en liste? Jeg vet ikke hva jeg skal gjøre med det etter dette." },
        { "da",
          "Hvordan kan jeg vende en liste? Jeg ved ikke, hvad jeg skal gøre af det efter dette." },
        { "fi",
          "Miten voin kääntää listan? En tiedä mitä minun pitää tehdä, mutta se on helppoa." },
        { "ru", "Как мне развернуть список? Я не знаю, что с этим делать." },
        { "uk", "Як мені розвернути список? Я не знаю, що з цим робити." },
        { "hu", "Hogyan lehet megfordítani egy listát? Nem tudom, hogy mit kell tenni vele." },
        { "ro", "Cum pot inversa o listă? Nu știu ce să fac cu asta." },
        { "tr", "Bir listeyi nasıl ters çeviririm? Bununla ne yapacağımı bilmiyorum ve çok zor." },
        { "ar", "كيف يمكنني عكس القائمة؟ لا أعرف ماذا أفعل." },
        { "ar", "مرحبا" },
        { "", "پرواز" },
        { "", "چگونه می‌توانم لیست را معکوس کنم؟" },
        { "el", "Πώς μπορώ να αντιστρέψω μια λίστα;" },
        { "hi", "मैं सूची को कैसे उलट सकता हूँ?" },
        { "ta", "பட்டியலை எப்படி மாற்றுவது?" },
        { "pl", "Jak mogę odwrócić listę? Nie wiem, co mam z tym zrobić." },
        { "cs", "Jak mohu obrátit seznam? Nevím, co s tím mám dělat, ale je to důležité." },
        { "id",
          "Bagaimana saya dapat membalik daftar ini? Saya tidak tahu apa yang harus dilakukan." },
        { "zh", "我怎么反转一个列表？" },
        { "zh", "今天用 Python 写了一个小程序" },
        { "ja", "リストを逆にするにはどうすればいいですか" },
        { "ko", "리스트를 어떻게 뒤집나요?" },
        { "th", "ฉันจะกลับรายการได้อย่างไร" },
        { "he", "איך אני הופך רשימה?" },
        { "", "for (var i = 0; i < n; i++) { sum += a[i]; }" },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        struct str got = search_language_code(search_language_of(str_from(CASES[i].text)));
        if (!str_eq(got, str_from(CASES[i].code)))
            fail_msg("\"%s\" is \"%.*s\", not \"%s\"", CASES[i].text, STR_ARG(got), CASES[i].code);
    }
}

static void language_codes(void **state)
{
    UNUSED(state);
    for (unsigned l = 0; l < SEARCH_LANGUAGE_COUNT; l++)
        assert_int_equal(search_language_from(search_language_code((enum search_language)l)), l);
    assert_int_equal(search_language_from(S("pt-BR")), SEARCH_PORTUGUESE);
    assert_int_equal(search_language_from(S("EN")), SEARCH_ENGLISH);
    assert_int_equal(search_language_from(S("eng")), SEARCH_LANGUAGE_NONE);
    assert_int_equal(search_language_from(S("xx")), SEARCH_LANGUAGE_NONE);
    assert_int_equal(SEARCH_HEBREW, 28); /* stored */
}

static void only_so_much_is_looked_at(void **state)
{
    UNUSED(state);
    struct buf b;
    buf_init(&b, &a, MIB(1));
    while (b.n < SEARCH_LANGUAGE_BYTES_MAX)
        buf_put(&b, S("1234 "));
    buf_put(&b, S("and this is what they were not to see of it"));
    assert_int_equal(search_language_of(buf_str(&b)), SEARCH_LANGUAGE_NONE);
}

static void word_classes(void **state)
{
    UNUSED(state);
    static const struct {
        enum search_language language;
        const char *word;
        enum search_word_class class;
    } CASES[] = {
        { SEARCH_ENGLISH, "the", SEARCH_WORD_STOP },
        { SEARCH_ENGLISH, "what", SEARCH_WORD_STOP },
        { SEARCH_ENGLISH, "mentioned", SEARCH_WORD_QUESTION },
        { SEARCH_ENGLISH, "kettle", SEARCH_WORD_CONTENT },
        { SEARCH_ENGLISH, "", SEARCH_WORD_CONTENT },
        { SEARCH_ENGLISH, "der", SEARCH_WORD_CONTENT },
        { SEARCH_GERMAN, "der", SEARCH_WORD_STOP },
        { SEARCH_GERMAN, "fur", SEARCH_WORD_STOP }, /* folded */
        { SEARCH_FRENCH, "parle", SEARCH_WORD_QUESTION },
        { SEARCH_LANGUAGE_NONE, "the", SEARCH_WORD_CONTENT },
        { SEARCH_CHINESE, "the", SEARCH_WORD_CONTENT },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++)
        if (search_word_class(CASES[i].language, str_from(CASES[i].word)) != CASES[i].class)
            fail_msg("%s", CASES[i].word);
}

/* Each stands there as the walk would give it, or it would never be met. */
static void stop_words_are_folded(void **state)
{
    UNUSED(state);
    assert_true(STOP_WORD_COUNT > 2000);
    for (size_t i = 0; i < STOP_WORD_COUNT; i++) {
        struct str word = str_of(STOP_TEXT + STOP_WORDS[i].at, STOP_WORDS[i].n);
        struct search_tokens walk;
        struct search_token t;
        search_tokens_init(&walk, word, SEARCH_LANGUAGE_NONE);
        if (!search_tokens_next(&walk, &t) || !str_eq(t.text, word))
            fail_msg("%.*s", STR_ARG(word));
        assert_true(STOP_WORDS[i].stop | STOP_WORDS[i].question);
        if (i) {
            struct str before = str_of(STOP_TEXT + STOP_WORDS[i - 1].at, STOP_WORDS[i - 1].n);
            assert_true(str_cmp(before, word) < 0);
        }
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_arena, close_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cutting_and_folding),
        TEST(identifiers),
        TEST(wholes_and_parts_are_said),
        TEST(long_words_are_cut_alike),
        TEST(long_identifiers_have_no_whole),
        TEST(stems),
        TEST(every_stemmer_is_there),
        TEST(threads_give_back_what_they_keep),
        TEST(languages),
        TEST(language_codes),
        TEST(only_so_much_is_looked_at),
        TEST(word_classes),
        TEST(stop_words_are_folded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
