-- Projection "hold": every hold that was ever placed. Inline: the lane asks it before anything goes.
-- It covers one repository, or those that a glob matches (one_repository says which it is); or, of these, a tag or a digest.
CREATE TABLE hold (
  id                uuid        PRIMARY KEY,
  repositories      text        NOT NULL COLLATE "C",
  one_repository    boolean     NOT NULL,
  tag               text        COLLATE "C",
  digest            text        COLLATE "C",
  freezes           boolean     NOT NULL,
  reason            text        NOT NULL,
  placed_position   bigint      NOT NULL,
  placed_at         timestamptz NOT NULL,
  placed_by         uuid        NOT NULL,
  released_position bigint,
  released_at       timestamptz,
  released_by       uuid,
  release_reason    text,
  CHECK (tag IS NULL OR digest IS NULL)
);
CREATE UNIQUE INDEX hold_by_position ON hold (placed_position);
CREATE INDEX hold_active ON hold (placed_position) WHERE released_position IS NULL;
CREATE INDEX hold_of_repositories ON hold (one_repository, repositories)
  WHERE released_position IS NULL AND tag IS NULL AND digest IS NULL;
CREATE INDEX hold_of_tag ON hold (tag) WHERE released_position IS NULL AND tag IS NOT NULL;
CREATE INDEX hold_of_digest ON hold (digest) WHERE released_position IS NULL AND digest IS NOT NULL;
-- Whose bytes a hold of a digest keeps in the stores, whether a repository has them or not: those of the digest, and, as
-- far as documents of manifests say, of all that it refers to. Kept after the release, from which on they have a grace period.
CREATE TABLE hold_content (
  hold   uuid NOT NULL,
  digest text NOT NULL COLLATE "C",
  PRIMARY KEY (digest, hold)
);
CREATE INDEX hold_content_by_hold ON hold_content (hold);
GRANT SELECT, INSERT, UPDATE, DELETE ON hold, hold_content TO stele_runtime;

-- Projection "reachability": holds of repositories and of digests are roots. (What a held tag points to has a tag.)
-- The digest of a hold that covers whole repositories is the empty string.
CREATE TABLE reach_hold (
  hold         uuid PRIMARY KEY,
  repositories text NOT NULL COLLATE "C",
  digest       text NOT NULL COLLATE "C"
);
-- Which present repositories each of them covers, or covers something of.
CREATE TABLE reach_held (
  repository text NOT NULL COLLATE "C",
  digest     text NOT NULL COLLATE "C",
  hold       uuid NOT NULL,
  PRIMARY KEY (repository, digest, hold)
);
CREATE INDEX reach_held_by_hold ON reach_held (hold);
ALTER TABLE reach_manifest ADD COLUMN held boolean NOT NULL DEFAULT false;
ALTER TABLE reach_blob ADD COLUMN held boolean NOT NULL DEFAULT false;
GRANT SELECT, INSERT, UPDATE, DELETE ON reach_hold, reach_held TO stele_runtime;
