/* Hashes over canonical JSON (RFC 8785) of {role, blocks}, so that the same words give the same hash wherever they come from.
 *
 * Left out, because they change from one rendering to the next: ids of tool calls and artifacts, the query of a
 * picture's address (signed URLs; the whole address once its bytes are known by hash), tracking parameters of
 * citations. CRLF counts as LF; Unicode is left as it is. */
#include "archive/conversation.h"
#include "base/crypto.h"
#include "base/limits.h"

static struct str unix_lines(struct arena *a, struct str s)
{
    if (str_find_char(s, '\r', 0) >= s.n)
        return s;
    struct buf b;
    buf_init(&b, a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        if (s.s[i] != '\r' || i + 1 == s.n || s.s[i + 1] != '\n')
            buf_putc(&b, s.s[i]);
    return buf_str(&b);
}

/* The address without parameters that only say where a click came from. */
static struct str without_tracking(struct arena *a, struct str url)
{
    size_t mark = str_find_char(url, '?', 0);
    if (str_find(url, S("utm_"), mark) >= url.n)
        return url;
    struct str rest = str_sub(url, mark + 1, url.n), part;
    struct buf b;
    buf_init(&b, a, url.n + 1);
    buf_put(&b, str_sub(url, 0, mark));
    char separator = '?';
    while (str_cut(&rest, '&', &part)) {
        if (str_starts(part, S("utm_")))
            continue;
        buf_putc(&b, separator);
        buf_put(&b, part);
        separator = '&';
    }
    return buf_str(&b);
}

static void steady_block(struct arena *a, struct block *b)
{
    switch (b->type) {
    case BLOCK_TEXT:
        b->text.markdown = unix_lines(a, b->text.markdown);
        break;
    case BLOCK_CODE:
        b->code.code = unix_lines(a, b->code.code);
        break;
    case BLOCK_MERMAID:
        b->mermaid.code = unix_lines(a, b->mermaid.code);
        break;
    case BLOCK_IMAGE:
        b->image.source_url =
            b->image.sha256.n
                ? STR_NONE
                : str_sub(b->image.source_url, 0, str_find_char(b->image.source_url, '?', 0));
        break;
    case BLOCK_TOOL_CALL:
        b->tool_call.id = STR_NONE;
        break;
    case BLOCK_TOOL_RESULT:
        b->tool_result.call_id = STR_NONE;
        b->tool_result.content = unix_lines(a, b->tool_result.content);
        break;
    case BLOCK_CITATION:
        b->citation.url = without_tracking(a, b->citation.url);
        b->citation.start = b->citation.end = -1;
        break;
    case BLOCK_ARTIFACT:
        b->artifact.id = STR_NONE;
        b->artifact.content = unix_lines(a, b->artifact.content);
        break;
    default:
        break;
    }
}

/* The blocks of which nearly all words are, with their members in the order of RFC 8785 right away. False: another one. */
static bool write_sorted(struct json_out *o, const struct block *b)
{
    jo_object(o);
    switch (b->type) {
    case BLOCK_TEXT:
        jo_kstr(o, "markdown", b->text.markdown);
        break;
    case BLOCK_CODE:
        jo_kstr(o, "code", b->code.code);
        jo_kstr(o, "language", b->code.language);
        break;
    case BLOCK_TOOL_CALL:
        jo_kstr(o, "arguments", b->tool_call.arguments);
        jo_kstr(o, "id", b->tool_call.id);
        jo_kstr(o, "name", b->tool_call.name);
        break;
    case BLOCK_TOOL_RESULT:
        jo_kstr(o, "call_id", b->tool_result.call_id);
        jo_kstr(o, "content", b->tool_result.content);
        jo_kbool(o, "is_error", b->tool_result.is_error);
        break;
    case BLOCK_THINKING:
        jo_kstr(o, "summary", b->thinking.summary);
        jo_kstr(o, "text", b->thinking.text);
        break;
    default:
        return false;
    }
    jo_kstr(o, "type", str_from(block_type_name(b->type)));
    jo_end(o);
    return true;
}

/* Written once instead of written, parsed and written again. False: there is a block of another type in it. */
static bool canonical_at_once(const struct block *blocks, const struct message *m, struct buf *out)
{
    struct json_out o;
    size_t before = out->n;
    jo_init(&o, out);
    jo_object(&o);
    jo_kz(&o, "blocks");
    jo_array(&o);
    for (size_t i = 0; i < m->block_count; i++)
        if (!write_sorted(&o, &blocks[i])) {
            out->n = before;
            return false;
        }
    jo_end(&o);
    jo_kstr(&o, "role", str_from(role_name(m->role)));
    jo_end(&o);
    return true;
}

err_t message_canonical(struct arena *scratch, const struct message *m, struct buf *out)
{
    struct block *blocks = ARENA_ARRAY(scratch, struct block, m->block_count + 1);
    struct buf text;
    struct json_out o;
    struct json root;
    if (!blocks)
        return arena_err(scratch);
    for (size_t i = 0; i < m->block_count; i++) {
        blocks[i] = m->blocks[i];
        steady_block(scratch, &blocks[i]);
    }
    TRY(arena_err(scratch));
    if (canonical_at_once(blocks, m, out))
        return buf_err(out);
    buf_init(&text, scratch, CONVERSATION_BYTES_MAX);
    jo_init(&o, &text);
    jo_object(&o);
    jo_kstr(&o, "role", str_from(role_name(m->role)));
    jo_kz(&o, "blocks");
    blocks_write(&o, blocks, m->block_count);
    jo_end(&o);
    TRY(buf_err(&text));
    TRY(json_parse(scratch, buf_str(&text), JSON_FOREIGN_DEPTH_MAX, &root));
    return json_canonical(scratch, root, out);
}

struct sha256 conversation_chain_add(struct sha256 chain, struct sha256 message)
{
    struct sha256_ctx ctx;
    sha256_init(&ctx);
    sha256_add(&ctx, str_of((const char *)chain.b, sizeof chain.b));
    sha256_add(&ctx, str_of((const char *)message.b, sizeof message.b));
    return sha256_end(&ctx);
}

err_t message_hash_read(struct str tagged, struct sha256 *ret)
{
    struct str tag = S("sha256:");
    if (!str_starts(tagged, tag) || !sha256_parse(str_sub(tagged, tag.n, tagged.n), ret))
        return err_note(E_CORRUPT, NULL, "a message's hash is none");
    return OK;
}

err_t conversation_hash(struct arena *a, struct arena *scratch, struct conversation *c)
{
    struct sha256 chain = { { 0 } };
    CLEANUP(buf_free) struct buf canonical = { 0 };
    buf_init(&canonical, NULL, CONVERSATION_BYTES_MAX);
    for (size_t i = 0; i < c->message_count; i++) {
        struct message *m = &c->messages[i];
        buf_clear(&canonical);
        arena_reset(scratch);
        TRY(message_canonical(scratch, m, &canonical));
        TRY(buf_err(&canonical));
        struct sha256 hash = sha256_of(buf_str(&canonical));
        m->hash = sha256_tagged(a, hash);
        if (m->on_path)
            chain = conversation_chain_add(chain, hash);
    }
    c->hash = sha256_tagged(a, chain);
    return arena_err(a);
}
