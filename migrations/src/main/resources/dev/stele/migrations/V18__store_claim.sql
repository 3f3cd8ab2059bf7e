-- Whose the stores are, and what lies in them that the log does not know. Neither is a view: nothing here follows from the log.

-- Every claim with which this database has marked a store as its own. A store whose marker has one of these, and a position whose
-- event the log has, belongs to this log. A claim is replaced from time to time, so that a copy of the database that was made before
-- does not have the one in the marker.
CREATE TABLE store_claim (
  store      text        NOT NULL COLLATE "C",
  claim      uuid        NOT NULL,
  claimed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (store, claim)
);
GRANT SELECT, INSERT ON store_claim TO stele_runtime;

-- Objects and upload sessions that the last listing of a store found and the log does not know, with since when (by the database's
-- clock) they have been there in this state. What stays so for a whole grace period goes, whoever leads then.
CREATE TABLE store_leftover (
  store      text        NOT NULL COLLATE "C",
  kind       text        NOT NULL COLLATE "C" CHECK (kind IN ('object', 'upload')),
  name       text        NOT NULL COLLATE "C",
  state      text        NOT NULL COLLATE "C",
  first_seen timestamptz NOT NULL,
  listing    uuid        NOT NULL,
  PRIMARY KEY (store, kind, name)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON store_leftover TO stele_runtime;
