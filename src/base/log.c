#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/json_text.h"
#include "base/json_write.h"
#include "base/timestamp.h"
#include "base/utf8.h"

enum { LINE_BYTES_MAX = 32 * 1024, VALUE_BYTES_MAX = 2 * 1024, REQUEST_BYTES_MAX = 40 };

static const char *const LEVELS[] = { "debug", "info", "warn", "error" };

static struct {
    bool set;
    int fd;
    enum log_format format;
    enum log_level least;
} sink = { .fd = STDERR_FILENO, .least = LOG_INFO };

static _Thread_local char request[REQUEST_BYTES_MAX];
static _Thread_local size_t request_bytes;

void log_init(int fd, enum log_format format, enum log_level least)
{
    sink.fd = fd;
    sink.format = format;
    sink.least = least;
    sink.set = true;
}

void log_set_request(struct str id)
{
    id = utf8_cut(id, REQUEST_BYTES_MAX);
    if (id.n > 0)
        memcpy(request, id.s, id.n);
    request_bytes = id.n;
}

struct str log_request(void)
{
    return str_of(request, request_bytes);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- for machines ------------------------------------------------------------------------- */

static void json_field(struct json_out *o, const struct log_field *f)
{
    switch (f->type) {
    case LOGF_STR:
        jo_kstr(o, f->key, utf8_cut(f->str, VALUE_BYTES_MAX));
        break;
    case LOGF_I64:
        jo_ki64(o, f->key, f->i64);
        break;
    case LOGF_F64:
        jo_kf64(o, f->key, f->f64);
        break;
    case LOGF_BOOL:
        jo_kbool(o, f->key, f->i64 != 0);
        break;
    }
}

static void json_line(struct buf *b, enum log_level level, const char *event,
                      const struct log_field *fields, size_t n)
{
    struct json_out o;
    jo_init(&o, b);
    jo_object(&o);
    jo_ktime(&o, "time", now_ms());
    jo_kstr(&o, "level", str_from(LEVELS[level]));
    jo_kstr(&o, "event", str_from(event));
    if (request_bytes > 0)
        jo_kstr(&o, "request_id", log_request());
    for (size_t i = 0; i < n; i++)
        json_field(&o, &fields[i]);
    jo_end(&o);
    buf_putc(b, '\n');
}

/* --- for people --------------------------------------------------------------------------- */

/* What a terminal may obey or what could make one line look like another: controls (C0, DEL, C1),
 * line separators and the marks that turn the direction of writing. */
static bool is_dangerous(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

static bool is_bare(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.s[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && !(c && strchr("-_./:@+%", c)))
            return false;
    }
    return s.n > 0;
}

static void human_value(struct buf *b, struct str s)
{
    if (is_bare(s)) {
        buf_put(b, s);
        return;
    }
    buf_putc(b, '"');
    for (size_t at = 0; at < s.n;) {
        uint32_t c = utf8_next(s, &at);
        if (is_dangerous(c)) {
            buf_putf(b, "\\u%04x", (unsigned)c);
            continue;
        }
        if (c == '"' || c == '\\')
            buf_putc(b, '\\');
        utf8_put(b, c);
    }
    buf_putc(b, '"');
}

static void human_field(struct buf *b, const struct log_field *f)
{
    buf_putc(b, ' ');
    buf_put(b, str_from(f->key));
    buf_putc(b, '=');
    switch (f->type) {
    case LOGF_STR:
        human_value(b, utf8_cut(f->str, VALUE_BYTES_MAX));
        break;
    case LOGF_I64:
        buf_put_i64(b, f->i64);
        break;
    case LOGF_F64:
        json_put_f64(b, f->f64);
        break;
    case LOGF_BOOL:
        buf_put(b, f->i64 ? S("true") : S("false"));
        break;
    }
}

static void human_line(struct buf *b, enum log_level level, const char *event,
                       const struct log_field *fields, size_t n)
{
    static const char *const WORDS[] = { "debug", "info ", "WARN ", "ERROR" };
    char time[TIME_TEXT_BYTES + 1];
    time_text(now_ms(), time);
    buf_putf(b, "%.8s %s %s", time + 11, WORDS[level], event);
    for (size_t i = 0; i < n; i++)
        human_field(b, &fields[i]);
    if (request_bytes > 0)
        human_field(b, &LS("request_id", log_request()));
    buf_putc(b, '\n');
}

/* --- writing ------------------------------------------------------------------------------ */

/* One write(2) in all ordinary cases; a pipe that takes a part gets the rest. A log that cannot
 * be written has nobody to be told. */
static void write_all(int fd, struct str s)
{
    while (s.n > 0) {
        ssize_t n = write(fd, s.s, s.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        s = str_sub(s, (size_t)n, s.n);
    }
}

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t n)
{
    if (level < sink.least)
        return;
    int error_before = errno;
    bool human = sink.set ? sink.format == LOG_HUMAN : isatty(sink.fd) != 0;
    void (*line)(struct buf *, enum log_level, const char *, const struct log_field *, size_t) =
        human ? human_line : json_line;
    CLEANUP(buf_free) struct buf b;
    buf_init(&b, NULL, LINE_BYTES_MAX);
    line(&b, level, event, fields, n);
    if (buf_err(&b) != OK) { /* an event with far too many fields is still an event */
        buf_clear(&b);
        line(&b, level, event, &LB("fields_dropped", true), 1);
    }
    write_all(sink.fd, buf_str(&b));
    errno = error_before;
}
