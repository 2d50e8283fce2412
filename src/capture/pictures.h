/* The pictures that a captured conversation names: fetched while their addresses still work, kept as blobs by hash.
 *
 * Public addresses only, also after redirects (net/fetch.h); what the bytes are is decided by the bytes. A picture that
 * cannot be had is a finding of the conversation and never a failed capture. Pictures and files that the provider gives only to
 * people who are signed in (ChatGPT's asset pointers, Claude's files) are the finding media_not_public.
 */
#ifndef VIVIM_CAPTURE_PICTURES_H
#define VIVIM_CAPTURE_PICTURES_H

#include "archive/archive.h"
#include "db/blob.h"
#include "net/address.h"

struct pictures_options {
    const struct blob_store *blobs;
    struct uuid owner;
    const struct address_policy *policy;
    int64_t deadline_ms; /* monotonic; what has not come by then is a finding */
    err_t (*check)(void *context);
    void (*progress)(void *context, size_t done, size_t total); /* distinct addresses */
    void *context;
};

/* Sets `sha256` of the image blocks whose bytes are stored, and adds findings. Before conversation_hash, which lets the hash stand
 * for the address. Errors: E_CANCELLED, E_STOPPING, E_IO, E_FULL, E_BUSY. */
NODISCARD err_t pictures_keep(struct arena *a, const struct pictures_options *o,
                              struct conversation *c, struct archive_media **ret,
                              size_t *ret_count);

#endif
