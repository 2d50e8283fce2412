/* What a ChatGPT export says of its files beside the conversations: their real names (conversation_asset_file_names.json), and
 * the documents and pictures that hang on a message without standing in it (library_files.json). Private to imports. */
#ifndef VIVIM_IMPORTS_LIBRARY_H
#define VIVIM_IMPORTS_LIBRARY_H

#include "imports/source.h"

/* The name that a file had, by the provider's id; STR_NONE: not known. */
struct str library_name(struct import_files *f, struct str id);

/* Adds to the conversation what the library holds of it and no block shows: pictures, and documents with their words.
 * E_LIMIT, E_BUSY. */
NODISCARD err_t library_add(struct import_source *s, struct arena *a, struct conversation *c);

#endif
