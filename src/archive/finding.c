#include "archive/finding.h"

static const struct {
    const char *name;
    bool warning;
} FINDINGS[FOUND_COUNT] = {
    [FOUND_ANSWER_INCOMPLETE] = { "answer_incomplete", true },
    [FOUND_ARTIFACT_CHANGE_UNREADABLE] = { "artifact_change_unreadable", true },
    [FOUND_ARTIFACT_NOT_IN_PAGE] = { "artifact_not_in_page", false },
    [FOUND_ATTACHMENT_WITHHELD] = { "attachment_withheld", false },
    [FOUND_CITATION_UNRESOLVED] = { "citation_unresolved", false },
    [FOUND_CODE_TRUNCATED] = { "code_truncated", true },
    [FOUND_CYCLE_BROKEN] = { "cycle_broken", true },
    [FOUND_ELEMENT_SKIPPED] = { "element_skipped", true },
    [FOUND_IMAGE_EXPIRED] = { "image_expired", false },
    [FOUND_IMAGE_IN_TEXT] = { "image_in_text", false },
    [FOUND_IMAGE_TOO_LARGE] = { "image_too_large", false },
    [FOUND_MARK_UNREADABLE] = { "mark_unreadable", true },
    [FOUND_MEDIA_BLOCKED] = { "media_blocked", false },
    [FOUND_MEDIA_LIMIT] = { "media_limit", false },
    [FOUND_MEDIA_NOT_PUBLIC] = { "media_not_public", false },
    [FOUND_MEDIA_TYPE_REFUSED] = { "media_type_refused", false },
    [FOUND_MEDIA_UNAVAILABLE] = { "media_unavailable", false },
    [FOUND_PARENT_MISSING] = { "parent_missing", true },
    [FOUND_ROLE_INFERRED] = { "role_inferred", false },
    [FOUND_SHAPE_MISMATCH] = { "shape_mismatch", true },
    [FOUND_TEXT_LOST] = { "text_lost", true },
    [FOUND_TEXT_PLACEHOLDER_IGNORED] = { "text_placeholder_ignored", false },
    [FOUND_TIME_UNREADABLE] = { "time_unreadable", false },
    [FOUND_TOOL_OUTPUT_REDACTED] = { "tool_output_redacted", false },
    [FOUND_TURNS_NOT_CONTIGUOUS] = { "turns_not_contiguous", true },
    [FOUND_UNMODELLED_BLOCK] = { "unmodelled_block", false },
    [FOUND_UNMODELLED_CONTENT_TYPE] = { "unmodelled_content_type", false },
    [FOUND_UNRECOGNISED_ROLE] = { "unrecognised_role", true },
};

const char *finding_name(enum finding_code code)
{
    return FINDINGS[code].name;
}

bool finding_is_warning(enum finding_code code)
{
    return FINDINGS[code].warning;
}

bool finding_parse(struct str name, enum finding_code *ret)
{
    for (int i = 0; i < FOUND_COUNT; i++)
        if (str_eq(name, str_from(FINDINGS[i].name))) {
            *ret = (enum finding_code)i;
            return true;
        }
    return false;
}
