/* vivim export: what is in the archive, as a file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "cli/commands.h"

static const struct cli_option OPTIONS[] = {
    { "--form", "FORM", "archive (a zip of all, the default), jsonl, markdown or html" },
    { "--query", "QUERY", "the conversations in which this search finds something" },
    { "--evidence", NULL, "archive: with what was kept of captures" },
    { "--no-media", NULL, "without pictures and files" },
    { "-o", "FILE", "write there instead of to standard output" },
};

struct output {
    FILE *file;
    const char *part_path; /* it is FILE once it is whole; NULL: standard output */
    int64_t bytes;
};

static err_t write_part(void *context, struct str bytes)
{
    struct output *out = context;
    if (fwrite(bytes.s, 1, bytes.n, out->file) != bytes.n)
        return err_note(E_IO, NULL, "writing failed: %s", strerror(errno));
    out->bytes += (int64_t)bytes.n;
    if (out->part_path)
        cli_progress("%lld MB", (long long)(out->bytes / 1000000));
    return OK;
}

static struct str target_of(struct cli *c)
{
    struct arena *a = c->arena;
    struct str form = cli_option(c, "--form"), query = cli_option(c, "--query");
    struct str t = str_fmt(a, "/api/v1/exports?form=%.*s",
                           STR_ARG(form.s ? percent_encode(a, form) : S("archive")));
    if (cli_option(c, "--evidence").s)
        t = str_cat(a, t, S("&evidence=true"));
    if (cli_option(c, "--no-media").s)
        t = str_cat(a, t, S("&media=none"));
    if (query.s)
        return str_cat(a, str_cat(a, t, S("&q=")), percent_encode(a, query));
    if (!c->argument_count)
        return str_cat(a, t, S("&all=true"));
    t = str_cat(a, t, S("&ids="));
    for (int i = 0; i < c->argument_count; i++)
        t = str_fmt(a, "%.*s%s%.*s", STR_ARG(t), i ? "," : "",
                    STR_ARG(percent_encode(a, c->arguments[i])));
    return t;
}

static err_t open_output(struct cli *c, struct str path, struct output *out)
{
    out->file = stdout;
    if (!path.s)
        return OK;
    out->part_path = str_cstr(c->arena, str_cat(c->arena, path, S(".part")));
    if (!out->part_path)
        return E_BUSY;
    int fd = open(out->part_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    out->file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!out->file)
        return err_note(E_IO, NULL, "%s cannot be written: %s", out->part_path, strerror(errno));
    return OK;
}

/* On the disk under its name, or not at all. */
static err_t close_output(struct cli *c, struct str path, struct output *out, err_t e)
{
    if (!out->file)
        return e;
    if (e == OK && (fflush(out->file) != 0 || (out->part_path && fsync(fileno(out->file)) != 0)))
        e = err_note(E_IO, NULL, "writing failed: %s", strerror(errno));
    if (!out->part_path)
        return e;
    fclose(out->file);
    if (e == OK && rename(out->part_path, str_cstr(c->arena, path)) != 0)
        e = err_note(E_IO, NULL, "%.*s cannot be written: %s", STR_ARG(path), strerror(errno));
    if (e != OK)
        unlink(out->part_path);
    return e;
}

static int run(struct cli *c)
{
    struct str path = cli_option(c, "-o");
    struct output out = { 0 };
    if (cli_option(c, "--query").s && c->argument_count)
        return cli_usage(c, "export takes --query or ids, not both");
    if (!path.s && cli_terminal(stdout))
        return cli_usage(c, "an export is no text for a terminal; name a file: -o FILE");
    err_t e = open_output(c, path, &out);
    if (e == OK)
        e = cli_download(c, target_of(c), write_part, &out);
    cli_progress_end();
    e = close_output(c, path, &out, e);
    return e == OK ? EXIT_OK : cli_fail(c, e);
}

const struct command COMMAND_EXPORT = {
    .name = "export",
    .arguments = "[ID…]",
    .arguments_max = CLI_ARGUMENTS_MAX,
    .run = run,
    .options = OPTIONS,
    .option_count = COUNTOF(OPTIONS),
    .summary = "write conversations to a file: all of them, some, or what a search finds",
    .help =
        "Without ids and --query it is all that the account owns. An archive is a zip with "
        "everything "
        "as\nvivim.conversation/1, pictures and files, what you added, and the SHA-256 of each "
        "member; markdown and html\nare for reading elsewhere. Nothing stands under FILE before "
        "all of it is there.",
};
