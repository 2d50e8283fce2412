/* What could not be understood, or is not whole, is said beside a conversation: a code of this table, and a detail. Codes are
 * only ever added; a code is always a note, or always a warning (something of the conversation may be missing).
 *
 * The words are a sentence for people. The page has them from here too (web/scripts/findings.mjs reads this table): a code
 * without words cannot be written. What it is about in one conversation (a name, an address) is the detail, not the sentence.
 */
#ifndef VIVIM_ARCHIVE_FINDING_H
#define VIVIM_ARCHIVE_FINDING_H

#include "base/str.h"

enum { FINDING_NOTE, FINDING_WARNING };

/* clang-format off */
#define FINDING_TABLE(X) \
    X(ANSWER_INCOMPLETE,          "answer_incomplete",          WARNING, "An answer is not whole.") \
    X(ARTIFACT_CHANGE_UNREADABLE, "artifact_change_unreadable", WARNING, "A change to a document could not be replayed; the document stands as it was before.") \
    X(ARTIFACT_NOT_IN_PAGE,       "artifact_not_in_page",       NOTE,    "Of a document the page shows only the title.") \
    X(ATTACHMENT_WITHHELD,        "attachment_withheld",        NOTE,    "The provider names an attached file and does not give it.") \
    X(CITATION_UNRESOLVED,        "citation_unresolved",        NOTE,    "A source is mentioned whose address is not given.") \
    X(CODE_TRUNCATED,             "code_truncated",             WARNING, "The page shows a piece of code only in part.") \
    X(CYCLE_BROKEN,               "cycle_broken",               WARNING, "The provider's data put a message above itself; its place here is a guess.") \
    X(ELEMENT_SKIPPED,            "element_skipped",            WARNING, "A part of the page could not be read.") \
    X(GROUPED,                    "grouped",                    NOTE,    "The source names no conversations; what stands together here was put together.") \
    X(IMAGE_EXPIRED,              "image_expired",              NOTE,    "A picture is no longer at its address.") \
    X(IMAGE_IN_TEXT,              "image_in_text",              NOTE,    "A picture stood in the text itself; it is not kept.") \
    X(IMAGE_TOO_LARGE,            "image_too_large",            NOTE,    "A picture is larger than what is kept.") \
    X(MARK_UNREADABLE,            "mark_unreadable",            WARNING, "A mark of the provider in the text has no words that are known.") \
    X(MEDIA_BLOCKED,              "media_blocked",              NOTE,    "A picture's address is not a public one; it was not asked for.") \
    X(MEDIA_LIMIT,                "media_limit",                NOTE,    "There are more pictures than are kept of one conversation.") \
    X(MEDIA_NOT_PUBLIC,           "media_not_public",           NOTE,    "A picture or file is only for its owner at the provider.") \
    X(MEDIA_TYPE_REFUSED,         "media_type_refused",         NOTE,    "What stands at a picture's address is no picture that is kept.") \
    X(MEDIA_UNAVAILABLE,          "media_unavailable",          NOTE,    "A picture could not be fetched.") \
    X(PARENT_MISSING,             "parent_missing",             WARNING, "A message answers one that is not there.") \
    X(ROLE_INFERRED,              "role_inferred",              NOTE,    "Who speaks is not said; it was inferred.") \
    X(SHAPE_MISMATCH,             "shape_mismatch",             WARNING, "A part of the provider's data has an unexpected form.") \
    X(TEXT_LOST,                  "text_lost",                  WARNING, "Words that the page shows are missing here.") \
    X(TEXT_PLACEHOLDER_IGNORED,   "text_placeholder_ignored",   NOTE,    "A stand-in of the provider for what follows was left out.") \
    X(TIME_UNREADABLE,            "time_unreadable",            NOTE,    "A time could not be read.") \
    X(TOOL_OUTPUT_REDACTED,       "tool_output_redacted",       NOTE,    "The provider left out what a tool gave.") \
    X(TURNS_NOT_CONTIGUOUS,       "turns_not_contiguous",       WARNING, "Messages between these may be missing.") \
    X(UNMODELLED_BLOCK,           "unmodelled_block",           NOTE,    "A part of a message has a form that is not known yet; it is kept as it came.") \
    X(UNMODELLED_CONTENT_TYPE,    "unmodelled_content_type",    NOTE,    "A message has a form that is not known yet; it is kept as it came.") \
    X(UNRECOGNISED_ROLE,          "unrecognised_role",          WARNING, "It is not known who speaks in a message.")
/* clang-format on */

#define FINDING_ENUM(NAME, name, level, words) FOUND_##NAME,
enum finding_code { FINDING_TABLE(FINDING_ENUM) FOUND_COUNT };
#undef FINDING_ENUM

const char *finding_name(enum finding_code code); /* "cycle_broken" */
bool finding_parse(struct str name, enum finding_code *ret);
bool finding_is_warning(enum finding_code code);
const char *finding_words(enum finding_code code); /* a sentence */

#endif
