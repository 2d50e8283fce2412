/* What a provider's file builds a conversation with. An error stays: after it every call does nothing, and build_end gives
 * it, so that the file reads as a list of what stands where in the provider's data.
 *
 * Everything lives in the builder's arena. Nothing is invented: what is absent is left absent. */
#ifndef VIVIM_ARCHIVE_BUILDER_H
#define VIVIM_ARCHIVE_BUILDER_H

#include "archive/conversation.h"

struct builder {
    struct arena *a;
    struct arena scratch; /* what is needed only until build_end, which frees it */
    struct conversation *c;
    err_t err;
    size_t here;          /* the message that blocks go to */
    struct message spare; /* what is given when nothing can be added any more */
};

/* ret is emptied; `name` is static. */
void build_begin(struct builder *b, struct arena *a, const char *name, struct conversation *ret);
/* The first error; E_LIMIT, E_BUSY, or what build_fail was given. */
NODISCARD err_t build_end(struct builder *b);
void build_fail(struct builder *b, err_t e);

/* So many messages are to come. More than CONVERSATION_MESSAGES_MAX: E_LIMIT, with both numbers. */
void build_expect(struct builder *b, size_t messages);
/* A new message, to which the blocks after it belong; never NULL. It moves when the next one is made. */
struct message *build_message(struct builder *b, struct str id, struct str parent_id,
                              enum role role);
struct message *
build_here(struct builder *b); /* the one that blocks go to: the last one made, or … */
void build_go_to(struct builder *b, size_t message); /* … this one, which is there */
/* An id of any JSON type as text; STR_NONE: there is none. */
struct str build_id(struct builder *b, struct json v);
/* Words in whatever form they stand: a text, as it is; a list, its elements as lines; an object, what stands under text, value or
 * content. A number is its digits; an object without words is its JSON, with a finding. STR_NONE: null, a truth value, nothing. */
struct str build_words(struct builder *b, struct json v);
/* A provider's word for who speaks, without case. Unknown: ROLE_SYSTEM, with a finding. `words` ends with NULL. */
struct role_word {
    const char *word;
    enum role role;
};
extern const struct role_word ROLE_WORDS[]; /* user, assistant, system, tool */
enum role build_role(struct builder *b, const struct role_word *words, struct str word);
/* A time in any of the forms that exports hold: RFC 3339 (also with a blank for the T, without seconds; without a zone it is UTC), RFC 9110, seconds or
 * milli-, micro- or nanoseconds as a number or as text, {"$date": …}.
 * TIME_NONE: none; with a finding when there is something that is no time. */
int64_t build_time(struct builder *b, struct json v);

/* Blocks of the message that they go to. Empty texts make no block. */
void build_text(struct builder *b, struct str markdown); /* divided by markdown_blocks */
void build_thinking(struct builder *b, struct str text, struct str summary);
void build_code(struct builder *b, struct str language, struct str code); /* line ends as LF */
void build_call(struct builder *b, struct str id, struct str name, struct str arguments);
void build_result(struct builder *b, struct str call_id, struct str content, bool is_error);
void build_cite(struct builder *b, struct str url, struct str title);
void build_image(struct builder *b, struct str url, struct str alt, int64_t width, int64_t height);
/* One that stands in the source itself, in base64, which lives as long as the conversation: it is named by its hash. What is no
 * picture, or larger than IMPORT_MEDIA_BYTES, is a finding. media_type: as the source says, for the finding. */
void build_picture(struct builder *b, struct str media_type, struct str base64);
void build_file(struct builder *b, struct str name, struct str media_type, struct str text);
/* The provider's id of the file added last: under it an export holds the bytes. */
void build_file_id(struct builder *b, struct str id);
void build_artifact(struct builder *b, struct str id, struct str kind, struct str title,
                    struct str content); /* line ends as LF */
/* What is not understood, as its JSON, with a finding that says what it is. */
void build_unknown(struct builder *b, struct json v, enum finding_code code, struct str what);
/* `what` is cut to 100 bytes. */
void build_finding(struct builder *b, enum finding_code code, struct str what);
struct str build_json_text(struct builder *b, struct json v); /* the value as JSON */
/* `text` with `new` in place of `old`, the first time or each time; `old` is not empty. */
struct str build_replace(struct builder *b, struct str text, struct str old, struct str new,
                         bool all);

#endif
