-- The index of the EPCIS query: which events are filed under which term (a 64-bit hash, see core.epcis.query.terms).
-- One row holds the positions from first to last as 16-bit steps, so a batch writes one row a term.
-- The row of term 0 tells in first from which position on events are filed; earlier ones are looked at one by one.
CREATE TABLE posting (
  term INTEGER NOT NULL, last INTEGER NOT NULL, first INTEGER NOT NULL, steps BLOB NOT NULL, PRIMARY KEY (term, last)
) WITHOUT ROWID;
CREATE INDEX event_time ON event (time);
-- Every business step, disposition, place and type of event that was ever used.
CREATE TABLE used (kind TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (kind, text)) WITHOUT ROWID;
-- Master data of every vocabulary, the latest word of each speaker on each thing.
CREATE TABLE vocabulary (
  type TEXT NOT NULL, id TEXT NOT NULL, speaker TEXT NOT NULL, said_at TEXT NOT NULL, document INTEGER NOT NULL,
  attributes BLOB NOT NULL, PRIMARY KEY (type, id, speaker)
) WITHOUT ROWID;
CREATE INDEX vocabulary_id ON vocabulary (id);
