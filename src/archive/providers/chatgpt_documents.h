/* What ChatGPT keeps beside the words of its messages: documents of the canvas, and the reports of its research
 * (research/capture-2026.md). */
#ifndef VIVIM_ARCHIVE_CHATGPT_DOCUMENTS_H
#define VIVIM_ARCHIVE_CHATGPT_DOCUMENTS_H

#include "archive/builder.h"

struct canvas { /* the document that was changed last */
    struct str id, title, kind, content;
};

/* A call to the canvas (recipient `canmore.…`) with its arguments as text: the document as it is now, as an artifact. False:
 * nothing of it was understood, the call is to be kept as one. */
bool chatgpt_canvas(struct builder *b, struct canvas *doc, struct str recipient,
                    struct str arguments);

struct report { /* none: markdown is STR_NONE */
    struct str id, markdown;
    struct json metadata;
};

/* The research report that a message carries: in metadata.chatgpt_sdk.widget_state, or as the words of a hidden tool message. */
struct report chatgpt_report(struct builder *b, struct json metadata, struct str words);
/* As an artifact of the last message, with its citations. */
void chatgpt_put_report(struct builder *b, const struct report *r);

#endif
