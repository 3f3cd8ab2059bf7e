-- Projection "tag": where tags point now, and where they pointed.
CREATE TABLE tag (
  repository     text        NOT NULL COLLATE "C",
  name           text        NOT NULL COLLATE "C",
  digest         text        NOT NULL COLLATE "C",
  moved_position bigint      NOT NULL,
  moved_at       timestamptz NOT NULL,
  PRIMARY KEY (repository, name)
);
CREATE INDEX tag_by_digest ON tag (repository, digest);

-- A row a period: the tag had the digest from the event at from_position until before the one at until_position.
CREATE TABLE tag_history (
  repository     text        NOT NULL COLLATE "C",
  name           text        NOT NULL COLLATE "C",
  digest         text        NOT NULL COLLATE "C",
  from_position  bigint      NOT NULL,
  from_at        timestamptz NOT NULL,
  from_actor     uuid        NOT NULL,
  until_position bigint,
  until_at       timestamptz,
  until_actor    uuid,
  ended_by       text        COLLATE "C" CHECK (ended_by IN ('moved', 'deleted')),
  PRIMARY KEY (repository, name, from_position)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON tag, tag_history TO stele_runtime;
