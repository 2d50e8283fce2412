-- Captures: what was asked and how it ended. The running part is the job of the same id (ops).

CREATE TABLE capture (
    owner_id        UUID NOT NULL,
    id              UUID NOT NULL,  -- of the job too
    url             TEXT NOT NULL,  -- canonical
    provider        TEXT NOT NULL,
    share_id        TEXT NOT NULL,  -- canonical, with its kind
    outcome         TEXT,           -- NULL while it is not over
    conversation_id UUID,
    error_code      TEXT,
    error_detail    TEXT,
    created_ms      BIGINT NOT NULL,
    ended_ms        BIGINT,
    PRIMARY KEY (owner_id, id)
);
CREATE INDEX capture_age ON capture (owner_id, created_ms);

-- Raw evidence: blobs under these hashes. Kept for failures too.
CREATE TABLE capture_evidence (
    owner_id   UUID NOT NULL,
    capture_id UUID NOT NULL,
    kind       TEXT NOT NULL,       -- json, html, dom, screenshot, requests, meta
    sha256     BYTEA NOT NULL,
    bytes      BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (owner_id, capture_id, kind)
);
