-- The keys of what is sealed, each wrapped by the one above it: kind 1 is a tenant's key (under the root key), kind 2
-- the data key of a segment. A key that was destroyed keeps its row, with nothing in wrapped.
CREATE TABLE data_key (
  id bigint PRIMARY KEY,
  kind integer NOT NULL,
  tenant bigint NOT NULL,
  version bigint NOT NULL,
  wrapped_by bigint NOT NULL,
  root text NOT NULL,
  origin text NOT NULL,
  made_at bigint NOT NULL,
  ended_at bigint NOT NULL,
  wrapped bytea NOT NULL
);
CREATE INDEX data_key_tenant ON data_key (tenant, version) WHERE kind = 1;
