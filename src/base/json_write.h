/* JSON writing: a stream into a buf. Commas and nesting are kept by the writer; a call out of
 * place (a value without a key inside an object) is an assert, for it is our own mistake.
 * Strings are escaped in one pass, doubles printed in shortest round-trip form, NaN and
 * infinity written as null. Errors are the buf's (buf_err). */
#ifndef VIVIM_BASE_JSON_WRITE_H
#define VIVIM_BASE_JSON_WRITE_H

#include "base/buf.h"
#include "base/json.h"
#include "base/uuid.h"

enum { JSON_WRITE_DEPTH_MAX = 64 };

struct json_out {
    struct buf *buf;
    int depth;
    bool after_key;
    uint8_t stack[JSON_WRITE_DEPTH_MAX]; /* bit 0: object, bit 1: has members */
};

void jo_init(struct json_out *o, struct buf *b);
void jo_object(struct json_out *o); /* { */
void jo_array(struct json_out *o);  /* [ */
void jo_end(struct json_out *o);    /* the matching } or ] */
void jo_key(struct json_out *o, struct str key);
void jo_str(struct json_out *o,
            struct str v); /* v.s NULL writes null; invalid UTF-8 becomes U+FFFD */
void jo_i64(struct json_out *o, int64_t v);
void jo_u64(struct json_out *o, uint64_t v);
void jo_f64(struct json_out *o, double v);
void jo_bool(struct json_out *o, bool v);
void jo_null(struct json_out *o);
void jo_raw(struct json_out *o, struct str json); /* valid JSON text, as it is */
/* A parsed value again, as it was, of any depth: integers to the digit, a double so that it reads
 * as a double (1.0); JSON_NONE writes null. */
void jo_value(struct json_out *o, struct json v);

/* Key and value at once; the key is a word of ours, written as it stands: nothing in it needs an escape. */
void jo_kstr(struct json_out *o, const char *key, struct str v);
void jo_ki64(struct json_out *o, const char *key, int64_t v);
void jo_kf64(struct json_out *o, const char *key, double v);
void jo_kbool(struct json_out *o, const char *key, bool v);
void jo_knull(struct json_out *o, const char *key);
void jo_kuuid(struct json_out *o, const char *key, struct uuid v);
void jo_ktime(struct json_out *o, const char *key,
              int64_t ms);                       /* RFC 3339; TIME_NONE writes null */
void jo_kz(struct json_out *o, const char *key); /* the key alone; a value must follow */

/* A key for what is written thousands of times a second, a literal: its quotes and its colon are made when it is compiled. A value
 * must follow. */
enum { JO_IS_OBJECT = 1, JO_HAS_MEMBERS = 2 };
#define JO_KEY(o, literal) jo_quoted_key((o), S("\"" literal "\":"))
static inline void jo_quoted_key(struct json_out *o, struct str quoted)
{
    assert(o->depth > 0 && (o->stack[o->depth - 1] & JO_IS_OBJECT) && !o->after_key);
    uint8_t *top = &o->stack[o->depth - 1];
    char *to = buf_reserve(o->buf, quoted.n + 1);
    if (to) {
        bool comma = *top & JO_HAS_MEMBERS;
        *to = ',';
        memcpy(to + comma, quoted.s, quoted.n);
        o->buf->n += quoted.n + comma;
    }
    *top |= JO_HAS_MEMBERS;
    o->after_key = true;
}
void jo_uuid(struct json_out *o, struct uuid v);
void jo_time(struct json_out *o, int64_t ms); /* RFC 3339; TIME_NONE writes null */

/* Shortest decimal form that reads back as `v` (ECMAScript Number::toString, as RFC 8785
 * wants) and a terminator; gives the length. v is finite. */
size_t double_text(double v, char ret[32]);

/* Canonical JSON (RFC 8785, JCS): keys sorted by UTF-16 code units, no white space, ECMAScript
 * numbers. E_BAD_INPUT for an integer that a double cannot hold exactly (JCS cannot express it;
 * the digits that ECMAScript itself would write for a double, such as 1152921504606847000 for
 * 2^60, are understood as that double) or for duplicate keys. `scratch` holds sorting arrays. */
NODISCARD err_t json_canonical(struct arena *scratch, struct json v, struct buf *out);

#endif
