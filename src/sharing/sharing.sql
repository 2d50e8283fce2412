-- :query sharing_of_actor
SELECT g.owner_id, g.entity, g.entity_id, g.grantee_id, g.role, g.version, g.created_ms, a.handle
  FROM access_grant g JOIN account a ON a.id = g.owner_id AND a.deleted_ms IS NULL
 WHERE g.grantee_id = :actor AND g.entity = :entity AND g.entity_id = :id
 ORDER BY g.created_ms, g.owner_id LIMIT :limit;

-- :query sharing_one
SELECT g.owner_id, g.entity, g.entity_id, g.grantee_id, g.role, g.version, g.created_ms, a.handle
  FROM access_grant g JOIN account a ON a.id = g.owner_id AND a.deleted_ms IS NULL
 WHERE g.owner_id = :owner AND g.entity = :entity AND g.entity_id = :id AND g.grantee_id = :actor;

-- :query sharing_put
INSERT INTO access_grant (owner_id, entity, entity_id, grantee_id, role, version, created_ms)
VALUES (:owner, :entity, :id, :grantee, :role, 1, :now_ms)
ON CONFLICT (owner_id, entity, entity_id, grantee_id) DO UPDATE SET role = excluded.role, version = access_grant.version + 1;

-- :query sharing_remove
DELETE FROM access_grant WHERE owner_id = :owner AND entity = :entity AND entity_id = :id AND grantee_id = :grantee;

-- :query sharing_members
SELECT g.owner_id, g.entity, g.entity_id, g.grantee_id, g.role, g.version, g.created_ms, a.handle
  FROM access_grant g JOIN account a ON a.id = g.grantee_id AND a.deleted_ms IS NULL
 WHERE g.owner_id = :owner AND g.entity = :entity AND g.entity_id = :id
 ORDER BY g.created_ms, g.grantee_id LIMIT :limit;

-- :query sharing_given
SELECT g.owner_id, g.entity, g.entity_id, g.grantee_id, g.role, g.version, g.created_ms, '' AS handle
  FROM access_grant g
 WHERE g.owner_id = :owner
 ORDER BY g.entity, g.entity_id, g.grantee_id LIMIT :limit;

-- :query sharing_with_actor
SELECT g.owner_id, g.entity, g.entity_id, g.grantee_id, g.role, g.version, g.created_ms, a.handle
  FROM access_grant g JOIN account a ON a.id = g.owner_id AND a.deleted_ms IS NULL
 WHERE g.grantee_id = :actor AND g.entity = :entity AND (g.created_ms, g.entity_id) < (:before_ms, :before_id)
 ORDER BY g.created_ms DESC, g.entity_id DESC LIMIT :limit;

-- :query sharing_forget_entity
DELETE FROM access_grant WHERE owner_id = :owner AND entity = :entity AND entity_id = :id;

-- :query sharing_forget_account
DELETE FROM access_grant WHERE owner_id = :account OR grantee_id = :account;
