-- The log: the only source of truth. Everything else in this schema can be dropped and rebuilt from it,
-- except what is marked as evidence (manifest_document) and the names of people (actor).

-- The role that the running registry uses. It owns nothing: it can append events, but neither change nor delete them.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stele_runtime') THEN
    CREATE ROLE stele_runtime NOLOGIN;
  END IF;
  -- PostgreSQL 16 and newer give a role's creator ADMIN but not SET; a superuser needs neither.
  IF NOT pg_has_role(current_user, 'stele_runtime', 'MEMBER') THEN
    EXECUTE format('GRANT stele_runtime TO %I', current_user);
  END IF;
END
$$;
GRANT USAGE ON SCHEMA public TO stele_runtime;

-- leaf is the event: canonical JSON, hashed into the Merkle tree. The other columns are derived from it and serve queries.
CREATE TABLE event (
  position    bigint      NOT NULL CHECK (position >= 0),
  recorded_at timestamptz NOT NULL,
  type        text        NOT NULL COLLATE "C",
  repository  text        COLLATE "C",
  actor_id    uuid        NOT NULL,
  command_id  uuid        NOT NULL,
  leaf        bytea       NOT NULL CHECK (octet_length(leaf) BETWEEN 1 AND 65535),
  PRIMARY KEY (position)
) PARTITION BY RANGE (position);
CREATE INDEX event_by_repository ON event (repository, position);
CREATE INDEX event_by_type ON event (type, position);
GRANT SELECT, INSERT ON event TO stele_runtime;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the log is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON event
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON event
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Makes the partitions that hold positions [from_position, from_position + ahead]. Runs as the owner, since the
-- runtime role cannot create tables. A partition is attached with a matching check constraint, so that the log is neither
-- scanned nor locked against readers and writers.
CREATE FUNCTION ensure_event_partitions(from_position bigint, ahead bigint) RETURNS integer
-- Temporary tables are searched last: nobody can slip in an "event" of their own.
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  partition_rows CONSTANT bigint := 10000000;
  first bigint := from_position / partition_rows;
  made integer := 0;
  low bigint;
  part text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('stele.event.partitions'));
  FOR n IN first .. (from_position + ahead) / partition_rows LOOP
    part := format('event_p%s', lpad(n::text, 6, '0'));
    IF to_regclass(part) IS NULL THEN
      low := n * partition_rows;
      EXECUTE format('CREATE TABLE %I (LIKE event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
      EXECUTE format('ALTER TABLE %I ADD CONSTRAINT bounds CHECK (position >= %s AND position < %s)',
                     part, low, low + partition_rows);
      EXECUTE format('CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON %I '
                     'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', part);
      EXECUTE format('ALTER TABLE event ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
                     part, low, low + partition_rows);
      EXECUTE format('ALTER TABLE %I DROP CONSTRAINT bounds', part);
      made := made + 1;
    END IF;
  END LOOP;
  RETURN made;
END
$$;
REVOKE ALL ON FUNCTION ensure_event_partitions(bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_event_partitions(bigint, bigint) TO stele_runtime;
SELECT ensure_event_partitions(0, 0);

-- Where the log ends. No row that every append would change: under a snapshot that is held for long (a dump) its dead
-- versions pile up, and whoever appends walks them all. The newest partitions are looked at first and the others not at all.
CREATE VIEW log_head (next_position, recorded_at) AS
  SELECT coalesce(last.position + 1, 0), coalesce(last.recorded_at, '-infinity')
  FROM (VALUES (0)) AS one
  LEFT JOIN LATERAL (SELECT position, recorded_at FROM event ORDER BY position DESC LIMIT 1) AS last ON true;
GRANT SELECT ON log_head TO stele_runtime;

-- Whoever appends takes this lock first and keeps it until its transaction has ended, so positions are dense and in commit
-- order, and decisions are serial. What is read must be read by a later statement, since each sees what was committed when it began.
CREATE FUNCTION lock_log() RETURNS void LANGUAGE sql VOLATILE AS
$$ SELECT pg_advisory_xact_lock(hashtextextended('stele.log', 0)) $$;

-- Whether nobody is appending at this moment. Whoever begins to meanwhile waits no longer than this statement takes.
CREATE FUNCTION log_is_still() RETURNS boolean LANGUAGE sql VOLATILE AS
$$ SELECT CASE WHEN pg_try_advisory_lock_shared(hashtextextended('stele.log', 0))
               THEN pg_advisory_unlock_shared(hashtextextended('stele.log', 0))
               ELSE false END $$;

-- Who acted. The log carries only the random id; forgetting a person deletes the row here.
CREATE TABLE actor (
  id   uuid PRIMARY KEY,
  name text NOT NULL UNIQUE COLLATE "C"
);
GRANT SELECT, INSERT, DELETE ON actor TO stele_runtime;

-- Evidence: the exact bytes of every manifest ever put, once, kept after collection too. media_type is what the bytes state or,
-- if they state none, the OCI type of their structure; it is only ever shown. With which type they were put belongs to the
-- repository that they were put into, so nobody can bend what others put.
CREATE TABLE manifest_document (
  digest     text  PRIMARY KEY COLLATE "C",
  media_type text  NOT NULL,
  bytes      bytea NOT NULL
);
GRANT SELECT, INSERT ON manifest_document TO stele_runtime;
CREATE TRIGGER manifest_document_append_only BEFORE UPDATE OR DELETE ON manifest_document
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER manifest_document_no_truncate BEFORE TRUNCATE ON manifest_document
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
