-- Where a verification replays the log: tables of the same names as the views', and how far it is. All of them are unlogged,
-- so that a crash of the database empties them together, and are made and dropped by who verifies.
CREATE SCHEMA verification;
GRANT USAGE, CREATE ON SCHEMA verification TO stele_runtime;
