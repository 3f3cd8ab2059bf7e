-- Projection "tag": when each was last put, also without moving. Retention counts from there.
ALTER TABLE tag ADD COLUMN put_position bigint, ADD COLUMN put_at timestamptz;
-- Older logs do not say under which tags a manifest was put again.
UPDATE tag SET put_position = moved_position, put_at = moved_at;
ALTER TABLE tag ALTER COLUMN put_position SET NOT NULL, ALTER COLUMN put_at SET NOT NULL;
