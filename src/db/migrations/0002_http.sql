-- Answers to writes that came with an Idempotency-Key, for 24 hours: the same key gives the same answer.

CREATE TABLE idempotency_key (
    owner_id    UUID NOT NULL,
    key         TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,  -- SHA-256 of method, target and body
    status      BIGINT,          -- NULL: the first request is still under way
    body        TEXT,
    created_ms  BIGINT NOT NULL,
    PRIMARY KEY (owner_id, key)
);
CREATE INDEX idempotency_key_age ON idempotency_key (created_ms);
