-- Projection "server": what each node said last of itself: the configuration, where that was told, and whether it runs. Inline, since
-- the next start says what was before.
CREATE TABLE server (
  node          text    PRIMARY KEY COLLATE "C",
  configuration bytea   NOT NULL,
  position      bigint  NOT NULL,
  running       boolean NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON server TO stele_runtime;

WITH told AS (
  SELECT position, type, convert_from(leaf, 'UTF8')::jsonb -> 'data' AS data
  FROM event
  WHERE type IN ('ServerStarted', 'ConfigurationChanged', 'ServerStopped'))
INSERT INTO server (node, configuration, position, running)
SELECT DISTINCT ON (node)
  data ->> 'node' AS node,
  digest_bytes(data ->> 'configuration'),
  position,
  NOT EXISTS (
    SELECT FROM told AS later
    WHERE later.type = 'ServerStopped' AND later.data ->> 'node' = told.data ->> 'node' AND later.position > told.position)
FROM told
WHERE type <> 'ServerStopped'
ORDER BY node, position DESC;

-- Projection "hold": the positions of the events by which those approved whom its release took; none where one person was enough.
ALTER TABLE hold ADD COLUMN release_approvals bigint[];
UPDATE hold SET release_approvals = '{}' WHERE released_position IS NOT NULL;
