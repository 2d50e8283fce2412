-- Vectors of documents, of similar words (search/vectors/vectors.h, docs/search.md). An epoch is what an owner's vectors have in common;
-- documents are numbered in the order in which they are written, so those behind `upto` have no vector of it yet.
CREATE TABLE search_epoch (
    owner_id UUID NOT NULL PRIMARY KEY,
    number   BIGINT NOT NULL,
    upto     BIGINT NOT NULL,
    whole    BOOLEAN NOT NULL,  -- all that was there when it began has its vector: it may be used
    epoch    BYTEA NOT NULL
);
CREATE TABLE search_vector (
    owner_id UUID NOT NULL,
    doc      BIGINT NOT NULL,
    number   BIGINT NOT NULL,   -- of its epoch
    vector   BYTEA NOT NULL,
    PRIMARY KEY (owner_id, doc)
);
