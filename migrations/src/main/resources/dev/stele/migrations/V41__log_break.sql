-- That the log is not what was signed of it, as a node found that signs. While the row is there nothing is appended but an operator's word
-- that it is to go on from what there is.
CREATE TABLE log_break (
  only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  checkpoint text        NOT NULL, -- that the log does not begin with
  reason     text        NOT NULL,
  found_at   timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON log_break TO stele_runtime;
