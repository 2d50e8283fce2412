/* multipart/form-data (RFC 7578), piece by piece: a file of any size goes through a buffer of MULTIPART_BUFFER_BYTES.
 *
 * Foreign and hostile: names come as they are (see import_safe_name), headers have a limit, and any bytes are survived
 * (fuzz/multipart.c). Private to imports. */
#ifndef VIVIM_IMPORTS_MULTIPART_H
#define VIVIM_IMPORTS_MULTIPART_H

#include "base/reader.h"

enum {
    MULTIPART_BUFFER_BYTES = 65536,
    MULTIPART_HEADERS_BYTES_MAX = 8192,
    BOUNDARY_BYTES_MAX = 70
};

struct multipart {
    struct reader *from;
    char delimiter[BOUNDARY_BYTES_MAX + 8]; /* CR LF - - boundary */
    size_t delimiter_bytes;
    char *buf;
    size_t at, have;
    bool ended, inside,
        last; /* nothing more comes from `from`; the current part has more; there are no more parts */
};
struct multipart_part {
    struct str name, file_name; /* valid UTF-8; file_name STR_NONE: a field */
};

/* content_type: of the request. E_BAD_INPUT: it has no boundary; the arena's error. */
NODISCARD err_t multipart_init(struct multipart *m, struct arena *a, struct str content_type,
                               struct reader *from);
/* The next part; what was not read of the one before is passed over. In `a`. E_NOT_FOUND: there is none. E_BAD_INPUT: the body is
 * cut or is none. */
NODISCARD err_t multipart_next(struct multipart *m, struct arena *a, struct multipart_part *ret);
/* Of the current part; *ret_n 0: its end. E_BAD_INPUT: the body ends before the part does. */
NODISCARD err_t multipart_read(struct multipart *m, char *to, size_t max, size_t *ret_n);

#endif
