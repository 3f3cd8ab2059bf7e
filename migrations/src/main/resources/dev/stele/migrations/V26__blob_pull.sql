-- Part of the projection "exposure": who asked a repository for the bytes of blobs, how often, and when first and last. Whoever
-- pulled a manifest and then no blob looked at it, as clients do that tag or delete it, or had its blobs already.
CREATE TABLE exposure_blob_pull (
  repository text        NOT NULL COLLATE "C",
  actor_id   uuid        NOT NULL,
  pulls      bigint      NOT NULL,
  first_at   timestamptz NOT NULL,
  last_at    timestamptz NOT NULL,
  PRIMARY KEY (repository, actor_id)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON exposure_blob_pull TO stele_runtime;
