/* A rollout of Codex as it is gathered from its records, before it is written: codex.c reads them, codex_write.c makes messages of
 * them. Private to imports. */
#ifndef VIVIM_IMPORTS_CODEX_H
#define VIVIM_IMPORTS_CODEX_H

#include "archive/builder.h"
#include "base/map.h"

struct rollout_item {
    struct json payload;
    int64_t at_ms;
    size_t line;
    bool event;
};

struct rollout {
    struct builder *b;
    struct rollout_item *items;
    size_t count, room;
    struct map typed;   /* what somebody typed, as events say */
    struct map results; /* call_id -> struct json *: what came of it */
    struct map calls;   /* call_id: it was made */
    bool sent;          /* there is what was sent to the model: events are doubles */
    struct str model;
    bool answering; /* the last message is the model's, and its calls are … */
    bool called;    /* … made: words begin another */
};

static inline struct str rollout_type(struct json payload)
{
    return json_get_str(payload, S("type"));
}

/* Is it what came of a call? */
static inline bool rollout_is_output(struct str type)
{
    return str_ends(type, S("_call_output")) || str_eq(type, S("tool_search_output"));
}

/* The items as messages, in their order. */
void rollout_write(struct rollout *r);

#endif
