-- Small things that a node keeps beside the record: keys of sites, profiles of stations, cases, queues, directories.
-- at (microseconds) orders what is listed; body is MessagePack of the struct that the kind names.
CREATE TABLE kept (
  at bigint NOT NULL, kind text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, body bytea NOT NULL,
  PRIMARY KEY (kind, key)
);
CREATE INDEX kept_at ON kept (kind, at, key);
