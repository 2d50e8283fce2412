/* vivim extract [--url URL] FILE: stored bytes to the normal form, without server, network or store. */
#include <signal.h>

#include "base/limits.h"
#include "capture/extract_page.h"
#include "cli/commands.h"
#include "imports/source.h"

static const struct cli_option OPTIONS[] = {
    { "--url", "URL", "where the page came from; helps to tell the provider" },
};

struct output {
    struct buf line;
    size_t given, skipped;
    bool json; /* what is passed over is said on standard output, too */
};

/* place: its number in the list or its line; 0: the whole file. */
static void say_skipped(struct output *out, struct str file, size_t place, const char *why)
{
    struct json_out o;
    out->skipped++;
    if (place)
        fprintf(stderr, "vivim: skipped %.*s, %zu: %s\n", STR_ARG(file), place, why);
    else
        fprintf(stderr, "vivim: skipped %.*s: %s\n", STR_ARG(file), why);
    if (!out->json)
        return;
    buf_clear(&out->line);
    jo_init(&o, &out->line);
    jo_object(&o);
    jo_kstr(&o, "format", S("vivim.skipped/1"));
    jo_kstr(&o, "file", file);
    if (place)
        jo_ki64(&o, "place", (int64_t)place);
    jo_kstr(&o, "reason", str_from(why));
    jo_end(&o);
    if (buf_err(&out->line) == OK)
        printf("%.*s\n", STR_ARG(buf_str(&out->line)));
}

static err_t print_line(struct output *out, struct conversation *c)
{
    CLEANUP(arena_free) struct arena hashing = { 0 }, scratch = { 0 };
    arena_init(&hashing, CONVERSATION_ARENA_BYTES_MAX);
    arena_init(&scratch, CONVERSATION_BYTES_MAX);
    TRY(conversation_hash(&hashing, &scratch, c));
    buf_clear(&out->line);
    struct json_out o;
    jo_init(&o, &out->line);
    conversation_write(&o, c);
    buf_putc(&out->line, '\n');
    TRY(buf_err(&out->line));
    if (fwrite(out->line.s, 1, out->line.n, stdout) != out->line.n)
        return err_note(E_IO, NULL, "writing to standard output failed");
    out->given++;
    return OK;
}

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

static const char *reason(err_t e)
{
    return err_detail()->text[0] ? err_detail()->text : err_title(e);
}

/* What ends the whole, and not one place of it. */
static bool ends_all(err_t e)
{
    return e == E_BUSY || e == E_CANCELLED || e == E_IO || e == E_FULL;
}

/* All conversations of one entry. Of a file that was given alone what is wrong with it as a whole is the command's error. */
static err_t extract_entry(struct output *out, const struct import_reading *reading,
                           struct import_files *f, size_t entry)
{
    CLEANUP(arena_free) struct arena of_source = { 0 }, a = { 0 };
    CLEANUP(import_source_close) struct import_source s = { 0 };
    struct conversation c;
    struct str name = f->entries[entry].name;
    bool alone = !f->folder && !f->zip;
    arena_init(&of_source, JSON_BYTES_MAX * 4);
    arena_init(&a, JSON_BYTES_MAX * 4);
    err_t e = import_source_open(&s, &of_source, reading, f, entry);
    for (; e == OK; arena_reset(&a)) {
        e = import_source_next(&s, &a, &c);
        if (e == OK) {
            TRY(print_line(out, &c));
        } else if (e != E_NOT_FOUND && !ends_all(e) && (!alone || s.place)) {
            say_skipped(out, name, s.place, reason(e));
            e = OK;
        }
    }
    if (e == E_NOT_FOUND || ends_all(e) || alone)
        return e == E_NOT_FOUND ? OK : e;
    say_skipped(out, name, 0, reason(e));
    return OK;
}

static err_t extract(struct cli *c, struct output *out)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    CLEANUP(import_files_close) struct import_files f = { 0 };
    struct import_reading reading = { cli_option(c, "--url"), render, c };
    arena_init(&a, MIB(512));
    TRY(import_files_open(&f, &a, str_cstr(&a, c->arguments[0])));
    for (size_t i = 0; i < f.count; i++)
        TRY(extract_entry(out, &reading, &f, i));
    if (out->given)
        return OK;
    return err_note(E_INVALID, NULL, "there is no conversation of a known provider in %.*s",
                    STR_ARG(c->arguments[0]));
}

static int run(struct cli *c)
{
    struct output out = { .json = c->json };
    buf_init(&out.line, NULL, MIB(512));
    err_t e = extract(c, &out);
    buf_free(&out.line);
    return e == OK ? EXIT_OK : cli_fail(c, e);
}

const struct command COMMAND_EXTRACT = {
    .name = "extract",
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
