-- :query import_insert
INSERT INTO import (owner_id, id, label, path, way, provider, account, dry_run, bytes, entry, place, items, count_made, count_changed,
                    count_unchanged, count_skipped, count_failed, media, media_bytes, state, undone, kept, error_code,
                    error_detail, created_ms, ended_ms)
VALUES (:owner, :id, :label, :path, :way, :provider, :account, :dry_run, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'open', 0, 0, NULL, NULL,
        :now_ms, NULL);

-- :query import_one
SELECT id, label, path, way, provider, account, dry_run, bytes, entry, place, items, count_made, count_changed, count_unchanged,
       count_skipped, count_failed, media, media_bytes, state, undone, kept, error_code, error_detail, created_ms, ended_ms
  FROM import WHERE owner_id = :owner AND id = :id;

-- :query import_newest
SELECT id, label, path, way, provider, account, dry_run, bytes, entry, place, items, count_made, count_changed, count_unchanged,
       count_skipped, count_failed, media, media_bytes, state, undone, kept, error_code, error_detail, created_ms, ended_ms
  FROM import
 WHERE owner_id = :owner AND (created_ms, id) < (:before_ms, :before_id)
 ORDER BY created_ms DESC, id DESC LIMIT :limit;

-- :query import_bytes
UPDATE import SET bytes = :bytes WHERE owner_id = :owner AND id = :id;

-- :query import_advance
UPDATE import
   SET entry = :entry, place = :place, items = items + :items, count_made = count_made + :made, count_changed = count_changed + :changed,
       count_unchanged = count_unchanged + :unchanged, count_skipped = count_skipped + :skipped,
       count_failed = count_failed + :failed, media = media + :media, media_bytes = media_bytes + :media_bytes
 WHERE owner_id = :owner AND id = :id;

-- :query import_end
UPDATE import SET state = :state, error_code = :code, error_detail = :detail, ended_ms = :now_ms WHERE owner_id = :owner AND id = :id;

-- :query import_state
-- Only one that is in that state until now.
UPDATE import SET state = :state WHERE owner_id = :owner AND id = :id AND state = :from;

-- :query import_path
UPDATE import SET path = :path WHERE owner_id = :owner AND id = :id;

-- :query import_undone
UPDATE import SET undone = undone + :undone, kept = kept + :kept WHERE owner_id = :owner AND id = :id;

-- :query import_item_put
INSERT INTO import_item (owner_id, import_id, number, outcome, entry, place, reason_code, reason, conversation_id, source_id, version,
                         captured_ms)
VALUES (:owner, :import, :number, :outcome, :entry, :place, :code, :reason, :conversation, :source, :version, :captured_ms);

-- :query import_item_again
-- The same import has changed it once more: what it left is this.
UPDATE import_item SET version = :version, captured_ms = :captured_ms
 WHERE owner_id = :owner AND conversation_id = :conversation AND import_id = :import;

-- :query import_items
SELECT i.number, i.outcome, i.entry, i.place, i.reason_code, i.reason, i.conversation_id, i.source_id, i.version, i.captured_ms, c.title
  FROM import_item i
  LEFT JOIN conversation c ON c.owner_id = i.owner_id AND c.id = i.conversation_id AND c.trashed_ms IS NULL
 WHERE i.owner_id = :owner AND i.import_id = :import AND i.number > :after ORDER BY i.number LIMIT :limit;

-- :query import_items_of
SELECT i.number, i.outcome, i.entry, i.place, i.reason_code, i.reason, i.conversation_id, i.source_id, i.version, i.captured_ms, c.title
  FROM import_item i
  LEFT JOIN conversation c ON c.owner_id = i.owner_id AND c.id = i.conversation_id AND c.trashed_ms IS NULL
 WHERE i.owner_id = :owner AND i.import_id = :import AND i.outcome = :outcome AND i.number > :after ORDER BY i.number LIMIT :limit;

-- :query import_item_undone
UPDATE import_item SET outcome = :outcome, reason_code = :code, reason = :reason
 WHERE owner_id = :owner AND import_id = :import AND number = :number;

-- :query import_item_count
SELECT COUNT(*) FROM import_item WHERE owner_id = :owner AND import_id = :import AND outcome = :outcome;

-- :query import_seen
-- It said this when it was imported last, and is as it was then.
SELECT s.conversation_id, s.version, c.captured_ms
  FROM import_seen s
  JOIN conversation c ON c.owner_id = s.owner_id AND c.id = s.conversation_id AND c.version = s.version AND c.trashed_ms IS NULL
 WHERE s.owner_id = :owner AND s.digest = :digest;

-- :query import_seen_put
INSERT INTO import_seen (owner_id, digest, conversation_id, version) VALUES (:owner, :digest, :conversation, :version)
ON CONFLICT (owner_id, digest) DO UPDATE SET conversation_id = excluded.conversation_id, version = excluded.version;

-- :query import_seen_forget
DELETE FROM import_seen WHERE owner_id = :owner AND conversation_id = :conversation;

-- :query import_item_forget
-- The conversation is gone: the report names it no more.
UPDATE import_item SET conversation_id = NULL, source_id = NULL WHERE owner_id = :owner AND conversation_id = :conversation;

-- :query import_storage
-- What each import made and is still there: the words of it, and its media, once where several conversations have it.
SELECT p.id AS id, p.label AS label, p.created_ms AS created_ms,
       (SELECT COUNT(*) FROM import_item i
         WHERE i.owner_id = p.owner_id AND i.import_id = p.id AND i.outcome = 'new' AND i.conversation_id IS NOT NULL) AS conversations,
@sqlite
       (SELECT COALESCE(SUM(LENGTH(CAST(m.blocks AS BLOB))), 0)
@postgres
       (SELECT CAST(COALESCE(SUM(OCTET_LENGTH(m.blocks)), 0) AS BIGINT)
@end
          FROM import_item i JOIN message m ON m.owner_id = i.owner_id AND m.conversation_id = i.conversation_id
         WHERE i.owner_id = p.owner_id AND i.import_id = p.id AND i.outcome = 'new') AS text_bytes,
       (SELECT CAST(COALESCE(SUM(kept.bytes), 0) AS BIGINT)
          FROM (SELECT DISTINCT d.sha256, d.bytes
                  FROM import_item i JOIN media d ON d.owner_id = i.owner_id AND d.conversation_id = i.conversation_id
                 WHERE i.owner_id = p.owner_id AND i.import_id = p.id AND i.outcome = 'new') AS kept) AS media_bytes
  FROM import p
 WHERE p.owner_id = :owner AND p.count_made > 0 AND NOT p.dry_run AND p.state <> 'undone'
 ORDER BY p.created_ms DESC, p.id DESC LIMIT :limit;

-- :query import_old
SELECT owner_id, id, path, state FROM import WHERE created_ms < :before_ms AND state <> 'open' AND state <> 'undoing'
 ORDER BY created_ms, id LIMIT :limit;

-- :query import_waiting
-- Dry runs whose files still wait for the import in earnest.
SELECT owner_id, id, path, state FROM import WHERE ended_ms < :before_ms AND dry_run AND path <> '' ORDER BY created_ms, id LIMIT :limit;

-- :query import_delete
DELETE FROM import WHERE owner_id = :owner AND id = :id;

-- :query import_delete_items
DELETE FROM import_item WHERE owner_id = :owner AND import_id = :id;

-- :query import_forget
DELETE FROM import WHERE owner_id = :owner;

-- :query import_forget_items
DELETE FROM import_item WHERE owner_id = :owner;

-- :query import_forget_seen
DELETE FROM import_seen WHERE owner_id = :owner;

-- :query upload_insert
INSERT INTO upload (owner_id, id, name, bytes, received, metadata, expires_ms) VALUES (:owner, :id, :name, :bytes, 0, :metadata, :expires_ms);

-- :query upload_one
SELECT id, name, bytes, received, metadata, expires_ms FROM upload WHERE owner_id = :owner AND id = :id;

-- :query upload_count
SELECT COUNT(*) FROM upload WHERE owner_id = :owner;

-- :query upload_received
-- Only from where it stood: of two pieces at once one is too late.
UPDATE upload SET received = :received, expires_ms = :expires_ms WHERE owner_id = :owner AND id = :id AND received = :from;

-- :query upload_delete
DELETE FROM upload WHERE owner_id = :owner AND id = :id;

-- :query upload_expired
SELECT owner_id, id FROM upload WHERE expires_ms < :now_ms ORDER BY expires_ms, id LIMIT :limit;

-- :query upload_forget
DELETE FROM upload WHERE owner_id = :owner;

-- :query import_open_of_path
-- Is what lies there on its way in already?
SELECT COUNT(*) FROM import WHERE owner_id = :owner AND path = :path AND state = 'open';
