-- Projection "exposure": what has a digest in it, or did, in whatever repository; where that was, and who pulled it. Asynchronous:
-- it follows the log, and so builds itself for logs that are older than it. No row is ever taken away: what was collected was
-- there before. When a stretch ended, manifest_history and tag_history say.

-- What the manifests that were ever put refer to. kind: config, layer, child (of an index), subject, or base (the image that
-- an annotation says it was built from).
CREATE TABLE exposure_reference (
  digest   text NOT NULL COLLATE "C",
  manifest text NOT NULL COLLATE "C",
  kind     text NOT NULL COLLATE "C" CHECK (kind IN ('config', 'layer', 'child', 'subject', 'base')),
  PRIMARY KEY (digest, manifest, kind)
);
-- Which repositories had a manifest, from which event on.
CREATE TABLE exposure_place (
  digest        text        NOT NULL COLLATE "C",
  repository    text        NOT NULL COLLATE "C",
  from_position bigint      NOT NULL,
  from_at       timestamptz NOT NULL,
  PRIMARY KEY (digest, repository, from_position)
);
-- Which tags pointed to a manifest, from which event on.
CREATE TABLE exposure_tag (
  digest        text   NOT NULL COLLATE "C",
  repository    text   NOT NULL COLLATE "C",
  tag           text   NOT NULL COLLATE "C",
  from_position bigint NOT NULL,
  PRIMARY KEY (digest, repository, tag, from_position)
);
-- Who pulled a manifest, how often, and when first and last. tag is empty for pulls by digest.
CREATE TABLE exposure_pull (
  digest     text        NOT NULL COLLATE "C",
  repository text        NOT NULL COLLATE "C",
  tag        text        NOT NULL COLLATE "C",
  actor_id   uuid        NOT NULL,
  pulls      bigint      NOT NULL,
  first_at   timestamptz NOT NULL,
  last_at    timestamptz NOT NULL,
  PRIMARY KEY (digest, repository, tag, actor_id)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON exposure_reference, exposure_place, exposure_tag, exposure_pull TO stele_runtime;
