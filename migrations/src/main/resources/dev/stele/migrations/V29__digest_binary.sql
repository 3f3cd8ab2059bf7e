-- Digests in binary: a byte for the algorithm (1 is sha256, 2 is sha512), then the hash. Half as long as the text, which they
-- also sort like. No digest is the empty string, as before.
CREATE FUNCTION digest_bytes(digest text) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE split_part(digest, ':', 1)
    WHEN 'sha256' THEN '\x01'::bytea
    WHEN 'sha512' THEN '\x02'::bytea
    WHEN '' THEN ''::bytea
  END || decode(split_part(digest, ':', 2), 'hex') $$;
-- For people, and for what they ask the database by hand.
CREATE FUNCTION digest_text(digest bytea) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE length(digest)
    WHEN 33 THEN 'sha256:'
    WHEN 65 THEN 'sha512:'
    WHEN 0 THEN ''
  END || encode(substr(digest, 2), 'hex') $$;

DROP VIEW live_tag, tag_period;

DO $$
DECLARE
  each record;
BEGIN
  FOR each IN
    SELECT name, string_agg(format('ALTER COLUMN %I TYPE bytea USING digest_bytes(%I)', changed, changed), ', ') AS changes
    FROM (VALUES
      ('blob_link', '{digest}'), ('blob_link_history', '{digest}'), ('blob_object', '{digest}'), ('blob_sweep', '{digest}'),
      ('exposure_place', '{digest}'), ('exposure_pull', '{digest}'), ('exposure_reference', '{digest,manifest}'),
      ('exposure_tag', '{digest}'), ('finished_upload', '{digest}'), ('hold', '{digest}'), ('hold_content', '{digest}'),
      ('lease', '{digest}'), ('manifest', '{digest,subject}'), ('manifest_document', '{digest}'),
      ('manifest_history', '{digest,subject}'), ('pull_by_digest', '{digest}'), ('reach_blob', '{digest}'),
      ('reach_content', '{digest}'), ('reach_edge', '{parent,child}'), ('reach_held', '{digest}'), ('reach_hold', '{digest}'),
      ('reach_manifest', '{digest}'), ('reach_object', '{digest}'), ('reach_policy', '{policy}'), ('record_document', '{digest}'),
      ('referrer', '{digest,subject}'), ('retention_evaluation', '{policy,decisions}'), ('retention_policy', '{policy}'),
      ('tag', '{digest}'), ('tag_history', '{digest}'), ('tag_tombstone', '{digest}'), ('unlinked', '{digest}'),
      ('unreachable', '{digest}')) AS tables (name, columns)
    CROSS JOIN LATERAL unnest(columns::text[]) AS changed
    GROUP BY name
  LOOP
    EXECUTE format('ALTER TABLE %I %s', each.name, each.changes);
  END LOOP;
END
$$;

-- As before.
CREATE VIEW live_tag AS
SELECT * FROM tag t
WHERE NOT EXISTS (
  SELECT FROM tag_tombstone d
  WHERE d.repository = t.repository AND d.digest = t.digest AND d.position > t.moved_position);

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
GRANT SELECT ON live_tag, tag_period TO stele_runtime;

-- What is kept of manifests is compressed, and fast, since it is done in the lane. A PostgreSQL that was built without lz4 goes on
-- with its own method.
DO $$
BEGIN
  ALTER TABLE manifest_document ALTER COLUMN bytes SET COMPRESSION lz4;
  ALTER TABLE record_document ALTER COLUMN bytes SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
  RAISE NOTICE 'no lz4 here';
END
$$;
