/* embed LIST OUT.c [--base FOLDER] FILE...
 *
 * Makes files part of the program: writes a C file that defines
 *     const struct embedded_file LIST[];   (src/base/embedded.h; ended by a NULL name)
 * with each file's bytes, and a tag made from them: whoever serves them has nothing left to compute.
 * Names are relative to --base, else without their folder. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what, const char *name)
{
    fprintf(stderr, "embed: %s %s\n", what, name);
    exit(1);
}

static const char *name_of(const char *path, const char *base)
{
    size_t n = base ? strlen(base) : 0;
    if (n && strncmp(path, base, n) == 0 && path[n] == '/')
        return path + n + 1;
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

struct made {
    size_t bytes;
    uint64_t tag;
};

static struct made put_bytes(FILE *out, const char *path, int index)
{
    const uint64_t offset = UINT64_C(0xcbf29ce484222325), prime = UINT64_C(0x100000001b3);
    FILE *in = fopen(path, "rb");
    if (!in)
        die("cannot read", path);
    unsigned char chunk[4096];
    struct made m = { .tag = offset };
    size_t n;
    fprintf(out, "static const unsigned char FILE_%d[] = {", index);
    while ((n = fread(chunk, 1, sizeof chunk, in)) > 0)
        for (size_t i = 0; i < n; i++, m.bytes++) {
            fprintf(out, "%s%u,", m.bytes % 32 == 0 ? "\n" : "", chunk[i]);
            m.tag = (m.tag ^ chunk[i]) * prime;
        }
    if (ferror(in))
        die("cannot read", path);
    fclose(in);
    fprintf(out, "0\n};\n"); /* a zero more, not counted: text can be looked at in a debugger */
    return m;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        die("usage: embed LIST OUT.c [--base FOLDER] FILE...", "");
    int first = 3;
    const char *base = NULL;
    if (argc > 4 && strcmp(argv[3], "--base") == 0) {
        base = argv[4];
        first = 5;
    }
    FILE *out = fopen(argv[2], "w");
    if (!out)
        die("cannot write", argv[2]);
    fprintf(out,
            "/* made by tools/embed.c */\n#include \"base/embedded.h\"\nextern const struct "
            "embedded_file %s[];\n",
            argv[1]);
    struct made *made = calloc((size_t)argc, sizeof *made);
    if (!made)
        die("no memory for", argv[2]);
    for (int i = first; i < argc; i++)
        made[i] = put_bytes(out, argv[i], i);
    fprintf(out, "const struct embedded_file %s[] = {\n", argv[1]);
    for (int i = first; i < argc; i++)
        fprintf(out, "    { \"%s\", FILE_%d, %zu, \"%016" PRIx64 "\" },\n", name_of(argv[i], base),
                i, made[i].bytes, made[i].tag);
    fprintf(out, "    { 0, 0, 0, 0 },\n};\n");
    free(made);
    if (fclose(out) != 0)
        die("cannot write", argv[2]);
    return 0;
}
