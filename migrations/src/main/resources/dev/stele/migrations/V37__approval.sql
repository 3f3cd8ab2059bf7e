-- Projection "approval": who approved of what takes several persons and is not done yet. Inline: whoever comes next is counted with them.
-- An approval counts for a day; one that does not any more goes when the next is given for the same.
CREATE TABLE approval (
  act          text        NOT NULL COLLATE "C",
  repositories text        NOT NULL COLLATE "C",
  subject      text        NOT NULL COLLATE "C",
  position     bigint      NOT NULL,
  given_at     timestamptz NOT NULL,
  given_by     uuid        NOT NULL,
  needed       integer     NOT NULL,
  PRIMARY KEY (act, repositories, subject, position)
);
CREATE INDEX approval_by_person ON approval (given_by);
GRANT SELECT, INSERT, UPDATE, DELETE ON approval TO stele_runtime;
