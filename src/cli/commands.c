#include "cli/commands.h"

static int serve(struct cli *c)
{
    return c->host->serve(c);
}

const struct command COMMAND_SERVE = {
    .name = "serve",
    .here = true,
    .arguments = "",
    .run = serve,
    .summary = "run the server",
    .help = "Listens on --listen (127.0.0.1:8420), keeps everything in --data. While no account "
            "exists it prints a\n"
            "one-time link that creates the owner's. SIGTERM or Ctrl-C stops it after the requests "
            "under way.",
};

static int version(struct cli *c)
{
    if (c->json)
        printf("{\"version\":\"%s\"}\n", c->host->version);
    else
        printf("vivim %s\n", c->host->version);
    return EXIT_OK;
}

const struct command COMMAND_VERSION = {
    .name = "version",
    .here = true,
    .arguments = "",
    .run = version,
    .summary = "print the version",
};

const struct command *const COMMANDS[] = {
    &COMMAND_SERVE,
    &COMMAND_CAPTURE_DOCTOR,
    &COMMAND_CAPTURE_REEXTRACT,
    &COMMAND_CAPTURE,
    &COMMAND_IMPORT,
    &COMMAND_WATCH,
    &COMMAND_SEARCH,
    &COMMAND_TAIL,
    &COMMAND_EXTRACT,
    &COMMAND_EXPORT,
    &COMMAND_USER_ADD,
    &COMMAND_USER_LIST,
    &COMMAND_USER_PASSWD,
    &COMMAND_USER_LOGIN_LINK,
    &COMMAND_USER_DISABLE,
    &COMMAND_USER_ENABLE,
    &COMMAND_USER_DELETE,
    &COMMAND_USER_RESTORE,
    &COMMAND_TOKEN,
    &COMMAND_SAMPLE,
    &COMMAND_MIGRATE,
    &COMMAND_DOCTOR,
    &COMMAND_CONFIG_DUMP,
    &COMMAND_HEALTHCHECK,
    &COMMAND_VERSION,
    NULL,
};
