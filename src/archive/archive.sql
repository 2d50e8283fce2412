-- :query archive_one
SELECT id, provider, origin_id, title, model, source_kind, source_url, strategy, recipe, outcome, hash, findings,
       version, message_count, created_ms, updated_ms, captured_ms, stored_ms, title_own, account, context_cwd,
       context_branch, context_tool, trashed_ms
  FROM conversation
 WHERE owner_id = :owner AND id = :id AND trashed_ms IS NULL;

-- :query archive_any
-- Also one in the trash.
SELECT id, provider, origin_id, title, model, source_kind, source_url, strategy, recipe, outcome, hash, findings,
       version, message_count, created_ms, updated_ms, captured_ms, stored_ms, title_own, account, context_cwd,
       context_branch, context_tool, trashed_ms
  FROM conversation
 WHERE owner_id = :owner AND id = :id;

-- :query archive_state
SELECT version, captured_ms FROM conversation WHERE owner_id = :owner AND id = :id AND trashed_ms IS NULL;

-- :query archive_newest
-- The cursor is the last (captured_ms, id) that the client has seen.
SELECT id, provider, origin_id, title, model, source_kind, source_url, strategy, recipe, outcome, hash, findings,
       version, message_count, created_ms, updated_ms, captured_ms, stored_ms, title_own, account, context_cwd,
       context_branch, context_tool, trashed_ms
  FROM conversation
 WHERE owner_id = :owner AND (captured_ms, id) < (:before_ms, :before_id) AND trashed_ms IS NULL
 ORDER BY captured_ms DESC, id DESC LIMIT :limit;

-- :query archive_newest_of_provider
SELECT id, provider, origin_id, title, model, source_kind, source_url, strategy, recipe, outcome, hash, findings,
       version, message_count, created_ms, updated_ms, captured_ms, stored_ms, title_own, account, context_cwd,
       context_branch, context_tool, trashed_ms
  FROM conversation
 WHERE owner_id = :owner AND provider = :provider AND (captured_ms, id) < (:before_ms, :before_id) AND trashed_ms IS NULL
 ORDER BY captured_ms DESC, id DESC LIMIT :limit;

-- :query archive_trashed
SELECT id, provider, origin_id, title, model, source_kind, source_url, strategy, recipe, outcome, hash, findings,
       version, message_count, created_ms, updated_ms, captured_ms, stored_ms, title_own, account, context_cwd,
       context_branch, context_tool, trashed_ms
  FROM conversation
 WHERE owner_id = :owner AND trashed_ms IS NOT NULL AND (trashed_ms, id) < (:before_ms, :before_id)
 ORDER BY trashed_ms DESC, id DESC LIMIT :limit;

-- :query archive_insert
INSERT INTO conversation (owner_id, id, provider, origin_id, title, title_own, model, source_kind, source_url, strategy,
                          recipe, outcome, hash, findings, version, message_count, created_ms, updated_ms, captured_ms, stored_ms,
                          account, context_cwd, context_branch, context_tool)
VALUES (:owner, :id, :provider, :origin, :title, FALSE, :model, :source_kind, :source_url, :strategy, :recipe,
        :outcome, :hash, :findings, 1, :message_count, :created_ms, :updated_ms, :captured_ms, :stored_ms,
        :account, :cwd, :branch, :tool);

-- :query archive_update
UPDATE conversation
   SET title = CASE WHEN title_own THEN title ELSE :title END, model = :model, source_kind = :source_kind, source_url = :source_url, strategy = :strategy,
       recipe = :recipe, outcome = :outcome, hash = :hash, findings = :findings, version = :version,
       message_count = :message_count, created_ms = :created_ms, updated_ms = :updated_ms, captured_ms = :captured_ms,
       origin_id = :origin, account = :account, context_cwd = :cwd, context_branch = :branch, context_tool = :tool
 WHERE owner_id = :owner AND id = :id;

-- :query archive_rename
UPDATE conversation SET title = :title, title_own = TRUE, version = version + 1 WHERE owner_id = :owner AND id = :id;

-- :query archive_exists
SELECT 1 FROM conversation WHERE owner_id = :owner AND id = :id AND trashed_ms IS NULL;

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
-- What a reader sees: the current branch without what the provider hides. Without what is the same in each of these rows: a
-- column costs as much as what is made of it.
SELECT id, parent_id, origin_id, role, author, model, blocks, hash, position, version, created_ms, source_id
  FROM message
 WHERE owner_id = :owner AND conversation_id = :id AND position > :after AND on_path AND NOT hidden
 ORDER BY position LIMIT :limit;

-- :query archive_tree
SELECT id, conversation_id, parent_id, origin_id, role, author, model, blocks, hash, position, version, created_ms,
       hidden, on_path, source_id
  FROM message
 WHERE owner_id = :owner AND conversation_id = :id AND position > :after
 ORDER BY position LIMIT :limit;

-- :query archive_message_text
-- What the search index needs of one, and no more: it asks for each message of each import.
SELECT m.conversation_id, m.role, m.author, COALESCE(NULLIF(m.model, ''), c.model) AS model, m.blocks, m.position, m.created_ms,
       c.title, c.provider, c.account, c.captured_ms
  FROM message m JOIN conversation c ON c.owner_id = m.owner_id AND c.id = m.conversation_id
 WHERE m.owner_id = :owner AND m.id = :id AND NOT m.hidden AND c.trashed_ms IS NULL;

-- :query archive_message_insert
INSERT INTO message (owner_id, id, conversation_id, parent_id, position, origin_id, role, author, model, created_ms,
                     hidden, on_path, blocks, hash, source_id, version)
VALUES (:owner, :id, :conversation, :parent, :position, :origin, :role, :author, :model, :created_ms,
        :hidden, :on_path, :blocks, :hash, :source, 1);

-- :query archive_message_place
-- Where it stands, and what is known of it, may change while what it says does not.
UPDATE message SET parent_id = :parent, position = :position, origin_id = :origin, author = :author, model = :model,
                   created_ms = :created_ms, hidden = :hidden, on_path = :on_path, source_id = :source
 WHERE owner_id = :owner AND id = :id;

-- :query archive_message_replace
UPDATE message SET role = :role, blocks = :blocks, hash = :hash, version = version + 1
 WHERE owner_id = :owner AND id = :id;

-- :query archive_version_keep
INSERT INTO message_version (owner_id, message_id, version, conversation_id, blocks, hash, replaced_ms, source_id)
SELECT owner_id, id, version, conversation_id, blocks, hash, :now_ms, source_id
  FROM message WHERE owner_id = :owner AND id = :id;

-- :query archive_version_add
-- What was said before, elsewhere. Which rendering said so is not known here.
INSERT INTO message_version (owner_id, message_id, version, conversation_id, blocks, hash, replaced_ms, source_id)
VALUES (:owner, :message, :version, :conversation, :blocks, :hash, :replaced_ms, NULL);

-- :query archive_message_version
UPDATE message SET version = :version WHERE owner_id = :owner AND id = :id;

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

-- :query archive_message_delete
DELETE FROM message WHERE owner_id = :owner AND id = :id;

-- :query archive_message_delete_versions
DELETE FROM message_version WHERE owner_id = :owner AND message_id = :id;

-- :query archive_versions
SELECT message_id, version, blocks, hash, replaced_ms, source_id
  FROM message_version
 WHERE owner_id = :owner AND conversation_id = :id AND (message_id, version) > (:after_message, :after_version)
 ORDER BY message_id, version LIMIT :limit;

-- :query archive_turn
-- Who stores for an account waits for who does: the same conversation from two links at once is one. SQLite has one writer anyway.
@sqlite
SELECT 1 AS turn WHERE :owner IS NOT NULL;
@postgres
SELECT 1 AS turn FROM (SELECT pg_advisory_xact_lock(hashtextextended(CAST(CAST(:owner AS uuid) AS text), 0))) AS waited;
@end

-- :query archive_source_at
-- The same place, perhaps of several accounts.
SELECT id, conversation_id, provider, place, account, origin_id, source_kind, source_url, strategy, recipe, outcome, first_ms,
       captured_ms
  FROM conversation_source
 WHERE owner_id = :owner AND provider = :provider AND place = :place
 ORDER BY account, id LIMIT :limit;

-- :query archive_source_of_origin
SELECT id, conversation_id, provider, place, account, origin_id, source_kind, source_url, strategy, recipe, outcome, first_ms,
       captured_ms
  FROM conversation_source
 WHERE owner_id = :owner AND provider = :provider AND origin_id = :origin
 ORDER BY account, id LIMIT :limit;

-- :query archive_sources_of
SELECT id, conversation_id, provider, place, account, origin_id, source_kind, source_url, strategy, recipe, outcome, first_ms,
       captured_ms
  FROM conversation_source
 WHERE owner_id = :owner AND conversation_id = :id
 ORDER BY first_ms, id LIMIT :limit;

-- :query archive_source_insert
INSERT INTO conversation_source (owner_id, id, conversation_id, provider, place, account, origin_id, source_kind, source_url,
                                 strategy, recipe, outcome, first_ms, captured_ms)
VALUES (:owner, :id, :conversation, :provider, :place, :account, :origin, :source_kind, :source_url, :strategy, :recipe,
        :outcome, :first_ms, :captured_ms);

-- :query archive_source_update
UPDATE conversation_source
   SET conversation_id = :conversation, account = :account, origin_id = :origin, source_kind = :source_kind, strategy = :strategy,
       recipe = :recipe, outcome = :outcome, first_ms = :first_ms, captured_ms = :captured_ms
 WHERE owner_id = :owner AND id = :id;

-- :query archive_delete_sources
DELETE FROM conversation_source WHERE owner_id = :owner AND conversation_id = :id;

-- :query archive_forget_sources
DELETE FROM conversation_source WHERE owner_id = :owner;

-- :query archive_renderings
SELECT source_id, number FROM conversation_rendering WHERE owner_id = :owner AND conversation_id = :id ORDER BY number LIMIT :limit;

-- :query archive_rendering_form
SELECT form FROM conversation_rendering WHERE owner_id = :owner AND conversation_id = :id AND number = :kept_number;

-- :query archive_rendering_next
SELECT number + 1 AS number FROM conversation_rendering
 WHERE owner_id = :owner AND conversation_id = :id ORDER BY number DESC LIMIT 1;

-- :query archive_rendering_renumber
UPDATE conversation_rendering SET number = :to_number WHERE owner_id = :owner AND conversation_id = :id AND number = :kept_number;

-- :query archive_rendering_drop
DELETE FROM conversation_rendering WHERE owner_id = :owner AND conversation_id = :id AND number = :kept_number;

-- :query archive_rendering_put
INSERT INTO conversation_rendering (owner_id, conversation_id, number, source_id, form)
VALUES (:owner, :conversation, :number, :source, :form);

-- :query archive_delete_renderings
DELETE FROM conversation_rendering WHERE owner_id = :owner AND conversation_id = :id;

-- :query archive_forget_renderings
DELETE FROM conversation_rendering WHERE owner_id = :owner;

-- :query archive_apart_put
INSERT INTO conversation_apart (owner_id, source_id, other_id) VALUES (:owner, :source, :other)
ON CONFLICT (owner_id, source_id, other_id) DO NOTHING;

-- :query archive_apart
-- Is any source of the one conversation told apart from any of the other?
SELECT COUNT(*) FROM conversation_apart ap
  JOIN conversation_source s ON s.owner_id = ap.owner_id AND s.id = ap.source_id
  JOIN conversation_source o ON o.owner_id = ap.owner_id AND o.id = ap.other_id
 WHERE ap.owner_id = :owner AND ((s.conversation_id = :id AND o.conversation_id = :other)
                              OR (s.conversation_id = :other AND o.conversation_id = :id));

-- :query archive_delete_apart
DELETE FROM conversation_apart
 WHERE owner_id = :owner AND (source_id IN (SELECT id FROM conversation_source WHERE owner_id = :owner AND conversation_id = :id)
                              OR other_id IN (SELECT id FROM conversation_source WHERE owner_id = :owner AND conversation_id = :id));

-- :query archive_forget_apart
DELETE FROM conversation_apart WHERE owner_id = :owner;

-- :query archive_answer_of_origin
-- Which conversations hold this answer, by the provider's id of it.
-- Either database would otherwise walk all messages of the account in the order that the answer is to have.
@sqlite
SELECT DISTINCT m.conversation_id AS conversation_id FROM message m INDEXED BY message_answer_origin
  JOIN conversation c ON c.owner_id = m.owner_id AND c.id = m.conversation_id
 WHERE m.owner_id = :owner AND m.origin_id = :origin AND m.role = 'assistant' AND c.provider = :provider
 ORDER BY m.conversation_id LIMIT :limit;
@postgres
WITH held AS MATERIALIZED (SELECT conversation_id FROM message
                            WHERE owner_id = :owner AND origin_id = :origin AND role = 'assistant')
SELECT DISTINCT c.id AS conversation_id FROM held JOIN conversation c ON c.owner_id = :owner AND c.id = held.conversation_id
 WHERE c.provider = :provider ORDER BY c.id LIMIT :limit;
@end

-- :query archive_answer_of_hash
@sqlite
SELECT DISTINCT m.conversation_id AS conversation_id FROM message m INDEXED BY message_answer_hash
  JOIN conversation c ON c.owner_id = m.owner_id AND c.id = m.conversation_id
 WHERE m.owner_id = :owner AND m.hash = :hash AND m.role = 'assistant' AND c.provider = :provider
 ORDER BY m.conversation_id LIMIT :limit;
@postgres
WITH held AS MATERIALIZED (SELECT conversation_id FROM message
                            WHERE owner_id = :owner AND hash = :hash AND role = 'assistant')
SELECT DISTINCT c.id AS conversation_id FROM held JOIN conversation c ON c.owner_id = :owner AND c.id = held.conversation_id
 WHERE c.provider = :provider ORDER BY c.id LIMIT :limit;
@end

-- :query archive_media_copy
INSERT INTO media (owner_id, conversation_id, sha256, media_type, bytes)
SELECT owner_id, :to, sha256, media_type, bytes FROM media WHERE owner_id = :owner AND conversation_id = :id
ON CONFLICT (owner_id, conversation_id, sha256) DO NOTHING;

-- :query archive_media_drop_unnamed
-- Pictures of the other of two conversations that were told apart.
@sqlite
DELETE FROM media WHERE owner_id = :owner AND conversation_id = :id
   AND NOT EXISTS (SELECT 1 FROM message m WHERE m.owner_id = :owner AND m.conversation_id = :id
                    AND instr(m.blocks, lower(hex(media.sha256))) > 0)
   AND NOT EXISTS (SELECT 1 FROM message_version v WHERE v.owner_id = :owner AND v.conversation_id = :id
                    AND instr(v.blocks, lower(hex(media.sha256))) > 0);
@postgres
DELETE FROM media WHERE owner_id = :owner AND conversation_id = :id
   AND NOT EXISTS (SELECT 1 FROM message m WHERE m.owner_id = :owner AND m.conversation_id = :id
                    AND strpos(m.blocks, encode(media.sha256, 'hex')) > 0)
   AND NOT EXISTS (SELECT 1 FROM message_version v WHERE v.owner_id = :owner AND v.conversation_id = :id
                    AND strpos(v.blocks, encode(media.sha256, 'hex')) > 0);
@end

-- :query archive_trash
UPDATE conversation SET trashed_ms = :now_ms, version = version + 1 WHERE owner_id = :owner AND id = :id AND trashed_ms IS NULL;

-- :query archive_restore
UPDATE conversation SET trashed_ms = NULL, version = version + 1 WHERE owner_id = :owner AND id = :id AND trashed_ms IS NOT NULL;

-- :query archive_trash_old
SELECT owner_id, id FROM conversation WHERE trashed_ms < :before_ms ORDER BY trashed_ms, id LIMIT :limit;

-- :query archive_source_delete
DELETE FROM conversation_source WHERE owner_id = :owner AND id = :id;

-- :query archive_before_put
-- Only the first change under a mark has what was before it.
INSERT INTO conversation_before (owner_id, mark_id, conversation_id, number, source_id, form)
VALUES (:owner, :mark, :conversation, :number, :source, :form)
ON CONFLICT (owner_id, mark_id, conversation_id, number) DO NOTHING;

-- :query archive_before_copy
INSERT INTO conversation_before (owner_id, mark_id, conversation_id, number, source_id, form)
SELECT owner_id, :mark, conversation_id, :to_number, source_id, form FROM conversation_rendering
 WHERE owner_id = :owner AND conversation_id = :id AND number = :kept_number
ON CONFLICT (owner_id, mark_id, conversation_id, number) DO NOTHING;

-- :query archive_before_form
SELECT form FROM conversation_before
 WHERE owner_id = :owner AND mark_id = :mark AND conversation_id = :id AND number = :kept_number;

-- :query archive_before
SELECT source_id, number FROM conversation_before
 WHERE owner_id = :owner AND mark_id = :mark AND conversation_id = :id ORDER BY number LIMIT :limit;

-- :query archive_before_count
SELECT COUNT(*) FROM conversation_before WHERE owner_id = :owner AND mark_id = :mark AND conversation_id = :id;

-- :query archive_delete_before
DELETE FROM conversation_before WHERE owner_id = :owner AND conversation_id = :id;

-- :query archive_forget_mark
DELETE FROM conversation_before WHERE owner_id = :owner AND mark_id = :mark;

-- :query archive_forget_before
DELETE FROM conversation_before WHERE owner_id = :owner;

-- :query archive_storage_text
@sqlite
SELECT 'text' AS kind, COUNT(*) AS count, COALESCE(SUM(LENGTH(CAST(blocks AS BLOB))), 0) AS bytes FROM message
 WHERE owner_id = :owner GROUP BY owner_id;
@postgres
SELECT 'text' AS kind, COUNT(*) AS count, CAST(COALESCE(SUM(OCTET_LENGTH(blocks)), 0) AS BIGINT) AS bytes
  FROM message WHERE owner_id = :owner GROUP BY owner_id;
@end

-- :query archive_storage_media
-- The same bytes in several conversations are one file.
SELECT media_type AS kind, COUNT(*) AS count, CAST(SUM(bytes) AS BIGINT) AS bytes
  FROM (SELECT DISTINCT sha256, media_type, bytes FROM media WHERE owner_id = :owner) AS kept
 GROUP BY media_type ORDER BY media_type LIMIT :limit;

-- :query archive_size
@sqlite
SELECT COUNT(*) AS messages, COALESCE(SUM(LENGTH(CAST(blocks AS BLOB))), 0) AS text_bytes,
       (SELECT COUNT(*) FROM media WHERE owner_id = :owner AND conversation_id = :id) AS media,
       (SELECT COALESCE(SUM(bytes), 0) FROM media WHERE owner_id = :owner AND conversation_id = :id) AS media_bytes
  FROM message WHERE owner_id = :owner AND conversation_id = :id;
@postgres
SELECT COUNT(*) AS messages, CAST(COALESCE(SUM(OCTET_LENGTH(blocks)), 0) AS BIGINT) AS text_bytes,
       (SELECT COUNT(*) FROM media WHERE owner_id = :owner AND conversation_id = :id) AS media,
       (SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM media WHERE owner_id = :owner AND conversation_id = :id) AS media_bytes
  FROM message WHERE owner_id = :owner AND conversation_id = :id;
@end

-- :query archive_ids
SELECT id FROM conversation WHERE owner_id = :owner AND trashed_ms IS NULL ORDER BY id;

-- :query archive_media_all
SELECT sha256, media_type, bytes FROM media WHERE owner_id = :owner AND conversation_id = :conversation ORDER BY sha256 LIMIT :limit;
