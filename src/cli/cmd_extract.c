/* vivim extract [--url URL] FILE: stored bytes to the normal form, without server, network or store. */
#include <signal.h>

#include "base/limits.h"
#include "capture/extract_page.h"
#include "cli/commands.h"
#include "cli/extraction.h"

static const struct cli_option OPTIONS[] = {
    { "--url", "URL", "where the page came from; helps to tell the provider" },
};

static err_t not_interrupted(void *context)
{
    sigset_t waiting;
    UNUSED(context);
    sigemptyset(&waiting);
    sigpending(&waiting);
    return sigismember(&waiting, SIGINT) || sigismember(&waiting, SIGTERM) ? E_CANCELLED : OK;
}

/* Who is interrupted here has a browser and its profile to clear away first: the signal waits until that is done. */
static err_t render(void *context, struct arena *a, struct str html, struct str url,
                    struct str *ret_dom)
{
    struct cli *c = context;
    struct patience patience = { clock_monotonic_ms() + CAPTURE_DEADLINE_MS, not_interrupted,
                                 NULL };
    sigset_t ending, before;
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ending, &before);
    err_t e = capture_extract_page(a, &c->settings, html, url, &patience, ret_dom);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return e;
}

static err_t extract(struct cli *c, struct extraction *x)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    CLEANUP(import_files_close) struct import_files f = { 0 };
    struct import_reading reading = { cli_option(c, "--url"), render, c };
    arena_init(&a, MIB(512));
    TRY(import_files_open(&f, &a, str_cstr(&a, c->arguments[0])));
    for (size_t i = 0; i < f.count; i++)
        TRY(extraction_entry(x, &reading, &f, i));
    if (x->given)
        return OK;
    return err_note(E_INVALID, NULL, "there is no conversation of a known provider in %.*s",
                    STR_ARG(c->arguments[0]));
}

static int run(struct cli *c)
{
    CLEANUP(extraction_free) struct extraction x = { 0 };
    extraction_init(&x, stdout);
    x.json = c->json;
    err_t e = extract(c, &x);
    return e == OK ? EXIT_OK : cli_fail(c, e);
}

const struct command COMMAND_EXTRACT = {
    .name = "extract",
    .here = true,
    .arguments = "FILE",
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
    .options = OPTIONS,
    .option_count = COUNTOF(OPTIONS),
    .summary = "turn a stored page, provider JSON or export into structured text (JSON)",
    .help =
        "FILE is a stored page, a provider's JSON, an export (also as the zip it came in), or a "
        "folder of such.\nOne conversation a line (vivim.conversation/1); what is passed over "
        "is said with its place. JSON and embedded\nstate are read without a browser; a page "
        "that has only its DOM is opened in the browser with scripts and\nnetwork off.",
};
