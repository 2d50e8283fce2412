-- When an account was last seen, and whether it wants to be. What it is doing now is never stored.

CREATE TABLE presence (
    owner_id     UUID NOT NULL PRIMARY KEY,
    last_seen_ms BIGINT NOT NULL,
    invisible    BOOLEAN NOT NULL
);
