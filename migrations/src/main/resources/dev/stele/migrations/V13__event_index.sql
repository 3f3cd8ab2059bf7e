-- Projection "event-index": in which events there is a type, repository, namespace, actor, digest, tag or cause. Asynchronous:
-- it follows the log, 64 positions at a time, and so builds itself for logs that are older than it.
-- A row for each facet (the beginning of a hash of its kind and value) and each block of 16,384 positions in which it occurs.
-- words has, for each 64 positions of which any is meant, their number within the block (a byte) and a bit for each (8 bytes).
CREATE TABLE event_index (
  facet uuid    NOT NULL,
  block integer NOT NULL,
  words bytea   NOT NULL,
  PRIMARY KEY (facet, block)
);
-- The repositories that events speak of, by name: which of them a glob means.
CREATE TABLE event_index_repository (
  name text PRIMARY KEY COLLATE "C"
);
GRANT SELECT, INSERT, UPDATE, DELETE ON event_index, event_index_repository TO stele_runtime;

-- Where a digest is now, in whatever repository. On the history, which follows the log, so that no push pays for it.
CREATE INDEX manifest_history_by_digest ON manifest_history (digest, repository) WHERE until_position IS NULL;
CREATE INDEX blob_link_history_by_digest ON blob_link_history (digest, repository) WHERE until_position IS NULL;
