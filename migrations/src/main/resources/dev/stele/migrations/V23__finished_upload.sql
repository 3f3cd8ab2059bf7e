-- No projection: what uploads were finished with, for a grace period, so that a client whose answer was lost is told again.
CREATE TABLE finished_upload (
  id          uuid        PRIMARY KEY,
  repository  text        NOT NULL COLLATE "C",
  digest      text        NOT NULL COLLATE "C",
  finished_at timestamptz NOT NULL
);
CREATE INDEX finished_upload_by_time ON finished_upload (finished_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON finished_upload TO stele_runtime;
