/* What the first bytes of JSON say of its shape, however they were cut. Private to imports. */
#ifndef VIVIM_IMPORTS_HEAD_H
#define VIVIM_IMPORTS_HEAD_H

#include "imports/source.h"

/* Fills h->json and h->names (views of h->bytes) from h->bytes. */
void source_head_look(struct source_head *h);

#endif
