-- Serial numbers that were given out for one's own products, so that none is given out twice; at is in microseconds.
CREATE TABLE issued (
  gtin TEXT NOT NULL, serial TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (gtin, serial)
) WITHOUT ROWID;
