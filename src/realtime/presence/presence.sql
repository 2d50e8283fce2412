-- Queries of presence. Migration 0008 says what the table means.

-- :query presence_get
SELECT last_seen_ms, invisible FROM presence WHERE owner_id = :owner;

-- :query presence_seen
INSERT INTO presence (owner_id, last_seen_ms, invisible) VALUES (:owner, :seen, FALSE)
ON CONFLICT (owner_id) DO UPDATE SET last_seen_ms = excluded.last_seen_ms;

-- :query presence_invisible
INSERT INTO presence (owner_id, last_seen_ms, invisible) VALUES (:owner, :now, :invisible)
ON CONFLICT (owner_id) DO UPDATE SET invisible = excluded.invisible;

-- :query presence_forget
DELETE FROM presence WHERE owner_id = :owner;
