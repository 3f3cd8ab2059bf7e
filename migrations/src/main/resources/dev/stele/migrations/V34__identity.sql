-- Leaves commit to who acted and from where, and to the event before them of their repository. What was recorded before could not be
-- given that without being written anew.
DO $$
BEGIN
  IF EXISTS (SELECT FROM event) THEN
    RAISE EXCEPTION 'the events of this database were recorded by a preview of Stele, in a form that is not read any more'
      USING HINT = 'keep it for the version that wrote it, and begin with an empty database and empty stores';
  END IF;
END
$$;

-- What leaves commit to of those who act: the salt in 32 hexadecimal digits, and their name, kind and issuer as canonical JSON. The id
-- is the first half of the commitment in the leaf. Forgetting a person empties the row; the log has the event that says so.
DROP TABLE actor;
CREATE TABLE actor (
  id                 uuid PRIMARY KEY,
  opening            text COLLATE "C",
  name               text COLLATE "C", -- what the opening says, to be looked for
  forgotten_position bigint,
  CHECK ((opening IS NULL) = (name IS NULL) AND (opening IS NULL) = (forgotten_position IS NOT NULL))
);
CREATE INDEX actor_by_name ON actor (name, id) WHERE name IS NOT NULL;
CREATE INDEX actor_forgotten ON actor (id) WHERE forgotten_position IS NOT NULL;
GRANT SELECT, INSERT, UPDATE (opening, name, forgotten_position) ON actor TO stele_runtime;

-- The same of where they were: address, user agent and which credential. Goes when the person is forgotten.
CREATE TABLE origin (
  id       uuid PRIMARY KEY,
  actor_id uuid NOT NULL,
  opening  text NOT NULL COLLATE "C"
);
CREATE INDEX origin_by_actor ON origin (actor_id);
GRANT SELECT, INSERT, DELETE ON origin TO stele_runtime;

-- Projection "chain": the last event of each repository, and under '' of those events that belong to none. A row comes with each event
-- and the one before goes, so that whoever looks for the last begins at its end and never walks over what is gone, be that still there
-- for a snapshot that is held for long.
CREATE TABLE chain (
  repository text   NOT NULL COLLATE "C",
  position   bigint NOT NULL,
  PRIMARY KEY (repository, position)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON chain TO stele_runtime;

-- Tags that go with their manifest go in the name of who deleted it.
ALTER TABLE tag_tombstone ADD COLUMN identity text NOT NULL COLLATE "C", ADD COLUMN origin text COLLATE "C";
