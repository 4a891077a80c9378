-- Serial numbers that were given out for one's own products, so that none is given out twice; at is in microseconds.
CREATE TABLE issued (
  at bigint NOT NULL, gtin text COLLATE "C" NOT NULL, serial text COLLATE "C" NOT NULL, PRIMARY KEY (gtin, serial)
);
