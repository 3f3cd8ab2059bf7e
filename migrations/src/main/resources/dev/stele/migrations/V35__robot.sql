-- Projection "robot": the accounts of programs that are there now. Inline: who signs in by a key is looked for here.
CREATE TABLE robot (
  name             text        PRIMARY KEY COLLATE "C",
  description      text,
  created_position bigint      NOT NULL,
  created_at       timestamptz NOT NULL,
  created_by       uuid        NOT NULL
);
-- Their keys: those that count, and those that expired since the robot got its last one. Of a key there is the hash alone.
CREATE TABLE robot_key (
  id              text        PRIMARY KEY COLLATE "C",
  robot           text        NOT NULL COLLATE "C",
  hash            bytea       NOT NULL,
  issued_position bigint      NOT NULL,
  issued_at       timestamptz NOT NULL,
  issued_by       uuid        NOT NULL,
  expires_at      timestamptz NOT NULL
);
CREATE INDEX robot_key_of_robot ON robot_key (robot, issued_position);
GRANT SELECT, INSERT, UPDATE, DELETE ON robot, robot_key TO stele_runtime;
