-- The log as it was signed, again and again: the newest, the newest that enough witnesses have cosigned, some that witnesses are
-- being asked about, and all that a time-stamp authority has seen, with its token (RFC 3161, in DER) and the time that this says.
-- Numbers are dense, so of two nodes that sign at once one is too late.
ALTER TABLE checkpoint
  DROP COLUMN only_row,
  ADD COLUMN number       bigint NOT NULL DEFAULT 0,
  ADD COLUMN witnessed_at timestamptz,
  ADD COLUMN token        bytea,
  ADD COLUMN stamped_at   timestamptz;
ALTER TABLE checkpoint
  ALTER COLUMN number DROP DEFAULT,
  ADD PRIMARY KEY (number);
CREATE INDEX checkpoint_witnessed ON checkpoint (number) WHERE witnessed_at IS NOT NULL;
CREATE INDEX checkpoint_stamped ON checkpoint (number) WHERE token IS NOT NULL;
CREATE INDEX checkpoint_by_time ON checkpoint (signed_at) WHERE token IS NULL;
GRANT DELETE ON checkpoint TO stele_runtime;

-- What witnesses have said of them (C2SP tlog-cosignature), by their keys' names and ids.
CREATE TABLE cosignature (
  checkpoint  bigint      NOT NULL REFERENCES checkpoint ON DELETE CASCADE,
  witness     text        NOT NULL COLLATE "C",
  line        text        NOT NULL COLLATE "C",
  cosigned_at timestamptz NOT NULL,
  PRIMARY KEY (checkpoint, witness)
);
CREATE INDEX cosignature_by_witness ON cosignature (witness, checkpoint);
GRANT SELECT, INSERT, UPDATE, DELETE ON cosignature TO stele_runtime;
