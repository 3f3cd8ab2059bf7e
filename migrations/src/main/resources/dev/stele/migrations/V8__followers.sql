-- How far each follower of the log has come: asynchronous projections, and work that is done after commits.
-- A projection's checkpoint is saved in the transaction that changes its tables.
CREATE TABLE log_checkpoint (
  follower      text   PRIMARY KEY COLLATE "C",
  next_position bigint NOT NULL CHECK (next_position >= 0)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON log_checkpoint TO stele_runtime;

-- Evidence: what an event speaks of and does not fit a leaf, such as a retention policy and what it decided.
-- The event has the digest.
CREATE TABLE record_document (
  digest     text  PRIMARY KEY COLLATE "C",
  media_type text  NOT NULL,
  bytes      bytea NOT NULL
);
GRANT SELECT, INSERT ON record_document TO stele_runtime;
CREATE TRIGGER record_document_append_only BEFORE UPDATE OR DELETE ON record_document
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER record_document_no_truncate BEFORE TRUNCATE ON record_document
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
