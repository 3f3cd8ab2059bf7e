-- The log as it was signed last: how many events it had then, the root of their tree, and the signatures (C2SP signed-note). The same
-- is kept outside of the database, where whoever has this cannot change it.
CREATE TABLE checkpoint (
  only_row  boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
  note      text        NOT NULL COLLATE "C",
  signed_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON checkpoint TO stele_runtime;
