/* Names of files in an export: safe on Windows, macOS, Linux and in Obsidian, unique within the export. */
#ifndef VIVIM_EXPORTS_NAMES_H
#define VIVIM_EXPORTS_NAMES_H

#include "base/limits.h"
#include "base/map.h"

struct names { /* those that were given */
    struct map taken;
    struct arena *arena; /* lives as long */
};
void names_init(struct names *n, struct arena *a);

/* What a title becomes: without / \ : * ? " < > | # ^ [ ] %, control characters and what is not text, without dots and spaces at its
 * ends, none of the names that Windows keeps for itself, at most EXPORT_NAME_BYTES_MAX bytes and no character cut. "Untitled" where
 * nothing is left. In `a`. */
struct str name_safe(struct arena *a, struct str title);
/* name_safe(title), followed by " 2", " 3" … where it was given before in any case of its ASCII letters. In n->arena. E_BUSY, E_LIMIT. */
NODISCARD err_t names_unique(struct names *n, struct str title, struct str *ret);
/* With a dot: ".png", ".bin" for what is not known. Static. */
struct str name_ending(struct str media_type);
/* attachment; filename="…"; filename*=UTF-8''… (RFC 6266, RFC 8187). In `a`. */
struct str name_disposition(struct arena *a, struct str file_name);

#endif
