-- Projection "blob": what a check last found wrong with an object, until one finds it intact or an upload replaces it.
ALTER TABLE blob_object ADD COLUMN problem text COLLATE "C";
