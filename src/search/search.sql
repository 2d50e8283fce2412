-- Queries of search, all on the index store. What SQLite keeps in a table of its own (search_fts) is a column in
-- PostgreSQL, so the queries search_fts_* do nothing there and are not called.

-- :query search_part_add
@sqlite
INSERT INTO search_part (owner_id, entity, id, parent_id, created_ms)
SELECT :owner, :entity, :id, :parent, :created WHERE :meta IS NOT NULL AND :text IS NOT NULL AND :rest IS NOT NULL;
@postgres
INSERT INTO search_part (owner_id, entity, id, parent_id, created_ms, terms)
VALUES (:owner, :entity, :id, :parent, :created,
        CAST(concat(CAST(:meta AS TEXT), CAST(:text AS TEXT), CAST(:rest AS TEXT)) AS TSVECTOR));
@end

-- :query search_fts_add
-- Right after search_part_add, in the same transaction.
@sqlite
INSERT INTO search_fts (rowid, meta, text, rest) VALUES (last_insert_rowid(), :meta, :text, :rest);
@postgres
DELETE FROM search_part WHERE FALSE AND entity IN (:meta, :text, :rest);
@end

-- :query search_fts_remove
-- The entity, and what it is the parent of.
@sqlite
DELETE FROM search_fts
 WHERE rowid IN (SELECT part FROM search_part WHERE owner_id = :owner AND entity = :entity AND id = :id
                 UNION ALL SELECT part FROM search_part WHERE owner_id = :owner AND parent_id = :id);
@postgres
DELETE FROM search_part WHERE FALSE AND owner_id = :owner AND entity = :entity AND id = :id;
@end

-- :query search_part_remove
DELETE FROM search_part WHERE owner_id = :owner AND ((entity = :entity AND id = :id) OR parent_id = :id);

-- :query search_fts_remove_one
@sqlite
DELETE FROM search_fts
 WHERE rowid IN (SELECT part FROM search_part WHERE owner_id = :owner AND entity = :entity AND id = :id);
@postgres
DELETE FROM search_part WHERE FALSE AND owner_id = :owner AND entity = :entity AND id = :id;
@end

-- :query search_part_remove_one
DELETE FROM search_part WHERE owner_id = :owner AND entity = :entity AND id = :id;

-- :query search_fts_remove_owner
@sqlite
DELETE FROM search_fts WHERE rowid IN (SELECT part FROM search_part WHERE owner_id = :owner);
@postgres
DELETE FROM search_part WHERE FALSE AND owner_id = :owner;
@end

-- :query search_part_remove_owner
DELETE FROM search_part WHERE owner_id = :owner;

-- :query search_fts_compact
-- Rewrites the index without what was deleted: FTS5 3.40 keeps deleted words in old segments until they are merged.
@sqlite
INSERT INTO search_fts (search_fts) VALUES ('optimize');
@postgres
DELETE FROM search_part WHERE FALSE;
@end

-- :query search_fts_clear
DELETE FROM
@sqlite
search_fts
@postgres
search_part WHERE FALSE
@end
;

-- :query search_part_clear
DELETE FROM search_part;

-- :query search_find
-- Parts of one entity are one hit, as good as the best of them. The cursor is the last (score, created, id) that
-- the client has seen. bm25 is less for better ones; ts_rank knows no rarity of words, so scores of the two databases
-- cannot be compared. CROSS JOIN keeps SQLite from walking the owner's parts and asking FTS5 about each.
WITH hit AS MATERIALIZED (
@sqlite
    SELECT p.entity, p.id, p.parent_id, COALESCE(p.created_ms, 0) AS created, -bm25(search_fts, 0.0, 1.0, 0.2) AS score
      FROM search_fts CROSS JOIN search_part p ON p.part = search_fts.rowid
     WHERE search_fts MATCH :match AND p.owner_id = :owner AND :words IS NOT NULL
@postgres
    SELECT p.entity, p.id, p.parent_id, COALESCE(p.created_ms, 0) AS created,
           CAST(ts_rank(p.terms, CAST(CAST(words.q AS TEXT) AS TSQUERY), 1) AS DOUBLE PRECISION) AS score
      FROM (SELECT CAST(:match AS TEXT) AS match, CAST(:owner AS UUID) AS owner, CAST(:words AS TEXT) AS q) AS words
      JOIN search_part p ON p.owner_id = words.owner AND p.terms @@ CAST(words.match AS TSQUERY)
     WHERE TRUE
@end
       AND (p.created_ms < :before OR :before IS NULL) AND (p.created_ms >= :after OR :after IS NULL)
), found AS (
    SELECT entity, id, parent_id, MAX(created) AS created, MAX(score) AS score
      FROM hit GROUP BY entity, id, parent_id
)
SELECT entity, id, parent_id, created, score
  FROM found
 WHERE (score, created, id) < (:from_score, :from_created, :from_id)
 ORDER BY score DESC, created DESC, id DESC LIMIT :limit;
