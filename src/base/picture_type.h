/* What kind of picture these bytes are, by their first bytes and whatever a server says of them. Pure. */
#ifndef VIVIM_BASE_PICTURE_TYPE_H
#define VIVIM_BASE_PICTURE_TYPE_H

#include "base/str.h"

/* "image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"; STR_NONE: none of these. SVG is none: it is a document
 * that can run scripts.
 * Source: the signatures of https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern, and ISO/IEC 14496-12 section 4.3
 * (the ftyp box) for AVIF. */
struct str picture_type(struct str bytes);

#endif
