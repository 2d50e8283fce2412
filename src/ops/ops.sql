-- Queries of ops. Migration 0003 says what the tables mean.

-- --- the log ------------------------------------------------------------------------------

-- :query ops_append
-- The hybrid logical clock goes past everything that this transaction can see: what happened before has a lower one.
INSERT INTO op (hlc, owner_id, actor_id, device_id, entity, entity_id, kind, version, fields, created_ms)
VALUES (
@sqlite
    MAX(CAST(:now AS BIGINT) << 16, COALESCE((SELECT hlc + 1 FROM op ORDER BY seq DESC LIMIT 1), 0)),
@postgres
    GREATEST(CAST(:now AS BIGINT) << 16, COALESCE((SELECT MAX(hlc) + 1 FROM op), 0)),
@end
    :owner, :actor, :device, :entity, :entity_id, :kind, :version, :fields, :now);

-- :query ops_read
-- PostgreSQL: below pg_snapshot_xmin every transaction has ended, so nothing can appear there any more.
@sqlite
SELECT 0 AS txid, seq, owner_id, actor_id, device_id, hlc, entity, entity_id, kind, version, fields, created_ms
  FROM op
 WHERE CAST(:txid AS BIGINT) >= 0 AND seq > :seq
 ORDER BY seq LIMIT :limit;
@postgres
SELECT txid, seq, owner_id, actor_id, device_id, hlc, entity, entity_id, kind, version, fields, created_ms
  FROM op
 WHERE (txid, seq) > (:txid, :seq) AND txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
 ORDER BY txid, seq LIMIT :limit;
@end

-- :query ops_append_stream
-- The op that this transaction has just appended, for those who hear of that thing besides its owner.
INSERT INTO op_stream (reader_id, txid, seq, owner_id)
@sqlite
SELECT reader_id, 0, last_insert_rowid(), owner_id
@postgres
SELECT reader_id, pg_current_xact_id()::text::bigint, currval(pg_get_serial_sequence('op', 'seq')), owner_id
@end
  FROM op_reader
 WHERE owner_id = :owner AND entity = :entity AND entity_id = :entity_id;

-- :query ops_read_for
-- What concerns one reader, up to a place that no transaction can still write before.
@sqlite
SELECT 0 AS txid, seq, owner_id, actor_id, device_id, hlc, entity, entity_id, kind, version, fields, created_ms
  FROM op
 WHERE owner_id = :reader AND CAST(:txid AS BIGINT) >= 0 AND seq > :seq AND CAST(:to_txid AS BIGINT) >= 0 AND seq <= :to_seq
 UNION ALL
SELECT s.txid, s.seq, o.owner_id, o.actor_id, o.device_id, o.hlc, o.entity, o.entity_id, o.kind, o.version, o.fields,
       o.created_ms
  FROM op_stream s JOIN op o ON o.seq = s.seq
 WHERE s.reader_id = :reader AND s.txid = 0 AND s.seq > :seq AND s.seq <= :to_seq
 ORDER BY seq LIMIT :limit;
@postgres
SELECT txid, seq, owner_id, actor_id, device_id, hlc, entity, entity_id, kind, version, fields, created_ms
  FROM op
 WHERE owner_id = :reader AND (txid, seq) > (:txid, :seq) AND (txid, seq) <= (:to_txid, :to_seq)
 UNION ALL
SELECT s.txid, s.seq, o.owner_id, o.actor_id, o.device_id, o.hlc, o.entity, o.entity_id, o.kind, o.version, o.fields,
       o.created_ms
  FROM op_stream s JOIN op o ON o.owner_id = s.owner_id AND o.txid = s.txid AND o.seq = s.seq
 WHERE s.reader_id = :reader AND (s.txid, s.seq) > (:txid, :seq) AND (s.txid, s.seq) <= (:to_txid, :to_seq)
 ORDER BY txid, seq LIMIT :limit;
@end

-- :query ops_floor
SELECT txid, seq FROM op_floor;

-- :query ops_head
-- The last op that a reader may have passed.
@sqlite
SELECT 0 AS txid, seq FROM op ORDER BY seq DESC LIMIT 1;
@postgres
SELECT txid, seq FROM op
 WHERE txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
 ORDER BY txid DESC, seq DESC LIMIT 1;
@end

-- :query ops_last
-- The last op that is committed, also where an older transaction is still open.
@sqlite
SELECT 0 AS txid, seq FROM op ORDER BY seq DESC LIMIT 1;
@postgres
SELECT txid, seq FROM op ORDER BY txid DESC, seq DESC LIMIT 1;
@end

-- :query ops_oldest
@sqlite
SELECT 0 AS txid, seq, created_ms FROM op ORDER BY seq LIMIT :limit;
@postgres
SELECT txid, seq, created_ms FROM op
 WHERE txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
 ORDER BY txid, seq LIMIT :limit;
@end

-- :query ops_prune
@sqlite
DELETE FROM op WHERE CAST(:txid AS BIGINT) >= 0 AND seq <= :seq;
@postgres
DELETE FROM op WHERE (txid, seq) <= (:txid, :seq);
@end

-- :query ops_prune_streams
@sqlite
DELETE FROM op_stream WHERE CAST(:txid AS BIGINT) >= 0 AND txid = 0 AND seq <= :seq;
@postgres
DELETE FROM op_stream WHERE (txid, seq) <= (:txid, :seq);
@end

-- :query ops_floor_set
UPDATE op_floor SET txid = :txid, seq = :seq;

-- :query ops_log_foreign
-- Ops of transactions that this server has not seen yet: the rows were restored into another PostgreSQL.
@sqlite
SELECT 0;
@postgres
SELECT COUNT(*) FROM (SELECT 1 FROM op WHERE txid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint LIMIT 1) AS f;
@end

-- :query ops_log_empty
DELETE FROM op;

-- :query ops_streams_empty
DELETE FROM op_stream;

-- --- who hears of a thing besides its owner -------------------------------------------------------

-- :query ops_reader_add
INSERT INTO op_reader (owner_id, entity, entity_id, reader_id) VALUES (:owner, :entity, :id, :reader)
    ON CONFLICT (owner_id, entity, entity_id, reader_id) DO NOTHING;

-- :query ops_reader_remove
DELETE FROM op_reader WHERE owner_id = :owner AND entity = :entity AND entity_id = :id AND reader_id = :reader;

-- :query ops_readers
SELECT reader_id AS id FROM op_reader WHERE owner_id = :owner AND entity = :entity AND entity_id = :id ORDER BY reader_id LIMIT :limit;

-- :query ops_readers_forget
DELETE FROM op_reader WHERE owner_id = :owner AND entity = :entity AND entity_id = :id;

-- :query ops_readers_forget_account
DELETE FROM op_reader WHERE owner_id = :account OR reader_id = :account;

-- :query ops_stream_forget_account
DELETE FROM op_stream WHERE reader_id = :account;

-- --- consumers: in both stores -----------------------------------------------------------------

-- :query ops_cursor_get
SELECT txid, seq FROM op_cursor WHERE name = :name;

-- :query ops_cursor_make
INSERT INTO op_cursor (name, txid, seq, updated_ms) VALUES (:name, 0, 0, :now) ON CONFLICT (name) DO NOTHING;

-- :query ops_cursor_hold
-- Of several processes on PostgreSQL one works on a consumer; the others find no row.
SELECT txid, seq FROM op_cursor WHERE name = :name
@postgres
   FOR UPDATE SKIP LOCKED
@end
;

-- :query ops_cursor_set
UPDATE op_cursor SET txid = :txid, seq = :seq, updated_ms = :now WHERE name = :name;

-- --- jobs -----------------------------------------------------------------------------------

-- :query ops_job_insert
INSERT INTO job (owner_id, id, kind, status, dedup, payload, state, phase, progress_done, progress_total, attempt,
                 run_ms, cancel, created_ms, updated_ms)
VALUES (:owner, :id, :kind, 'queued', :dedup, :payload, '', '', 0, -1, 0, :now, FALSE, :now, :now)
    ON CONFLICT DO NOTHING;

-- :query ops_job_live
SELECT id FROM job
 WHERE owner_id = :owner AND kind = :kind AND dedup = :dedup AND status IN ('queued', 'running');

-- :query ops_job_one
SELECT owner_id, id, kind, status, payload, phase, state, error_code, error_detail, progress_done, progress_total,
       attempt, deaths, created_ms, updated_ms, run_ms, cancel
  FROM job
 WHERE owner_id = :owner AND id = :id;

-- :query ops_job_list
-- The cursor is the last (created_ms, id) that the client has seen.
SELECT owner_id, id, kind, status, payload, phase, state, error_code, error_detail, progress_done, progress_total,
       attempt, deaths, created_ms, updated_ms, run_ms, cancel
  FROM job
 WHERE owner_id = :owner AND kind = :kind AND (created_ms, id) < (:before_ms, :before_id)
 ORDER BY created_ms DESC, id DESC LIMIT :limit;

-- :query ops_job_live_of
-- What an owner has queued or running, in order of id.
SELECT owner_id, id, kind, status, payload, phase, state, error_code, error_detail, progress_done, progress_total,
       attempt, deaths, created_ms, updated_ms, run_ms, cancel
  FROM job
 WHERE owner_id = :owner AND status IN ('queued', 'running') AND created_ms <= :until AND id > :after
 ORDER BY id LIMIT :limit;

-- :query ops_job_position
SELECT COUNT(*) FROM job
 WHERE kind = :kind AND status = 'queued' AND (run_ms, id) < (:run_ms, :id);

-- :query ops_job_due_count
-- Those that ops_job_due gives, one after the other.
SELECT COUNT(*) FROM job AS j
 WHERE kind = :kind AND status IN ('queued', 'running')
   AND ((status = 'queued' AND run_ms <= :now) OR (status = 'running' AND lease_ms <= :now))
   AND ((status = 'queued' AND deaths = 0)
        OR NOT EXISTS (SELECT 1 FROM job AS s WHERE s.kind = j.kind AND s.status = 'running' AND s.deaths > 0
                          AND s.lease_ms > :now));

-- :query ops_job_queued_count
SELECT COUNT(*) FROM job WHERE kind = :kind AND status = 'queued';

-- :query ops_job_running_count
SELECT COUNT(*) FROM job WHERE kind = :kind AND status = 'running';

-- :query ops_job_next_ms
-- When the next one will be due that is not yet.
SELECT MIN(run_ms) FROM job WHERE kind = :kind AND status = 'queued' AND run_ms > :now;

-- :query ops_job_due
-- The next to run: queued, or left by a run whose lease has ended. Of those whose run once ended with its process one
-- at a time runs: which of several that ran together was the cause, only this can tell, and the others shall not be set
-- aside with it.
SELECT owner_id, id, kind, status, payload, phase, state, error_code, error_detail, progress_done, progress_total,
       attempt, deaths, created_ms, updated_ms, run_ms, cancel
  FROM job AS j
 WHERE kind = :kind AND status IN ('queued', 'running')
   AND ((status = 'queued' AND run_ms <= :now) OR (status = 'running' AND lease_ms <= :now))
   AND ((status = 'queued' AND deaths = 0)
        OR NOT EXISTS (SELECT 1 FROM job AS s WHERE s.kind = j.kind AND s.status = 'running' AND s.deaths > 0
                          AND s.lease_ms > :now))
 ORDER BY run_ms, id LIMIT 1
@postgres
   FOR UPDATE OF j SKIP LOCKED
@end
;

-- :query ops_job_take_turns
-- Until the transaction ends nobody else chooses among those whose run once ended with its process. SQLite has one writer.
SELECT 1
@postgres
  FROM pg_advisory_xact_lock(8626338)
@end
;

-- :query ops_job_claim
-- One that runs still by its row has a run whose end nobody wrote: its process is dead.
UPDATE job SET deaths = deaths + CASE WHEN status = 'running' THEN 1 ELSE 0 END, status = 'running',
               attempt = attempt + 1, lease_token = :token, lease_ms = :lease, updated_ms = :now
 WHERE owner_id = :owner AND id = :id;

-- :query ops_job_renew
UPDATE job SET lease_ms = :lease
 WHERE owner_id = :owner AND id = :id AND lease_token = :token AND status = 'running';

-- :query ops_job_cancel_asked
SELECT COUNT(*) FROM job WHERE owner_id = :owner AND id = :id AND lease_token = :token AND cancel;

-- :query ops_job_phase
UPDATE job SET phase = :phase, state = COALESCE(:state, state), progress_done = 0, progress_total = -1,
               lease_ms = :lease, updated_ms = :now
 WHERE owner_id = :owner AND id = :id AND lease_token = :token AND status = 'running';

-- :query ops_job_end
UPDATE job SET status = :status, error_code = :code, error_detail = :detail, progress_done = :done,
               progress_total = :total, lease_token = NULL, lease_ms = NULL, updated_ms = :now
 WHERE owner_id = :owner AND id = :id AND lease_token = :token AND status = 'running';

-- :query ops_job_requeue
UPDATE job SET status = 'queued', attempt = :attempt, run_ms = :run_ms, error_code = :code, error_detail = :detail,
               lease_token = NULL, lease_ms = NULL, updated_ms = :now
 WHERE owner_id = :owner AND id = :id AND lease_token = :token AND status = 'running';

-- :query ops_job_requeue_all
-- At the start of the only process: whatever was running ran in one that is dead.
UPDATE job SET status = 'queued', deaths = deaths + 1, run_ms = :now, lease_token = NULL, lease_ms = NULL,
               updated_ms = :now
 WHERE status = 'running';

-- :query ops_job_cancel_queued
UPDATE job SET status = 'cancelled', updated_ms = :now WHERE owner_id = :owner AND id = :id AND status = 'queued';

-- :query ops_job_cancel_running
-- From now on a new job may be queued in its place.
UPDATE job SET cancel = TRUE, dedup = NULL, updated_ms = :now
 WHERE owner_id = :owner AND id = :id AND status = 'running';

-- :query ops_job_sweep
DELETE FROM job WHERE updated_ms < :before AND status IN ('done', 'failed', 'cancelled');

-- :query ops_job_forget
DELETE FROM job WHERE owner_id = :owner AND id = :id AND status IN ('done', 'failed', 'cancelled');

-- :query ops_job_delete_owner
DELETE FROM job WHERE owner_id = :owner;
