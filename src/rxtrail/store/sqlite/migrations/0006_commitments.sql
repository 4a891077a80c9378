-- What the log holds of each record (core/merkle/entry.py). Empty only in records of before there were any; they are
-- filled in when the store is next opened for writing, and the index finds them without a walk.
ALTER TABLE record ADD COLUMN commitment BLOB;
CREATE INDEX record_uncommitted ON record (position) WHERE commitment IS NULL;
