-- How far each webhook has come, and how the delivery that is due goes. The cursor moves after the receiver has taken
-- an event, so no event is left out, whichever node delivers. One row stays when its webhook leaves the configuration.
CREATE TABLE webhook (
  name          text        PRIMARY KEY COLLATE "C",
  next_position bigint      NOT NULL CHECK (next_position >= 0), -- of the first event that is not dealt with
  delivered_at  timestamptz,
  failures      int         NOT NULL DEFAULT 0 CHECK (failures >= 0), -- in a row
  last_error    text,
  last_error_at timestamptz,
  next_try_at   timestamptz,
  paused        boolean     NOT NULL DEFAULT false
);
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook TO stele_runtime;
