-- How often what happened, by day, place and cause, counted from the log as far as the row "at" says; and the packs that
-- were answered amber or red, until they are answered ok. Both can be counted anew from the log.
CREATE TABLE board (
  board TEXT NOT NULL, day TEXT NOT NULL, site TEXT NOT NULL, cause TEXT NOT NULL, detail TEXT NOT NULL,
  count INTEGER NOT NULL, PRIMARY KEY (board, day, site, cause, detail)
) WITHOUT ROWID;
CREATE TABLE board_doubt (
  pack TEXT PRIMARY KEY, day TEXT NOT NULL, site TEXT NOT NULL, cause TEXT NOT NULL, detail TEXT NOT NULL
) WITHOUT ROWID;
