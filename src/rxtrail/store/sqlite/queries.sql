-- Every statement of the SQLite engine; one name and one sentence each. Parameters only.

-- name: set_setting
-- Write one setting.
INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- name: settings
-- Read all settings.
SELECT key, value FROM setting;

-- name: name_id
-- Find the number of a recurring text.
SELECT id FROM name WHERE text = ?;

-- name: name_text
-- Find a recurring text by its number.
SELECT text FROM name WHERE id = ?;

-- name: add_name
-- Number a recurring text.
INSERT INTO name (id, text) VALUES (?, ?);

-- name: name_last
-- Find the highest number of a recurring text.
SELECT coalesce(max(id), 0) FROM name;

-- name: product_id
-- Find a product's number and whether it holds other packages.
SELECT id, holds FROM product WHERE gtin = ?;

-- name: products_known
-- Find which of many products are on record.
SELECT p.gtin FROM json_each(?) j CROSS JOIN product p ON p.gtin = j.value;

-- name: product_gtin
-- Find a product by its number.
SELECT gtin, holds FROM product WHERE id = ?;

-- name: add_product
-- Number a product.
INSERT INTO product (id, gtin) VALUES (?, ?);

-- name: product_last
-- Find the highest product number.
SELECT coalesce(max(id), 0) FROM product;

-- name: mark_holding
-- Note that packages of this product are containers of others.
UPDATE product SET holds = 1 WHERE id = ?;

-- name: lot_id
-- Find a lot's number.
SELECT id FROM lot WHERE product = ? AND lot = ? AND expiry = ?;

-- name: lot_row
-- Read a lot by its number.
SELECT product, lot, expiry FROM lot WHERE id = ?;

-- name: add_lot
-- Number a lot.
INSERT INTO lot (id, product, lot, expiry) VALUES (?, ?, ?, ?);

-- name: lots_of
-- Find all lots of a product that bear this text.
SELECT id, expiry FROM lot WHERE product = ? AND lot = ? ORDER BY expiry;

-- name: lots_of_product
-- List the lots of a product.
SELECT lot, expiry FROM lot WHERE product = ? ORDER BY lot, expiry;

-- name: lot_last
-- Find the highest lot number.
SELECT coalesce(max(id), 0) FROM lot;

-- name: making_row
-- Read the event and lot of a making.
SELECT event, lot FROM making WHERE id = ?;

-- name: makings_by_id
-- Read the events and lots of many makings.
SELECT m.id, m.event, m.lot FROM json_each(?) j JOIN making m ON m.id = j.value;

-- name: making_event
-- Read what a making takes from its event.
SELECT speaker, flags, voided_by, document, time, hash FROM event WHERE position = ?;

-- name: making_last
-- Find the highest making number.
SELECT coalesce(max(id), 0) FROM making;

-- name: add_making
-- Add a making.
INSERT INTO making (id, event, lot) VALUES (?, ?, ?);

-- name: log_size
-- Count the records: positions are dense from 0.
SELECT coalesce(max(position), -1) + 1 FROM record;

-- name: last_recorded
-- Read when the last record was written.
SELECT recorded_at FROM record ORDER BY position DESC LIMIT 1;

-- name: add_record
-- Append a record.
INSERT INTO record (position, kind, tenant, party, recorded_at, id, salt, block, start, length, envelope, commitment)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: entries_from
-- Read what the log's entries are made of, in log order.
SELECT position, kind, id, commitment FROM record WHERE position >= ? ORDER BY position LIMIT ?;

-- name: uncommitted
-- Read records of before there were commitments, in log order.
SELECT position, kind, tenant, party, recorded_at, id, salt, block, start, length, envelope, commitment
FROM record WHERE commitment IS NULL AND position >= ? ORDER BY position LIMIT ?;

-- name: set_commitment
-- Fill in the commitment of a record.
UPDATE record SET commitment = ? WHERE position = ?;

-- name: records_from
-- Read records in log order.
SELECT position, kind, tenant, party, recorded_at, id, salt, block, start, length, envelope, commitment
FROM record WHERE position >= ? ORDER BY position LIMIT ?;

-- name: block_last
-- Find the highest block number.
SELECT coalesce(max(id), 0) FROM block;

-- name: add_block
-- Add a compressed block of canonical bytes.
INSERT INTO block (id, data) VALUES (?, ?);

-- name: block_data
-- Read one block.
SELECT data FROM block WHERE id = ?;

-- name: blocks_stored
-- Read many blocks as they lie in the store.
SELECT b.id, b.data FROM json_each(?) j JOIN block b ON b.id = j.value;

-- name: data_key
-- Read one key.
SELECT id, kind, tenant, version, wrapped_by, root, origin, made_at, ended_at, wrapped
FROM data_key WHERE id = ?;

-- name: tenant_keys
-- Read the keys of a tenant itself.
SELECT id, kind, tenant, version, wrapped_by, root, origin, made_at, ended_at, wrapped
FROM data_key WHERE kind = 1 AND tenant = ? ORDER BY version;

-- name: data_keys
-- Read all keys.
SELECT id, kind, tenant, version, wrapped_by, root, origin, made_at, ended_at, wrapped
FROM data_key ORDER BY id;

-- name: data_key_last
-- Find the highest number of a key.
SELECT coalesce(max(id), 0) FROM data_key;

-- name: add_data_key
-- Add keys, wrapped.
INSERT INTO data_key (id, kind, tenant, version, wrapped_by, root, origin, made_at, ended_at, wrapped)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: set_data_key
-- Write anew how a key is wrapped, or that it was destroyed.
UPDATE data_key SET wrapped_by = ?, root = ?, ended_at = ?, wrapped = ? WHERE id = ?;

-- name: sealed_blocks
-- Count the blocks under each key; what is sealed begins with four bytes of its own, then its key's number.
SELECT CASE WHEN substr(data, 1, 4) = x'72787301' THEN substr(data, 5, 8) END, count(*) FROM block
GROUP BY 1;

-- name: sealed_documents
-- Count the raw documents under each key, by their first chunks.
SELECT CASE WHEN substr(data, 1, 4) = x'72787301' THEN substr(data, 5, 8) END, count(*) FROM document_chunk
WHERE seq = 0 GROUP BY 1;

-- name: blocks_from
-- Read blocks as they lie in the store.
SELECT id, data FROM block WHERE id > ? ORDER BY id LIMIT ?;

-- name: block_entries
-- Read the commitments to the bytes of many blocks, the newest last.
SELECT r.block, r.commitment FROM json_each(?) j JOIN record r ON r.block = j.value AND r.kind = 6 ORDER BY r.position;

-- name: set_block
-- Seal a block anew.
UPDATE block SET data = ? WHERE id = ?;

-- name: document_keys
-- Read the beginnings of raw documents.
SELECT document, substr(data, 1, 12) FROM document_chunk WHERE document > ? AND seq = 0 ORDER BY document LIMIT ?;

-- name: chunk_last
-- Find the highest number of a document whose bytes are here.
SELECT coalesce(max(document), 0) FROM document_chunk;

-- name: chunk
-- Read one chunk of a raw document.
SELECT data FROM document_chunk WHERE document = ? AND seq = ?;

-- name: set_chunk
-- Seal a chunk of a raw document anew.
UPDATE document_chunk SET data = ? WHERE document = ? AND seq = ?;

-- name: add_event
-- Add the typed columns of an event.
INSERT INTO event (position, time, hash, kind, action, biz_step, disposition, speaker, read_point, biz_location, source,
  destination, parent, document, flags, event_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: void_event
-- Mark an event as declared wrong by its sender, or as not.
UPDATE event SET voided_by = ? WHERE position = ?;

-- name: parties_of
-- Read the source and destination of an event.
SELECT source, destination FROM event WHERE position = ?;

-- name: set_parties
-- Write the source and destination of an event that does not name them itself.
UPDATE event SET source = ?, destination = ? WHERE position = ?;

-- name: event_brief
-- Read what decides how an event weighs against another.
SELECT speaker, flags, voided_by, time, hash, parent FROM event WHERE position = ?;

-- name: event_ids
-- Read event identifiers, documents and record times by position.
SELECT e.position, e.event_id, e.document, r.recorded_at FROM json_each(?) j
JOIN event e ON e.position = j.value JOIN record r ON r.position = e.position;

-- name: flag_more_speakers
-- Note that others said the same event.
UPDATE event SET flags = flags | 8 WHERE position = ?;

-- name: add_event_speaker
-- Add one more speaker of an event.
INSERT INTO event_speaker (event, speaker, document) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- name: speakers_of_events
-- Read the further speakers of many events.
SELECT s.event, s.speaker FROM json_each(?) j JOIN event_speaker s ON s.event = j.value;

-- name: event_speakers
-- Read the further speakers of an event.
SELECT speaker FROM event_speaker WHERE event = ?;

-- name: events_by_identity
-- Find events by their identities, many at once (identities as hex), in log order.
SELECT hex(i.identity), i.event FROM json_each(?) j
JOIN event_identity i ON i.identity = unhex(j.value) ORDER BY i.event;

-- name: add_identity
-- Note which event an identity belongs to.
INSERT INTO event_identity (identity, event) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: units_of
-- Read many packages of one product in key order.
SELECT u.serial, u.made, u.packed, u.own FROM json_each(?) j
CROSS JOIN unit u ON u.product = ? AND u.serial = j.value ORDER BY u.serial;

-- name: add_units
-- Add packages of one product that are not there yet: one statement for all that share their making and packing.
INSERT INTO unit (product, serial, made, packed, own)
SELECT ?1, j.value, ?2, ?3, ?4 FROM json_each(?5) j WHERE true ON CONFLICT DO NOTHING;

-- name: change_unit
-- Change what a package's row names.
UPDATE unit SET made = ?, packed = ?, own = ? WHERE product = ? AND serial = ?;

-- name: hold
-- Count plain packages of a making that a packing put away.
INSERT INTO holding (making, packed, packs) VALUES (?, ?, ?)
ON CONFLICT (making, packed) DO UPDATE SET packs = packs + excluded.packs;

-- name: holdings_of
-- Read how many plain packages of each making of a lot each packing put away.
SELECT h.making, h.packed, h.packs FROM making m JOIN holding h ON h.making = m.id WHERE m.lot = ? AND h.packs > 0;

-- name: parents_of_events
-- Read what many packing events packed into.
SELECT e.position, e.parent, e.time, e.voided_by IS NOT NULL, e.flags
FROM json_each(?) j JOIN event e ON e.position = j.value;

-- name: makings_retold
-- Find one package of which one of many makings is stated beside the one that its row names.
SELECT 1 FROM json_each(?) m JOIN unit_event h ON h.making = m.value LIMIT 1;

-- name: odd_units_of
-- Read the packages of many makings that have a story of their own; some come twice.
SELECT u.product, u.serial, u.made, u.packed, u.own
FROM json_each(?1) m JOIN unit u ON u.made = m.value AND u.own IS NOT NULL
UNION ALL SELECT u.product, u.serial, u.made, u.packed, u.own FROM json_each(?1) m
JOIN unit_event h ON h.making = m.value JOIN unit u ON u.product = h.product AND u.serial = h.serial
WHERE u.own IS NOT NULL;

-- name: makings_of
-- Find the makings of a lot.
SELECT id FROM making WHERE lot = ? ORDER BY id;

-- name: drop_unit
-- Take a package out of the packages, since it is a container.
DELETE FROM unit WHERE product = ? AND serial = ?;

-- name: add_unit_event
-- Index an event under a package.
INSERT INTO unit_event (product, serial, event, role, making) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: unit_events
-- Read a package's own events.
SELECT event, role, making FROM unit_event WHERE product = ? AND serial = ?;

-- name: unit_events_of
-- Read the own events of many packages of one product.
SELECT h.serial, h.event, h.role, h.making FROM json_each(?) j
CROSS JOIN unit_event h ON h.product = ? AND h.serial = j.value;

-- name: drop_unit_events
-- Take a package's events away, since they are kept under the container.
DELETE FROM unit_event WHERE product = ? AND serial = ?;

-- name: pack_facts
-- Read a package, its packing and up to three containers around it: one statement for the counter.
SELECT u.made, u.packed, u.own, e.time, e.voided_by, e.document, e.flags, a.key,
  a.parent, a.since, a.emptied, a.state,
  b.parent, b.since, b.emptied, b.state,
  c.parent, c.emptied, c.state
FROM unit u
LEFT JOIN event e ON e.position = u.packed
LEFT JOIN container a ON a.id = e.parent
LEFT JOIN container b ON b.id = a.parent
LEFT JOIN container c ON c.id = b.parent
WHERE u.product = ? AND u.serial = ?;

-- name: steps
-- Read the typed columns of many events at once.
SELECT e.position, e.time, e.hash, e.kind, e.action, e.biz_step, e.disposition, e.speaker, e.read_point,
  e.biz_location, e.source, e.destination, e.parent, e.document, e.flags, e.voided_by
FROM json_each(?) j JOIN event e ON e.position = j.value;

-- name: container_by_key
-- Find one container by its exact identifier.
SELECT id, key, product, made, parent, since, emptied, speaker, state FROM container WHERE key = ?;

-- name: containers_by_key
-- Find many containers by their exact identifiers.
SELECT c.key, c.id FROM json_each(?) j JOIN container c ON c.key = j.value;

-- name: containers_by_id
-- Read many containers by number.
SELECT c.id, c.key, c.product, c.made, c.parent, c.since, c.emptied, c.speaker, c.state FROM json_each(?) j
JOIN container c ON c.id = j.value;

-- name: container_last
-- Find the highest container number.
SELECT coalesce(max(id), 0) FROM container;

-- name: add_container
-- Add a container with the fold of its events.
INSERT INTO container (id, key, product, made, parent, since, emptied, speaker, state)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: set_container
-- Write the fold of a container's events anew.
UPDATE container SET made = ?, parent = ?, since = ?, emptied = ?, speaker = ?, state = ? WHERE id = ?;

-- name: add_container_event
-- Index an event under a container.
INSERT INTO container_event (container, event, role, making) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: container_events
-- Read which events many containers take part in.
SELECT h.container, h.event, h.role, h.making FROM json_each(?) j JOIN container_event h ON h.container = j.value;

-- name: folded_containers
-- Read the containers whose rows cache a fold.
SELECT id FROM container WHERE id > ? AND state IS NOT NULL ORDER BY id LIMIT ?;

-- name: add_inside
-- Note that a container was ever inside another.
INSERT INTO inside (parent, child) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: insides
-- Find what containers were ever inside these.
SELECT i.child FROM json_each(?) j JOIN inside i ON i.parent = j.value;

-- name: are_folded
-- Tell of many containers whether their rows cache a fold.
SELECT c.id, c.state IS NOT NULL FROM json_each(?) j JOIN container c ON c.id = j.value;

-- name: packings_of
-- Find the packing and unpacking events of a container.
SELECT event FROM container_event WHERE container = ? AND role = 1;

-- name: add_lot_event
-- Index an event under a lot, or under a whole product (lot '').
INSERT INTO lot_event (product, lot, event) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- name: lot_events
-- Read all class-level events.
SELECT l.product, l.lot, l.event FROM lot_event l ORDER BY l.product, l.lot, l.event;

-- name: find_instance
-- Find a document by its instance identifier and sender.
SELECT id FROM document WHERE instance_id = ? AND sender = ? ORDER BY id LIMIT 1;

-- name: add_document
-- Keep a raw document's particulars.
INSERT INTO document (id, sha256, name, bytes, received_at, sender, receiver, instance_id, events, header)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: document_last
-- Find the highest document number.
SELECT coalesce(max(id), 0) FROM document;

-- name: document_row
-- Read a document's particulars.
SELECT id, sha256, name, bytes, received_at, sender, receiver, instance_id, events, header FROM document WHERE id = ?;

-- name: document_by_sha
-- Read a document's particulars by its SHA-256.
SELECT id, sha256, name, bytes, received_at, sender, receiver, instance_id, events, header
FROM document WHERE sha256 = ?;

-- name: documents_after
-- Read documents in order of arrival.
SELECT id, sha256, name, bytes, received_at, sender, receiver, instance_id, events, header
FROM document WHERE id > ? ORDER BY id LIMIT ?;

-- name: add_chunk
-- Keep one compressed chunk of a raw document.
INSERT INTO document_chunk (document, seq, data) VALUES (?, ?, ?);

-- name: chunks
-- Read the compressed chunks of a raw document.
SELECT data FROM document_chunk WHERE document = ? ORDER BY seq;

-- name: add_job
-- Note a capture job.
INSERT INTO job (id, document, name, proceed, state, events, applied, packages, new_events, first_position,
  created_at, finished_at, error, gtins)
VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, -1, ?, 0, '', ?);

-- name: job_progress
-- Note how far a job has come; in the same transaction as the facts.
UPDATE job SET state = ?, applied = ?, packages = packages + ?, new_events = new_events + ?,
  first_position = CASE WHEN first_position < 0 THEN ? ELSE first_position END, finished_at = ?, error = ?
WHERE id = ?;

-- name: job_row
-- Read one job.
SELECT id, document, name, proceed, state, events, applied, packages, new_events, first_position, created_at,
  finished_at, error, gtins FROM job WHERE id = ?;

-- name: jobs_unfinished
-- Read the jobs whose facts are not all in the record, oldest first.
SELECT id, document, name, proceed, state, events, applied, packages, new_events, first_position, created_at,
  finished_at, error, gtins FROM job WHERE state IN ('accepted', 'running', 'failed') ORDER BY created_at, id;

-- name: jobs_after
-- Read jobs, newest first.
SELECT id, document, name, proceed, state, events, applied, packages, new_events, first_position, created_at,
  finished_at, error, gtins FROM job
WHERE created_at < ? OR (created_at = ? AND id > ?) ORDER BY created_at DESC, id LIMIT ?;

-- name: job_of_document
-- Find the first job of a document.
SELECT id, document, name, proceed, state, events, applied, packages, new_events, first_position, created_at,
  finished_at, error, gtins FROM job WHERE document = ? ORDER BY created_at LIMIT 1;

-- name: add_finding
-- Keep one finding.
INSERT INTO finding (document, seq, event, severity, code, message, place, epcs) VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: findings_of_document
-- Read a document's findings.
SELECT event, severity, code, message, place, epcs FROM finding WHERE document = ? ORDER BY seq;

-- name: findings_of_events
-- Read the findings that name many events; their documents are given too.
SELECT event, severity, code, message, place, epcs FROM finding
WHERE document IN (SELECT value FROM json_each(?)) AND event IN (SELECT value FROM json_each(?)) ORDER BY document, seq;

-- name: add_master
-- Keep what a speaker says of a thing; the latest word stands.
INSERT INTO master (id, speaker, said_at, document, attributes) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (id, speaker) DO UPDATE SET said_at = excluded.said_at, document = excluded.document,
  attributes = excluded.attributes
WHERE (excluded.said_at, excluded.attributes) > (master.said_at, master.attributes);

-- name: master_of
-- Read what everyone says of a thing.
SELECT speaker, said_at, attributes FROM master WHERE id = ? ORDER BY said_at DESC, speaker;

-- name: answered
-- Read an earlier answer to the same key.
SELECT recorded_at, answer FROM answered WHERE key = ?;

-- name: add_answered
-- Keep an answer under its key.
INSERT INTO answered (key, recorded_at, answer) VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET recorded_at = excluded.recorded_at, answer = excluded.answer;

-- name: partners
-- Read the partner table.
SELECT name, row FROM partner ORDER BY name;

-- name: drop_partners
-- Empty the partner table before a load.
DELETE FROM partner;

-- name: drop_partner_glns
-- Empty the partners' GLNs before a load.
DELETE FROM partner_gln;

-- name: add_partner
-- Add a partner.
INSERT INTO partner (name, row) VALUES (?, ?);

-- name: add_partner_gln
-- Add a partner's GLN.
INSERT INTO partner_gln (gln, partner) VALUES (?, ?);

-- name: units_from
-- Read packages in key order, from a key on.
SELECT product, serial, made, packed, own FROM unit WHERE (product, serial) > (?, ?) ORDER BY product, serial LIMIT ?;

-- name: containers_from
-- Read SGTIN containers in order of their numbers.
SELECT id, key, product, made, parent, since, emptied, speaker, state FROM container
WHERE id > ? AND product IS NOT NULL ORDER BY id LIMIT ?;

-- name: all_containers
-- Read all containers.
SELECT id, key, product, made, parent, since, emptied, speaker, state FROM container WHERE id > ? ORDER BY id LIMIT ?;

-- name: events_from
-- Read events in log order.
SELECT e.position, r.block, r.start, r.length, r.envelope, r.recorded_at, e.event_id, e.time, e.speaker, e.document
FROM event e JOIN record r ON r.position = e.position
WHERE e.position > ? ORDER BY e.position LIMIT ?;

-- name: event_bodies
-- Read many events with the places of their bytes, in log order.
SELECT e.position, r.block, r.start, r.length, r.envelope, r.recorded_at, e.event_id, e.time, e.speaker, e.document
FROM json_each(?) j JOIN event e ON e.position = j.value JOIN record r ON r.position = e.position ORDER BY e.position;

-- name: counts
-- Count what the store holds.
SELECT (SELECT count FROM tally WHERE what = 'packages'), (SELECT coalesce(max(id), 0) FROM container),
  (SELECT count FROM tally WHERE what = 'events'), (SELECT coalesce(max(id), 0) FROM document);

-- name: tally
-- Count more, or fewer, packages or events.
UPDATE tally SET count = count + ? WHERE what = ?;

-- name: keep
-- Keep a small thing under its kind and key, or write it anew.
INSERT INTO kept (kind, key, at, body) VALUES (?, ?, ?, ?)
ON CONFLICT (kind, key) DO UPDATE SET at = excluded.at, body = excluded.body;

-- name: drop_kept
-- Forget a small thing.
DELETE FROM kept WHERE kind = ? AND key = ?;

-- name: kept
-- Read a small thing by its kind and key.
SELECT at, body FROM kept WHERE kind = ? AND key = ?;

-- name: kept_from
-- Read small things of one kind in the order of their times, after one of them.
SELECT key, at, body FROM kept WHERE kind = ? AND (at, key) > (?, ?) ORDER BY at, key LIMIT ?;

-- name: kept_count
-- Count the small things of one kind.
SELECT count(*) FROM kept WHERE kind = ?;

-- name: kept_before
-- Read small things of one kind, the latest first, before one of them.
SELECT key, at, body FROM kept WHERE kind = ? AND (at, key) < (?, ?) ORDER BY at DESC, key DESC LIMIT ?;

-- name: known_packs
-- Find which of many packages of a product, and which containers, are on record: a JSON list of serials, one of keys.
SELECT u.serial, 1, u.made FROM json_each(?2) j CROSS JOIN unit u ON u.product = ?1 AND u.serial = j.value
UNION ALL
SELECT c.key, 2, c.made FROM json_each(?3) j CROSS JOIN container c ON c.key = j.value;

-- name: add_issued
-- Keep a serial number that is given out.
INSERT INTO issued (gtin, serial, at) VALUES (?, ?, ?);

-- name: issued_among
-- Find which of many serial numbers of a product were given out.
SELECT i.serial FROM json_each(?2) j CROSS JOIN issued i ON i.gtin = ?1 AND i.serial = j.value;

-- name: issued_from
-- Read the serial numbers that were given out for a product, in order.
SELECT serial, at FROM issued WHERE gtin = ? AND serial > ? ORDER BY serial LIMIT ?;

-- name: put_tile
-- Write a tile of the log, or the longer one in its place.
INSERT INTO tile (level, number, hashes) VALUES (?, ?, ?)
ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes;

-- name: tile
-- Read a tile of the log.
SELECT hashes FROM tile WHERE level = ? AND number = ?;

-- name: put_checkpoint
-- Write a signed tree head, or the same with more signatures.
INSERT INTO checkpoint (size, at, publisher, cosigned, note) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (size) DO UPDATE SET at = excluded.at, publisher = excluded.publisher, cosigned = excluded.cosigned,
  note = excluded.note;

-- name: drop_checkpoints
-- Forget the signed tree heads since a moment that are below a size, all but one.
DELETE FROM checkpoint WHERE at >= ? AND size < ? AND size <> ?;

-- name: checkpoints
-- Read all signed tree heads.
SELECT size, at, publisher, cosigned, note FROM checkpoint ORDER BY size;

-- name: checkpoint_last
-- Read the newest signed tree head.
SELECT size, at, publisher, cosigned, note FROM checkpoint ORDER BY size DESC LIMIT 1;

-- name: checkpoint_cosigned
-- Read the newest signed tree head that has its quorum of witnesses.
SELECT size, at, publisher, cosigned, note FROM checkpoint WHERE cosigned = 1 ORDER BY size DESC LIMIT 1;

-- name: drop_tiles
-- Forget the tiles: they are made again from the records.
DELETE FROM tile;

-- name: drop_all_checkpoints
-- Forget the signed tree heads: a new log begins.
DELETE FROM checkpoint;

-- name: add_posting
-- File events under a term.
INSERT INTO posting (term, last, first, steps) VALUES (?, ?, ?, ?);

-- name: drop_posting
-- Take out one row of a term.
DELETE FROM posting WHERE term = ? AND last = ?;

-- name: file_from
-- Note from which position on events are filed.
UPDATE posting SET first = ? WHERE term = ? AND last = 0;

-- name: postings
-- Read the events under a term, in log order, after a position.
SELECT first, last, steps FROM posting WHERE term = ? AND last > ? ORDER BY last LIMIT ?;

-- name: postings_before
-- Read the events under a term, the latest first, whose rows end before a position.
SELECT first, last, steps FROM posting WHERE term = ? AND last < ? ORDER BY last DESC LIMIT ?;

-- name: event_times
-- Read events in the order of their times, after one of them.
SELECT time, position FROM event WHERE (time, position) > (?, ?) AND time < ? ORDER BY time, position LIMIT ?;

-- name: event_times_before
-- Read events in the order of their times, the latest first, before one of them.
SELECT time, position FROM event WHERE (time, position) < (?, ?) AND time >= ?
ORDER BY time DESC, position DESC LIMIT ?;

-- name: event_positions
-- Read positions of events in log order, after one of them.
SELECT position FROM event WHERE position > ? ORDER BY position LIMIT ?;

-- name: event_positions_before
-- Read positions of events, the latest first, before one of them.
SELECT position FROM event WHERE position < ? ORDER BY position DESC LIMIT ?;

-- name: recorded_at
-- Read when a record was written.
SELECT recorded_at FROM record WHERE position = ?;

-- name: add_used
-- Note a word or place that was used.
INSERT INTO used (kind, text) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: used_from
-- Read the words or places of one kind that were used, in order.
SELECT text FROM used WHERE kind = ? AND text > ? ORDER BY text LIMIT ?;

-- name: is_used
-- Tell whether a word or place was used.
SELECT 1 FROM used WHERE kind = ? AND text = ?;

-- name: add_vocabulary
-- Keep what a speaker says of a thing in a vocabulary; the latest word stands.
INSERT INTO vocabulary (type, id, speaker, said_at, document, attributes) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (type, id, speaker) DO UPDATE SET said_at = excluded.said_at, document = excluded.document,
  attributes = excluded.attributes
WHERE (excluded.said_at, excluded.attributes) > (vocabulary.said_at, vocabulary.attributes);

-- name: vocabulary_from
-- Read master data of one vocabulary in order.
SELECT type, id, speaker, said_at, attributes FROM vocabulary
WHERE type = ? AND (id, speaker) > (?, ?) ORDER BY id, speaker LIMIT ?;

-- name: vocabulary_of
-- Read what everyone says of a thing in every vocabulary.
SELECT type, id, speaker, said_at, attributes FROM vocabulary WHERE id = ? ORDER BY said_at DESC, type, speaker;

-- name: vocabulary_types
-- Read the names of all vocabularies.
SELECT DISTINCT type FROM vocabulary ORDER BY type;

-- name: terms_since
-- Find which of many terms were used at or after a position, and the last position of each.
SELECT j.value, (SELECT max(p.last) FROM posting p WHERE p.term = j.value AND p.last >= ?) FROM json_each(?) j;

-- name: blocks_data
-- Read many blocks.
SELECT b.id, b.data FROM json_each(?) j JOIN block b ON b.id = j.value;

-- name: records_of_kinds
-- Read the scans and decisions in a stretch of the log.
SELECT position, kind, tenant, party, recorded_at, id, salt, block, start, length, envelope, commitment
FROM record WHERE position >= ? AND position < ? AND kind IN (2, 4) ORDER BY position;

-- name: add_board
-- Count something.
INSERT INTO board (board, day, site, cause, detail, count) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (board, day, site, cause, detail) DO UPDATE SET count = board.count + excluded.count;

-- name: drop_board_at
-- Forget how far the log was counted, in whatever way.
DELETE FROM board WHERE board = 'at';

-- name: put_board_at
-- Note in which way and how far the log is counted.
INSERT INTO board (board, day, site, cause, detail, count) VALUES ('at', '', ?, '', ?, ?);

-- name: board_at
-- Read how far the log is counted in one way.
SELECT count FROM board WHERE board = 'at' AND site = ?;

-- name: board
-- Add up what was counted on some boards between two days, by board, place, cause and detail.
SELECT board, site, cause, detail, sum(count) FROM board
WHERE board IN (SELECT value FROM json_each(?)) AND day >= ? AND day <= ?
GROUP BY board, site, cause, detail ORDER BY board, site, cause, detail;

-- name: board_causes
-- Add up everything that was counted, by board, cause and detail, whatever the place and day.
SELECT board, cause, detail, sum(count) FROM board WHERE board <> 'at' GROUP BY board, cause, detail
ORDER BY board, cause, detail;

-- name: put_board_doubt
-- Note that a pack was answered amber or red.
INSERT INTO board_doubt (pack, day, site, cause, detail) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (pack) DO UPDATE SET day = excluded.day, site = excluded.site, cause = excluded.cause, detail = excluded.detail;

-- name: drop_board_doubt
-- A pack is no longer in doubt.
DELETE FROM board_doubt WHERE pack = ?;

-- name: board_doubts
-- Read which of these packs were answered amber or red.
SELECT pack, day, site, cause, detail FROM board_doubt WHERE pack IN (SELECT value FROM json_each(?));

-- name: drop_board
-- Forget all counts.
DELETE FROM board;

-- name: drop_board_doubts
-- Forget all packs in doubt.
DELETE FROM board_doubt;

-- name: documents_of_senders
-- Read who sent the documents of a time, by their numbers.
SELECT id, sender, events FROM document WHERE received_at >= ? AND received_at < ? ORDER BY id;

-- name: finding_counts
-- Count the findings of a stretch of documents, by document and kind.
SELECT document, severity, code, count(*) FROM finding WHERE document >= ? AND document <= ?
GROUP BY document, severity, code;

-- name: severity_counts
-- Count all findings by their severity.
SELECT severity, count(*) FROM finding GROUP BY severity ORDER BY severity;
