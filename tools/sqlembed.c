/* sqlembed: SQL files to C, for two databases (docs/decisions/0003-named-queries.md).
 *
 *   sqlembed queries ROOM in.sql out.h out.c     named queries of a room
 *   sqlembed migrations FOLDER out.c             FOLDER/NNNN_name.sql and FOLDER/index/NNNN_name.sql
 *
 * Queries:    `-- :query name` begins one statement, `-- :script name` several without parameters. `:name` is a parameter, numbered by first use: ?1 for SQLite,
 *             $1 for PostgreSQL; both dialects must use the same ones in the same order. SQL_ALL_<ROOM> lists every
 *             query of the room (scripts cannot be prepared), and a test prepares them all.
 * Both:       lines between `@sqlite`, `@postgres`, `@end` (alone on their lines) are for one dialect.
 * Migrations: PostgreSQL's type names are mapped for SQLite's STRICT tables; `@without_rowid` alone on the
 *             line before a CREATE TABLE makes it WITHOUT ROWID there. */
#include <ctype.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 20, NAME_MAX_BYTES = 64, PARAMS_MAX = 64, FILES_MAX = 1000 };
enum dialect { SQLITE, POSTGRES, DIALECTS };

static const char *file_name;
static int line_number;

static void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s:%d: ", file_name, line_number);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    exit(1);
}

static char *read_file(const char *path)
{
    file_name = path;
    line_number = 0;
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, TEXT_MAX);
    if (!f || !text)
        die("cannot be read");
    if (fread(text, 1, TEXT_MAX - 1, f) == TEXT_MAX - 1)
        die("is too large");
    fclose(f);
    return text;
}

/* --- text of one dialect ------------------------------------------------------------------------ */

struct text {
    char s[TEXT_MAX];
    size_t n;
};

static void put(struct text *t, const char *s, size_t n)
{
    if (t->n + n + 1 > sizeof t->s)
        die("too much text");
    memcpy(t->s + t->n, s, n);
    t->n += n;
    t->s[t->n] = 0;
}

static bool is_word(int c)
{
    return isalnum(c) || c == '_';
}

/* The end of a quoted text or comment that begins at s, or s itself when none does. */
static const char *skip_opaque(const char *s)
{
    if (s[0] == '\'' || s[0] == '"') {
        const char *end = strchr(s + 1, s[0]);
        if (!end)
            die("a quote does not end");
        return end + 1;
    }
    if (s[0] == '-' && s[1] == '-') {
        const char *end = strchr(s, '\n');
        return end ? end : s + strlen(s);
    }
    return s;
}

struct params {
    char names[PARAMS_MAX][NAME_MAX_BYTES];
    int count;
};

static int param_number(struct params *p, const char *name, size_t n)
{
    if (n >= NAME_MAX_BYTES)
        die("a parameter's name is too long");
    for (int i = 0; i < p->count; i++)
        if (strlen(p->names[i]) == n && memcmp(p->names[i], name, n) == 0)
            return i + 1;
    if (p->count == PARAMS_MAX)
        die("too many parameters");
    memcpy(p->names[p->count], name, n);
    p->names[p->count][n] = 0;
    return ++p->count;
}

/* Comments go, parameters become numbers. */
static void put_query(struct text *out, const char *s, enum dialect d, struct params *p)
{
    while (*s) {
        const char *end = skip_opaque(s);
        if (end != s) {
            if (s[0] != '-')
                put(out, s, (size_t)(end - s));
            s = end;
        } else if (s[0] == ':' && s[1] == ':') {
            put(out, s, 2);
            s += 2;
        } else if (s[0] == ':' && (isalpha((unsigned char)s[1]) || s[1] == '_')) {
            size_t n = 1;
            while (is_word((unsigned char)s[1 + n]))
                n++;
            char number[16];
            int length = snprintf(number, sizeof number, "%c%d", d == SQLITE ? '?' : '$',
                                  param_number(p, s + 1, n));
            put(out, number, (size_t)length);
            s += 1 + n;
        } else {
            put(out, s++, 1);
        }
    }
}

static const char *sqlite_type(const char *word, size_t n, const char *rest, size_t *skip)
{
    static const struct {
        const char *postgres, *sqlite;
    } TYPES[] = {
        { "UUID", "BLOB" },
        { "BYTEA", "BLOB" },
        { "BIGINT", "INTEGER" },
        { "BOOLEAN", "INTEGER" },
    };
    *skip = 0;
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++)
        if (strlen(TYPES[i].postgres) == n && memcmp(word, TYPES[i].postgres, n) == 0)
            return TYPES[i].sqlite;
    if (n == 6 && memcmp(word, "DOUBLE", 6) == 0 && strncmp(rest, " PRECISION", 10) == 0) {
        *skip = 10;
        return "REAL";
    }
    return NULL;
}

/* A migration for SQLite: types mapped, tables STRICT. */
static void put_sqlite_migration(struct text *out, const char *s)
{
    bool table = false, without_rowid = false;
    int depth = 0;
    while (*s) {
        const char *end = skip_opaque(s);
        if (end != s) {
            put(out, s, (size_t)(end - s));
            s = end;
            continue;
        }
        if (strncmp(s, "@without_rowid", 14) == 0) {
            without_rowid = true;
            s += 14;
            continue;
        }
        if (is_word((unsigned char)*s)) {
            size_t n = 0, skip;
            while (is_word((unsigned char)s[n]))
                n++;
            if (n == 6 && strncmp(s, "CREATE TABLE", 12) == 0)
                table = true;
            const char *mapped = sqlite_type(s, n, s + n, &skip);
            put(out, mapped ? mapped : s, mapped ? strlen(mapped) : n);
            s += n + skip;
            continue;
        }
        depth += *s == '(' ? 1 : *s == ')' ? -1 : 0;
        if (*s == ';' && depth == 0 && table) {
            if (out->n < 6 || memcmp(out->s + out->n - 6, "STRICT", 6) != 0)
                put(out, " STRICT", 7);
            if (without_rowid)
                put(out, ", WITHOUT ROWID", 15);
            table = without_rowid = false;
        }
        put(out, s++, 1);
    }
}

/* The lines of `s` that are for dialect d. */
static void put_dialect(struct text *out, const char *s, enum dialect d)
{
    enum { BOTH, ONLY_SQLITE, ONLY_POSTGRES } mode = BOTH;
    while (*s) {
        const char *end = strchr(s, '\n');
        size_t n = end ? (size_t)(end - s) : strlen(s);
        size_t trimmed = n;
        while (trimmed && isspace((unsigned char)s[trimmed - 1]))
            trimmed--;
        line_number++;
        if (trimmed == 7 && memcmp(s, "@sqlite", 7) == 0)
            mode = ONLY_SQLITE;
        else if (trimmed == 9 && memcmp(s, "@postgres", 9) == 0)
            mode = ONLY_POSTGRES;
        else if (trimmed == 4 && memcmp(s, "@end", 4) == 0)
            mode = BOTH;
        else if (d == POSTGRES && trimmed == 14 && memcmp(s, "@without_rowid", 14) == 0)
            put(out, "\n", 1);
        else if (mode == BOTH || (mode == ONLY_SQLITE) == (d == SQLITE))
            put(out, s, end ? n + 1 : n);
        s += end ? n + 1 : n;
    }
    if (mode != BOTH)
        die("@sqlite or @postgres without @end");
}

static void put_c_string(FILE *f, const char *s)
{
    while (isspace((unsigned char)*s))
        s++;
    size_t n = strlen(s);
    while (n && (isspace((unsigned char)s[n - 1]) || s[n - 1] == ';'))
        n--;
    fputs("\n    \"", f);
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '\n')
            fputs("\\n\"\n    \"", f);
        else if (s[i] == '"' || s[i] == '\\')
            fprintf(f, "\\%c", s[i]);
        else
            fputc(s[i], f);
    }
    fputc('"', f);
}

static struct text scratch, dialects[DIALECTS];

/* --- queries --------------------------------------------------------------------------------------- */

static void upper(char *to, const char *from)
{
    for (; *from; from++)
        *to++ = (char)toupper((unsigned char)*from);
    *to = 0;
}

static void check_same_parameters(const char *name, const struct params *a, const struct params *b)
{
    if (a->count != b->count)
        die("query %s: the two dialects have %d and %d parameters", name, a->count, b->count);
    for (int i = 0; i < a->count; i++)
        if (strcmp(a->names[i], b->names[i]) != 0)
            die("query %s: parameter %d is :%s for SQLite and :%s for PostgreSQL", name, i + 1,
                a->names[i], b->names[i]);
}

/* A database that prepares a text looks at its first statement alone, and would say nothing of a second one. */
static void check_one_statement(const char *name, const char *s)
{
    while (*s) {
        const char *end = skip_opaque(s);
        if (end == s && *s == ';' && s[1 + strspn(s + 1, " \t\r\n;")])
            die("query %s: it has a second statement (-- :script says so)", name);
        s = end == s ? s + 1 : end;
    }
}

static void write_query(FILE *h, FILE *c, const char *name, const char *body, bool script)
{
    static struct params params[DIALECTS];
    char symbol[NAME_MAX_BYTES];
    int at_line = line_number;
    upper(symbol, name);
    for (int d = 0; d < DIALECTS; d++) {
        params[d].count = 0;
        scratch.n = dialects[d].n = 0;
        line_number = at_line;
        put_dialect(&scratch, body, (enum dialect)d);
        put(&scratch, "", 0);
        put_query(&dialects[d], scratch.s, (enum dialect)d, &params[d]);
        if (!script)
            check_one_statement(name, dialects[d].s);
    }
    check_same_parameters(name, &params[SQLITE], &params[POSTGRES]);
    fprintf(h, "extern const struct db_query SQL_%s;\n", symbol);
    fprintf(c, "\nstatic const char *const PARAMS_%s[] = {", symbol);
    for (int i = 0; i < params[0].count; i++)
        fprintf(c, " \"%s\",", params[0].names[i]);
    fprintf(c, " 0 };\nconst struct db_query SQL_%s = {\n    \"%s\",", symbol, name);
    put_c_string(c, dialects[SQLITE].s);
    fputs(",", c);
    put_c_string(c, dialects[POSTGRES].s);
    fprintf(c, ",\n    PARAMS_%s, %d,\n};\n", symbol, params[0].count);
}

/* The next `-- :query ` or `-- :script `; its name begins at *ret_name. NULL: none. */
static char *next_mark(char *text, char **ret_name, bool *ret_script)
{
    static const char QUERY[] = "-- :query ", SCRIPT[] = "-- :script ";
    char *query = strstr(text, QUERY), *script = strstr(text, SCRIPT);
    *ret_script = script && (!query || script < query);
    char *at = *ret_script ? script : query;
    if (at)
        *ret_name = at + (*ret_script ? sizeof SCRIPT : sizeof QUERY) - 1;
    return at;
}

static int queries(const char *room, const char *in, const char *h_path, const char *c_path)
{
    static char names[1000][NAME_MAX_BYTES];
    static bool scripts[1000];
    char room_upper[NAME_MAX_BYTES];
    int count = 0;
    char *text = read_file(in);
    FILE *h = fopen(h_path, "w"), *c = fopen(c_path, "w");
    if (!h || !c)
        die("cannot write %s", h ? c_path : h_path);
    upper(room_upper, room);
    fprintf(h,
            "/* made by tools/sqlembed.c from %s */\n#ifndef VIVIM_SQL_%s_H\n#define "
            "VIVIM_SQL_%s_H\n\n#include \"db/db.h\"\n\n",
            in, room_upper, room_upper);
    fprintf(c, "/* made by tools/sqlembed.c from %s */\n#include \"%s_sql.h\"\n", in, room);
    char *name = NULL, *at = next_mark(text, &name, &scripts[0]);
    for (line_number = 0; at; count++) {
        char *end = name, *next_name = NULL;
        bool script = false;
        while (is_word((unsigned char)*end))
            end++;
        if (end == name || end - name >= NAME_MAX_BYTES || *end != '\n' || count == 999)
            die("a query's name is missing, too long, or followed by something");
        char *next = next_mark(end, &next_name, &script);
        *end = 0;
        if (next)
            next[-1] = 0;
        for (int i = 0; i < count; i++)
            if (strcmp(names[i], name) == 0)
                die("two queries are called %s", name);
        memcpy(names[count], name, (size_t)(end - name) + 1);
        write_query(h, c, name, end + 1, scripts[count]);
        at = next;
        name = next_name;
        scripts[count + 1] = script;
    }
    fprintf(c, "\nconst struct db_query *const SQL_ALL_%s[] = {\n", room_upper);
    for (int i = 0; i < count; i++) {
        char symbol[NAME_MAX_BYTES];
        upper(symbol, names[i]);
        if (!scripts[i])
            fprintf(c, "    &SQL_%s,\n", symbol);
    }
    fprintf(c, "    0,\n};\n");
    fprintf(h, "extern const struct db_query *const SQL_ALL_%s[]; /* ended by NULL */\n\n#endif\n",
            room_upper);
    return fclose(h) != 0 || fclose(c) != 0;
}

/* --- migrations ----------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void write_migration(FILE *c, const char *folder, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *text = read_file(path);
    int number = 0;
    if (sscanf(name, "%4d_", &number) != 1 || number < 1)
        die("a migration is called NNNN_name.sql");
    for (int d = 0; d < DIALECTS; d++) {
        scratch.n = dialects[d].n = 0;
        line_number = 0;
        put_dialect(&scratch, text, (enum dialect)d);
        put(&scratch, "", 0);
        if (d == SQLITE)
            put_sqlite_migration(&dialects[d], scratch.s);
        else
            put(&dialects[d], scratch.s, scratch.n);
    }
    fprintf(c, "    { %d, \"%.*s\",", number, (int)strlen(name) - 4, name);
    put_c_string(c, dialects[SQLITE].s);
    fputs(",", c);
    put_c_string(c, dialects[POSTGRES].s);
    fputs(" },\n", c);
    free(text);
}

static void write_folder(FILE *c, const char *folder, const char *symbol)
{
    static char names[FILES_MAX][256];
    int count = 0;
    file_name = folder;
    DIR *dir = opendir(folder);
    for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
        size_t n = strlen(e->d_name);
        if (n < 5 || strcmp(e->d_name + n - 4, ".sql") != 0)
            continue;
        if (count == FILES_MAX)
            die("too many migrations");
        memcpy(names[count++], e->d_name, n + 1);
    }
    if (dir)
        closedir(dir);
    qsort(names, (size_t)count, sizeof names[0], by_name);
    fprintf(c, "\nconst struct db_migration %s[] = {\n", symbol);
    for (int i = 0; i < count; i++)
        write_migration(c, folder, names[i]);
    fputs("    { 0, 0, 0, 0 },\n};\n", c);
}

static int migrations(const char *folder, const char *c_path)
{
    char index[1024];
    file_name = c_path;
    FILE *c = fopen(c_path, "w");
    if (!c)
        die("cannot be written");
    fprintf(c, "/* made by tools/sqlembed.c from %s */\n#include \"db/db_inside.h\"\n", folder);
    write_folder(c, folder, "DB_MIGRATIONS_MAIN");
    snprintf(index, sizeof index, "%s/index", folder);
    write_folder(c, index, "DB_MIGRATIONS_INDEX");
    return fclose(c) != 0;
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "queries") == 0)
        return queries(argv[2], argv[3], argv[4], argv[5]);
    if (argc == 4 && strcmp(argv[1], "migrations") == 0)
        return migrations(argv[2], argv[3]);
    fprintf(stderr,
            "usage: sqlembed queries ROOM in.sql out.h out.c | sqlembed migrations FOLDER out.c\n");
    return 2;
}
