-- Conversations, their messages and earlier versions of these, and the pictures and files they name.

CREATE TABLE conversation (
    owner_id      UUID NOT NULL,
    id            UUID NOT NULL,
    provider      TEXT NOT NULL,
    origin_id     TEXT,            -- the provider's id of the conversation (or of the share)
    title         TEXT,
    title_own     BOOLEAN NOT NULL, -- the owner gave it: a new capture leaves it
    model         TEXT,
    source_kind   TEXT NOT NULL,   -- share, export, file
    source_url    TEXT,
    strategy      TEXT,            -- network, embedded, dom, generic
    recipe        TEXT,
    outcome       TEXT,            -- of the capture
    hash          TEXT NOT NULL,   -- chained over the messages on the path
    findings      TEXT NOT NULL,   -- JSON array
    version       BIGINT NOT NULL,
    message_count BIGINT NOT NULL, -- visible ones on the path
    created_ms    BIGINT,          -- at the provider
    updated_ms    BIGINT,
    captured_ms   BIGINT NOT NULL,
    stored_ms     BIGINT NOT NULL, -- first stored here
    PRIMARY KEY (owner_id, id)
);
CREATE UNIQUE INDEX conversation_origin ON conversation (owner_id, provider, origin_id);
CREATE INDEX conversation_newest ON conversation (owner_id, captured_ms, id);

CREATE TABLE message (
    owner_id        UUID NOT NULL,
    id              UUID NOT NULL,
    conversation_id UUID NOT NULL,
    parent_id       UUID,
    position        BIGINT NOT NULL, -- tree order; the path in reading order
    origin_id       TEXT,
    role            TEXT NOT NULL,
    author          TEXT,
    model           TEXT,
    created_ms      BIGINT,
    hidden          BOOLEAN NOT NULL,
    on_path         BOOLEAN NOT NULL,
    blocks          TEXT NOT NULL,   -- JSON array, DESIGN 5.3
    hash            TEXT NOT NULL,
    version         BIGINT NOT NULL,
    PRIMARY KEY (owner_id, id)
);
CREATE INDEX message_order ON message (owner_id, conversation_id, position);

CREATE TABLE message_version (
    owner_id        UUID NOT NULL,
    message_id      UUID NOT NULL,
    version         BIGINT NOT NULL,
    conversation_id UUID NOT NULL,
    blocks          TEXT NOT NULL,
    hash            TEXT NOT NULL,
    replaced_ms     BIGINT NOT NULL,
    PRIMARY KEY (owner_id, message_id, version)
);
CREATE INDEX message_version_conversation ON message_version (owner_id, conversation_id);

CREATE TABLE media (
    owner_id        UUID NOT NULL,
    conversation_id UUID NOT NULL,
    sha256          BYTEA NOT NULL,
    media_type      TEXT NOT NULL,
    bytes           BIGINT NOT NULL,
    PRIMARY KEY (owner_id, conversation_id, sha256)
);
