-- Which row names a file, and which captures a conversation came from.

CREATE INDEX media_blob ON media (owner_id, sha256);
CREATE INDEX capture_evidence_blob ON capture_evidence (owner_id, sha256);
CREATE INDEX capture_conversation ON capture (owner_id, conversation_id);
