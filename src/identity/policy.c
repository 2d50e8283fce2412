/* Which handles and passwords an account may have. */
#include <stdlib.h>

#include "base/utf8.h"
#include "identity/inside.h"

/* First segments of addresses, those of the page's screens and those that later rooms have in
 * DESIGN 5.4. Sorted, for bsearch. */
static const char *const RESERVED[] = {
    "acus",       "admin",    "api",     "app",           "assets",    "auth",      "c",
    "capture",    "captures", "context", "conversations", "devices",   "did",       "export",
    "import",     "imports",  "livez",   "login",         "logout",    "mcp",       "me",
    "members",    "memories", "metrics", "notebooks",     "openapi",   "readyz",    "search",
    "sessions",   "settings", "setup",   "share",         "signaling", "socket-io", "static",
    "sw",         "storage",  "sync",    "tokens",        "trash",     "u",         "uploads",
    "well-known", "yjs",
};

/* The passwords most often found in published breaches that would pass the length rule, lower
 * case, sorted. A short list on purpose: it stops the guesses that come first, and the throttle
 * makes the rest slow. */
static const char *const COMMON[] = {
    "01234567",     "012345678",    "0123456789",   "102030405",     "11223344",
    "1122334455",   "112233445566", "123123123",    "123321123",     "12341234",
    "12345678",     "123456780",    "123456789",    "1234567890",    "1234567891",
    "12345678910",  "123456789a",   "123456789q",   "12345678a",     "12345679",
    "1234abcd",     "1234qwer",     "123654789",    "123qwe123",     "123qweasd",
    "123qweasdzxc", "147258369",    "159753456",    "1q2w3e4r",      "1q2w3e4r5t",
    "1q2w3e4r5t6y", "1qaz2wsx",     "1qaz2wsx3edc", "1qazxsw2",      "741852963",
    "789456123",    "87654321",     "987654321",    "9876543210",    "a12345678",
    "a123456789",   "aa123456",     "aa12345678",   "abc12345",      "abc123456",
    "abcd1234",     "abcdefg1",     "abcdefgh",     "abcdefghi",     "admin123",
    "admin1234",    "admin12345",   "adminadmin",   "administrator", "administrator1",
    "alexander",    "angel123",     "anthony1",     "arsenal1",      "asd123456",
    "asdasdasd",    "asdf1234",     "asdf123456",   "asdfasdf",      "asdfghjk",
    "asdfghjkl",    "ashley123",    "autumn2024",   "babygirl",      "babygirl1",
    "bailey123",    "barcelona",    "baseball",     "baseball1",     "basketball",
    "batman123",    "beautiful",    "blessed1",     "blink182",      "brooklyn1",
    "bubbles1",     "buster123",    "butterfly",    "changeme",      "changeme1",
    "changeme123",  "charlie1",     "cheese123",    "chelsea1",      "chicken1",
    "chocolate",    "christian",    "christopher",  "cocacola",      "computer",
    "computer1",    "conversation", "cookie123",    "correcthorse",  "corvette",
    "cowboys1",     "danielle",     "december",     "default1",      "dragon12",
    "dragon123",    "einstein",     "elizabeth",    "facebook",      "february",
    "ferrari1",     "football",     "football1",    "forever1",      "fortnite",
    "freedom1",     "friends1",     "gandalf1",     "gateway1",      "goodbye1",
    "google123",    "guest123",     "hardcore",     "hello123",      "hello1234",
    "hellohello",   "helloworld",   "hunter12",     "hunter123",     "ihateyou",
    "ilovegod",     "ilovehim",     "iloveyou",     "iloveyou!",     "iloveyou1",
    "iloveyou2",    "internet",     "internet1",    "january1",      "jennifer",
    "jessica1",     "jesus123",     "jesuschrist",  "jonathan",      "jordan23",
    "juventus",     "kangaroo",     "killer123",    "lamborghini",   "letmein1",
    "letmein123",   "letmeinnow",   "linkedin",     "liverpool",     "liverpool1",
    "lovelove",     "lovely123",    "loveme123",    "loveyou1",      "manchester",
    "marlboro",     "master123",    "maverick",     "mercedes",      "metallica",
    "michael1",     "michelle",     "microsoft",    "midnight",      "minecraft",
    "minecraft1",   "mnbvcxz1",     "monday123",    "monkey12",      "monkey123",
    "moonlight",    "mustang1",     "mypassword",   "mypassword1",   "myspace1",
    "nicholas",     "nintendo",     "november",     "p@ssw0rd",      "p@ssword",
    "pa$$word",     "passw0rd",     "password",     "password!",     "password01",
    "password1",    "password12",   "password123",  "password1234",  "password2",
    "password2020", "password2021", "password2022", "password2023",  "password2024",
    "password2025", "password3",    "password99",   "passwort",      "passwort1",
    "patricia",     "peaches1",     "playboy1",     "playstation",   "poiuytrewq",
    "pokemon1",     "pokemon123",   "princess",     "princess1",     "pumpkin1",
    "q1w2e3r4",     "q1w2e3r4t5",   "q1w2e3r4t5y6", "qazwsx123",     "qazwsxedc",
    "qwe123456",    "qweasdzxc",    "qweqweqwe",    "qwer1234",      "qwert123",
    "qwerty1!",     "qwerty12",     "qwerty123",    "qwerty1234",    "qwerty12345",
    "qwerty123456", "qwertyui",     "qwertyuiop",   "qwertz123",     "qwertzuiop",
    "ranger123",    "redskins1",    "redsox04",     "roblox123",     "rockstar",
    "root1234",     "rootroot",     "samantha",     "samsung1",      "sandiego",
    "scooter1",     "secret123",    "secretsecret", "september",     "shadow123",
    "slipknot",     "snickers",     "softball",     "spiderman",     "spring2024",
    "startrek",     "starwars",     "starwars1",    "steelers",      "stephanie",
    "strawberry",   "summer123",    "summer2020",   "summer2021",    "summer2022",
    "summer2023",   "summer2024",   "sunshine",     "sunshine1",     "superman",
    "superman1",    "sweetheart",   "sweetpea",     "swordfish",     "temp1234",
    "temporary",    "test1234",     "test12345",    "testing1",      "testing123",
    "testtest",     "trustno1",     "user1234",     "username",      "veronica",
    "victoria",     "vivimvivim",   "welcome!",     "welcome1",      "welcome12",
    "welcome123",   "whatever",     "whatever1",    "winter123",     "winter2023",
    "winter2024",   "yankees1",     "zaq12wsx",     "zaq1zaq1",      "zxcvbnm,",
    "zxcvbnm1",     "zxcvbnm123",   "zxcvbnmm",
};

static int compare_words(const void *key, const void *element)
{
    return strcmp(key, *(const char *const *)element);
}

static bool listed(const char *word, const char *const *list, size_t count)
{
    return bsearch(word, list, count, sizeof *list, compare_words);
}

static bool handle_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

err_t identity_handle_check(struct str handle)
{
    if (handle.n < HANDLE_BYTES_MIN || handle.n > HANDLE_BYTES_MAX)
        return err_note(E_INVALID, "handle", "a handle has %d to %d characters", HANDLE_BYTES_MIN,
                        HANDLE_BYTES_MAX);
    if (handle.s[0] < 'a' || handle.s[0] > 'z')
        return err_note(E_INVALID, "handle", "a handle begins with a letter a to z, in lower case");
    char word[HANDLE_BYTES_MAX + 1] = { 0 };
    for (size_t i = 0; i < handle.n; i++) {
        if (!handle_char(handle.s[i]))
            return err_note(E_INVALID, "handle", "a handle is made of a to z, 0 to 9, - and _");
        word[i] = handle.s[i];
    }
    if (listed(word, RESERVED, COUNTOF(RESERVED)))
        return err_note(E_INVALID, "handle", "\"%s\" is reserved; choose another handle", word);
    return OK;
}

static bool one_character(struct str s)
{
    for (size_t i = 1; i < s.n; i++)
        if (s.s[i] != s.s[0])
            return false;
    return true;
}

static bool common(struct str password)
{
    char word[32] = { 0 }; /* longer than any in the list */
    if (password.n >= sizeof word)
        return false;
    for (size_t i = 0; i < password.n; i++) {
        char c = password.s[i];
        word[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    bool found = listed(word, COMMON, COUNTOF(COMMON));
    bytes_wipe(word, sizeof word);
    return found;
}

err_t identity_password_rules(struct str handle, struct str password)
{
    if (password.n < PASSWORD_BYTES_MIN)
        return err_note(E_INVALID, "password",
                        "the password is too short; it needs at least %d characters",
                        PASSWORD_BYTES_MIN);
    if (password.n > PASSWORD_BYTES_MAX)
        return err_note(E_INVALID, "password", "the password is too long; at most %d bytes",
                        PASSWORD_BYTES_MAX);
    if (!text_ok(password))
        return err_note(E_INVALID, "password", "the password is not valid UTF-8 text");
    if (str_eq_nocase(password, handle))
        return err_note(E_INVALID, "password", "the password is the handle; choose another one");
    if (one_character(password) || common(password))
        return err_note(
            E_INVALID, "password",
            "this password is among the first that anybody would guess; choose another one");
    return OK;
}
