-- What all nodes over this database know and nobody else: tokens and the addresses of uploads are authenticated with it. Whoever reads the
-- database or a copy of it can make them; to end that, the owner deletes the row, and every node starts anew.
CREATE TABLE server_secret (
  only_row boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
  secret   bytea       NOT NULL CHECK (length(secret) = 32),
  made_at  timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT ON server_secret TO stele_runtime;
