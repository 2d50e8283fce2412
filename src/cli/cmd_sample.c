/* vivim sample add|remove */
#include "cli/commands.h"

static int run(struct cli *c)
{
    bool add = str_eq(c->arguments[0], S("add"));
    if (!add && !str_eq(c->arguments[0], S("remove")))
        return cli_usage(c, "sample takes \"add\" or \"remove\"");
    struct str text;
    struct json answer;
    err_t e =
        cli_request(c, add ? "POST" : "DELETE", S("/api/v1/sample"), STR_NONE, &text, &answer);
    if (e != OK)
        return cli_fail(c, e);
    if (c->json)
        printf("%.*s\n", STR_ARG(text));
    else
        printf("%s %lld conversations\n", add ? "added" : "removed",
               (long long)json_i64(json_get(answer, add ? S("added") : S("removed")), 0));
    return EXIT_OK;
}

const struct command COMMAND_SAMPLE = {
    .name = "sample",
    .arguments = "add|remove",
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
    .summary = "add or remove a small made-up archive to look around in",
};
