-- Projection "blob": where the bytes of each digest lie, once a store, and which repositories have them.
CREATE TABLE blob_object (
  store           text   NOT NULL COLLATE "C",
  digest          text   NOT NULL COLLATE "C",
  object_key      text   NOT NULL COLLATE "C",
  size            bigint NOT NULL CHECK (size >= 0),
  stored_position bigint NOT NULL,
  PRIMARY KEY (digest, store)
);
CREATE TABLE blob_link (
  repository      text   NOT NULL COLLATE "C",
  digest          text   NOT NULL COLLATE "C",
  linked_position bigint NOT NULL,
  PRIMARY KEY (repository, digest)
);
CREATE INDEX blob_link_by_digest ON blob_link (digest, repository);
GRANT SELECT, INSERT, UPDATE, DELETE ON blob_object, blob_link TO stele_runtime;
-- A checker asks whether the log knows an object that it found in a store.
CREATE INDEX blob_object_by_key ON blob_object (store, object_key);
CREATE INDEX blob_object_by_store ON blob_object (store, digest);
