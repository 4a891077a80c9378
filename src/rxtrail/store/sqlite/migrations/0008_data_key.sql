-- The keys of what is sealed, each wrapped by the one above it: kind 1 is a tenant's key (under the root key), kind 2
-- the data key of a segment. A key that was destroyed keeps its row, with nothing in wrapped.
CREATE TABLE data_key (
  id INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  tenant INTEGER NOT NULL,
  version INTEGER NOT NULL,
  wrapped_by INTEGER NOT NULL,
  root TEXT NOT NULL,
  origin TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  wrapped BLOB NOT NULL
);
CREATE INDEX data_key_tenant ON data_key (tenant, version) WHERE kind = 1;
