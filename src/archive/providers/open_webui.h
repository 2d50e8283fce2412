/* The history of Open WebUI and of what descends from it (Qwen, Z.ai): messages by id, each with a parent. */
#ifndef VIVIM_ARCHIVE_OPEN_WEBUI_H
#define VIVIM_ARCHIVE_OPEN_WEBUI_H

#include "archive/tree.h"

/* Fills title, times and messages from {title, created_at, updated_at, chat {history {messages, currentId}}}. `put` makes the
 * blocks of one message. E_INVALID through the builder: there is no history. */
void open_webui_read(struct builder *b, struct json chat,
                     void (*put)(struct builder *b, struct json message, enum role role));
bool open_webui_is(struct json chat);
/* Text with the reasoning in front, <details type="reasoning">…</details>, as what it is. */
void open_webui_text(struct builder *b, struct str text);

#endif
