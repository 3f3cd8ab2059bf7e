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
-- Every digest that a manifest lists, in whatever field and with whatever media type. It is there if the repository has it as
-- a blob or as a manifest, kept while the manifest is, and not deletable while it is listed. elsewhere: it need not be there.
-- role says for people what it is to the manifest: config, layer, child. A subject is a column of manifest, not a row here.
CREATE TABLE manifest_reference (
  repository text    NOT NULL COLLATE "C",
  manifest   text    NOT NULL COLLATE "C",
  digest     text    NOT NULL COLLATE "C",
  role       text    NOT NULL COLLATE "C" CHECK (role IN ('config', 'layer', 'child')),
  elsewhere  boolean NOT NULL,
  PRIMARY KEY (repository, manifest, digest)
);
CREATE INDEX manifest_reference_by_digest ON manifest_reference (repository, digest);
GRANT SELECT, INSERT, UPDATE, DELETE ON manifest, manifest_reference TO stele_runtime;
