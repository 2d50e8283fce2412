/* exports: everything that an account owns, in forms that read without VIVIM.
 *
 *   a selection (ids, a search, all) -> one conversation after the other out of the rows -> a form -> the client, piece by piece
 *
 * Forms:
 *   jsonl     vivim.conversation/1, one conversation a line: the whole of it, hidden messages and branches too
 *   markdown  a page with front matter for each conversation, as the reader shows it, pictures beside
 *   html      the same as pages that need nothing else: no script, no address that is fetched
 *   archive   a zip of all: conversations/ (jsonl), media/, annotations/ (vivim.annotations/1: what its owner added), evidence/
 *             when asked for, and manifest.json with the SHA-256 of each member
 * One conversation as markdown or html is that file itself, with its pictures inside (html) or, where there are any, a zip with
 * them beside (markdown); several are a zip.
 *
 * Who may read a conversation may export it: its owner, and whom it is shared with. What was said before (versions), what its owner
 * added and what was kept of its captures is its owner's alone. `all` and a search are over what one owns.
 *
 * Promises: memory is that of the largest conversation, not of the archive; a conversation is written as it stood at one moment, and
 * one that goes while the export runs is named in the manifest; names are safe on every system. What is cut is seen to be cut
 * (http.h, reply_produced), and a zip without its end is none.
 *
 * selection.c which · normal.c the normal form out of rows · notes.c citations · markdown.c, page.c, page_text.c the forms for
 * people · names.c file names · zip_out.c · size.c what it will be · exports.c walks · exports_http.c the route. docs/decisions/0019-exports.md says what was
 * weighed; docs/export.md is the format.
 */
#ifndef VIVIM_EXPORTS_EXPORTS_H
#define VIVIM_EXPORTS_EXPORTS_H

#include "registry/module.h"

extern const struct module exports_module;

#endif
