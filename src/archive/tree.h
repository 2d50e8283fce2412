/* Messages that hang on each other: which of them are the current branch, and in which order they are written (parents before
 * children, the branch first). The same for every provider that keeps a tree. */
#ifndef VIVIM_ARCHIVE_TREE_H
#define VIVIM_ARCHIVE_TREE_H

#include "archive/builder.h"

struct tree_node {         /* in the order of the provider's data */
    struct str id, parent; /* STR_NONE: it has none */
    struct json
        children; /* ids; JSON_NONE: it names none. A node that names no parent, or one that is not there, hangs on who names it */
    struct json value;
    int64_t at_ms; /* when it was written; TIME_NONE */
    bool silent;   /* it holds no message: children hang on what is above it */
    /* Set by tree_write, before `write` is called: */
    bool on_path;
    struct str above; /* the nearest node above that is not silent; STR_NONE */
    size_t rank;      /* from 1, in the order of writing */
};

/* Call `write` once for each node that is not silent.
 *
 * current  the id of the branch's last node; unknown, STR_NONE or above all messages: the leaf that was written last, and
 *          among those of the same time, or of none, the last one of the data
 * Where no node has a parent they are a list, and all of it is the branch.
 * A cycle is cut where it closes, a parent that is not there makes a root; each with a finding. */
void tree_write(struct builder *b, struct tree_node *nodes, size_t count, struct str current,
                void (*write)(struct builder *b, const struct tree_node *n, void *context),
                void *context);

#endif
