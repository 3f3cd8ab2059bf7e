-- Indexes that every push writes, with fewer bytes.

-- Keys of objects are long and looked for one by one, so their hash will do. What a store has is read in the order of digests, page by page.
DROP INDEX blob_object_by_key;
CREATE INDEX blob_object_by_key ON blob_object (hashtextextended(object_key, 0));
DROP INDEX blob_object_by_store;

-- A manifest lists several, so by parent there are several rows a key, which PostgreSQL keeps together.
ALTER TABLE reach_edge DROP CONSTRAINT reach_edge_pkey;
DROP INDEX reach_edge_by_child;
ALTER TABLE reach_edge ADD PRIMARY KEY (repository, child, parent, kind);
CREATE INDEX reach_edge_by_parent ON reach_edge (repository, parent);

-- What was rewritten by this migration and the one before has no statistics any more.
ANALYZE;
