-- Projection "tag": manifests that were deleted under more tags than go in one transaction. From the event at a tombstone's
-- position on, none of the tags that had moved to the digest before is there any more, though its row still is: the rest of
-- them goes by and by, and the tombstone with the last. Nearly always empty.
CREATE TABLE tag_tombstone (
  repository text        NOT NULL COLLATE "C",
  digest     text        NOT NULL COLLATE "C",
  position   bigint      NOT NULL,
  at         timestamptz NOT NULL,
  actor      uuid        NOT NULL,
  request_id text        NOT NULL,
  PRIMARY KEY (repository, digest, position)
);

DROP INDEX tag_by_digest;
CREATE INDEX tag_by_digest ON tag (repository, digest, moved_position);

-- Where tags point now. Whoever asks about tags reads this, not the table.
CREATE VIEW live_tag AS
SELECT * FROM tag t
WHERE NOT EXISTS (
  SELECT FROM tag_tombstone d
  WHERE d.repository = t.repository AND d.digest = t.digest AND d.position > t.moved_position);

-- Where tags pointed, with those that go ended by the event that deleted their manifest.
CREATE VIEW tag_period AS
SELECT h.repository, h.name, h.digest, h.from_position, h.from_at, h.from_actor,
       coalesce(h.until_position, d.position) AS until_position,
       coalesce(h.until_at, d.at) AS until_at,
       coalesce(h.until_actor, d.actor) AS until_actor,
       CASE WHEN h.until_position IS NULL AND d.position IS NOT NULL THEN 'deleted' ELSE h.ended_by END AS ended_by
FROM tag_history h
LEFT JOIN LATERAL (
  SELECT position, at, actor FROM tag_tombstone
  WHERE h.until_position IS NULL
    AND repository = h.repository AND digest = h.digest AND position > h.from_position
  ORDER BY position
  LIMIT 1) AS d ON true;

-- Which tags ended by an event, for what changed between two moments.
CREATE INDEX tag_history_deleted ON tag_history (repository, until_position) WHERE ended_by = 'deleted';

GRANT SELECT, INSERT, UPDATE, DELETE ON tag_tombstone TO stele_runtime;
GRANT SELECT ON live_tag, tag_period TO stele_runtime;
