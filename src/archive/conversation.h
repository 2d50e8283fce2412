/* The normal form of a conversation (`vivim.conversation/1`, DESIGN section 5.3).
 *
 * Everything that comes in - a share page, provider JSON, an export, a rendered page - becomes
 * this; everything later (rows, hashes, search, the reader) starts from it. Plain structs of
 * views in one arena; made by archive/providers/, checked by conversation_check(), written by
 * conversation_write(). Nothing here does I/O.
 *
 * An archive never invents: what the source does not give is absent (STR_NONE, TIME_NONE, -1),
 * what is not understood is kept verbatim as BLOCK_UNKNOWN with a finding.
 */
#ifndef VIVIM_ARCHIVE_CONVERSATION_H
#define VIVIM_ARCHIVE_CONVERSATION_H

#include "archive/finding.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/timestamp.h"

enum role { ROLE_USER, ROLE_ASSISTANT, ROLE_SYSTEM, ROLE_TOOL, ROLE_COUNT };

enum block_type {
    BLOCK_TEXT,
    BLOCK_CODE,
    BLOCK_TABLE,
    BLOCK_MATH,
    BLOCK_MERMAID,
    BLOCK_IMAGE,
    BLOCK_FILE,
    BLOCK_TOOL_CALL,
    BLOCK_TOOL_RESULT,
    BLOCK_THINKING,
    BLOCK_CITATION,
    BLOCK_ARTIFACT,
    BLOCK_UNKNOWN,
    BLOCK_TYPE_COUNT
};

/* One block; which members count is said by `type`. Fields named as in DESIGN 5.3. */
struct block {
    enum block_type type;
    union {
        struct {
            struct str markdown;
        } text;
        struct {
            struct str language, code;
        } code;
        struct {
            struct str *header;
            size_t columns;
            struct str *cells;
            size_t rows;
        } table; /* cells row by row, rows * columns */
        struct {
            struct str tex;
            bool display;
        } math;
        struct {
            struct str code;
        } mermaid;
        struct {
            struct str sha256, source_url, alt;
            int64_t width, height;
            struct str base64; /* it stands in the source itself; neither written nor hashed */
        } image;               /* -1: not given */
        struct {
            struct str name, media_type, sha256, text;
            struct str
                id; /* the provider's: finds the bytes in an export; neither written nor hashed */
        } file;     /* text: what the provider read out of it; mostly absent */
        struct {
            struct str id, name, arguments;
        } tool_call; /* arguments: JSON text, or the text given */
        struct {
            struct str call_id, content;
            bool is_error;
        } tool_result;
        struct {
            struct str text, summary;
        } thinking;
        struct {
            struct str url, title;
            int64_t start, end;
        } citation; /* -1: not given; code points of the text block before */
        struct {
            struct str id, kind, title, content;
        } artifact;
        struct {
            struct str raw;
        } unknown; /* JSON text */
    };
};

struct message {
    struct str id, parent_id; /* the provider's; STR_NONE where it gives none */
    enum role role;
    struct str author, model;
    int64_t created_ms; /* TIME_NONE */
    bool hidden;        /* the provider never shows it */
    bool on_path;       /* on the current branch */
    struct block *blocks;
    size_t block_count;
    struct str hash; /* "sha256:…", set by conversation_hash */
};

struct finding {
    enum finding_code code;
    struct str detail;
};

struct source {
    const char *kind;     /* "share", "export", "file", "session" */
    struct str url, id;   /* canonical share URL; the provider's conversation (or share) id */
    struct str account;   /* which of several at the provider; STR_NONE: it does not say */
    const char *strategy; /* "network", "embedded", "dom", "generic"; NULL: not captured */
    struct str recipe;    /* "chatgpt@1"; STR_NONE */
    int64_t captured_ms;
};

struct context { /* where an agent's session ran; STR_NONE where that is not given */
    struct str cwd, branch, tool;
};

struct conversation {
    const char *provider; /* static name: "chatgpt", "claude", … */
    struct str title, model;
    int64_t created_ms, updated_ms;
    struct source source;
    struct context context;
    struct message
        *messages; /* in tree order: a parent before its children; the path in reading order */
    size_t message_count, message_room; /* the list holds so many, and so many fit in */
    struct str hash;
    struct finding *findings;
    size_t finding_count;
};

const char *role_name(enum role r);
bool role_parse(struct str name, enum role *ret); /* our four names only */
const char *block_type_name(enum block_type t);
bool block_type_parse(struct str name, enum block_type *ret);

/* The message and conversation hashes (DESIGN 5.3): SHA-256 over RFC 8785 JSON of {role, blocks}
 * without volatile parts (and without source and context, which say where a conversation was, not what was said); what is left out stands in conversation_hash.c. The conversation's
 * chains those of the messages on the path, in order: h = SHA-256(h before | message's), both as
 * 32 bytes, beginning with 32 zero bytes. Fills `hash` of every message and of the conversation.
 * `scratch` may be reset after; another arena than `a`. E_LIMIT, E_BUSY. */
NODISCARD err_t conversation_hash(struct arena *a, struct arena *scratch, struct conversation *c);

/* One link of that chain; and a message's hash as bytes (E_CORRUPT: it is none). */
struct sha256 conversation_chain_add(struct sha256 chain, struct sha256 message);
NODISCARD err_t message_hash_read(struct str tagged, struct sha256 *ret);

/* Texts that do not lie in `a`, which holds the rest of it, are copied there: the conversation then outlives whatever it was read
 * from. E_LIMIT, E_BUSY. */
NODISCARD err_t conversation_own(struct arena *a, struct conversation *c);

/* The JSON of DESIGN 5.3. conversation_write gives the whole on one line (no line feed). */
void block_write(struct json_out *o, const struct block *b);
void blocks_write(struct json_out *o, const struct block *blocks, size_t n);
void message_write(struct json_out *o, const struct message *m);
void context_write(struct json_out *o, const struct context *c);
void conversation_write(struct json_out *o, const struct conversation *c);

/* The same by hand, for who has blocks and findings as JSON already: conversation_begin, each message (its blocks are the given
 * ones), conversation_end, the value of the findings, jo_end. c's and m's lists are not read. */
void conversation_begin(struct json_out *o, const struct conversation *c);
void message_write_stored(struct json_out *o, const struct message *m, struct str blocks);
void conversation_end(struct json_out *o, const struct conversation *c);

/* The canonical JSON that a message's hash is taken over. */
NODISCARD err_t message_canonical(struct arena *scratch, const struct message *m, struct buf *out);

/* Read blocks back from stored JSON. E_CORRUPT when it is not ours. Strings are views into the parsed value. */
NODISCARD err_t blocks_read(struct arena *a, struct json array, struct block **ret,
                            size_t *ret_count);

/* The whole again from what conversation_write made of it; hashes as they stand there. `provider`: static, the name that
 * the JSON gives. E_INVALID: a part of it is not ours; E_LIMIT, E_BUSY. */
bool conversation_is(struct json root);
NODISCARD err_t conversation_read(struct arena *a, struct json root, const char *provider,
                                  struct conversation *ret);

/* Keep a value that is not understood, as its JSON text. As a string of that text where it nests deeper than
 * UNKNOWN_DEPTH_MAX or has no canonical form (RFC 8785: doubled keys, integers that no double holds): every block can be
 * hashed, stored and read back. E_LIMIT, E_BUSY. */
NODISCARD err_t block_keep_raw(struct arena *a, struct block *b, struct json v);

/* The plain words of blocks, for the search index and counts, in document order, parted by line feeds: text (without Markdown's
 * marks), code, table cells, artifact text; and what stands beside it, thinking and tool results. */
enum blocks_part {
    BLOCKS_ALL,
    BLOCKS_SAID,
    BLOCKS_THINKING,
    BLOCKS_TOOLS /* with the calls, which are nobody's words and count for no length */
};
void blocks_text(const struct block *blocks, size_t n, enum blocks_part part, struct buf *out);

/* Growing lists in an arena while a conversation is built. A pointer that they give ends with the
 * next _add to the same list. NULL when the arena failed, or at the limit (MESSAGE_BLOCKS_MAX,
 * CONVERSATION_MESSAGES_MAX): build_err() says which error that is. */
void conversation_init(struct conversation *c, const char *provider); /* everything absent */
struct block *block_add(struct arena *a, struct message *m,
                        enum block_type type); /* numbers -1, text absent */
struct message *
message_add(struct arena *a,
            struct conversation *c); /* id… absent, created_ms TIME_NONE, on_path true */
static inline err_t build_err(const struct arena *a)
{
    return arena_err(a) == OK ? E_LIMIT : arena_err(a);
}
/* Room for so many messages in all, at once: a list that grows by doubling leaves as much again behind in the arena. */
void conversation_reserve(struct arena *a, struct conversation *c, size_t messages);
void finding_add(struct arena *a, struct conversation *c, enum finding_code code,
                 const char *format, ...)
    PRINTF_LIKE(4, 5); /* at most 200 for a conversation, equal ones once */
/* As {code, level, detail}, each in the open array. */
void findings_write(struct json_out *o, const struct conversation *c);

#endif
