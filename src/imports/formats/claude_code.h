/* A session of Claude Code as it is gathered from its records, before it is written: claude_code.c reads them,
 * claude_code_write.c makes messages of them. Private to imports. */
#ifndef VIVIM_IMPORTS_CLAUDE_CODE_H
#define VIVIM_IMPORTS_CLAUDE_CODE_H

#include "archive/tree.h"
#include "base/map.h"
#include "imports/source.h"

enum code_kind {
    CODE_SILENT, /* book-keeping that stands in the tree */
    CODE_PERSON,
    CODE_PROGRAM, /* what the program put in, or says: hidden */
    CODE_MODEL,
    CODE_ERROR, /* the program, in the model's place: shown */
};

struct code_piece { /* what one record holds of a turn */
    struct json content;
    struct code_piece *next;
};

struct code_turn { /* beside the node of the same number */
    enum code_kind kind;
    struct str model;
    struct code_piece *first, *last;
};

struct code_session {
    struct builder *b;
    struct tree_node *nodes;
    struct code_turn *turns;
    size_t count, room;
    struct map by_uuid;    /* a record's uuid -> its turn, as number + 1 */
    struct map by_message; /* the API's message id -> the same */
    struct map calls;      /* a tool call's id -> the same */
    struct map results;    /* a tool call's id -> struct json *: what came of it */
    struct str id, agent, title, ai_title;
    struct map summaries; /* the uuid that one is of -> struct str * */
    struct str branch, leaf;
    bool before; /* another session's file is read, from which this one goes on */
};

/* The session file beside this one that holds the record; SIZE_MAX: there is none. Looks through all of them. */
NODISCARD err_t code_find_record(struct import_source *s, struct str uuid, size_t *ret_entry);

/* Is this call's result written behind it? */
struct json *code_result_of(const struct code_session *s, struct str call_id);
void code_write(struct code_session *s);

#endif
