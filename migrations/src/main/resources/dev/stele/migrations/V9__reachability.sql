-- Projection "reachability": what no root reaches any more, and since which event. Asynchronous: it follows the log.

-- The digest of the retention policy in force; no row before one was adopted.
CREATE TABLE reach_policy (
  only_row boolean PRIMARY KEY CHECK (only_row),
  policy   text    NOT NULL
);
-- Whether the policy in force keeps what has no tag: manifests without a subject, and referrers.
CREATE TABLE reach_repository (
  name           text    PRIMARY KEY COLLATE "C",
  keep_untagged  boolean NOT NULL,
  keep_referrers boolean NOT NULL
);
-- A manifest is a root while it has tags or keeps itself, as the policy says for its kind.
CREATE TABLE reach_manifest (
  repository   text    NOT NULL COLLATE "C",
  digest       text    NOT NULL COLLATE "C",
  referrer     boolean NOT NULL,
  keeps_itself boolean NOT NULL,
  tags         integer NOT NULL CHECK (tags >= 0),
  reached      boolean NOT NULL,
  PRIMARY KEY (repository, digest)
);
-- A present manifest keeps others alive: what it lists, a manifest or a blob or both (kind lists), and, as a subject, its
-- referrers (kind subject). The row comes and goes with the one that says so: the lister, or the referrer. The other may be
-- absent, and come later, as either.
CREATE TABLE reach_edge (
  repository text NOT NULL COLLATE "C",
  parent     text NOT NULL COLLATE "C",
  child      text NOT NULL COLLATE "C",
  kind       text NOT NULL COLLATE "C" CHECK (kind IN ('lists', 'subject')),
  PRIMARY KEY (repository, parent, child, kind)
);
CREATE INDEX reach_edge_by_child ON reach_edge (repository, child);
-- Blobs lead nowhere, so counting is exact for them: users is how many manifests that are reached list the digest, be it that
-- of a blob (linked) or of a manifest only.
CREATE TABLE reach_blob (
  repository text    NOT NULL COLLATE "C",
  digest     text    NOT NULL COLLATE "C",
  users      bigint  NOT NULL,
  linked     boolean NOT NULL,
  PRIMARY KEY (repository, digest)
);
-- Across repositories: how many have the content, and which stores have its bytes.
CREATE TABLE reach_content (
  digest text   PRIMARY KEY COLLATE "C",
  links  bigint NOT NULL CHECK (links >= 0)
);
CREATE TABLE reach_object (
  digest text NOT NULL COLLATE "C",
  store  text NOT NULL COLLATE "C",
  PRIMARY KEY (digest, store)
);
-- The result. since is the event after which no root reached it, since_at that event's time. The digest of a repository
-- that was left empty is the empty string.
CREATE TABLE unreachable (
  repository text        NOT NULL COLLATE "C",
  digest     text        NOT NULL COLLATE "C",
  kind       text        NOT NULL COLLATE "C" CHECK (kind IN ('manifest', 'blob', 'repository')),
  since      bigint      NOT NULL,
  since_at   timestamptz NOT NULL,
  PRIMARY KEY (repository, digest, kind)
);
-- Times are monotone along positions, so this is the order of both.
CREATE INDEX unreachable_by_since ON unreachable (kind, since_at, since, repository, digest);
-- Content that no repository has, but a store.
CREATE TABLE unlinked (
  digest   text        PRIMARY KEY COLLATE "C",
  since    bigint      NOT NULL,
  since_at timestamptz NOT NULL
);
CREATE INDEX unlinked_by_since ON unlinked (since_at, digest);
GRANT SELECT, INSERT, UPDATE, DELETE
  ON reach_policy, reach_repository, reach_manifest, reach_edge, reach_blob, reach_content, reach_object,
     unreachable, unlinked
  TO stele_runtime;

-- No projection: until a grace period after promised_at, what no root reaches is not collected. A row is made when
-- something is found to be unreachable, and renewed when a client is told that it exists, or puts it again.
CREATE TABLE lease (
  repository  text        NOT NULL COLLATE "C",
  digest      text        NOT NULL COLLATE "C",
  promised_at timestamptz NOT NULL,
  PRIMARY KEY (repository, digest)
);
CREATE INDEX lease_by_promise ON lease (promised_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON lease TO stele_runtime;

-- Projection "orphan": objects that were given up and can never be recorded any more. Inline.
CREATE TABLE swept_orphan (
  store      text NOT NULL COLLATE "C",
  object_key text NOT NULL COLLATE "C",
  PRIMARY KEY (store, object_key)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON swept_orphan TO stele_runtime;
