-- The operation log: who changed what, in an order behind which nothing ever appears.
-- Its key is the order of the whole log, not the owner: readers go through everything; what is an account's is found by owner_id.
-- SQLite: AUTOINCREMENT, so that a number never comes back after the oldest ops (or all) were pruned.
-- PostgreSQL: (txid, seq); txid is the writing transaction, so readers can stop below the oldest one still open.
@sqlite
CREATE TABLE op (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_id   BLOB NOT NULL,
    actor_id   BLOB NOT NULL,
    device_id  BLOB NOT NULL,
    hlc        INTEGER NOT NULL,
    entity     TEXT NOT NULL,
    entity_id  BLOB NOT NULL,
    kind       TEXT NOT NULL,
    version    INTEGER NOT NULL,
    fields     TEXT NOT NULL,
    created_ms INTEGER NOT NULL
);
@postgres
CREATE TABLE op (
    txid       BIGINT NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    seq        BIGINT GENERATED ALWAYS AS IDENTITY,
    owner_id   UUID NOT NULL,
    actor_id   UUID NOT NULL,
    device_id  UUID NOT NULL,
    hlc        BIGINT NOT NULL,
    entity     TEXT NOT NULL,
    entity_id  UUID NOT NULL,
    kind       TEXT NOT NULL,
    version    BIGINT NOT NULL,
    fields     TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (owner_id, txid, seq)
);
CREATE INDEX op_order ON op (txid, seq);
CREATE INDEX op_hlc ON op (hlc);
@end

-- One row: the last op that was pruned. A cursor before it has missed something.
CREATE TABLE op_floor (
    one  BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    txid BIGINT NOT NULL,
    seq  BIGINT NOT NULL
);
INSERT INTO op_floor (one, txid, seq) VALUES (1, 0, 0);

-- How far each consumer with effects in this store has come. The index store has one of its own.
CREATE TABLE op_cursor (
    name       TEXT NOT NULL PRIMARY KEY,
    txid       BIGINT NOT NULL,
    seq        BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL
);

-- Durable jobs. Whoever runs one holds its lease under a token of that run alone.
CREATE TABLE job (
    owner_id       UUID NOT NULL,
    id             UUID NOT NULL,
    kind           TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    dedup          TEXT,            -- one live job for each (owner, kind, dedup)
    payload        TEXT NOT NULL,   -- JSON
    state          TEXT NOT NULL,   -- JSON, as its last phase left it
    phase          TEXT NOT NULL,
    progress_done  BIGINT NOT NULL,
    progress_total BIGINT NOT NULL, -- -1: not known
    attempt        BIGINT NOT NULL, -- runs begun
    run_ms         BIGINT NOT NULL, -- not before
    cancel         BOOLEAN NOT NULL,
    lease_token    UUID,            -- of the run under way
    lease_ms       BIGINT,          -- until when
    error_code     TEXT,            -- of the last run that failed
    error_detail   TEXT,
    created_ms     BIGINT NOT NULL,
    updated_ms     BIGINT NOT NULL,
    PRIMARY KEY (owner_id, id)
);
CREATE UNIQUE INDEX job_dedup ON job (owner_id, kind, dedup) WHERE status IN ('queued', 'running');
CREATE INDEX job_due ON job (kind, status, run_ms, id);
CREATE INDEX job_newest ON job (owner_id, kind, created_ms, id);
CREATE INDEX job_ended ON job (updated_ms);
