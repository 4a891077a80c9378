-- The published log. A tile holds up to 256 hashes of one level of the Merkle tree (C2SP tlog-tiles): it only grows,
-- so each partial tile that was ever published is the beginning of what stands here. Both are made from the records.
CREATE TABLE tile (number bigint NOT NULL, level smallint NOT NULL, hashes bytea NOT NULL, PRIMARY KEY (level, number));
-- Hashes do not compress: nothing is gained by trying.
ALTER TABLE tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
-- Signed tree heads: the newest, the newest that has its quorum of witnesses, and the last of each hour.
CREATE TABLE checkpoint (
  size bigint PRIMARY KEY, at bigint NOT NULL, cosigned smallint NOT NULL, publisher text COLLATE "C" NOT NULL,
  note bytea NOT NULL
);
