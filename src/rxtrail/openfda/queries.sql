-- What was loaded from openFDA: public files that can be fetched again, so no part of the record and none of its log.

-- name: schema
-- All tables; key is the NDC of a package without hyphens (10 digits, or 12), or a GTIN-14 that no NDC makes.
CREATE TABLE IF NOT EXISTS product (key TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS product_key ON product (key);
CREATE TABLE IF NOT EXISTS label (set_id TEXT NOT NULL, version INTEGER NOT NULL, effective TEXT NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS label_set ON label (set_id);
CREATE TABLE IF NOT EXISTS label_of (key TEXT NOT NULL, set_id TEXT NOT NULL, PRIMARY KEY (key, set_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS label_of_set ON label_of (set_id);
CREATE TABLE IF NOT EXISTS shortage (key TEXT NOT NULL, id TEXT NOT NULL, updated TEXT NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (key, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS loaded (dataset TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, records INTEGER NOT NULL, faults INTEGER NOT NULL, PRIMARY KEY (dataset, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursor (dataset TEXT NOT NULL, search TEXT NOT NULL, next TEXT NOT NULL, records INTEGER NOT NULL, total INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (dataset, search)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- name: put_product
-- Put a product, or the newer word on it.
INSERT INTO product (key, name, at, body) VALUES (?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET name = excluded.name, at = excluded.at, body = excluded.body;

-- name: product
-- One package of the NDC directory.
SELECT body FROM product WHERE key = ?;

-- name: find_products
-- Packages whose name holds some words, by name.
SELECT body FROM product WHERE instr(name, ?) > 0 ORDER BY name, key LIMIT ?;

-- name: put_label
-- Put a label, or its newer version.
INSERT INTO label (set_id, version, effective, at, body) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (set_id) DO UPDATE SET version = excluded.version, effective = excluded.effective, at = excluded.at, body = excluded.body;

-- name: touch_label
-- Note that a label was seen again.
UPDATE label SET at = ? WHERE set_id = ?;

-- name: labels
-- Labels by their set_id; the list is JSON.
SELECT set_id, body FROM label WHERE set_id IN (SELECT value FROM json_each(?));

-- name: label_versions
-- Versions of labels and from when they are, by their set_id; the list is JSON.
SELECT set_id, version, effective FROM label WHERE set_id IN (SELECT value FROM json_each(?));

-- name: labels_of
-- Which labels are about a package or product.
SELECT set_id FROM label_of WHERE key IN (SELECT value FROM json_each(?)) ORDER BY set_id;

-- name: put_label_of
-- A label is about a package or product.
INSERT OR IGNORE INTO label_of (key, set_id) VALUES (?, ?);

-- name: drop_labels_of
-- Forget what a label is about.
DELETE FROM label_of WHERE set_id = ?;

-- name: put_shortage
-- Put a presentation in the list of shortages; what is there and newer stays, and was seen again.
INSERT INTO shortage (key, id, updated, at, body) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (key, id) DO UPDATE SET at = excluded.at, updated = max(excluded.updated, shortage.updated),
body = CASE WHEN excluded.updated >= shortage.updated THEN excluded.body ELSE shortage.body END;

-- name: shortages
-- What the list of shortages says of a package or product, the newest first.
SELECT body FROM shortage WHERE key IN (SELECT value FROM json_each(?)) ORDER BY updated DESC, id LIMIT 50;

-- name: forget_ndc
-- Forget the products that the files which were loaded now do not hold.
DELETE FROM product WHERE at < ?;

-- name: forget_label
-- Forget the labels that the files which were loaded now do not hold.
DELETE FROM label WHERE at < ?;

-- name: forget_label_of
-- Forget what labels were about that are no longer here.
DELETE FROM label_of WHERE set_id NOT IN (SELECT set_id FROM label);

-- name: forget_shortages
-- Forget the shortages that the files which were loaded now do not hold.
DELETE FROM shortage WHERE at < ?;

-- name: put_loaded
-- Note that a file was loaded.
INSERT OR REPLACE INTO loaded (dataset, name, at, records, faults) VALUES (?, ?, ?, ?, ?);

-- name: add_loaded
-- Note that a further page of the API was loaded, beside those before.
INSERT INTO loaded (dataset, name, at, records, faults) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (dataset, name) DO UPDATE SET at = excluded.at, records = records + excluded.records, faults = faults + excluded.faults;

-- name: loaded
-- The files that were loaded, the newest first.
SELECT dataset, name, at, records, faults FROM loaded ORDER BY at DESC, dataset, name LIMIT 100;

-- name: counts
-- How much is here.
SELECT (SELECT count(*) FROM product), (SELECT count(*) FROM label), (SELECT count(*) FROM shortage);

-- name: put_cursor
-- How far the asking of the API is.
INSERT OR REPLACE INTO cursor (dataset, search, next, records, total, at) VALUES (?, ?, ?, ?, ?, ?);

-- name: cursor
-- How far the asking of the API was.
SELECT next, records, total, at FROM cursor WHERE dataset = ? AND search = ?;

-- name: put_setting
-- Change a setting.
INSERT OR REPLACE INTO setting (key, value) VALUES (?, ?);

-- name: setting
-- One setting.
SELECT value FROM setting WHERE key = ?;
