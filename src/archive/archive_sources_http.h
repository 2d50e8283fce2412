/* Handlers of the routes about where a conversation comes from: its sources, earlier wordings, and telling apart. Its owner's alone: they
 * name accounts and links that who was given the conversation was not given. Inside the room only. */
#ifndef VIVIM_ARCHIVE_ARCHIVE_SOURCES_HTTP_H
#define VIVIM_ARCHIVE_ARCHIVE_SOURCES_HTTP_H

#include "archive/archive.h"

extern const struct field ARCHIVE_SPLIT_BODY[1], ARCHIVE_VERSIONS_QUERY[2];

err_t archive_sources_get(struct req *rq, struct reply *rp);
err_t archive_versions_get(struct req *rq, struct reply *rp);
err_t archive_split_post(struct req *rq, struct reply *rp);

/* The strong tag of a conversation, as a caller with this role sees it. */
struct str archive_tag(struct arena *a, const struct archive_conversation *c, const char *role);

#endif
