/* Files as people have them, as UTF-8. */
#ifndef VIVIM_BASE_CHARSET_H
#define VIVIM_BASE_CHARSET_H

#include "base/str.h"

/* The text of a file's bytes, in UTF-8 and without a byte order mark; a view of `bytes` where they are that already.
 *
 * Of a file that stops within a character the character is left out. UTF-16 is known by its byte order mark, or by the zero
 * bytes in its first characters; a surrogate without its other half becomes U+FFFD. HTML ("<" in front) that is no UTF-8 is
 * read as windows-1252, as browsers read it.
 * Errors: E_BAD_ENCODING says at which byte the text stops being UTF-8; E_LIMIT, E_BUSY. */
NODISCARD err_t charset_decode(struct arena *a, struct str bytes, struct str *ret);

#endif
