-- Projection "session": people who are signed in. Inline: whoever comes with a session's token is looked for here. Of a token there is the
-- hash alone. What has expired goes with the next session that begins.
CREATE TABLE session (
  id             text        PRIMARY KEY COLLATE "C",
  hash           bytea       NOT NULL,
  identity       text        NOT NULL COLLATE "C", -- whose it is: the commitment in the leaf
  actor          uuid        NOT NULL,             -- and its first half
  groups         text[]      NOT NULL COLLATE "C",
  began_position bigint      NOT NULL,
  began_at       timestamptz NOT NULL,
  expires_at     timestamptz NOT NULL
);
CREATE INDEX session_by_expiry ON session (expires_at);
CREATE INDEX session_of_actor ON session (actor);
GRANT SELECT, INSERT, UPDATE, DELETE ON session TO stele_runtime;
