-- Which node does the work that one does for all, until when by this database's clock unless it says so again, and in which
-- term: that grows with each change of leader, and what a leader writes is refused when the term is another. No lock is held.
CREATE TABLE leader (
  only_row   boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
  term       bigint      NOT NULL CHECK (term >= 0),
  node       uuid,
  expires_at timestamptz NOT NULL
);
INSERT INTO leader (term, expires_at) VALUES (0, '-infinity');
GRANT SELECT, UPDATE ON leader TO stele_runtime;
