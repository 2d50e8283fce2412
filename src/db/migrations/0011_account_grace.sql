-- A deleted account is closed at once and erased ACCOUNT_GRACE_MS later; until then it can come back and its handle
-- stays taken.
ALTER TABLE account ADD COLUMN deleted_ms BIGINT; -- NULL: not deleted

-- One at most for each account: lets its holder in once, without the password. Made by the operator.
CREATE TABLE login_link (
    owner_id   UUID NOT NULL PRIMARY KEY,
    hash       BYTEA NOT NULL UNIQUE, -- SHA-256 of the token in the link
    expires_ms BIGINT NOT NULL
);
