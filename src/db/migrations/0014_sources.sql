-- Where a conversation comes from: each link, export or file that gave it; and what each of them says, where that is more than the
-- rows say. Which of several accounts at the provider, and where an agent's session ran.

ALTER TABLE conversation ADD COLUMN account TEXT;
ALTER TABLE conversation ADD COLUMN context_cwd TEXT;
ALTER TABLE conversation ADD COLUMN context_branch TEXT;
ALTER TABLE conversation ADD COLUMN context_tool TEXT;
ALTER TABLE message ADD COLUMN source_id UUID;         -- which source says it so
ALTER TABLE message_version ADD COLUMN source_id UUID;
DROP INDEX conversation_origin; -- two accounts may both have it: what is unique is the place

CREATE TABLE conversation_source (
    owner_id        UUID NOT NULL,
    id              UUID NOT NULL,
    conversation_id UUID NOT NULL,
    provider        TEXT NOT NULL,
    place           TEXT NOT NULL,  -- share:<link>, conversation:<id>, content:<hash>
    account         TEXT NOT NULL,  -- '': it does not say
    origin_id       TEXT,           -- the provider's id of the conversation; NULL: it names only a share
    source_kind     TEXT NOT NULL,
    source_url      TEXT,
    strategy        TEXT,
    recipe          TEXT,
    outcome         TEXT,
    first_ms        BIGINT NOT NULL, -- its first rendering, and its last one
    captured_ms     BIGINT NOT NULL,
    PRIMARY KEY (owner_id, id)
);
CREATE UNIQUE INDEX conversation_source_place ON conversation_source (owner_id, provider, place, account);
CREATE INDEX conversation_source_origin ON conversation_source (owner_id, provider, origin_id);
CREATE INDEX conversation_source_of ON conversation_source (owner_id, conversation_id);

-- The renderings that a conversation is made of, where they are several; else its rows are the one.
CREATE TABLE conversation_rendering (
    owner_id        UUID NOT NULL,
    conversation_id UUID NOT NULL,
    number          BIGINT NOT NULL,
    source_id       UUID NOT NULL,
    form            BYTEA NOT NULL, -- zstd of JSON, archive_rendering.c
    PRIMARY KEY (owner_id, conversation_id, number)
);

-- Told apart by hand.
CREATE TABLE conversation_apart (
    owner_id  UUID NOT NULL,
    source_id UUID NOT NULL,
    other_id  UUID NOT NULL,
    PRIMARY KEY (owner_id, source_id, other_id)
);

-- Which conversation says the same: only answers tell one from another.
CREATE INDEX message_answer_origin ON message (owner_id, origin_id) WHERE role = 'assistant' AND origin_id IS NOT NULL;
CREATE INDEX message_answer_hash ON message (owner_id, hash) WHERE role = 'assistant';

-- What was stored before has one source each.
INSERT INTO conversation_source (owner_id, id, conversation_id, provider, place, account, origin_id, source_kind, source_url, strategy,
                                 recipe, outcome, first_ms, captured_ms)
SELECT owner_id, id, id, provider,
       CASE WHEN source_kind = 'share' AND source_url IS NOT NULL THEN 'share:' || source_url
            WHEN origin_id IS NOT NULL THEN 'conversation:' || origin_id
            WHEN source_url IS NOT NULL THEN 'share:' || source_url
            ELSE 'content:' || hash || ':' || CAST(stored_ms AS TEXT) END,
       '',
       CASE WHEN source_url LIKE '%/' || origin_id THEN NULL ELSE origin_id END,
       source_kind, source_url, strategy, recipe, outcome, stored_ms, captured_ms
  FROM conversation
 WHERE TRUE
ON CONFLICT (owner_id, provider, place, account) DO NOTHING;
UPDATE message SET source_id = conversation_id;
