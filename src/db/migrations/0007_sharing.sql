-- Who may read or edit what another account owns. A grant carries the owner, so that a reader who knows only the id finds the row.

CREATE TABLE access_grant (
    owner_id    UUID NOT NULL,
    entity      TEXT NOT NULL,   -- conversation, notebook
    entity_id   UUID NOT NULL,
    grantee_id  UUID NOT NULL,
    role        TEXT NOT NULL,   -- reader, editor
    version     BIGINT NOT NULL,
    created_ms  BIGINT NOT NULL,
    PRIMARY KEY (owner_id, entity, entity_id, grantee_id)
);
CREATE INDEX access_grant_grantee ON access_grant (grantee_id, entity, entity_id);
