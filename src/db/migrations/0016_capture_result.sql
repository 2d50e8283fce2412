-- What a capture brought: what became of the conversation, its title as it stood then, and how many messages are new in it,
-- say something else, and are shown.
ALTER TABLE capture ADD COLUMN change TEXT; -- new, updated, unchanged; NULL: nothing was stored, or before this was kept
ALTER TABLE capture ADD COLUMN title TEXT;
ALTER TABLE capture ADD COLUMN messages_new BIGINT NOT NULL DEFAULT 0;
ALTER TABLE capture ADD COLUMN messages_changed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE capture ADD COLUMN message_count BIGINT NOT NULL DEFAULT 0;
