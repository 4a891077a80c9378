-- How often what happened, by day, place and cause, counted from the log as far as the row "at" says; and the packs that
-- were answered amber or red, until they are answered ok. Both can be counted anew from the log.
CREATE TABLE board (
  count bigint NOT NULL, board text COLLATE "C" NOT NULL, day text COLLATE "C" NOT NULL, site text COLLATE "C" NOT NULL,
  cause text COLLATE "C" NOT NULL, detail text COLLATE "C" NOT NULL, PRIMARY KEY (board, day, site, cause, detail)
);
CREATE TABLE board_doubt (
  pack text COLLATE "C" PRIMARY KEY, day text COLLATE "C" NOT NULL, site text COLLATE "C" NOT NULL,
  cause text COLLATE "C" NOT NULL, detail text COLLATE "C" NOT NULL
);
