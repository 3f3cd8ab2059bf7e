-- No projection: when no node was there to see the clock, for longer than a few minutes. Time that nobody saw go by may be a
-- clock that was set ahead, so it does not count towards a grace period.
CREATE TABLE clock_absence (
  started_at timestamptz PRIMARY KEY,
  ended_at   timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON clock_absence TO stele_runtime;
