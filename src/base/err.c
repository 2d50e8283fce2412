#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"

struct err_row {
    int status;
    const char *code, *title;
};

static const struct err_row ROWS[] = {
#define X(name, status, code, title) [name] = { status, code, title },
    ERR_TABLE(X)
#undef X
};

static _Thread_local struct err_detail detail;

static const struct err_row *row_of(err_t e)
{
    assert((size_t)e < COUNTOF(ROWS));
    return &ROWS[e];
}

int err_status(err_t e)
{
    return row_of(e)->status;
}

const char *err_code(err_t e)
{
    return row_of(e)->code;
}

const char *err_title(err_t e)
{
    return row_of(e)->title;
}

/* A text that was cut may end inside a character; drop the rest of it. */
static void drop_cut_character(char *text, size_t n)
{
    size_t lead = n;
    while (lead > 0 && n - lead < 4 && ((unsigned char)text[lead - 1] & 0xC0) == 0x80)
        lead--;
    if (lead-- == 0)
        return;
    unsigned char c = (unsigned char)text[lead];
    size_t whole = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
    if (n - lead < whole)
        text[lead] = 0;
}

err_t err_note(err_t e, const char *field, const char *format, ...)
{
    struct err_detail d; /* the arguments may point into the detail that is being replaced */
    int n = snprintf(d.field, sizeof d.field, "%s", field ? field : "");
    if (n >= (int)sizeof d.field)
        drop_cut_character(d.field, sizeof d.field - 1);
    va_list args;
    va_start(args, format);
    n = vsnprintf(d.text, sizeof d.text, format, args);
    va_end(args);
    if (n < 0)
        d.text[0] = 0;
    else if (n >= (int)sizeof d.text)
        drop_cut_character(d.text, sizeof d.text - 1);
    d.cause[0] = 0;
    detail = d;
    return e;
}

err_t err_cause(err_t e, const char *format, ...)
{
    char cause[sizeof detail.cause];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(cause, sizeof cause, format, args);
    va_end(args);
    if (n < 0)
        cause[0] = 0;
    else if (n >= (int)sizeof cause)
        drop_cut_character(cause, sizeof cause - 1);
    for (n = (int)strlen(cause); n > 0 && (cause[n - 1] == '\n' || cause[n - 1] == ' '); n--)
        cause[n - 1] = 0;
    memcpy(detail.cause, cause, sizeof cause);
    return e;
}

const struct err_detail *err_detail(void)
{
    return &detail;
}

const char *err_log_text(void)
{
    return detail.cause[0] ? detail.cause : detail.text;
}

void err_clear(void)
{
    detail.field[0] = 0;
    detail.text[0] = 0;
    detail.cause[0] = 0;
}

void err_restore(const struct err_detail *d)
{
    detail = *d;
}
