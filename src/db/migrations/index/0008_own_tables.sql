-- An epoch has the owner's own table of similar words with it, and a new one is made beside the one that is used. Derived: all vectors
-- are made again.
DROP TABLE search_epoch;
DROP TABLE search_vector;
CREATE TABLE search_epoch (
    owner_id      UUID NOT NULL,
    number        BIGINT NOT NULL,
    upto          BIGINT NOT NULL,
    whole         BOOLEAN NOT NULL,  -- all that was there when it began has its vector: it may be used
    epoch         BYTEA NOT NULL,
    own           BYTEA NOT NULL,    -- the own table; empty: without
    own_documents BIGINT NOT NULL,   -- how many there were when it was made, or when there was too little for one
    own_version   BIGINT NOT NULL,   -- grows when a word is taken out of it
    PRIMARY KEY (owner_id, number)
);
CREATE TABLE search_vector (
    owner_id UUID NOT NULL,
    doc      BIGINT NOT NULL,
    number   BIGINT NOT NULL,        -- of its epoch
    vector   BYTEA NOT NULL,
    PRIMARY KEY (owner_id, doc, number)
);
