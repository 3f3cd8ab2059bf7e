-- Projection "history": which repositories, manifests and blob links there were at any position. Asynchronous: it follows
-- the log, and so builds itself for logs that are older than it. (Of tags, tag_history says so.)
-- A row a period: from the event at from_position until before the one at until_position, which says who ended it and why.
CREATE TABLE repository_history (
  repository     text        NOT NULL COLLATE "C",
  from_position  bigint      NOT NULL,
  from_at        timestamptz NOT NULL,
  until_position bigint,
  until_at       timestamptz,
  ended_by       text        COLLATE "C" CHECK (ended_by IN ('removed')),
  PRIMARY KEY (repository, from_position)
);
CREATE TABLE manifest_history (
  repository     text        NOT NULL COLLATE "C",
  digest         text        NOT NULL COLLATE "C",
  media_type     text        NOT NULL,
  artifact_type  text,
  size           bigint      NOT NULL,
  subject        text        COLLATE "C",
  from_position  bigint      NOT NULL,
  from_at        timestamptz NOT NULL,
  until_position bigint,
  until_at       timestamptz,
  ended_by       text        COLLATE "C" CHECK (ended_by IN ('deleted', 'collected')),
  PRIMARY KEY (repository, digest, from_position)
);
CREATE INDEX manifest_history_by_subject ON manifest_history (repository, subject, digest, from_position)
  WHERE subject IS NOT NULL;
CREATE TABLE blob_link_history (
  repository     text        NOT NULL COLLATE "C",
  digest         text        NOT NULL COLLATE "C",
  from_position  bigint      NOT NULL,
  from_at        timestamptz NOT NULL,
  until_position bigint,
  until_at       timestamptz,
  ended_by       text        COLLATE "C" CHECK (ended_by IN ('deleted', 'collected')),
  PRIMARY KEY (repository, digest, from_position)
);
-- When a store last gave up the bytes of a digest.
CREATE TABLE blob_sweep (
  digest   text        NOT NULL COLLATE "C",
  store    text        NOT NULL COLLATE "C",
  position bigint      NOT NULL,
  at       timestamptz NOT NULL,
  PRIMARY KEY (digest, store)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON repository_history, manifest_history, blob_link_history, blob_sweep TO stele_runtime;
