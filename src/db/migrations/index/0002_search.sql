-- The keyword index (docs/decisions/0005-keyword-index.md). Text stands here as search/tokens.c has cut and folded it;
-- an entity with a long text has several parts.
@sqlite
CREATE TABLE search_part (
    part       INTEGER PRIMARY KEY,  -- rowid in search_fts
    owner_id   UUID NOT NULL,
    entity     TEXT NOT NULL,
    id         UUID NOT NULL,
    parent_id  UUID NOT NULL,        -- nil: none
    created_ms BIGINT
);
-- meta: owner, role, provider. text: the tokens of this part. rest: words of the entity's other parts.
-- `ascii` leaves our tokens alone: it parts at spaces, and everything beyond ASCII is a letter to it.
CREATE VIRTUAL TABLE search_fts USING fts5(meta, text, rest, tokenize = 'ascii');
@postgres
CREATE TABLE search_part (
    owner_id   UUID NOT NULL,
    part       BIGINT GENERATED ALWAYS AS IDENTITY,
    entity     TEXT NOT NULL,
    id         UUID NOT NULL,
    parent_id  UUID NOT NULL,
    created_ms BIGINT,
    terms      TSVECTOR NOT NULL,
    PRIMARY KEY (owner_id, part)
);
CREATE INDEX search_terms ON search_part USING GIN (terms);
@end
CREATE INDEX search_part_id ON search_part (owner_id, entity, id);
CREATE INDEX search_part_parent ON search_part (owner_id, parent_id);
