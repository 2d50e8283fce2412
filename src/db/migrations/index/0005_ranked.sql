-- Ranked search (docs/decisions/0005-keyword-index.md, search/index/index.h). The full-text index holds numbers of words, which belong to
-- one owner each; what the numbers mean stands in search_word alone, so that words which nobody's text has any more are nowhere.
-- The consumer reads everything again.

DELETE FROM op_cursor WHERE name = 'search';
DROP TABLE search_part;
@sqlite
DROP TABLE search_fts;
@end

-- The next numbers of words, forms and documents; `life` tells one filling of the index from another.
CREATE TABLE search_number (
    name TEXT NOT NULL PRIMARY KEY,
    next BIGINT NOT NULL
);

CREATE TABLE search_owner (
    owner_id      UUID NOT NULL PRIMARY KEY,
    documents     BIGINT NOT NULL,
    words         BIGINT NOT NULL,
    sessions      BIGINT NOT NULL,
    session_words BIGINT NOT NULL
);

-- How many of the owner's documents are in which language: in these a query's words are stemmed.
CREATE TABLE search_language (
    owner_id  UUID NOT NULL,
    language  BIGINT NOT NULL,       -- enum search_language
    documents BIGINT NOT NULL,
    PRIMARY KEY (owner_id, language)
);

-- Stems, and in how many of the owner's documents each stands.
CREATE TABLE search_word (
@sqlite
    word     INTEGER PRIMARY KEY,
    owner_id UUID NOT NULL,
    text     TEXT NOT NULL,
    df       BIGINT NOT NULL
@postgres
    owner_id UUID NOT NULL,
    word     BIGINT NOT NULL,
    text     TEXT COLLATE "C" NOT NULL,
    df       BIGINT NOT NULL,
    PRIMARY KEY (owner_id, word)
@end
);
CREATE UNIQUE INDEX search_word_text ON search_word (owner_id, text);

-- Words as they were written (folded), where that is not their stem.
CREATE TABLE search_form (
@sqlite
    form     INTEGER PRIMARY KEY,
    owner_id UUID NOT NULL,
    word     BIGINT NOT NULL,
    text     TEXT NOT NULL,
    df       BIGINT NOT NULL
@postgres
    owner_id UUID NOT NULL,
    form     BIGINT NOT NULL,
    word     BIGINT NOT NULL,
    text     TEXT COLLATE "C" NOT NULL,
    df       BIGINT NOT NULL,
    PRIMARY KEY (owner_id, form)
@end
);
CREATE UNIQUE INDEX search_form_text ON search_form (owner_id, text, word);

CREATE TABLE search_doc (
@sqlite
    doc        INTEGER PRIMARY KEY,  -- rowid in search_fts
    owner_id   UUID NOT NULL,
@postgres
    owner_id   UUID NOT NULL,
    doc        BIGINT NOT NULL,
@end
    entity     TEXT NOT NULL,
    id         UUID NOT NULL,
    parent_id  UUID NOT NULL,        -- nil: none
    position   BIGINT NOT NULL,      -- in the conversation, as its room says
    place      BIGINT NOT NULL,      -- the same, counted without gaps
    session    BIGINT NOT NULL,      -- runs without a long gap, from 0
    author     TEXT,
    meta       TEXT NOT NULL,        -- what filters ask for
    created_ms BIGINT,
    said_ms    BIGINT,               -- NULL: it is not known when it was said
    length     BIGINT NOT NULL,      -- words of its running text
    language   BIGINT NOT NULL,      -- enum search_language, by which it was stemmed
    words      BYTEA NOT NULL        -- the forward row: index/forward.c
@postgres
    , terms    TSVECTOR NOT NULL,
    PRIMARY KEY (owner_id, doc)
@end
);
CREATE UNIQUE INDEX search_doc_id ON search_doc (owner_id, entity, id);
CREATE INDEX search_doc_parent ON search_doc (owner_id, parent_id, place);
CREATE INDEX search_doc_newest ON search_doc (owner_id, created_ms);

CREATE TABLE search_session (
    owner_id  UUID NOT NULL,
    parent_id UUID NOT NULL,
    session   BIGINT NOT NULL,
    length    BIGINT NOT NULL,
    words     BYTEA NOT NULL,        -- numbers of words, each with how often it stands there
    PRIMARY KEY (owner_id, parent_id, session)
);

@sqlite
-- meta: what filters ask for; text: numbers of words. Without content: what is deleted is told again, out of search_doc.
CREATE VIRTUAL TABLE search_fts USING fts5(meta, text, content = '', tokenize = 'ascii');
@postgres
CREATE INDEX search_terms ON search_doc USING GIN (terms);
@end
