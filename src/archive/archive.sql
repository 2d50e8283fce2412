-- :query archive_by_origin
SELECT id, provider, origin_id, title, model, source_kind, source_url, strategy, recipe, outcome, hash, findings,
       version, message_count, created_ms, updated_ms, captured_ms, stored_ms, title_own
  FROM conversation
 WHERE owner_id = :owner AND provider = :provider AND origin_id = :origin;

-- :query archive_by_url
-- The same link is the same conversation, also when one rendering named the provider's id and another did not.
SELECT id, provider, origin_id, title, model, source_kind, source_url, strategy, recipe, outcome, hash, findings,
       version, message_count, created_ms, updated_ms, captured_ms, stored_ms, title_own
  FROM conversation
 WHERE owner_id = :owner AND provider = :provider AND source_url = :url
 ORDER BY id LIMIT 1;

-- :query archive_one
SELECT id, provider, origin_id, title, model, source_kind, source_url, strategy, recipe, outcome, hash, findings,
       version, message_count, created_ms, updated_ms, captured_ms, stored_ms, title_own
  FROM conversation
 WHERE owner_id = :owner AND id = :id;

-- :query archive_state
SELECT version, captured_ms FROM conversation WHERE owner_id = :owner AND id = :id;

-- :query archive_newest
-- The cursor is the last (captured_ms, id) that the client has seen.
SELECT id, provider, origin_id, title, model, source_kind, source_url, strategy, recipe, outcome, hash, findings,
       version, message_count, created_ms, updated_ms, captured_ms, stored_ms, title_own
  FROM conversation
 WHERE owner_id = :owner AND (captured_ms, id) < (:before_ms, :before_id)
 ORDER BY captured_ms DESC, id DESC LIMIT :limit;

-- :query archive_newest_of_provider
SELECT id, provider, origin_id, title, model, source_kind, source_url, strategy, recipe, outcome, hash, findings,
       version, message_count, created_ms, updated_ms, captured_ms, stored_ms, title_own
  FROM conversation
 WHERE owner_id = :owner AND provider = :provider AND (captured_ms, id) < (:before_ms, :before_id)
 ORDER BY captured_ms DESC, id DESC LIMIT :limit;

-- :query archive_insert
INSERT INTO conversation (owner_id, id, provider, origin_id, title, title_own, model, source_kind, source_url, strategy,
                          recipe, outcome, hash, findings, version, message_count, created_ms, updated_ms, captured_ms, stored_ms)
VALUES (:owner, :id, :provider, :origin, :title, FALSE, :model, :source_kind, :source_url, :strategy, :recipe,
        :outcome, :hash, :findings, 1, :message_count, :created_ms, :updated_ms, :captured_ms, :stored_ms);

-- :query archive_update
UPDATE conversation
   SET title = CASE WHEN title_own THEN title ELSE :title END, model = :model, source_kind = :source_kind, source_url = :source_url, strategy = :strategy,
       recipe = :recipe, outcome = :outcome, hash = :hash, findings = :findings, version = :version,
       message_count = :message_count, created_ms = :created_ms, updated_ms = :updated_ms, captured_ms = :captured_ms
 WHERE owner_id = :owner AND id = :id;

-- :query archive_rename
UPDATE conversation SET title = :title, title_own = TRUE, version = version + 1 WHERE owner_id = :owner AND id = :id;

-- :query archive_exists
SELECT 1 FROM conversation WHERE owner_id = :owner AND id = :id;

-- :query archive_delete
DELETE FROM conversation WHERE owner_id = :owner AND id = :id;

-- :query archive_forget
DELETE FROM conversation WHERE owner_id = :owner;

-- :query archive_forget_messages
DELETE FROM message WHERE owner_id = :owner;

-- :query archive_forget_versions
DELETE FROM message_version WHERE owner_id = :owner;

-- :query archive_forget_media
DELETE FROM media WHERE owner_id = :owner;

-- :query archive_delete_messages
DELETE FROM message WHERE owner_id = :owner AND conversation_id = :id;

-- :query archive_delete_versions
DELETE FROM message_version WHERE owner_id = :owner AND conversation_id = :id;

-- :query archive_delete_media
DELETE FROM media WHERE owner_id = :owner AND conversation_id = :id;

-- :query archive_path
-- What a reader sees: the current branch without what the provider hides.
SELECT id, conversation_id, parent_id, origin_id, role, author, model, blocks, hash, position, version, created_ms,
       hidden, on_path
  FROM message
 WHERE owner_id = :owner AND conversation_id = :id AND position > :after AND on_path AND NOT hidden
 ORDER BY position LIMIT :limit;

-- :query archive_tree
SELECT id, conversation_id, parent_id, origin_id, role, author, model, blocks, hash, position, version, created_ms,
       hidden, on_path
  FROM message
 WHERE owner_id = :owner AND conversation_id = :id AND position > :after
 ORDER BY position LIMIT :limit;

-- :query archive_message_one
SELECT id, conversation_id, parent_id, origin_id, role, author, model, blocks, hash, position, version, created_ms,
       hidden, on_path
  FROM message
 WHERE owner_id = :owner AND id = :id;

-- :query archive_message_insert
INSERT INTO message (owner_id, id, conversation_id, parent_id, position, origin_id, role, author, model, created_ms,
                     hidden, on_path, blocks, hash, version)
VALUES (:owner, :id, :conversation, :parent, :position, :origin, :role, :author, :model, :created_ms,
        :hidden, :on_path, :blocks, :hash, 1);

-- :query archive_message_place
-- Where it stands, and what is known of it, may change while what it says does not.
UPDATE message SET parent_id = :parent, position = :position, origin_id = :origin, author = :author, model = :model,
                   created_ms = :created_ms, hidden = :hidden, on_path = :on_path
 WHERE owner_id = :owner AND id = :id;

-- :query archive_message_replace
UPDATE message SET role = :role, blocks = :blocks, hash = :hash, version = version + 1
 WHERE owner_id = :owner AND id = :id;

-- :query archive_version_keep
INSERT INTO message_version (owner_id, message_id, version, conversation_id, blocks, hash, replaced_ms)
SELECT owner_id, id, version, conversation_id, blocks, hash, :now_ms
  FROM message WHERE owner_id = :owner AND id = :id;

-- :query archive_media_put
INSERT INTO media (owner_id, conversation_id, sha256, media_type, bytes)
VALUES (:owner, :conversation, :sha256, :media_type, :bytes)
ON CONFLICT (owner_id, conversation_id, sha256) DO NOTHING;

-- :query archive_names_blob
SELECT COUNT(*) FROM (SELECT 1 FROM media WHERE owner_id = :owner AND sha256 = :sha256 LIMIT 1) AS named;

-- :query archive_media_one
SELECT media_type FROM media WHERE owner_id = :owner AND conversation_id = :conversation AND sha256 = :sha256;

-- :query archive_each_conversation
SELECT owner_id, id FROM conversation ORDER BY owner_id, id;

-- :query archive_each_message
SELECT owner_id, id FROM message WHERE NOT hidden ORDER BY owner_id, id;
