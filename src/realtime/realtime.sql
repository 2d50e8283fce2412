-- Queries of realtime. Migration 0008 says what the table means.

-- :query realtime_presence_get
SELECT last_seen_ms, invisible FROM presence WHERE owner_id = :owner;

-- :query realtime_presence_seen
INSERT INTO presence (owner_id, last_seen_ms, invisible) VALUES (:owner, :seen, FALSE)
ON CONFLICT (owner_id) DO UPDATE SET last_seen_ms = excluded.last_seen_ms;

-- :query realtime_presence_invisible
INSERT INTO presence (owner_id, last_seen_ms, invisible) VALUES (:owner, :now, :invisible)
ON CONFLICT (owner_id) DO UPDATE SET invisible = excluded.invisible;

-- :query realtime_presence_forget
DELETE FROM presence WHERE owner_id = :owner;
