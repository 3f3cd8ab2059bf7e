-- Projection "retention": the policy in force, and the last evaluation that each repository has on record.
CREATE TABLE retention_policy (
  only_row         boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
  policy           text        NOT NULL COLLATE "C",
  adopted_position bigint      NOT NULL,
  adopted_at       timestamptz NOT NULL
);
CREATE TABLE retention_evaluation (
  repository text    PRIMARY KEY COLLATE "C",
  position   bigint  NOT NULL,
  policy     text    NOT NULL COLLATE "C",
  decisions  text    NOT NULL COLLATE "C",
  kept       bigint  NOT NULL,
  removed    bigint  NOT NULL,
  dry_run    boolean NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON retention_policy, retention_evaluation TO stele_runtime;

-- Projection "pull": how often, and when last. By tag: the pulls that named it, whatever it pointed to. By digest: all that
-- got it, by whatever tag or none. last_position is of the event that observed the last pull, at last_at.
CREATE TABLE pull_by_tag (
  repository    text        NOT NULL COLLATE "C",
  name          text        NOT NULL COLLATE "C",
  pulls         bigint      NOT NULL,
  last_position bigint      NOT NULL,
  last_at       timestamptz NOT NULL,
  PRIMARY KEY (repository, name)
);
CREATE TABLE pull_by_digest (
  repository    text        NOT NULL COLLATE "C",
  digest        text        NOT NULL COLLATE "C",
  pulls         bigint      NOT NULL,
  last_position bigint      NOT NULL,
  last_at       timestamptz NOT NULL,
  PRIMARY KEY (repository, digest)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON pull_by_tag, pull_by_digest TO stele_runtime;
