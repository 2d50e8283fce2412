#include "archive/conversation_check.h"

#include "base/limits.h"

/* What a bot check, a sign-in page or a consent page says; as the whole text of an answer it is no answer. */
static bool says_wall(struct str text)
{
    static const char *const SENTENCES[] = {
        "Just a moment",         "Verify you are human",   "Enable JavaScript and cookies",
        "Checking your browser", "Before you continue to", "Sign in to continue",
        "Log in to continue"
    };
    if (text.n > 600)
        return false;
    for (size_t i = 0; i < COUNTOF(SENTENCES); i++)
        if (str_find(text, str_from(SENTENCES[i]), 0) < text.n)
            return true;
    return false;
}

/* Something that was said, and understood: when nothing of it is, the provider's format has changed. */
static bool has_content(const struct message *m)
{
    for (size_t i = 0; i < m->block_count; i++) {
        enum block_type type = m->blocks[i].type;
        if (type != BLOCK_THINKING && type != BLOCK_CITATION && type != BLOCK_UNKNOWN)
            return true;
    }
    return false;
}

static bool has_finding(const struct conversation *c, enum finding_code code)
{
    for (size_t i = 0; i < c->finding_count; i++)
        if (c->findings[i].code == code)
            return true;
    return false;
}

err_t conversation_check(struct arena *a, struct conversation *c, struct check_result *ret)
{
    size_t users = 0, answers = 0, walls = 0;
    *ret = (struct check_result){ .verdict = CHECK_OK };
    for (size_t i = 0; i < c->message_count; i++) {
        const struct message *m = &c->messages[i];
        if (m->hidden || !m->on_path || !has_content(m))
            continue;
        users += m->role == ROLE_USER;
        answers += m->role == ROLE_ASSISTANT || m->role == ROLE_TOOL;
        walls += m->block_count == 1 && m->blocks[0].type == BLOCK_TEXT &&
                 says_wall(m->blocks[0].text.markdown);
    }
    if (users == 0 || answers == 0 || walls == users + answers) {
        *ret = (struct check_result){ CHECK_NOT_ONE, walls   ? S("the page is a wall")
                                                     : users ? S("there is no answer in it")
                                                             : S("there is no question in it") };
        return OK;
    }
    if (has_finding(c, FOUND_ANSWER_INCOMPLETE))
        *ret = (struct check_result){ CHECK_PARTIAL, S("an answer is not whole") };
    if (has_finding(c, FOUND_TURNS_NOT_CONTIGUOUS))
        *ret = (struct check_result){ CHECK_PARTIAL, S("some turns are missing") };
    return arena_err(a);
}
