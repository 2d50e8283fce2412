/* What stands in the headers of tus 1.0.0 (https://tus.io/protocols/resumable-upload). Foreign and hostile: any bytes are survived
 * (fuzz/tus.c). Private to imports. */
#ifndef VIVIM_IMPORTS_TUS_H
#define VIVIM_IMPORTS_TUS_H

#include "base/str.h"

#define TUS_VERSION "1.0.0"
enum { TUS_METADATA_BYTES_MAX = 4096 };

/* Tus-Resumable. E_PRECONDITION: another version, or none. */
NODISCARD err_t tus_version(struct str value);
/* Upload-Length, Upload-Offset: a number of bytes, 0 .. INT64_MAX. name: of the header, in lower case. E_BAD_INPUT. */
NODISCARD err_t tus_bytes(const char *name, struct str value, int64_t *ret);
/* Upload-Metadata ("key base64,key base64"; STR_NONE: none) as it is kept and given back, and the name that it gives the file
 * (relativePath, else filename), safe in a folder of ours (import_safe_name). In `a`. E_BAD_INPUT: too long, or not printable. */
NODISCARD err_t tus_metadata(struct arena *a, struct str value, struct str *ret_kept,
                             struct str *ret_name);

#endif
