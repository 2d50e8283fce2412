-- :query capture_insert
INSERT INTO capture (owner_id, id, url, provider, share_id, outcome, conversation_id, error_code, error_detail, created_ms, ended_ms)
VALUES (:owner, :id, :url, :provider, :share, NULL, NULL, NULL, NULL, :now_ms, NULL);

-- :query capture_one
SELECT id, url, provider, share_id, outcome, conversation_id, error_code, error_detail, created_ms, ended_ms,
       change, title, messages_new, messages_changed, message_count
  FROM capture WHERE owner_id = :owner AND id = :id;

-- :query capture_end
UPDATE capture SET outcome = :outcome, conversation_id = :conversation, error_code = :code, error_detail = :detail, ended_ms = :now_ms,
       change = :change, title = :title, messages_new = :new, messages_changed = :changed, message_count = :count
 WHERE owner_id = :owner AND id = :id;

-- :query capture_count_since
SELECT COUNT(*) FROM capture WHERE owner_id = :owner AND created_ms >= :since_ms;

-- :query capture_evidence_put
INSERT INTO capture_evidence (owner_id, capture_id, kind, sha256, bytes, created_ms)
VALUES (:owner, :capture, :kind, :sha256, :bytes, :now_ms)
ON CONFLICT (owner_id, capture_id, kind) DO UPDATE SET sha256 = excluded.sha256, bytes = excluded.bytes;

-- :query capture_names_blob
SELECT COUNT(*) FROM (SELECT 1 FROM capture_evidence WHERE owner_id = :owner AND sha256 = :sha256 LIMIT 1) AS named;

-- :query capture_of_conversation
SELECT id, url, provider, share_id, outcome, conversation_id, error_code, error_detail, created_ms, ended_ms,
       change, title, messages_new, messages_changed, message_count
  FROM capture WHERE owner_id = :owner AND conversation_id = :conversation LIMIT :limit;

-- :query capture_move
UPDATE capture SET conversation_id = :conversation WHERE owner_id = :owner AND id = :id;

-- :query capture_forget_one
DELETE FROM capture WHERE owner_id = :owner AND id = :id;

-- :query capture_forget_evidence_one
DELETE FROM capture_evidence WHERE owner_id = :owner AND capture_id = :id;

-- :query capture_forget_account
DELETE FROM capture WHERE owner_id = :owner;

-- :query capture_forget_evidence
DELETE FROM capture_evidence WHERE owner_id = :owner;

-- :query capture_tally_add
INSERT INTO capture_tally (provider, day, recipe, strategy, outcome, captures, last_ms)
VALUES (:provider, :day, :recipe, :strategy, :outcome, 1, :now_ms)
ON CONFLICT (provider, day, recipe, strategy, outcome)
DO UPDATE SET captures = capture_tally.captures + 1, last_ms = excluded.last_ms;

-- :query capture_tallies
-- All that ended, and of it what ended lately.
SELECT provider, recipe, strategy, outcome, CAST(SUM(captures) AS BIGINT) AS captures,
       CAST(SUM(CASE WHEN day >= :since_day THEN captures ELSE 0 END) AS BIGINT) AS lately, MAX(last_ms) AS last_ms
  FROM capture_tally GROUP BY provider, recipe, strategy, outcome
 ORDER BY provider, outcome, strategy, recipe LIMIT :limit;

-- :query capture_tally_gather
-- Days that nobody asks for one by one become one: day 0.
INSERT INTO capture_tally (provider, day, recipe, strategy, outcome, captures, last_ms)
SELECT provider, 0, recipe, strategy, outcome, CAST(SUM(captures) AS BIGINT), MAX(last_ms)
  FROM capture_tally WHERE day > 0 AND day < :before_day
 GROUP BY provider, recipe, strategy, outcome
ON CONFLICT (provider, day, recipe, strategy, outcome)
DO UPDATE SET captures = capture_tally.captures + excluded.captures,
              last_ms = CASE WHEN excluded.last_ms > capture_tally.last_ms THEN excluded.last_ms ELSE capture_tally.last_ms END;

-- :query capture_tally_gathered
DELETE FROM capture_tally WHERE day > 0 AND day < :before_day;

-- :query capture_tally_forget
DELETE FROM capture_tally WHERE day = 0 AND last_ms < :before_ms;

-- :query capture_evidence_of
SELECT kind, sha256 FROM capture_evidence WHERE owner_id = :owner AND capture_id = :id ORDER BY kind LIMIT :limit;

-- :query capture_to_reread
-- Of each link the last capture that gave a conversation, and what came behind it and was not understood; in the order of ids,
-- from the given one on.
SELECT id, url, provider, share_id, outcome, conversation_id, error_code, error_detail, created_ms, ended_ms,
       change, title, messages_new, messages_changed, message_count
  FROM capture c
 WHERE owner_id = :owner AND id >= :from AND (provider = :provider OR :provider IS NULL)
   AND outcome IN ('ok', 'partial', 'format_changed')
   AND EXISTS (SELECT 1 FROM capture_evidence e WHERE e.owner_id = c.owner_id AND e.capture_id = c.id AND e.kind IN ('json', 'html', 'dom'))
   AND NOT EXISTS (SELECT 1 FROM capture n WHERE n.owner_id = c.owner_id AND n.provider = c.provider AND n.share_id = c.share_id
                    AND n.id > c.id AND n.outcome IN ('ok', 'partial'))
 ORDER BY id LIMIT :limit;

-- :query capture_to_reread_count
SELECT COUNT(*) FROM capture c
 WHERE owner_id = :owner AND (provider = :provider OR :provider IS NULL)
   AND outcome IN ('ok', 'partial', 'format_changed')
   AND EXISTS (SELECT 1 FROM capture_evidence e WHERE e.owner_id = c.owner_id AND e.capture_id = c.id AND e.kind IN ('json', 'html', 'dom'))
   AND NOT EXISTS (SELECT 1 FROM capture n WHERE n.owner_id = c.owner_id AND n.provider = c.provider AND n.share_id = c.share_id
                    AND n.id > c.id AND n.outcome IN ('ok', 'partial'));

-- :query capture_reread_put
INSERT INTO capture_reread (owner_id, job_id, capture_id, conversation_id, provider, finding, detail, title, messages_before,
                            messages_after, words_before, words_after, warnings_before, warnings_after)
VALUES (:owner, :job, :id, :conversation, :provider, :finding, :detail, :title, :messages_before, :messages_after,
        :words_before, :words_after, :warnings_before, :warnings_after)
ON CONFLICT (owner_id, job_id, capture_id) DO NOTHING;

-- :query capture_rereads
SELECT capture_id, conversation_id, provider, finding, detail, title, messages_before, messages_after, words_before, words_after,
       warnings_before, warnings_after
  FROM capture_reread
 WHERE owner_id = :owner AND job_id = :job AND capture_id > :after AND (finding = :finding OR :finding IS NULL)
 ORDER BY capture_id LIMIT :limit;

-- :query capture_reread_counts
SELECT finding, COUNT(*) AS captures FROM capture_reread WHERE owner_id = :owner AND job_id = :job GROUP BY finding ORDER BY finding LIMIT :limit;

-- :query capture_reread_last
-- Where a run goes on: the last capture that an earlier one looked at, perhaps without writing it.
SELECT capture_id FROM capture_reread WHERE owner_id = :owner AND job_id = :job ORDER BY capture_id DESC LIMIT 1;

-- :query capture_reread_forget
-- Of all jobs but this one.
DELETE FROM capture_reread WHERE owner_id = :owner AND job_id <> :job;

-- :query capture_reread_forget_one
DELETE FROM capture_reread WHERE owner_id = :owner AND capture_id = :id;

-- :query capture_reread_forget_account
DELETE FROM capture_reread WHERE owner_id = :owner;

-- :query capture_evidence_of_conversation
SELECT e.capture_id, e.kind, e.sha256, e.bytes
  FROM capture_evidence e JOIN capture c ON c.owner_id = e.owner_id AND c.id = e.capture_id
 WHERE c.owner_id = :owner AND c.conversation_id = :conversation
 ORDER BY e.capture_id, e.kind LIMIT :limit;
