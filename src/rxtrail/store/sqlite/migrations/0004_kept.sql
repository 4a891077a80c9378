-- Small things that a node keeps beside the record: keys of sites, profiles of stations, cases, queues, directories.
-- at (microseconds) orders what is listed; body is MessagePack of the struct that the kind names.
CREATE TABLE kept (
  kind TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE INDEX kept_at ON kept (kind, at, key);
