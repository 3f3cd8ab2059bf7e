-- Projection "tile": the log as a Merkle tree, by levels and tiles of 256 hashes of 32 bytes. Behind the log by less than a tile of
-- leaves, which is written once, when it is whole; the last tile of each level above grows by a hash then.
CREATE TABLE tile (
  level  bigint NOT NULL,
  number bigint NOT NULL,
  hashes bytea  NOT NULL,
  PRIMARY KEY (level, number)
);
-- Hashes do not get smaller by compression.
ALTER TABLE tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
GRANT SELECT, INSERT, UPDATE, DELETE ON tile TO stele_runtime;
