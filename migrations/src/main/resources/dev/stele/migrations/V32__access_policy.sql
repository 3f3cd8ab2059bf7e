-- Projection "access": the access policy that was adopted last.
CREATE TABLE access_policy (
  only_row         boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
  policy           bytea       NOT NULL,
  adopted_position bigint      NOT NULL,
  adopted_at       timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON access_policy TO stele_runtime;
