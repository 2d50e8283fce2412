#include "archive/tree.h"

#include "base/limits.h"
#include "base/map.h"

struct tree {
    struct builder *b;
    struct arena a; /* what is needed only until the messages are written */
    struct tree_node *nodes;
    size_t count;
    struct map by_id;
    struct tree_node **order; /* of those that are placed */
    size_t placed;
};

static void tree_free(struct tree *t)
{
    arena_free(&t->a);
}

static bool index_nodes(struct tree *t)
{
    arena_init(&t->a, CONVERSATION_ARENA_BYTES_MAX);
    map_init(&t->by_id, &t->a);
    t->order = ARENA_ARRAY(&t->a, struct tree_node *, t->count + 1);
    for (size_t i = 0; t->order && i < t->count; i++)
        if (t->nodes[i].id.n)
            build_fail(t->b, map_put(&t->by_id, t->nodes[i].id, &t->nodes[i]));
    build_fail(t->b, arena_err(&t->a));
    return t->b->err == OK;
}

static struct tree_node *above(const struct tree *t, const struct tree_node *n)
{
    return n->parent.n ? map_get(&t->by_id, n->parent) : NULL;
}

/* Linear in the nodes and the names. */
static void adopt(struct tree *t)
{
    for (size_t i = 0; i < t->count; i++) {
        struct json_iter it = json_iter(t->nodes[i].children);
        struct json id;
        while (json_next(&it, NULL, &id)) {
            struct tree_node *child = map_get(&t->by_id, build_id(t->b, id));
            if (child && !above(t, child))
                child->parent = t->nodes[i].id;
        }
    }
}

/* --- the current branch ---------------------------------------------------------------------- */

/* Of nodes that are all in cycles, which have no leaf, the newest one. */
static struct tree_node *newest_leaf(struct tree *t)
{
    struct tree_node *best = NULL, *newest = NULL;
    bool *answered = ARENA_ARRAY(&t->a, bool, t->count + 1);
    for (size_t i = 0; answered && i < t->count; i++)
        if (above(t, &t->nodes[i]))
            answered[above(t, &t->nodes[i]) - t->nodes] = true;
    for (size_t i = 0; answered && i < t->count; i++) {
        struct tree_node *n = &t->nodes[i], *named = map_get(&t->by_id, n->id);
        if (n->silent)
            continue;
        if (!newest || n->at_ms >= newest->at_ms)
            newest = n;
        if (!(named && answered[named - t->nodes]) && (!best || n->at_ms >= best->at_ms))
            best = n;
    }
    return best ? best : newest;
}

/* Is there a message in the chain from `n` upward? */
static bool says_something(const struct tree *t, const struct tree_node *n)
{
    for (size_t i = 0; n && i < t->count; i++, n = above(t, n))
        if (!n->silent)
            return true;
    return false;
}

static bool is_list(const struct tree *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->nodes[i].parent.n)
            return false;
    return true;
}

/* Above the node, and itself, in reading order; those that are placed already end it. */
static void place_chain(struct tree *t, struct tree_node *n, bool on_path)
{
    size_t from = t->placed;
    for (; n && !n->rank; n = above(t, n)) {
        n->rank = 1; /* also ends a cycle */
        n->on_path = on_path;
        t->order[t->placed++] = n;
    }
    for (size_t i = from, k = t->placed; i + 1 < k; i++) { /* it was gathered from below */
        struct tree_node *other = t->order[--k];
        t->order[k] = t->order[i];
        t->order[i] = other;
    }
    for (size_t i = from; i < t->placed; i++)
        t->order[i]->rank = i + 1;
}

/* A cycle is what a walk upward comes back to; each node is walked over once in all. */
static void look_for_faults(struct tree *t)
{
    size_t *walk = ARENA_ARRAY(&t->a, size_t, t->count + 1);
    for (size_t i = 0; walk && i < t->count; i++) {
        size_t mine = i + 1;
        struct tree_node *n = &t->nodes[i], *up;
        for (; n && !walk[n - t->nodes]; n = up) {
            walk[n - t->nodes] = mine;
            up = above(t, n);
            if (n->parent.n && !up)
                build_finding(t->b, FOUND_PARENT_MISSING, S("a message's parent is not there"));
        }
        if (n && walk[n - t->nodes] == mine)
            build_finding(t->b, FOUND_CYCLE_BROKEN, S("a message is above itself"));
    }
}

/* What stands above was written before, except where a cycle was cut. */
static struct str named_above(const struct tree *t, const struct tree_node *n)
{
    const struct tree_node *up = above(t, n);
    if (!up || up->rank >= n->rank)
        return STR_NONE;
    return up->silent ? up->above : up->id;
}

void tree_write(struct builder *b, struct tree_node *nodes, size_t count, struct str current,
                void (*write)(struct builder *b, const struct tree_node *n, void *context),
                void *context)
{
    CLEANUP(tree_free) struct tree t = { .b = b, .nodes = nodes, .count = count };
    size_t messages = 0;
    for (size_t i = 0; i < count; i++)
        messages += !nodes[i].silent;
    build_expect(b, messages);
    if (!index_nodes(&t))
        return;
    conversation_reserve(b->a, b->c, b->c->message_count + messages);
    adopt(&t);
    struct tree_node *last = current.n ? map_get(&t.by_id, current) : NULL;
    bool list = is_list(&t);
    if (!list)
        place_chain(&t, says_something(&t, last) ? last : newest_leaf(&t), true);
    for (size_t i = 0; i < count; i++)
        place_chain(&t, &nodes[i], list);
    look_for_faults(&t);
    build_fail(b, arena_err(&t.a));
    for (size_t i = 0; i < t.placed && b->err == OK; i++) {
        t.order[i]->above = named_above(&t, t.order[i]);
        if (!t.order[i]->silent)
            write(b, t.order[i], context);
    }
}
