-- The published log. A tile holds up to 256 hashes of one level of the Merkle tree (C2SP tlog-tiles): it only grows,
-- so each partial tile that was ever published is the beginning of what stands here. Both are made from the records.
CREATE TABLE tile (level INTEGER NOT NULL, number INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (level, number));
-- Signed tree heads: the newest, the newest that has its quorum of witnesses, and the last of each hour.
CREATE TABLE checkpoint (
  size INTEGER PRIMARY KEY, at INTEGER NOT NULL, publisher TEXT NOT NULL, cosigned INTEGER NOT NULL, note BLOB NOT NULL
);
