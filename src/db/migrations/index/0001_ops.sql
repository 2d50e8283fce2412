-- How far each consumer with effects in this store has come: lost together with them.
CREATE TABLE op_cursor (
    name       TEXT NOT NULL PRIMARY KEY,
    txid       BIGINT NOT NULL,
    seq        BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL
);
