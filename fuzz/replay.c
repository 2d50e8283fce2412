/* A fuzz target as a regression test: main() that runs it once over every file named on the
 * command line and over every file in the folders named there, and prints how many there were.
 * With nothing named, or nothing found, it fails: a test that looked at nothing has not passed. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t files_run;

static void give_up(const char *what, const char *path)
{
    fprintf(stderr, "replay: cannot %s %s: %s\n", what, path, strerror(errno));
    exit(1);
}

/* The bytes in memory of exactly their size, so that an overrun is seen. */
static void run_file(const char *path, size_t size)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        give_up("open", path);
    uint8_t *data = malloc(size ? size : 1);
    if (!data)
        give_up("hold", path);
    if (fread(data, 1, size, f) != size)
        give_up("read", path);
    fclose(f);
    if (getenv("REPLAY_VERBOSE"))
        fprintf(stderr, "replay: %s\n", path);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    files_run++;
}

static void run_path(const char *path);

static int not_hidden(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

/* In the order of their names, so that each run is the same. */
static void run_folder(const char *path)
{
    struct dirent **entries;
    int n = scandir(path, &entries, not_hidden, alphasort);
    if (n < 0)
        give_up("list", path);
    for (int i = 0; i < n; i++) {
        char inner[4096];
        int length = snprintf(inner, sizeof inner, "%s/%s", path, entries[i]->d_name);
        if (length < 0 || length >= (int)sizeof inner) {
            errno = ENAMETOOLONG;
            give_up("open", path);
        }
        run_path(inner);
        free(entries[i]);
    }
    free(entries);
}

static void run_path(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        give_up("find", path);
    if (S_ISDIR(st.st_mode))
        run_folder(path);
    else
        run_file(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        run_path(argv[i]);
    printf("replay: %zu inputs\n", files_run);
    return files_run > 0 ? 0 : 1;
}
