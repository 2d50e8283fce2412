/* The formats that source.c lists. Private to imports. */
#ifndef VIVIM_IMPORTS_FORMATS_H
#define VIVIM_IMPORTS_FORMATS_H

#include "archive/providers/provider.h"
#include "imports/source.h"

extern const struct source_format FORMAT_ANNOTATIONS, FORMAT_REFUSED, FORMAT_TAKEOUT,
    FORMAT_TAKEOUT_PAGE, FORMAT_CHATGPT_PAGE, FORMAT_PAGE, FORMAT_MHTML, FORMAT_MISTRAL, FORMAT_JAN,
    FORMAT_COPILOT, FORMAT_CHATGPT_LIST, FORMAT_CLAUDE_CODE, FORMAT_CODEX, FORMAT_GEMINI_CLI,
    FORMAT_CURSOR, FORMAT_JSON;

/* Values one after the other, each a conversation that says by its structure whose it is (json.c). For formats in which they
 * stand somewhere inside a file. `lists`: as in json_values_init; `provider`: all are its, NULL: each says. */
NODISCARD err_t values_open(struct import_source *s, const char *const *lists,
                            const struct provider *provider_or_null);
NODISCARD err_t values_next(struct import_source *s, struct arena *a, struct conversation *ret);
void values_forget(struct import_source *s);
void values_close(struct import_source *s);

/* Go past the first `n` bytes of the source. */
NODISCARD err_t source_skip(struct import_source *s, size_t n);
/* The whole source as valid UTF-8, in its arena. E_LIMIT: over max_bytes; E_BAD_ENCODING. */
NODISCARD err_t source_text(struct import_source *s, size_t max_bytes, struct str *ret);
/* The one conversation that a page holds, in its bytes or rendered (page.c). */
NODISCARD err_t page_conversation(struct import_source *s, struct arena *a, struct str html,
                                  struct str url_or_none, struct conversation *ret);

#endif
