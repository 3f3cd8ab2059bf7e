-- Projection "clock": where an operator confirmed what the clock reads. Only there may a time be earlier than the one before. Inline.
CREATE TABLE clock_confirmation (
  position     bigint      PRIMARY KEY,
  confirmed_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON clock_confirmation TO stele_runtime;

-- No projection: when a node last found the clock plausible. A leap since then is told from time that went by.
CREATE TABLE clock_watch (
  only_row boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
  seen_at  timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON clock_watch TO stele_runtime;
