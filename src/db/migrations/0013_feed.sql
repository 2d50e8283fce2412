-- What an account hears of costs what concerns it, not what everybody writes: its own ops lie together, those about things that
-- others let it read are listed in a stream of its own.
@sqlite
CREATE INDEX op_owner ON op (owner_id); -- each entry ends with the rowid, which is seq
@end

-- Who, besides its owner, hears of a thing. Written by the rooms that give rights.
CREATE TABLE op_reader (
    owner_id  UUID NOT NULL,
    entity    TEXT NOT NULL,
    entity_id UUID NOT NULL,
    reader_id UUID NOT NULL,
    PRIMARY KEY (owner_id, entity, entity_id, reader_id)
);
CREATE INDEX op_reader_reader ON op_reader (reader_id);

-- The ops that a reader is told of, in the order of the log; one row for each reader that an op had when it was appended.
@without_rowid
CREATE TABLE op_stream (
    reader_id UUID NOT NULL,
    txid      BIGINT NOT NULL,
    seq       BIGINT NOT NULL,
    owner_id  UUID NOT NULL,
    PRIMARY KEY (reader_id, txid, seq)
);
CREATE INDEX op_stream_order ON op_stream (txid, seq);

INSERT INTO op_reader (owner_id, entity, entity_id, reader_id)
SELECT owner_id, entity, entity_id, grantee_id FROM access_grant;
@sqlite
INSERT INTO op_stream (reader_id, txid, seq, owner_id)
SELECT r.reader_id, 0, o.seq, o.owner_id
  FROM op_reader r JOIN op o ON o.owner_id = r.owner_id AND o.entity = r.entity AND o.entity_id = r.entity_id;
@postgres
INSERT INTO op_stream (reader_id, txid, seq, owner_id)
SELECT r.reader_id, o.txid, o.seq, o.owner_id
  FROM op_reader r JOIN op o ON o.owner_id = r.owner_id AND o.entity = r.entity AND o.entity_id = r.entity_id;
@end
