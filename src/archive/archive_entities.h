/* What the archive says of its kinds of things to the other rooms: conversations and messages. Inside the room only. */
#ifndef VIVIM_ARCHIVE_ARCHIVE_ENTITIES_H
#define VIVIM_ARCHIVE_ARCHIVE_ENTITIES_H

#include "http/http.h"
#include "registry/entity.h"

enum { ARCHIVE_ENTITY_COUNT = 2, ARCHIVE_CONVERSATION_FIELD_COUNT = 1 };
extern const struct entity ARCHIVE_ENTITIES[ARCHIVE_ENTITY_COUNT];
#define ARCHIVE_CONVERSATION (&ARCHIVE_ENTITIES[0])
/* What a client may change of a conversation. */
extern const struct field ARCHIVE_CONVERSATION_FIELDS[ARCHIVE_CONVERSATION_FIELD_COUNT];

#endif
