-- Queries of identity. Migration 0004 says what the tables mean.

-- :query identity_account_any
SELECT COUNT(*) FROM (SELECT 1 FROM account LIMIT 1) AS a;

-- :query identity_account_by_handle
SELECT id, handle, admin, version, created_ms, disabled_ms, deleted_ms FROM account WHERE handle = :handle;

-- :query identity_account_by_id
SELECT id, handle, admin, version, created_ms, disabled_ms, deleted_ms FROM account WHERE id = :id;

-- :query identity_account_list
SELECT id, handle, admin, version, created_ms, disabled_ms, deleted_ms FROM account ORDER BY created_ms, id LIMIT :limit;

-- :query identity_account_list_living
SELECT id, handle, admin, version, created_ms, disabled_ms, deleted_ms
  FROM account WHERE deleted_ms IS NULL ORDER BY created_ms, id LIMIT :limit;

-- :query identity_account_due
-- Deleted so long ago that they are erased now.
SELECT id, handle, admin, version, created_ms, disabled_ms, deleted_ms
  FROM account WHERE deleted_ms <= :before ORDER BY deleted_ms, id LIMIT :limit;

-- :query identity_account_first_admin
-- One that may sign in before one that may not.
SELECT id, handle, admin, version, created_ms, disabled_ms, deleted_ms
  FROM account WHERE admin AND deleted_ms IS NULL
 ORDER BY CASE WHEN disabled_ms IS NULL THEN 0 ELSE 1 END, created_ms, id LIMIT 1;

-- :query identity_account_insert
INSERT INTO account (id, handle, admin, version, created_ms) VALUES (:id, :handle, :admin, 1, :now);

-- :query identity_account_set_disabled
UPDATE account SET disabled_ms = :disabled, version = version + 1 WHERE id = :id;

-- :query identity_account_put_away
UPDATE account SET deleted_ms = :now, version = version + 1 WHERE id = :id AND deleted_ms IS NULL;

-- :query identity_account_restore
UPDATE account SET deleted_ms = NULL, version = version + 1 WHERE id = :id AND deleted_ms > :before;

-- :query identity_account_delete_due
DELETE FROM account WHERE id = :id AND deleted_ms <= :before;

-- :query identity_account_bump
UPDATE account SET version = version + 1 WHERE id = :id;

-- :query identity_account_delete
DELETE FROM account WHERE id = :id;

-- :query identity_account_lock_admins
-- Changes nothing; holds the admins' rows, so that two cannot be removed at once on PostgreSQL.
UPDATE account SET version = version WHERE admin;

-- :query identity_account_other_admins
SELECT COUNT(*) FROM account WHERE admin AND disabled_ms IS NULL AND deleted_ms IS NULL AND id <> :id;

-- :query identity_login_lookup
SELECT a.id, a.handle, a.admin, a.version, a.created_ms, a.disabled_ms, p.encoded
  FROM account a LEFT JOIN account_password p ON p.owner_id = a.id
 WHERE a.handle = :handle AND a.deleted_ms IS NULL;

-- :query identity_password_get
SELECT encoded FROM account_password WHERE owner_id = :owner;

-- :query identity_password_put
INSERT INTO account_password (owner_id, encoded, changed_ms) VALUES (:owner, :encoded, :now)
    ON CONFLICT (owner_id) DO UPDATE SET encoded = excluded.encoded, changed_ms = excluded.changed_ms;

-- :query identity_password_delete
DELETE FROM account_password WHERE owner_id = :owner;

-- :query identity_session_insert
INSERT INTO session (owner_id, id, hash, created_ms, last_used_ms, expires_ms, user_agent, address)
VALUES (:owner, :id, :hash, :now, :now, :expires, :user_agent, :address);

-- :query identity_session_by_hash
SELECT s.owner_id, s.id, s.last_used_ms, s.expires_ms, a.handle, a.admin, COALESCE(a.disabled_ms, a.deleted_ms) AS closed_ms
  FROM session s JOIN account a ON a.id = s.owner_id
 WHERE s.hash = :hash;

-- :query identity_session_list
SELECT id, created_ms, last_used_ms, expires_ms, user_agent, address
  FROM session
 WHERE owner_id = :owner AND id < :before AND expires_ms > :now AND last_used_ms > :idle_floor
 ORDER BY id DESC LIMIT :limit;

-- :query identity_session_delete
DELETE FROM session WHERE owner_id = :owner AND id = :id;

-- :query identity_session_delete_others
-- With a nil id: all.
DELETE FROM session WHERE owner_id = :owner AND id <> :keep;

-- :query identity_session_surplus
-- All but the :keep that were used last.
SELECT id FROM session WHERE owner_id = :owner ORDER BY last_used_ms DESC, id DESC LIMIT :limit OFFSET :keep;

-- :query identity_session_touch
UPDATE session SET last_used_ms = :now WHERE owner_id = :owner AND id = :id AND last_used_ms < :now;

-- :query identity_caller_session
-- When it ends: the earlier of both limits.
SELECT CASE WHEN s.last_used_ms + :idle < s.expires_ms THEN s.last_used_ms + :idle ELSE s.expires_ms END
  FROM session s JOIN account a ON a.id = s.owner_id
 WHERE s.owner_id = :owner AND s.id = :session AND a.disabled_ms IS NULL AND a.deleted_ms IS NULL;

-- :query identity_caller_token
SELECT COALESCE(t.expires_ms, :never)
  FROM api_token t JOIN account a ON a.id = t.owner_id
 WHERE t.owner_id = :owner AND t.id = :token AND a.disabled_ms IS NULL AND a.deleted_ms IS NULL;

-- :query identity_caller_account
SELECT CAST(:never AS BIGINT) FROM account WHERE id = :owner AND disabled_ms IS NULL AND deleted_ms IS NULL;

-- :query identity_session_sweep
DELETE FROM session WHERE expires_ms <= :now OR last_used_ms <= :idle_floor;

-- :query identity_token_insert
INSERT INTO api_token (owner_id, id, hash, prefix, name, scopes, created_ms, expires_ms)
VALUES (:owner, :id, :hash, :prefix, :name, :scopes, :now, :expires);

-- :query identity_token_by_hash
SELECT t.owner_id, t.id, t.scopes, t.last_used_ms, t.expires_ms, a.handle, a.admin, COALESCE(a.disabled_ms, a.deleted_ms) AS closed_ms
  FROM api_token t JOIN account a ON a.id = t.owner_id
 WHERE t.hash = :hash;

-- :query identity_token_list
SELECT id, prefix, name, scopes, created_ms, last_used_ms, expires_ms
  FROM api_token WHERE owner_id = :owner AND id < :before
 ORDER BY id DESC LIMIT :limit;

-- :query identity_token_count
SELECT COUNT(*) FROM api_token WHERE owner_id = :owner;

-- :query identity_token_delete
DELETE FROM api_token WHERE owner_id = :owner AND id = :id;

-- :query identity_token_delete_all
DELETE FROM api_token WHERE owner_id = :owner;

-- :query identity_token_touch
UPDATE api_token SET last_used_ms = :now
 WHERE owner_id = :owner AND id = :id AND (last_used_ms IS NULL OR last_used_ms < :now);

-- :query identity_setup_put
INSERT INTO setup_link (one, hash, expires_ms) VALUES (1, :hash, :expires)
    ON CONFLICT (one) DO UPDATE SET hash = excluded.hash, expires_ms = excluded.expires_ms;

-- :query identity_setup_get
SELECT hash, expires_ms FROM setup_link;

-- :query identity_setup_take
-- Of two at once, one changes a row.
DELETE FROM setup_link WHERE hash = :hash;

-- :query identity_setup_clear
DELETE FROM setup_link;

-- :query identity_login_link_put
INSERT INTO login_link (owner_id, hash, expires_ms) VALUES (:owner, :hash, :expires)
    ON CONFLICT (owner_id) DO UPDATE SET hash = excluded.hash, expires_ms = excluded.expires_ms;

-- :query identity_login_link_get
SELECT l.owner_id, l.expires_ms FROM login_link l JOIN account a ON a.id = l.owner_id
 WHERE l.hash = :hash AND a.disabled_ms IS NULL AND a.deleted_ms IS NULL;

-- :query identity_login_link_take
-- Of two at once, one changes a row.
DELETE FROM login_link WHERE hash = :hash;

-- :query identity_login_link_delete
DELETE FROM login_link WHERE owner_id = :owner;

-- :query identity_login_link_sweep
DELETE FROM login_link WHERE expires_ms <= :now;

-- :query identity_throttle_get
SELECT failures, last_ms FROM login_throttle WHERE key = :key;

-- :query identity_throttle_hold
-- Makes the row where it is absent, and holds it until the transaction ends.
INSERT INTO login_throttle (key, failures, last_ms) VALUES (:key, 0, :now)
    ON CONFLICT (key) DO UPDATE SET failures = login_throttle.failures;

-- :query identity_throttle_set
UPDATE login_throttle SET failures = :failures, last_ms = :last WHERE key = :key;

-- :query identity_throttle_back
-- The time of the failure before, unless another one came meanwhile.
UPDATE login_throttle
   SET failures = failures - 1, last_ms = CASE WHEN last_ms = :charged THEN :before ELSE last_ms END
 WHERE key = :key AND failures > 0;

-- :query identity_throttle_delete_spent
DELETE FROM login_throttle WHERE key = :key AND failures <= 0;

-- :query identity_throttle_delete
DELETE FROM login_throttle WHERE key = :key;

-- :query identity_throttle_delete_under
DELETE FROM login_throttle WHERE SUBSTR(key, 1, LENGTH(CAST(:prefix AS TEXT))) = CAST(:prefix AS TEXT);

-- :query identity_throttle_sweep
DELETE FROM login_throttle WHERE last_ms < :before;

-- :query identity_key_check_get
SELECT sealed FROM key_check;

-- :query identity_key_check_put
-- Of two first starts at once, the second one finds the first one's.
INSERT INTO key_check (one, sealed) VALUES (1, :sealed) ON CONFLICT (one) DO NOTHING;

-- :query identity_key_check_delete
DELETE FROM key_check;
