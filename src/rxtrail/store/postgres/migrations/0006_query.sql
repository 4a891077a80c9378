-- The index of the EPCIS query: which events are filed under which term (a 64-bit hash, see core.epcis.query.terms).
-- One row holds the positions from first to last as 16-bit steps, so a batch writes one row a term.
-- The row of term 0 tells in first from which position on events are filed; earlier ones are looked at one by one.
CREATE TABLE posting (
  term bigint NOT NULL, last bigint NOT NULL, first bigint NOT NULL, steps bytea NOT NULL, PRIMARY KEY (term, last)
);
CREATE INDEX event_time ON event (time, position);
-- Every business step, disposition, place and type of event that was ever used.
CREATE TABLE used (
  kind text COLLATE "C" NOT NULL, text text COLLATE "C" NOT NULL, PRIMARY KEY (kind, text)
);
-- Master data of every vocabulary, the latest word of each speaker on each thing.
CREATE TABLE vocabulary (
  type text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL, speaker text COLLATE "C" NOT NULL,
  said_at text COLLATE "C" NOT NULL, document bigint NOT NULL, attributes bytea NOT NULL,
  PRIMARY KEY (type, id, speaker)
);
CREATE INDEX vocabulary_id ON vocabulary (id);
