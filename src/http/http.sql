-- :query http_key_find
SELECT fingerprint, status, body, created_ms FROM idempotency_key WHERE owner_id = :owner AND key = :key;

-- :query http_key_begin
INSERT INTO idempotency_key (owner_id, key, fingerprint, status, body, created_ms)
VALUES (:owner, :key, :fingerprint, NULL, NULL, :now_ms);

-- :query http_key_end
UPDATE idempotency_key SET status = :status, body = :body WHERE owner_id = :owner AND key = :key;

-- :query http_key_forget
DELETE FROM idempotency_key WHERE owner_id = :owner AND key = :key;

-- :query http_forget
DELETE FROM idempotency_key WHERE owner_id = :owner;

-- :query http_keys_expire
DELETE FROM idempotency_key WHERE created_ms < :before_ms;
