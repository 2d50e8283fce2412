/* vivim import PATH... | --agents */
#include "base/json_write.h"
#include "base/limits.h"
#include "cli/agents.h"
#include "cli/commands.h"
#include "cli/importing.h"

static const struct cli_option OPTIONS[] = {
    { "--from", "PROVIDER", "take only this provider's conversations" },
    { "--account", "NAME", "which of your accounts there it is, instead of what the files say" },
    { "--dry-run", NULL, "say what would come of it, and store nothing" },
    { "--agents", NULL, "the sessions of your coding agents, from where they keep them" },
    { "--yes", NULL, "with --agents: do not ask" },
};

static int import_one(struct cli *c, struct str path)
{
    struct str id, text;
    struct json import;
    err_t e = importing_start(c, path, &id);
    if (e == OK)
        e = importing_follow(c, id, &text, &import);
    cli_progress_end();
    return e == OK ? importing_report(c, path, text, import) : cli_fail(c, e);
}

/* --- coding agents ---------------------------------------------------------------------------------------------------- */

struct tally {
    const char *tool;
    long long files, bytes;
    struct str where;
};

static struct tally tally_of(struct arena *a, const struct sessions *s, const char *tool)
{
    struct tally t = { .tool = tool };
    for (size_t i = 0; i < s->count; i++) {
        const struct session_file *f = &s->list[i];
        if (strcmp(f->place->tool, tool) != 0)
            continue;
        t.files++;
        t.bytes += f->bytes;
        if (!t.where.n)
            t.where = str_from(f->place->path);
        else if (!str_eq(t.where, str_from(f->place->path)) && !str_ends(t.where, S(" …")))
            t.where = str_cat(a, t.where, S(" …"));
    }
    return t;
}

static const char *const TOOLS[] = { "Claude Code", "Codex", "Gemini CLI", "Cursor" };

static void show(struct cli *c, const struct sessions *s)
{
    for (size_t i = 0; i < COUNTOF(TOOLS); i++) {
        struct tally t = tally_of(c->arena, s, TOOLS[i]);
        if (t.files)
            printf("%-12s %6lld file%s %9.*f MB  %.*s\n", t.tool, t.files, t.files == 1 ? " " : "s",
                   t.bytes < 100000 ? 3 : 1, (double)t.bytes / 1e6, STR_ARG(t.where));
    }
}

static void show_json(struct cli *c, const struct sessions *s)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, c->arena, MIB(1));
    jo_init(&o, &b);
    jo_object(&o);
    jo_kz(&o, "found");
    jo_array(&o);
    for (size_t i = 0; i < COUNTOF(TOOLS); i++) {
        struct tally t = tally_of(c->arena, s, TOOLS[i]);
        if (!t.files)
            continue;
        jo_object(&o);
        jo_kstr(&o, "tool", str_from(t.tool));
        jo_ki64(&o, "files", t.files);
        jo_ki64(&o, "bytes", t.bytes);
        jo_kstr(&o, "where", t.where);
        jo_end(&o);
    }
    jo_end(&o);
    jo_end(&o);
    printf("%.*s\n", STR_ARG(buf_str(&b)));
}

/* Where there is nobody to ask, --yes is wanted before anything is done. */
static bool agrees(struct cli *c, int *ret_status)
{
    char answer[16] = "";
    *ret_status = EXIT_OK;
    if (cli_option(c, "--yes").s)
        return true;
    if (!cli_terminal(stdin) || !cli_terminal(stderr)) {
        *ret_status = cli_usage(c, "nobody is there to be asked; add --yes, or --dry-run to see");
        return false;
    }
    fprintf(stderr, "Take them into %.*s? [y/N] ",
            STR_ARG(c->server.n ? c->server : c->settings.data));
    return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* One tool's sessions, as one import. */
static int take_tool(struct cli *c, const struct sessions *s, const char *tool)
{
    CLEANUP(spool_close) struct spool out = { 0 };
    struct str id, text, name = str_fmt(c->arena, "%s.zip", tool);
    struct json import;
    err_t e = spool_open(&out, c->arena);
    for (size_t i = 0; e == OK && i < s->count; i++) {
        const struct session_file *f = &s->list[i];
        if (importing_interrupted())
            e = E_CANCELLED;
        else if (strcmp(f->place->tool, tool) == 0)
            e = sessions_extract(s, f, &out.x);
        cli_progress("%s: %zu sessions read", tool, out.x.given);
    }
    if (e == OK)
        e = spool_flush(&out);
    if (e == OK && !out.x.given) {
        cli_progress_end();
        return EXIT_OK;
    }
    if (e == OK)
        e = importing_send(c, out.path, name, &id);
    if (e == OK)
        e = importing_follow(c, id, &text, &import);
    cli_progress_end();
    return e == OK ? importing_report(c, str_from(tool), text, import) : cli_fail(c, e);
}

static int import_agents(struct cli *c)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    CLEANUP(sessions_close) struct sessions s = { 0 };
    struct agent_place *places;
    size_t count;
    int status = EXIT_OK;
    arena_init(&a, IMPORT_LIST_BYTES_MAX);
    err_t e = agent_places(&a, &places, &count);
    if (e == OK)
        e = sessions_look(&s, &a, places, count);
    if (e != OK)
        return cli_fail(c, e);
    if (c->json)
        show_json(c, &s);
    else if (s.count)
        show(c, &s);
    else
        fprintf(stderr,
                "vivim: no sessions of Claude Code, Codex, Gemini CLI or Cursor were found\n");
    if (!s.count || cli_option(c, "--dry-run").s)
        return EXIT_OK;
    e = cli_need_store(c);
    if (e != OK)
        return cli_fail(c, e);
    if (!agrees(c, &status))
        return status;
    for (size_t i = 0; i < COUNTOF(TOOLS) && !importing_interrupted(); i++) {
        int one = tally_of(c->arena, &s, TOOLS[i]).files ? take_tool(c, &s, TOOLS[i]) : EXIT_OK;
        status = one != EXIT_OK ? one : status;
    }
    return status;
}

/* --- all of it --------------------------------------------------------------------------------------------------------- */

static int run(struct cli *c)
{
    bool agents = cli_option(c, "--agents").s != NULL;
    int status = EXIT_OK;
    if (agents == (c->argument_count > 0))
        return cli_usage(c, agents ? "--agents knows where to look; leave PATH out"
                                   : "import needs PATH..., or --agents");
    if (cli_option(c, "--yes").s && !agents)
        return cli_usage(c, "--yes is for --agents");
    importing_catch_interrupt();
    if (agents)
        return import_agents(c);
    for (int i = 0; i < c->argument_count && !importing_interrupted(); i++) {
        int one = import_one(c, c->arguments[i]);
        if (one != EXIT_OK)
            status = one;
    }
    return status;
}

const struct command COMMAND_IMPORT = {
    .name = "import",
    .arguments = "PATH...",
    .arguments_max = CLI_ARGUMENTS_MAX,
    .run = run,
    .options = OPTIONS,
    .option_count = COUNTOF(OPTIONS),
    .summary = "import a provider's export, pages, sessions: files, zips, folders",
    .help =
        "PATH is a file, the zip of an official export, or a folder of such; the server reads it "
        "where it lies.\nWith --server the file is sent. --agents shows what Claude Code, Codex, "
        "Gemini CLI and Cursor keep\nin your folder and asks before it takes that; with --dry-run "
        "it only shows.\nPrints the import's id, how it ended and what came of it; what was "
        "skipped or failed is said with its place.\nThe same again changes nothing. Interrupting "
        "asks the server to end the import; what came in until then stays.",
};
