-- Queries of the index of words, all on the index store. What SQLite keeps in a table of its own (search_fts) is a column in
-- PostgreSQL, so the queries index_fts_* do nothing there and are not called. Many words go in at once as JSON.

-- :query index_number
SELECT next FROM search_number WHERE name = :name;

-- :query index_number_set
INSERT INTO search_number (name, next) VALUES (:name, :next) ON CONFLICT (name) DO UPDATE SET next = excluded.next;

-- :query index_statistics
SELECT documents, words, sessions, session_words FROM search_owner WHERE owner_id = :owner;

-- :query index_statistics_add
INSERT INTO search_owner (owner_id, documents, words, sessions, session_words) VALUES (:owner, :documents, :words, :sessions, :session_words)
ON CONFLICT (owner_id) DO UPDATE SET documents = search_owner.documents + excluded.documents, words = search_owner.words + excluded.words,
    sessions = search_owner.sessions + excluded.sessions, session_words = search_owner.session_words + excluded.session_words;

-- :query index_languages
SELECT language, documents FROM search_language WHERE owner_id = :owner AND documents > 0 ORDER BY documents DESC, language LIMIT :limit;

-- :query index_language_add
INSERT INTO search_language (owner_id, language, documents) VALUES (:owner, :language, :documents)
ON CONFLICT (owner_id, language) DO UPDATE SET documents = search_language.documents + excluded.documents;

-- :query index_remove_languages
DELETE FROM search_language WHERE owner_id = :owner;

-- :query index_clear_languages
DELETE FROM search_language;

-- :query index_size
SELECT COALESCE(SUM(documents), 0) AS documents, COUNT(*) AS owners, COALESCE(SUM(words), 0) AS words,
@sqlite
       (SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()) AS bytes
@postgres
       (SELECT CAST(SUM(pg_total_relation_size(oid)) AS BIGINT) FROM pg_class
         WHERE relkind = 'r' AND relnamespace = CAST(current_schema() AS REGNAMESPACE)) AS bytes
@end
  FROM search_owner;

-- :query index_stems
SELECT e.at, w.word, 0 AS form, w.df, w.text
@sqlite
  FROM (SELECT key AS at, value AS text FROM json_each(:texts)) AS e CROSS JOIN search_word w
@postgres
  FROM (SELECT n - 1 AS at, value AS text FROM json_array_elements_text(CAST(:texts AS JSON)) WITH ORDINALITY AS j (value, n)) AS e
  CROSS JOIN search_word w
@end
 WHERE w.owner_id = :owner AND w.text = e.text;

-- :query index_forms
-- Words as they were written: what is its own stem, and what is not.
WITH e AS (
@sqlite
    SELECT key AS at, value AS text FROM json_each(:texts)
@postgres
    SELECT n - 1 AS at, value AS text FROM json_array_elements_text(CAST(:texts AS JSON)) WITH ORDINALITY AS j (value, n)
@end
)
SELECT e.at, w.word, 0 AS form, w.df, w.text FROM e CROSS JOIN search_word w WHERE w.owner_id = :owner AND w.text = e.text
UNION ALL
SELECT e.at, f.word, f.form, f.df, f.text FROM e CROSS JOIN search_form f WHERE f.owner_id = :owner AND f.text = e.text;

-- :query index_beginnings
SELECT 0 AS at, b.word, b.form, b.df, b.text
  FROM (SELECT word, 0 AS form, df, text FROM search_word WHERE owner_id = :owner AND text >= :prefix AND text < :end
        UNION ALL
        SELECT word, form, df, text FROM search_form WHERE owner_id = :owner AND text >= :prefix AND text < :end) AS b
 ORDER BY b.df DESC, b.text LIMIT :limit;

-- :query index_form_numbers
-- Each is asked for as [its text, its stem's number].
SELECT e.at, f.word, f.form, f.df, f.text
@sqlite
  FROM (SELECT key AS at, json_extract(value, '$[0]') AS text, json_extract(value, '$[1]') AS word FROM json_each(:forms)) AS e
@postgres
  FROM (SELECT n - 1 AS at, value ->> 0 AS text, CAST(value ->> 1 AS BIGINT) AS word
          FROM json_array_elements(CAST(:forms AS JSON)) WITH ORDINALITY AS j (value, n)) AS e
@end
 CROSS JOIN search_form f WHERE f.owner_id = :owner AND f.text = e.text AND f.word = e.word;

-- :query index_words_add
INSERT INTO search_word (word, owner_id, text, df)
@sqlite
SELECT value, :owner, key, 0 FROM json_each(:new_words);
@postgres
SELECT CAST(value AS BIGINT), CAST(:owner AS UUID), key, 0 FROM json_each_text(CAST(:new_words AS JSON));
@end

-- :query index_forms_add
-- Each is [its number, its stem's number, its text].
INSERT INTO search_form (form, word, text, owner_id, df)
@sqlite
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), :owner, 0 FROM json_each(:fresh);
@postgres
SELECT CAST(value ->> 0 AS BIGINT), CAST(value ->> 1 AS BIGINT), value ->> 2, CAST(:owner AS UUID), 0
  FROM json_array_elements(CAST(:fresh AS JSON)) AS j (value);
@end

-- :query index_words_count
-- By its number: `+` keeps SQLite from walking all of the owner's words.
UPDATE search_word SET df = df + e.n
@sqlite
  FROM (SELECT CAST(key AS BIGINT) AS number, value AS n FROM json_each(:counts)) AS e
@postgres
  FROM (SELECT CAST(key AS BIGINT) AS number, CAST(value AS BIGINT) AS n FROM json_each_text(CAST(:counts AS JSON))) AS e
@end
@sqlite
 WHERE word = e.number AND +owner_id = :owner;
@postgres
 WHERE word = e.number AND owner_id = :owner;
@end

-- :query index_forms_count
UPDATE search_form SET df = df + e.n
@sqlite
  FROM (SELECT CAST(key AS BIGINT) AS number, value AS n FROM json_each(:counts)) AS e
@postgres
  FROM (SELECT CAST(key AS BIGINT) AS number, CAST(value AS BIGINT) AS n FROM json_each_text(CAST(:counts AS JSON))) AS e
@end
@sqlite
 WHERE form = e.number AND +owner_id = :owner;
@postgres
 WHERE form = e.number AND owner_id = :owner;
@end

-- :query index_words_unused
DELETE FROM search_word
@sqlite
 WHERE word IN (SELECT CAST(key AS BIGINT) FROM json_each(:counts)) AND +owner_id = :owner AND df <= 0;
@postgres
 WHERE word IN (SELECT CAST(key AS BIGINT) FROM json_each_text(CAST(:counts AS JSON))) AND owner_id = :owner AND df <= 0;
@end

-- :query index_forms_unused
DELETE FROM search_form
@sqlite
 WHERE form IN (SELECT CAST(key AS BIGINT) FROM json_each(:counts)) AND +owner_id = :owner AND df <= 0;
@postgres
 WHERE form IN (SELECT CAST(key AS BIGINT) FROM json_each_text(CAST(:counts AS JSON))) AND owner_id = :owner AND df <= 0;
@end

-- :query index_doc
SELECT doc, entity, id, parent_id, position, place, session, created_ms, said_ms, length, language, meta, words
  FROM search_doc WHERE owner_id = :owner AND entity = :entity AND id = :id;

-- :query index_docs_under
SELECT doc, entity, id, parent_id, position, place, session, created_ms, said_ms, length, language, meta, words
  FROM search_doc WHERE owner_id = :owner AND parent_id = :parent LIMIT :limit;

-- :query index_docs_of
SELECT doc, entity, id, parent_id, position, place, session, created_ms, said_ms, length, language, meta, words
  FROM search_doc WHERE owner_id = :owner LIMIT :limit;

-- :query index_docs_from
-- The rest of a conversation from the session in which one at that position would begin to change anything.
SELECT doc, entity, id, parent_id, position, place, session, created_ms, said_ms, length, language, meta, words
  FROM search_doc WHERE owner_id = :owner AND parent_id = :parent AND session >= :session ORDER BY position, id;

-- :query index_session_before
SELECT session FROM search_doc
 WHERE owner_id = :owner AND parent_id = :parent AND position < :position ORDER BY place DESC LIMIT 1;

-- :query index_doc_add
-- SQLite: VALUES, of which a row is one. INSERT … SELECT begins a savepoint of its own, and at each FTS5 writes what it has gathered.
-- Its terms go into search_fts; `words` is always there.
INSERT INTO search_doc (owner_id, doc, entity, id, parent_id, position, place, session, author, meta, created_ms, said_ms, length, language, words
@sqlite
)
VALUES (:owner, :doc, :entity, :id, :parent, :position, :place, :session, :author, :meta, :created, :said, :length, :language,
        COALESCE(:words, :terms));
@postgres
, terms)
VALUES (:owner, :doc, :entity, :id, :parent, :position, :place, :session, :author, :meta, :created, :said, :length, :language, :words,
        CAST(CAST(:terms AS TEXT) AS TSVECTOR));
@end

-- :query index_doc_place
UPDATE search_doc SET place = :place, session = :session WHERE owner_id = :owner AND doc = :doc;

-- :query index_doc_remove
DELETE FROM search_doc WHERE owner_id = :owner AND doc = :doc;

-- :query index_fts_add
@sqlite
INSERT INTO search_fts (rowid, meta, text, aside) VALUES (:doc, :meta, :terms, :aside);
@postgres
DELETE FROM search_doc WHERE FALSE AND doc = :doc AND entity IN (:meta, :terms, :aside);
@end

-- :query index_fts_remove
-- A table without content wants to be told what it held.
@sqlite
INSERT INTO search_fts (search_fts, rowid, meta, text, aside) VALUES ('delete', :doc, :meta, :terms, :aside);
@postgres
DELETE FROM search_doc WHERE FALSE AND doc = :doc AND entity IN (:meta, :terms, :aside);
@end

-- :query index_fts_compact
-- Rewrites the index without what was deleted: FTS5 3.40 keeps it in old segments until they are merged.
@sqlite
INSERT INTO search_fts (search_fts) VALUES ('optimize');
@postgres
DELETE FROM search_doc WHERE FALSE;
@end

-- :query index_fts_clear
@sqlite
INSERT INTO search_fts (search_fts) VALUES ('delete-all');
@postgres
DELETE FROM search_doc WHERE FALSE;
@end

-- :query index_sessions_sum
SELECT COUNT(*) AS count, COALESCE(SUM(length), 0) AS length FROM search_session
 WHERE owner_id = :owner AND parent_id = :parent AND session >= :session;

-- :query index_sessions_remove
DELETE FROM search_session WHERE owner_id = :owner AND parent_id = :parent AND session >= :session;

-- :query index_session_add
INSERT INTO search_session (owner_id, parent_id, session, length, words) VALUES (:owner, :parent, :session, :length, :words);

-- :query index_session
SELECT length, words FROM search_session WHERE owner_id = :owner AND parent_id = :parent AND session = :session;

-- :query index_remove_docs
DELETE FROM search_doc WHERE owner_id = :owner;

-- :query index_remove_words
DELETE FROM search_word WHERE owner_id = :owner;

-- :query index_remove_forms
DELETE FROM search_form WHERE owner_id = :owner;

-- :query index_remove_sessions
DELETE FROM search_session WHERE owner_id = :owner;

-- :query index_remove_statistics
DELETE FROM search_owner WHERE owner_id = :owner;

-- :query index_clear_docs
DELETE FROM search_doc;

-- :query index_clear_words
DELETE FROM search_word;

-- :query index_clear_forms
DELETE FROM search_form;

-- :query index_clear_sessions
DELETE FROM search_session;

-- :query index_clear_statistics
DELETE FROM search_owner;

-- :query index_places
SELECT doc, owner_id, id, parent_id, entity, author, meta, words, place, session, created_ms, said_ms, length, language, 0.0 AS found
  FROM search_doc WHERE owner_id = :owner AND parent_id = :parent AND place BETWEEN :first AND :last ORDER BY place, doc LIMIT :limit;

-- :query index_one
SELECT doc, owner_id, id, parent_id, entity, author, meta, words, place, session, created_ms, said_ms, length, language, 0.0 AS found
  FROM search_doc WHERE owner_id = :owner AND entity = :entity AND id = :id;

-- :query index_best
-- The best ones, of any time. `best`: what best_words wants to know (db/full_text.h). ts_rank knows no rarity of words, so each is
-- asked about alone and weighed by us. `words`: [[a word as a tsquery, its weight], …], for PostgreSQL.
WITH hit AS (
@sqlite
    SELECT rowid AS doc, best_words(search_fts, :best) AS found
      FROM search_fts WHERE search_fts MATCH :match AND :words IS NOT NULL AND :owner IS NOT NULL
@postgres
    SELECT d.doc, CAST(SUM(w.weight * ts_rank('{0.25, 0, 0, 1}', d.terms, w.q, 1)) AS DOUBLE PRECISION) AS found
      FROM (SELECT CAST(:best AS BYTEA) AS best, CAST(:match AS TEXT) AS match, CAST(:words AS TEXT) AS words, CAST(:owner AS UUID) AS owner) AS a
      JOIN search_doc d ON d.owner_id = a.owner AND d.terms @@ CAST(a.match AS TSQUERY)
      JOIN LATERAL (SELECT CAST(e ->> 0 AS TSQUERY) AS q, CAST(e ->> 1 AS DOUBLE PRECISION) AS weight
                      FROM json_array_elements(CAST(a.words AS JSON)) AS e) AS w ON d.terms @@ w.q
     GROUP BY d.doc
@end
     ORDER BY found DESC, doc LIMIT :limit
)
SELECT d.doc, d.owner_id, d.id, d.parent_id, d.entity, d.author, d.meta, d.words, d.place, d.session, d.created_ms, d.said_ms,
       d.length, d.language, hit.found
  FROM hit CROSS JOIN search_doc d WHERE d.doc = hit.doc AND d.owner_id = :owner ORDER BY hit.found DESC, d.doc;

-- :query index_best_after
-- All that match, page by page: the cursor is the last (found, created, id) that was given. bm25 is less for better ones. CROSS JOIN keeps SQLite from
-- walking the owner's documents and asking FTS5 about each.
WITH hit AS MATERIALIZED (
@sqlite
    SELECT d.doc, COALESCE(d.created_ms, 0) AS created, d.id, -bm25(search_fts, 0.0, 1.0, 0.25) AS found
      FROM search_fts CROSS JOIN search_doc d ON d.doc = search_fts.rowid
     WHERE search_fts MATCH :match AND :words IS NOT NULL AND d.owner_id = :owner
       AND (d.created_ms >= :from OR :from IS NULL) AND (d.created_ms < :before OR :before IS NULL)
@postgres
    SELECT d.doc, COALESCE(d.created_ms, 0) AS created, d.id,
           COALESCE(CAST(SUM(w.weight * ts_rank('{0.25, 0, 0, 1}', d.terms, w.q, 1)) AS DOUBLE PRECISION), 0) AS found
      FROM (SELECT CAST(:match AS TEXT) AS match, CAST(:words AS TEXT) AS words, CAST(:owner AS UUID) AS owner) AS a
      JOIN search_doc d ON d.owner_id = a.owner AND d.terms @@ CAST(a.match AS TSQUERY)
      LEFT JOIN LATERAL (SELECT CAST(e ->> 0 AS TSQUERY) AS q, CAST(e ->> 1 AS DOUBLE PRECISION) AS weight
                           FROM json_array_elements(CAST(a.words AS JSON)) AS e) AS w ON d.terms @@ w.q
     WHERE (d.created_ms >= :from OR :from IS NULL) AND (d.created_ms < :before OR :before IS NULL)
     GROUP BY d.doc, d.created_ms, d.id
@end
), page AS MATERIALIZED (
    SELECT doc, found, created FROM hit WHERE (found, created, id) < (:after_found, :after_created, :after_id)
     ORDER BY found DESC, created DESC, id DESC LIMIT :limit
)
SELECT d.doc, d.owner_id, d.id, d.parent_id, d.entity, d.author, d.meta, d.words, d.place, d.session, d.created_ms, d.said_ms,
       d.length, d.language, page.found
  FROM page CROSS JOIN search_doc d WHERE d.doc = page.doc AND d.owner_id = :owner ORDER BY page.found DESC, page.created DESC, d.id DESC;

-- :query index_newest_after
-- The same by time.
WITH hit AS MATERIALIZED (
@sqlite
    SELECT d.doc, COALESCE(d.created_ms, 0) AS created, d.id
      FROM search_fts CROSS JOIN search_doc d ON d.doc = search_fts.rowid
     WHERE search_fts MATCH :match AND d.owner_id = :owner
@postgres
    SELECT d.doc, COALESCE(d.created_ms, 0) AS created, d.id
      FROM (SELECT CAST(:match AS TEXT) AS match, CAST(:owner AS UUID) AS owner) AS a
      JOIN search_doc d ON d.owner_id = a.owner AND d.terms @@ CAST(a.match AS TSQUERY)
     WHERE TRUE
@end
       AND (d.created_ms >= :from OR :from IS NULL) AND (d.created_ms < :before OR :before IS NULL)
), page AS MATERIALIZED (
    SELECT doc, created FROM hit WHERE (created, id) < (:after_created, :after_id) ORDER BY created DESC, id DESC LIMIT :limit
)
SELECT d.doc, d.owner_id, d.id, d.parent_id, d.entity, d.author, d.meta, d.words, d.place, d.session, d.created_ms, d.said_ms,
       d.length, d.language, 0.0 AS found
  FROM page CROSS JOIN search_doc d WHERE d.doc = page.doc AND d.owner_id = :owner ORDER BY page.created DESC, d.id DESC;

-- :query index_owners
SELECT owner_id FROM search_owner WHERE documents > 0 AND owner_id > :after ORDER BY owner_id LIMIT :limit;

-- :query index_epoch
-- The one that is used: the newest that is whole, else the newest.
SELECT number, upto, whole, epoch, own_documents, own_version FROM search_epoch WHERE owner_id = :owner
 ORDER BY whole DESC, number DESC LIMIT 1;

-- :query index_epoch_newest
SELECT number, upto, whole, epoch, own_documents, own_version FROM search_epoch WHERE owner_id = :owner ORDER BY number DESC LIMIT 1;

-- :query index_epoch_add
-- Of an owner that is still there.
INSERT INTO search_epoch (owner_id, number, upto, whole, epoch, own, own_documents, own_version)
@sqlite
SELECT :owner, :new_number, 0, FALSE, :epoch, :own, :own_documents, 0 WHERE EXISTS (SELECT 1 FROM search_owner WHERE owner_id = :owner);
@postgres
SELECT CAST(:owner AS UUID), CAST(:new_number AS BIGINT), 0, FALSE, CAST(:epoch AS BYTEA), CAST(:own AS BYTEA), CAST(:own_documents AS BIGINT), 0
 WHERE EXISTS (SELECT 1 FROM search_owner WHERE owner_id = :owner);
@end

-- :query index_epoch_upto
UPDATE search_epoch SET upto = :upto, whole = :whole WHERE owner_id = :owner AND number = :number;

-- :query index_epoch_own
SELECT own FROM search_epoch WHERE owner_id = :owner AND number = :number;

-- :query index_epoch_own_documents
-- There was too little to make a table of.
UPDATE search_epoch SET own_documents = :own_documents WHERE owner_id = :owner AND number = :number;

-- :query index_owns
-- Epochs that have an own table.
SELECT number FROM search_epoch WHERE owner_id = :owner AND LENGTH(own) > 0 ORDER BY number LIMIT :limit;

-- :query index_own_put
UPDATE search_epoch SET own = :own, own_version = own_version + 1 WHERE owner_id = :owner AND number = :number;

-- :query index_words_gone
-- Those of these that nothing has any more.
SELECT 0 AS at, word, 0 AS form, df, text FROM search_word
@sqlite
 WHERE word IN (SELECT CAST(key AS BIGINT) FROM json_each(:counts)) AND +owner_id = :owner AND df <= 0 LIMIT :limit;
@postgres
 WHERE word IN (SELECT CAST(key AS BIGINT) FROM json_each_text(CAST(:counts AS JSON))) AND owner_id = :owner AND df <= 0 LIMIT :limit;
@end

-- :query index_epochs_end
DELETE FROM search_epoch WHERE owner_id = :owner AND number < :newer;

-- :query index_vectors_end
-- Some of those of older epochs.
DELETE FROM search_vector
 WHERE owner_id = :owner AND number < :newer
   AND doc IN (SELECT doc FROM search_vector WHERE owner_id = :owner AND number < :newer ORDER BY doc LIMIT :limit);

-- :query index_docs_behind
SELECT doc, words FROM search_doc WHERE owner_id = :owner AND doc > :doc_after ORDER BY doc LIMIT :limit;

-- :query index_docs_sample
-- Every so many-th, for the mean.
SELECT doc, words FROM search_doc WHERE owner_id = :owner AND doc % :step = 0 LIMIT :limit;

-- :query index_vector_put
-- Of a document that is still there.
INSERT INTO search_vector (owner_id, doc, number, vector)
@sqlite
SELECT :owner, :doc, :number, :vector WHERE EXISTS (SELECT 1 FROM search_doc WHERE owner_id = :owner AND doc = :doc)
@postgres
SELECT CAST(:owner AS UUID), CAST(:doc AS BIGINT), CAST(:number AS BIGINT), CAST(:vector AS BYTEA)
 WHERE EXISTS (SELECT 1 FROM search_doc WHERE owner_id = :owner AND doc = :doc)
@end
ON CONFLICT (owner_id, doc, number) DO UPDATE SET vector = excluded.vector;

-- :query index_vector_remove
DELETE FROM search_vector WHERE owner_id = :owner AND doc = :doc;

-- :query index_vectors
-- Those of these documents.
SELECT v.doc, v.vector
@sqlite
  FROM (SELECT value AS doc FROM json_each(:docs)) AS e CROSS JOIN search_vector v
@postgres
  FROM (SELECT CAST(value AS BIGINT) AS doc FROM json_array_elements_text(CAST(:docs AS JSON)) AS j (value)) AS e CROSS JOIN search_vector v
@end
 WHERE v.owner_id = :owner AND v.doc = e.doc AND v.number = :number;

-- :query index_vectors_behind
SELECT v.doc, v.vector, d.id, d.parent_id, d.created_ms FROM search_vector v JOIN search_doc d ON d.owner_id = v.owner_id AND d.doc = v.doc
 WHERE v.owner_id = :owner AND v.doc > :doc_after AND v.number = :number ORDER BY v.doc LIMIT :limit;

-- :query index_rows
SELECT d.doc, d.owner_id, d.id, d.parent_id, d.entity, d.author, d.meta, d.words, d.place, d.session, d.created_ms, d.said_ms,
       d.length, d.language, 0.0 AS found
@sqlite
  FROM (SELECT value AS doc FROM json_each(:docs)) AS e CROSS JOIN search_doc d
@postgres
  FROM (SELECT CAST(value AS BIGINT) AS doc FROM json_array_elements_text(CAST(:docs AS JSON)) AS j (value)) AS e CROSS JOIN search_doc d
@end
 WHERE d.owner_id = :owner AND d.doc = e.doc ORDER BY d.doc;

-- :query index_words_behind
SELECT 0 AS at, word, 0 AS form, df, text FROM search_word WHERE owner_id = :owner AND word > :word_after ORDER BY word LIMIT :limit;

-- :query index_remove_epoch
DELETE FROM search_epoch WHERE owner_id = :owner;

-- :query index_remove_vectors
DELETE FROM search_vector WHERE owner_id = :owner;

-- :query index_clear_epochs
DELETE FROM search_epoch;

-- :query index_clear_vectors
DELETE FROM search_vector;

-- :query index_word_text
SELECT 0 AS at, word, 0 AS form, df, text FROM search_word WHERE owner_id = :owner AND word = :word;
