-- One row: a known text sealed under the master key of this store. A start with another key, or with none, is refused
-- by it before anything is sealed under a second one.

CREATE TABLE key_check (
    one    BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    sealed BYTEA NOT NULL
);
