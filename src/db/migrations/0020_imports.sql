-- Imports: what a person gave, what came of each part of it, and how it is undone. The trash.

ALTER TABLE conversation ADD COLUMN trashed_ms BIGINT; -- since when it is in the trash
CREATE INDEX conversation_trashed ON conversation (owner_id, trashed_ms, id) WHERE trashed_ms IS NOT NULL;

-- What a conversation was made of before something that can be undone changed it: an import, by its id.
CREATE TABLE conversation_before (
    owner_id        UUID NOT NULL,
    mark_id         UUID NOT NULL,
    conversation_id UUID NOT NULL,
    number          BIGINT NOT NULL,
    source_id       UUID NOT NULL,
    form            BYTEA NOT NULL, -- as in conversation_rendering
    PRIMARY KEY (owner_id, mark_id, conversation_id, number)
);
CREATE INDEX conversation_before_of ON conversation_before (owner_id, conversation_id);

CREATE TABLE import (
    owner_id    UUID NOT NULL,
    id          UUID NOT NULL,       -- of its job, too
    label       TEXT NOT NULL,       -- the name of what was given, for people
    path        TEXT NOT NULL,       -- where it lies; relative to the data folder where the server keeps it
    way         TEXT NOT NULL,       -- upload, path, watch
    provider    TEXT,                -- only this one's; NULL: each says itself
    account     TEXT,                -- whose, where the files do not say
    dry_run     BOOLEAN NOT NULL,
    bytes       BIGINT NOT NULL,     -- of what was given
    entry       BIGINT NOT NULL,     -- how far it is: this entry …
    place       BIGINT NOT NULL,     -- … of which so many were looked at
    items       BIGINT NOT NULL,     -- rows of its report
    count_made BIGINT NOT NULL,
    count_changed BIGINT NOT NULL,
    count_unchanged BIGINT NOT NULL,
    count_skipped BIGINT NOT NULL,
    count_failed BIGINT NOT NULL,
    media       BIGINT NOT NULL,     -- pictures and files that came with it, and their bytes
    media_bytes BIGINT NOT NULL,
    state       TEXT NOT NULL,       -- open, done, cancelled, failed, undoing, undone
    undone      BIGINT NOT NULL,     -- conversations that went to the trash or back to what they were
    kept        BIGINT NOT NULL,     -- that stayed when it was undone
    error_code  TEXT,
    error_detail TEXT,
    created_ms  BIGINT NOT NULL,
    ended_ms    BIGINT,
    PRIMARY KEY (owner_id, id)
);
CREATE INDEX import_newest ON import (owner_id, created_ms, id);
CREATE INDEX import_old ON import (created_ms);

CREATE TABLE import_item (
    owner_id        UUID NOT NULL,
    import_id       UUID NOT NULL,
    number          BIGINT NOT NULL,
    outcome         TEXT NOT NULL, -- new, changed, unchanged, skipped, failed; undone, kept
    entry           TEXT NOT NULL, -- the file in what was given
    place           BIGINT NOT NULL, -- its number in the list or its line; 0: the whole entry
    reason_code     TEXT,
    reason          TEXT,
    conversation_id UUID,
    source_id       UUID,            -- that it added to the conversation
    version         BIGINT NOT NULL, -- of the conversation, as the import left it
    captured_ms     BIGINT NOT NULL, -- the same
    PRIMARY KEY (owner_id, import_id, number)
);
CREATE INDEX import_item_outcome ON import_item (owner_id, import_id, outcome, number);
CREATE INDEX import_item_conversation ON import_item (owner_id, conversation_id);

-- What a conversation said when it was imported last: the same again need not be looked at.
CREATE TABLE import_seen (
    owner_id        UUID NOT NULL,
    digest          BYTEA NOT NULL,
    conversation_id UUID NOT NULL,
    version         BIGINT NOT NULL,
    PRIMARY KEY (owner_id, digest)
);
CREATE INDEX import_seen_conversation ON import_seen (owner_id, conversation_id);

-- Files on their way here in pieces (tus).
CREATE TABLE upload (
    owner_id    UUID NOT NULL,
    id          UUID NOT NULL,
    name        TEXT NOT NULL,
    bytes       BIGINT NOT NULL,  -- in all
    received    BIGINT NOT NULL,
    metadata    TEXT NOT NULL,    -- as the client gave it
    expires_ms  BIGINT NOT NULL,
    PRIMARY KEY (owner_id, id)
);
CREATE INDEX upload_expires ON upload (expires_ms);
