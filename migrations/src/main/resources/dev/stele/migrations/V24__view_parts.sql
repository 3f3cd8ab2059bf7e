-- An event that changes much of a view is applied in several transactions: part says how far the event at next_position is
-- applied, and is null between events.
ALTER TABLE log_checkpoint ADD COLUMN part text COLLATE "C";

-- What a hold covers is gone through in the order of repositories.
DROP INDEX reach_held_by_hold;
CREATE INDEX reach_held_by_hold ON reach_held (hold, repository);
