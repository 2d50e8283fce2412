/* vivim user add|list|passwd|login-link|disable|enable|delete|restore, vivim token */
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/encode.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "identity/identity.h"
#include "os/file.h"

enum { GRACE_DAYS = (int)(ACCOUNT_GRACE_MS / (24 * 3600 * 1000)) };

/* --- passwords ----------------------------------------------------------------------------- */

static err_t read_line(struct cli *c, FILE *f, struct str *ret)
{
    char *line = arena_bytes(c->arena, 4096);
    if (!line)
        return arena_err(c->arena);
    if (!fgets(line, 4096, f))
        return err_note(E_BAD_INPUT, "password", "no password was given");
    *ret = str_from(line);
    while (ret->n && (ret->s[ret->n - 1] == '\n' || ret->s[ret->n - 1] == '\r'))
        ret->n--;
    return OK;
}

static err_t ask(struct cli *c, const char *prompt, struct str *ret)
{
    struct termios old, quiet;
    fprintf(stderr, "%s", prompt);
    if (tcgetattr(STDIN_FILENO, &old) != 0)
        return read_line(c, stdin, ret);
    quiet = old;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    err_t e = read_line(c, stdin, ret);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
    fprintf(stderr, "\n");
    return e;
}

/* From --password-file (one line; "-" is standard input), else asked twice on a terminal. */
static err_t read_password(struct cli *c, struct str *ret)
{
    struct str path = cli_option(c, "--password-file"), again;
    if (path.s && !str_eq(path, S("-"))) {
        struct str all;
        TRY(file_read(c->arena, str_cstr(c->arena, path), KIB(4), &all));
        str_cut(&all, '\n', ret);
        if (ret->n && ret->s[ret->n - 1] == '\r')
            ret->n--;
        return OK;
    }
    if (path.s || !cli_terminal(stdin))
        return path.s ? read_line(c, stdin, ret)
                      : err_note(E_USAGE, NULL,
                                 "there is no terminal to ask for the password on; use "
                                 "--password-file FILE (or - for standard input)");
    TRY(ask(c, "Password: ", ret));
    TRY(ask(c, "Again: ", &again));
    return str_eq(*ret, again) ? OK : err_note(E_BAD_INPUT, "password", "the two passwords differ");
}

static const struct cli_option ADD_OPTIONS[] = {
    { "--admin", NULL, "the account may administer this server" },
    { "--password-file", "FILE",
      "read the password from the first line of FILE (- for standard input)" },
};
static const struct cli_option PASSWD_OPTIONS[] = {
    { "--password-file", "FILE",
      "read the password from the first line of FILE (- for standard input)" },
};

static struct str account_target(struct cli *c, const char *rest)
{
    return str_fmt(c->arena, "/api/v1/users/%.*s%s",
                   STR_ARG(percent_encode(c->arena, c->arguments[0])), rest);
}

static int finish(struct cli *c, err_t e, struct str text, const char *done)
{
    if (e != OK)
        return cli_fail(c, e);
    if (c->json && text.n)
        printf("%.*s\n", STR_ARG(text));
    else if (!c->json)
        printf("%s %.*s\n", done, STR_ARG(c->arguments[0]));
    return EXIT_OK;
}

/* --- accounts --------------------------------------------------------------------------------- */

/* What the rules refuse is refused before a store is made for it, and a wrong handle before a password is asked for. */
static err_t read_new_account(struct cli *c, struct str *ret_password)
{
    TRY(identity_handle_check(c->arguments[0]));
    TRY(cli_need_store(c));
    TRY(read_password(c, ret_password));
    return identity_password_rules(c->arguments[0], *ret_password);
}

static int user_add(struct cli *c)
{
    struct str password, text = STR_NONE;
    err_t e = read_new_account(c, &password);
    if (e != OK)
        return cli_fail(c, e);
    struct buf body;
    buf_init(&body, c->arena, KIB(16));
    struct json_out o;
    jo_init(&o, &body);
    jo_object(&o);
    jo_kstr(&o, "handle", c->arguments[0]);
    jo_kstr(&o, "password", password);
    jo_kbool(&o, "admin", cli_option(c, "--admin").s != NULL);
    jo_end(&o);
    e = cli_request(c, "POST", S("/api/v1/users"), buf_str(&body), &text, NULL);
    return finish(c, e, text, "added");
}

static const char *state_of(struct json user)
{
    if (json_is(json_get(user, S("deleted_at")), JSON_STR))
        return "deleted";
    return json_bool(json_get(user, S("disabled")), false) ? "disabled" : "";
}

static int user_list(struct cli *c)
{
    struct str text;
    struct json page;
    err_t e = cli_request(c, "GET", S("/api/v1/users"), STR_NONE, &text, &page);
    if (e != OK)
        return cli_fail(c, e);
    if (c->json) {
        printf("%.*s\n", STR_ARG(text));
        return EXIT_OK;
    }
    struct json_iter items = json_iter(json_get(page, S("items")));
    struct json user;
    while (json_next(&items, NULL, &user))
        printf("%-32.*s  %-5s  %-8s  %.*s\n", STR_ARG(json_get_str(user, S("handle"))),
               json_bool(json_get(user, S("admin")), false) ? "admin" : "", state_of(user),
               STR_ARG(json_get_str(user, S("created_at"))));
    return EXIT_OK;
}

static int patch(struct cli *c, struct str body, const char *done)
{
    struct str text = STR_NONE;
    err_t e = cli_request(c, "PATCH", account_target(c, ""), body, &text, NULL);
    return finish(c, e, text, done);
}

static int user_passwd(struct cli *c)
{
    struct str password;
    err_t e = cli_need_store(c);
    if (e == OK)
        e = read_password(c, &password);
    if (e != OK)
        return cli_fail(c, e);
    struct buf body;
    buf_init(&body, c->arena, KIB(16));
    struct json_out o;
    jo_init(&o, &body);
    jo_object(&o);
    jo_kstr(&o, "password", password);
    jo_end(&o);
    return patch(c, buf_str(&body), "changed the password of");
}

static int user_disable(struct cli *c)
{
    return patch(c, S("{\"disabled\":true}"), "disabled");
}

static int user_enable(struct cli *c)
{
    return patch(c, S("{\"disabled\":false}"), "enabled");
}

/* --- deleting and bringing back ----------------------------------------------------------------- */

static const struct cli_option DELETE_OPTIONS[] = {
    { "--yes", NULL, "do not ask; needed where there is no terminal" },
    { "--now", NULL, "erase everything at once; it cannot be restored" },
};

/* The handle typed again: who deletes by mistake notices here. */
static bool sure(struct cli *c, bool now)
{
    struct str typed = STR_NONE, handle = c->arguments[0];
    if (now)
        fprintf(stderr, "This erases the account \"%.*s\" and everything it has, for ever.\n",
                STR_ARG(handle));
    else
        fprintf(stderr,
                "This deletes the account \"%.*s\": nobody can use or see it from now on. For %d "
                "days `vivim\nuser restore` brings it back, then everything it has is erased.\n",
                STR_ARG(handle), GRACE_DAYS);
    fprintf(stderr, "Type its handle to go on: ");
    if (read_line(c, stdin, &typed) == OK && str_eq(str_trim(typed), handle))
        return true;
    err_clear();
    fprintf(stderr, "vivim: nothing was deleted\n");
    return false;
}

static int user_delete(struct cli *c)
{
    bool now = cli_option(c, "--now").s, yes = cli_option(c, "--yes").s;
    err_t e = cli_need_store(c); /* nobody is asked about what is not there */
    if (e != OK)
        return cli_fail(c, e);
    if (!yes && !cli_terminal(stdin))
        return cli_usage(c, "there is no terminal to ask on; --yes deletes without a question");
    if (!yes && !sure(c, now))
        return EXIT_FAILED;
    struct str target = account_target(c, now ? "?now=true" : "");
    e = cli_request(c, "DELETE", target, STR_NONE, NULL, NULL);
    int status = finish(c, e, STR_NONE, now ? "erased" : "deleted");
    if (status == EXIT_OK && !now && !c->json)
        printf("`vivim user restore %.*s` brings it back for %d days\n", STR_ARG(c->arguments[0]),
               GRACE_DAYS);
    return status;
}

static int user_restore(struct cli *c)
{
    struct str text = STR_NONE;
    err_t e = cli_request(c, "POST", account_target(c, "/restore"), STR_NONE, &text, NULL);
    return finish(c, e, text, "restored");
}

static int user_login_link(struct cli *c)
{
    struct str text;
    struct json made;
    err_t e = cli_request(c, "POST", account_target(c, "/login-link"), STR_NONE, &text, &made);
    if (e != OK)
        return cli_fail(c, e);
    if (c->json)
        printf("%.*s\n", STR_ARG(text));
    else
        printf("%.*s\n", STR_ARG(json_get_str(made, S("link"))));
    return EXIT_OK;
}

/* --- tokens ------------------------------------------------------------------------------------ */

static const struct cli_option TOKEN_OPTIONS[] = {
    { "--scopes", "LIST",
      "what it may do, parted by commas: read, write, capture, admin (default: what the account "
      "may)" },
    { "--expires", "DAYS", "days until it ends, 1 to 3650 (default: it does not)" },
    { "--name", "NAME", "how it is listed (default: \"command line\")" },
};

static int token(struct cli *c)
{
    struct str scopes = cli_option(c, "--scopes"), expires = cli_option(c, "--expires"),
               name = cli_option(c, "--name"), part;
    int64_t days = 0;
    if (expires.s && (str_to_i64(expires, &days) != OK || days < 1 || days > 3650))
        return cli_usage(c, "--expires is a number of days from 1 to 3650");
    struct buf body;
    buf_init(&body, c->arena, KIB(16));
    struct json_out o;
    jo_init(&o, &body);
    jo_object(&o);
    jo_kstr(&o, "name", name.n ? name : S("command line"));
    if (scopes.s) {
        jo_kz(&o, "scopes");
        jo_array(&o);
        while (str_cut(&scopes, ',', &part))
            jo_str(&o, str_trim(part));
        jo_end(&o);
    }
    if (days)
        jo_ki64(&o, "expires_days", days);
    jo_end(&o);
    struct str text;
    struct json made;
    err_t e = cli_request(c, "POST", account_target(c, "/tokens"), buf_str(&body), &text, &made);
    if (e != OK)
        return cli_fail(c, e);
    if (c->json)
        printf("%.*s\n", STR_ARG(text));
    else
        printf("%.*s\n", STR_ARG(json_get_str(made, S("token"))));
    return EXIT_OK;
}

const struct command COMMAND_USER_ADD = {
    .name = "user add",
    .arguments = "HANDLE",
    .arguments_min = 1,
    .arguments_max = 1,
    .run = user_add,
    .makes_store = true,
    .options = ADD_OPTIONS,
    .option_count = COUNTOF(ADD_OPTIONS),
    .summary = "create an account",
    .help = "A handle is 2 to 32 of a-z 0-9 - _ and begins with a letter.",
};
const struct command COMMAND_USER_LIST = {
    .name = "user list",
    .arguments = "",
    .run = user_list,
    .summary = "list the accounts",
};
const struct command COMMAND_USER_PASSWD = {
    .name = "user passwd",
    .arguments = "HANDLE",
    .arguments_min = 1,
    .arguments_max = 1,
    .run = user_passwd,
    .options = PASSWD_OPTIONS,
    .option_count = COUNTOF(PASSWD_OPTIONS),
    .summary = "set a password; ends the account's sessions",
};
const struct command COMMAND_USER_DISABLE = {
    .name = "user disable",
    .arguments = "HANDLE",
    .arguments_min = 1,
    .arguments_max = 1,
    .run = user_disable,
    .summary = "stop an account from signing in; its data stays",
    .help =
        "Its sessions end at once. `vivim user enable` lets it in again. The last admin cannot be "
        "disabled.",
};
const struct command COMMAND_USER_ENABLE = {
    .name = "user enable",
    .arguments = "HANDLE",
    .arguments_min = 1,
    .arguments_max = 1,
    .run = user_enable,
    .summary = "let a disabled account sign in again",
};
const struct command COMMAND_USER_LOGIN_LINK = {
    .name = "user login-link",
    .arguments = "HANDLE",
    .arguments_min = 1,
    .arguments_max = 1,
    .run = user_login_link,
    .summary = "print a link that signs the account in without its password",
    .help = "It works once and for 30 minutes, also while somebody guesses at the password and "
            "sign-ins "
            "have to wait.\nA newer one takes its place.",
};
_Static_assert(LOGIN_LINK_MS / 60000 == 30, "as the text says");
const struct command COMMAND_USER_DELETE = {
    .name = "user delete",
    .arguments = "HANDLE",
    .arguments_min = 1,
    .arguments_max = 1,
    .run = user_delete,
    .options = DELETE_OPTIONS,
    .option_count = COUNTOF(DELETE_OPTIONS),
    .summary = "delete an account; it can be restored for 30 days",
    .help =
        "Asks for the handle again on a terminal. The account is closed at once: sessions, tokens "
        "and open\nconnections end, nobody sees what it shared, its handle stays taken. After 30 "
        "days everything it has is\nerased. The last admin cannot be deleted.",
};
_Static_assert(GRACE_DAYS == 30, "as the text says");
const struct command COMMAND_USER_RESTORE = {
    .name = "user restore",
    .arguments = "HANDLE",
    .arguments_min = 1,
    .arguments_max = 1,
    .run = user_restore,
    .summary = "bring a deleted account back, with everything but its sessions",
};
const struct command COMMAND_TOKEN = {
    .name = "token",
    .arguments = "HANDLE",
    .arguments_min = 1,
    .arguments_max = 1,
    .run = token,
    .options = TOKEN_OPTIONS,
    .option_count = COUNTOF(TOKEN_OPTIONS),
    .summary = "make a personal API token and print it, this once",
    .help = "Use it as `Authorization: Bearer TOKEN`.",
};
