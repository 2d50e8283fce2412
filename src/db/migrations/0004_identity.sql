-- Accounts and what proves them. Credentials hang on the account by tables of their own (account_password
-- here, others beside it), so a further way to sign in is a further table.
--
-- No table outside this room may have a foreign key to account: an erasure removes the account's rows here and
-- appends the op "account deleted"; each room then removes what it holds of that owner.

CREATE TABLE account (
    id          UUID NOT NULL PRIMARY KEY,
    handle      TEXT NOT NULL UNIQUE,
    admin       BOOLEAN NOT NULL,
    version     BIGINT NOT NULL,
    created_ms  BIGINT NOT NULL,
    disabled_ms BIGINT            -- NULL: may sign in
);

CREATE TABLE account_password (
    owner_id    UUID NOT NULL PRIMARY KEY,
    encoded     TEXT NOT NULL,    -- argon2id with its parameters and salt
    changed_ms  BIGINT NOT NULL
);

-- Sessions and tokens are looked up by the hash of what the client shows, before the owner is known.
CREATE TABLE session (
    owner_id     UUID NOT NULL,
    id           UUID NOT NULL,
    hash         BYTEA NOT NULL UNIQUE, -- SHA-256 of the cookie
    created_ms   BIGINT NOT NULL,
    last_used_ms BIGINT NOT NULL,
    expires_ms   BIGINT NOT NULL,       -- whatever happens; the idle limit is counted from last_used_ms
    user_agent   TEXT NOT NULL,
    address      TEXT NOT NULL,
    PRIMARY KEY (owner_id, id)
);

CREATE TABLE api_token (
    owner_id     UUID NOT NULL,
    id           UUID NOT NULL,
    hash         BYTEA NOT NULL UNIQUE, -- SHA-256 of the token
    prefix       TEXT NOT NULL,         -- its first characters, so that its owner can tell which it is
    name         TEXT NOT NULL,
    scopes       BIGINT NOT NULL,       -- bit (1 << enum scope)
    created_ms   BIGINT NOT NULL,
    last_used_ms BIGINT,
    expires_ms   BIGINT,                -- NULL: never
    PRIMARY KEY (owner_id, id)
);

-- One row at most: the link of the last start while there is no account.
CREATE TABLE setup_link (
    one        BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    hash       BYTEA NOT NULL,
    expires_ms BIGINT NOT NULL
);

-- Failed sign-ins by account ("account:<handle>", existing or not) and by address ("address:<network>").
CREATE TABLE login_throttle (
    key      TEXT NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_ms  BIGINT NOT NULL
);
