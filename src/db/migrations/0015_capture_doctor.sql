-- How captures ended, by day: of the store, nobody's in particular, so that what has changed at a provider shows.
CREATE TABLE capture_tally (
    provider TEXT NOT NULL,
    day      BIGINT NOT NULL, -- since 1970, UTC
    recipe   TEXT NOT NULL,   -- '': none read the page
    strategy TEXT NOT NULL,   -- '': none won
    outcome  TEXT NOT NULL,
    captures BIGINT NOT NULL,
    last_ms  BIGINT NOT NULL,
    PRIMARY KEY (provider, day, recipe, strategy, outcome)
);

-- What reading the evidence again found, of the account's last such job.
CREATE TABLE capture_reread (
    owner_id        UUID NOT NULL,
    job_id          UUID NOT NULL,
    capture_id      UUID NOT NULL,
    conversation_id UUID,
    provider        TEXT NOT NULL,
    finding         TEXT NOT NULL, -- new, better, changed, unchanged, poorer, unreadable, failed
    detail          TEXT,
    title           TEXT,
    messages_before BIGINT NOT NULL,
    messages_after  BIGINT NOT NULL,
    words_before    BIGINT NOT NULL,
    words_after     BIGINT NOT NULL,
    warnings_before BIGINT NOT NULL,
    warnings_after  BIGINT NOT NULL,
    PRIMARY KEY (owner_id, job_id, capture_id)
);
CREATE INDEX capture_link ON capture (owner_id, provider, share_id, id);
