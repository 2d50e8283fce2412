/* What could not be understood, or is not whole, is said beside a conversation: a code of this list, and a detail. Codes are
 * only ever added; a code is always a note, or always a warning (something of the conversation may be missing). */
#ifndef VIVIM_ARCHIVE_FINDING_H
#define VIVIM_ARCHIVE_FINDING_H

#include "base/str.h"

enum finding_code {
    FOUND_ANSWER_INCOMPLETE,
    FOUND_ARTIFACT_CHANGE_UNREADABLE, /* a change to a document that could not be replayed */
    FOUND_ARTIFACT_NOT_IN_PAGE,
    FOUND_ATTACHMENT_WITHHELD,
    FOUND_CITATION_UNRESOLVED,
    FOUND_CODE_TRUNCATED,
    FOUND_CYCLE_BROKEN,
    FOUND_ELEMENT_SKIPPED,
    FOUND_IMAGE_EXPIRED,
    FOUND_IMAGE_IN_TEXT, /* a picture in the words themselves (data:), which is not kept */
    FOUND_IMAGE_TOO_LARGE,
    FOUND_MARK_UNREADABLE, /* a mark of the provider in the text whose words are not known */
    FOUND_MEDIA_BLOCKED,
    FOUND_MEDIA_LIMIT,
    FOUND_MEDIA_NOT_PUBLIC,
    FOUND_MEDIA_TYPE_REFUSED,
    FOUND_MEDIA_UNAVAILABLE,
    FOUND_PARENT_MISSING,
    FOUND_ROLE_INFERRED,
    FOUND_SHAPE_MISMATCH,
    FOUND_TEXT_LOST, /* words of the page that the normal form lacks */
    FOUND_TEXT_PLACEHOLDER_IGNORED,
    FOUND_TIME_UNREADABLE,
    FOUND_TOOL_OUTPUT_REDACTED,
    FOUND_TURNS_NOT_CONTIGUOUS,
    FOUND_UNMODELLED_BLOCK,
    FOUND_UNMODELLED_CONTENT_TYPE,
    FOUND_UNRECOGNISED_ROLE,
    FOUND_COUNT
};

const char *finding_name(enum finding_code code); /* "cycle_broken" */
bool finding_parse(struct str name, enum finding_code *ret);
bool finding_is_warning(enum finding_code code);

#endif
