/* Log: one line an event, JSON for machines or words on a terminal.
 *
 * An event has a level, a short constant name ("http.request", "capture.done") and fields.
 * Content of conversations, passwords, tokens and cookies never go into a field. Rooms do not
 * log errors that they return; the place that answers logs once. Thread-safe; each line is one
 * write(2). The request id of the thread (log_set_request) stands on every line. */
#ifndef VIVIM_BASE_LOG_H
#define VIVIM_BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_JSON, LOG_HUMAN };

struct log_field {
    const char *key;
    enum { LOGF_STR, LOGF_I64, LOGF_F64, LOGF_BOOL } type;
    struct str str;
    int64_t i64;
    double f64;
};

#define LS(k, v) ((struct log_field){ .key = (k), .type = LOGF_STR, .str = (v) })
#define LZ(k, v) ((struct log_field){ .key = (k), .type = LOGF_STR, .str = str_from(v) })
#define LI(k, v) ((struct log_field){ .key = (k), .type = LOGF_I64, .i64 = (int64_t)(v) })
#define LF(k, v) ((struct log_field){ .key = (k), .type = LOGF_F64, .f64 = (v) })
#define LB(k, v) ((struct log_field){ .key = (k), .type = LOGF_BOOL, .i64 = (v) })

/* log_at(LOG_INFO, "http.request", LS("method", m), LI("status", 200)) */
#define log_at(level, event, ...)                                          \
    log_write((level), (event), (const struct log_field[]){ __VA_ARGS__ }, \
              sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field))

/* Where lines go (default descriptor 2, JSON unless it is a terminal) and the least level shown. */
void log_init(int fd, enum log_format format, enum log_level least);
void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t n);
/* The request id of this thread, "" for none; at most 40 bytes are kept. */
void log_set_request(struct str id);
struct str log_request(void);

#endif
