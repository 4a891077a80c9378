-- How many packages and events there are, counted as they come, so that asking costs no walk through them.
CREATE TABLE tally (what TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO tally (what, count) VALUES
  ('packages', (SELECT count(*) FROM unit) + (SELECT count(*) FROM container WHERE product IS NOT NULL)),
  ('events', (SELECT count(*) FROM event));
