/* room: archive */
/* Any bytes as the calls that a provider's file makes: each byte names a call, a length and so many bytes are its text. The
 * tree, too: nodes with ids and parents of one letter, so that cycles, twins and orphans are common. */
#include "archive/tree.h"
#include "base/utf8.h"
#include "conversation.h"

struct script {
    const uint8_t *at, *end;
};

static unsigned take(struct script *s)
{
    return s->at < s->end ? *s->at++ : 0;
}

static struct str text(struct script *s)
{
    size_t left = (size_t)(s->end - s->at), n = take(s);
    n = n < left ? n : left ? left - 1 : 0;
    struct str t = str_of((const char *)s->at, n);
    s->at += n;
    return utf8_ok(t) ? t : S("\xef\xbf\xbd"); /* what is parsed is UTF-8 */
}

static struct json value(struct builder *b, struct script *s)
{
    struct json v = { 0 };
    return json_parse(b->a, text(s), JSON_FOREIGN_DEPTH_MAX, &v) == OK ? v : (struct json){ 0 };
}

static struct str letter(struct script *s)
{
    static const char LETTERS[] = "abcdefg";
    unsigned i = take(s) % sizeof LETTERS;
    return i < sizeof LETTERS - 1 ? str_of(LETTERS + i, 1) : STR_NONE;
}

static void call(struct builder *b, struct script *s)
{
    switch (take(s) % 16) {
    case 0:
        (void)build_message(b, letter(s), letter(s), (enum role)(take(s) % ROLE_COUNT));
        break;
    case 1:
        if (b->c->message_count)
            build_go_to(b, take(s) % b->c->message_count);
        break;
    case 2:
        build_text(b, text(s));
        break;
    case 3:
        build_thinking(b, text(s), text(s));
        break;
    case 4:
        build_code(b, text(s), text(s));
        break;
    case 5:
        build_call(b, text(s), text(s), text(s));
        break;
    case 6:
        build_result(b, text(s), text(s), take(s) & 1);
        break;
    case 7:
        build_cite(b, text(s), text(s));
        break;
    case 8:
        build_image(b, text(s), text(s), (int64_t)take(s) - 1, (int64_t)take(s) - 1);
        break;
    case 9:
        build_file(b, text(s), text(s), text(s));
        break;
    case 10:
        build_artifact(b, text(s), text(s), text(s), text(s));
        break;
    case 11:
        build_unknown(b, value(b, s), FOUND_UNMODELLED_BLOCK, text(s));
        break;
    case 12:
        build_here(b)->created_ms = build_time(b, value(b, s));
        break;
    case 13:
        build_here(b)->id = build_id(b, value(b, s));
        break;
    case 14:
        (void)build_role(b, ROLE_WORDS, text(s));
        break;
    default:
        build_finding(b, (enum finding_code)(take(s) % FOUND_COUNT), text(s));
        break;
    }
}

/* --- the tree: each node is written once, under a parent that was written before it ------------------------------- */

enum { NODES_MAX = 64 };

struct written {
    size_t count, last_rank;
    bool branch_ended;
};

static void write_node(struct builder *b, const struct tree_node *n, void *context)
{
    struct written *w = context;
    bool found = !n->above.n;
    for (size_t i = 0; i < b->c->message_count; i++)
        found |= str_eq(b->c->messages[i].id, n->above);
    assert(found && !n->silent && n->rank > w->last_rank);
    w->branch_ended |= !n->on_path; /* the branch stands first */
    assert(!(w->branch_ended && n->on_path));
    w->last_rank = n->rank;
    w->count++;
    build_message(b, n->id, n->above, ROLE_USER)->on_path = n->on_path;
}

static void tree(struct builder *b, struct script *s)
{
    struct tree_node nodes[NODES_MAX];
    struct written w = { 0 };
    size_t count = take(s) % NODES_MAX, loud = 0, before = b->c->message_count;
    for (size_t i = 0; i < count; i++) {
        unsigned flags = take(s);
        nodes[i] = (struct tree_node){ .id = letter(s),
                                       .parent = letter(s),
                                       .silent = flags & 1,
                                       .at_ms = flags & 2 ? (int64_t)take(s) : TIME_NONE,
                                       .children = flags & 4 ? value(b, s) : (struct json){ 0 } };
        loud += !nodes[i].silent;
    }
    tree_write(b, nodes, count, letter(s), write_node, &w);
    assert(b->err != OK || (w.count == loud && b->c->message_count == before + loud));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct script s = { data, data + size };
    struct conversation c;
    struct builder b;
    arena_init(&a, CONVERSATION_BYTES_MAX);
    build_begin(&b, &a, "chatgpt", &c);
    if (take(&s) & 1)
        tree(&b, &s);
    while (s.at < s.end)
        call(&b, &s);
    if (build_end(&b) != OK)
        return 0;
    err_t e = hold(&c);
    UNUSED(e);
    return 0;
}
