-- Projection "referrer": the descriptors that the referrers API answers, by subject.
-- annotations is JSON in ASCII with sorted keys: only ever shown, never searched.
CREATE TABLE referrer (
  repository    text   NOT NULL COLLATE "C",
  subject       text   NOT NULL COLLATE "C",
  digest        text   NOT NULL COLLATE "C",
  media_type    text   NOT NULL,
  artifact_type text,
  size          bigint NOT NULL,
  annotations   text   NOT NULL,
  PRIMARY KEY (repository, subject, digest)
);
CREATE INDEX referrer_by_digest ON referrer (repository, digest);
GRANT SELECT, INSERT, UPDATE, DELETE ON referrer TO stele_runtime;
