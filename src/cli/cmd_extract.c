/* vivim extract [--url URL] FILE: stored bytes to the normal form, without server, network or store. */
#include <signal.h>

#include "archive/providers/extract.h"
#include "base/charset.h"
#include "base/limits.h"
#include "capture/extract_page.h"
#include "cli/commands.h"
#include "os/file.h"

static const struct cli_option OPTIONS[] = {
    { "--url", "URL", "where the page came from; helps to tell the provider" },
};

struct output {
    struct buf line;
    size_t count;
    bool json; /* what is passed over is said on standard output, too */
};

static void say_skipped(void *context, size_t place, const char *why)
{
    struct output *out = context;
    struct json_out o;
    fprintf(stderr, "vivim: skipped %zu: %s\n", place, why);
    if (!out->json)
        return;
    buf_clear(&out->line);
    jo_init(&o, &out->line);
    jo_object(&o);
    jo_kstr(&o, "format", S("vivim.skipped/1"));
    jo_ki64(&o, "place", (int64_t)place);
    jo_kstr(&o, "reason", str_from(why));
    jo_end(&o);
    if (buf_err(&out->line) == OK)
        printf("%.*s\n", STR_ARG(buf_str(&out->line)));
}

static err_t print_line(void *context, struct conversation *c)
{
    struct output *out = context;
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
    out->count++;
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
static err_t extract_page(struct cli *c, struct str bytes, struct str url, struct str *ret_dom)
{
    struct patience patience = { clock_monotonic_ms() + CAPTURE_DEADLINE_MS, not_interrupted,
                                 NULL };
    sigset_t ending, before;
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ending, &before);
    err_t e = capture_extract_page(c->arena, &c->settings, bytes, url, &patience, ret_dom);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return e;
}

static err_t extract(struct cli *c, struct output *out)
{
    struct str bytes, dom, url = cli_option(c, "--url");
    enum extract_kind kind = EXTRACT_CONVERSATIONS;
    TRY(file_read(c->arena, str_cstr(c->arena, c->arguments[0]), JSON_BYTES_MAX, &bytes));
    TRY(charset_decode(c->arena, bytes, &bytes));
    TRY(extract_bytes(bytes, url, print_line, say_skipped, out, &kind));
    if (kind == EXTRACT_CONVERSATIONS)
        return OK;
    TRY(extract_page(c, bytes, url, &dom));
    return extract_bytes(dom, url, print_line, say_skipped, out, &kind);
}

static int run(struct cli *c)
{
    struct output out = { .json = c->json };
    buf_init(&out.line, NULL, MIB(512));
    err_t e = extract(c, &out);
    buf_free(&out.line);
    if (e != OK)
        return cli_fail(c, e);
    if (out.count)
        return EXIT_OK;
    fprintf(stderr, "vivim: there is no conversation in %.*s\n", STR_ARG(c->arguments[0]));
    return EXIT_FAILED;
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
    .help = "One conversation a line (vivim.conversation/1). JSON and embedded state are read "
            "without a browser; a page\n"
            "that has only its DOM is opened in the browser with scripts and network off.",
};
