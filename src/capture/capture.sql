-- :query capture_insert
INSERT INTO capture (owner_id, id, url, provider, share_id, outcome, conversation_id, error_code, error_detail, created_ms, ended_ms)
VALUES (:owner, :id, :url, :provider, :share, NULL, NULL, NULL, NULL, :now_ms, NULL);

-- :query capture_one
SELECT id, url, provider, share_id, outcome, conversation_id, error_code, error_detail, created_ms, ended_ms
  FROM capture WHERE owner_id = :owner AND id = :id;

-- :query capture_end
UPDATE capture SET outcome = :outcome, conversation_id = :conversation, error_code = :code, error_detail = :detail, ended_ms = :now_ms
 WHERE owner_id = :owner AND id = :id;

-- :query capture_count_since
SELECT COUNT(*) FROM capture WHERE owner_id = :owner AND created_ms >= :since_ms;

-- :query capture_evidence_put
INSERT INTO capture_evidence (owner_id, capture_id, kind, sha256, bytes, created_ms)
VALUES (:owner, :capture, :kind, :sha256, :bytes, :now_ms)
ON CONFLICT (owner_id, capture_id, kind) DO UPDATE SET sha256 = excluded.sha256, bytes = excluded.bytes;

-- :query capture_names_blob
SELECT COUNT(*) FROM (SELECT 1 FROM capture_evidence WHERE owner_id = :owner AND sha256 = :sha256 LIMIT 1) AS named;

-- :query capture_of_conversation
SELECT id, url, provider, share_id, outcome, conversation_id, error_code, error_detail, created_ms, ended_ms
  FROM capture WHERE owner_id = :owner AND conversation_id = :conversation LIMIT :limit;

-- :query capture_move
UPDATE capture SET conversation_id = :conversation WHERE owner_id = :owner AND id = :id;

-- :query capture_forget_one
DELETE FROM capture WHERE owner_id = :owner AND id = :id;

-- :query capture_forget_evidence_one
DELETE FROM capture_evidence WHERE owner_id = :owner AND capture_id = :id;

-- :query capture_forget_account
DELETE FROM capture WHERE owner_id = :owner;

-- :query capture_forget_evidence
DELETE FROM capture_evidence WHERE owner_id = :owner;
