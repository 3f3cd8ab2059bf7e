-- What a manifest lists stands once, in reach_edge. That view follows the log, so what it has not seen yet is read from the
-- documents of the manifests that were put since.
DROP TABLE manifest_reference;
CREATE INDEX manifest_by_put ON manifest (repository, put_position);
