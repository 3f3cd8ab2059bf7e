-- Projection "repository": which repositories exist.
CREATE TABLE repository (
  name             text        PRIMARY KEY COLLATE "C",
  created_position bigint      NOT NULL,
  created_at       timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON repository TO stele_runtime;
