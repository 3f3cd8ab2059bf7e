-- Projection "manifest": the manifests of each repository, and what each refers to.
CREATE TABLE manifest (
  repository    text   NOT NULL COLLATE "C",
  digest        text   NOT NULL COLLATE "C",
  media_type    text   NOT NULL,
  artifact_type text,
  size          bigint NOT NULL,
  subject       text   COLLATE "C",
  put_position  bigint NOT NULL,
  PRIMARY KEY (repository, digest)
);
-- kind: config, layer or manifest (an index's child). A subject is a column of manifest, not a row here.
CREATE TABLE manifest_reference (
  repository text NOT NULL COLLATE "C",
  manifest   text NOT NULL COLLATE "C",
  digest     text NOT NULL COLLATE "C",
  kind       text NOT NULL COLLATE "C",
  PRIMARY KEY (repository, manifest, digest, kind)
);
CREATE INDEX manifest_reference_by_digest ON manifest_reference (repository, digest);
GRANT SELECT, INSERT, UPDATE, DELETE ON manifest, manifest_reference TO stele_runtime;
