-- Every statement of the PostgreSQL engine; one name and one sentence each. Parameters only.
-- [key: column] names the column that decides where the rows live on Citus: a statement about one thing has it.

-- name: head
-- Lock the log for this transaction and read the next numbers, the time, and what closes the record for writing, if
-- anything.
SELECT position, block, making, container, name, product, lot, document, packages, events, moved, time,
  (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, closed
FROM log_head FOR UPDATE;

-- name: moved
-- Read how often something changed that readers keep in mind.
SELECT moved FROM log_head WHERE one;

-- name: record_name
-- Read the name of a record: whether it is there tells what became of its transaction. [key: position]
SELECT id FROM record WHERE position = %s::bigint;

-- name: set_setting
-- Write one setting.
INSERT INTO setting (key, value) VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- name: settings
-- Read all settings.
SELECT key, value FROM setting;

-- name: name_id
-- Find the number of a recurring text.
SELECT id FROM name WHERE md5(text) = md5(%(p1)s::text) AND text = %(p1)s::text;

-- name: name_text
-- Find a recurring text by its number.
SELECT text FROM name WHERE id = %s;

-- name: add_name
-- Number a recurring text.
INSERT INTO name (id, text) VALUES (%s, %s);

-- name: product_id
-- Find a product's number and whether it holds other packages.
SELECT id, holds FROM product WHERE gtin = %s::text;

-- name: products_known
-- Find which of many products are on record.
SELECT gtin FROM product WHERE gtin = ANY(%s::text[]);

-- name: product_gtin
-- Find a product by its number.
SELECT gtin, holds FROM product WHERE id = %s;

-- name: add_product
-- Number a product.
INSERT INTO product (id, gtin) VALUES (%s, %s);

-- name: mark_holding
-- Note that packages of this product are containers of others.
UPDATE product SET holds = true WHERE id = %s;

-- name: lot_id
-- Find a lot's number.
SELECT id FROM lot WHERE product = %(p1)s AND md5(lot) = md5(%(p2)s::text) AND md5(expiry) = md5(%(p3)s::text)
  AND lot = %(p2)s::text AND expiry = %(p3)s::text;

-- name: lots_of
-- Find all lots of a product that bear this text.
SELECT id, expiry FROM lot WHERE product = %(p1)s AND md5(lot) = md5(%(p2)s::text) AND lot = %(p2)s::text ORDER BY expiry;

-- name: lots_of_product
-- List the lots of a product.
SELECT lot, expiry FROM lot WHERE product = %s ORDER BY lot, expiry;

-- name: lot_row
-- Read a lot by its number.
SELECT product, lot, expiry FROM lot WHERE id = %s;

-- name: add_lot
-- Number a lot.
INSERT INTO lot (id, product, lot, expiry) VALUES (%s, %s, %s, %s);

-- name: making_row
-- Read the event and lot of a making. [key: id]
SELECT event, lot FROM making WHERE id = %s::bigint;

-- name: makings_by_id
-- Read the events and lots of many makings. [keys: id]
SELECT id, event, lot FROM making WHERE id = ANY(%s::bigint[]);

-- name: making_whole
-- Read a making with what it takes from its event, its lot, and how often something had changed. [one machine]
SELECT m.event, e.speaker, e.flags, e.voided_by, e.document, e.time, e.hash, l.product, l.lot, l.expiry,
  (SELECT moved FROM log_head)
FROM making m JOIN event e ON e.position = m.event JOIN lot l ON l.id = m.lot WHERE m.id = %s::bigint;

-- name: making_event
-- Read what a making takes from its event. [key: position]
SELECT speaker, flags, voided_by, document, time, hash FROM event WHERE position = %s::bigint;

-- name: makings_of
-- Find the makings of a lot. [all]
SELECT id FROM making WHERE lot = %s ORDER BY id;

-- name: add_making
-- Add makings.
COPY making (id, event, lot) FROM STDIN;

-- name: log_size
-- Count the records: positions are dense from 0.
SELECT position FROM log_head;

-- name: add_record
-- Append records.
COPY record (position, kind, tenant, party, recorded_at, id, salt, block, start, length, envelope, commitment) FROM STDIN;

-- name: entries_from
-- Read what the log's entries are made of, in log order. [all]
SELECT position, kind, id, commitment FROM record WHERE position >= %s ORDER BY position LIMIT %s;

-- name: uncommitted
-- Read records of before there were commitments, in log order. [all]
SELECT position, kind, tenant, party, recorded_at, id, salt, block, start, length, envelope, commitment
FROM record WHERE commitment IS NULL AND position >= %s ORDER BY position LIMIT %s;

-- name: set_commitment
-- Fill in the commitment of a record. [key: position]
UPDATE record SET commitment = %s::bytea WHERE position = %s::bigint;

-- name: records_from
-- Read records in log order. [all]
SELECT position, kind, tenant, party, recorded_at, id, salt, block, start, length, envelope, commitment
FROM record WHERE position >= %s ORDER BY position LIMIT %s;

-- name: add_block
-- Add compressed blocks of canonical bytes.
COPY block (id, data) FROM STDIN;

-- name: block_data
-- Read one block. [key: id]
SELECT data FROM block WHERE id = %s::bigint;

-- name: blocks_stored
-- Read many blocks as they lie in the store. [keys: id]
SELECT id, data FROM block WHERE id = ANY(%s::bigint[]);

-- name: data_key
-- Read one key.
SELECT id, kind, tenant, version, wrapped_by, root, origin, made_at, ended_at, wrapped
FROM data_key WHERE id = %s::bigint;

-- name: tenant_keys
-- Read the keys of a tenant itself.
SELECT id, kind, tenant, version, wrapped_by, root, origin, made_at, ended_at, wrapped
FROM data_key WHERE kind = 1 AND tenant = %s::bigint ORDER BY version;

-- name: data_keys
-- Read all keys.
SELECT id, kind, tenant, version, wrapped_by, root, origin, made_at, ended_at, wrapped
FROM data_key ORDER BY id;

-- name: data_key_last
-- Find the highest number of a key.
SELECT coalesce(max(id), 0) FROM data_key;

-- name: add_data_key
-- Add keys, wrapped.
COPY data_key (id, kind, tenant, version, wrapped_by, root, origin, made_at, ended_at, wrapped)
FROM STDIN;

-- name: set_data_key
-- Write anew how a key is wrapped, or that it was destroyed.
UPDATE data_key SET wrapped_by = %s, root = %s, ended_at = %s, wrapped = %s WHERE id = %s;

-- name: sealed_blocks
-- Count the blocks under each key; what is sealed begins with four bytes of its own, then its key's number. [all]
SELECT CASE WHEN substring(data from 1 for 4) = '\x72787301' THEN substring(data from 5 for 8) END, count(*) FROM block
GROUP BY 1;

-- name: sealed_documents
-- Count the raw documents under each key, by their first chunks. [all]
SELECT CASE WHEN substring(data from 1 for 4) = '\x72787301' THEN substring(data from 5 for 8) END, count(*) FROM document_chunk
WHERE seq = 0 GROUP BY 1;

-- name: blocks_from
-- Read blocks as they lie in the store. [all]
SELECT id, data FROM block WHERE id > %s::bigint ORDER BY id LIMIT %s;

-- name: block_entries
-- Read the commitments to the bytes of many blocks, the newest last. [all]
SELECT block, commitment FROM record WHERE kind = 6 AND block = ANY(%s::bigint[]) ORDER BY position;

-- name: set_block
-- Seal a block anew. [key: id]
UPDATE block SET data = %s WHERE id = %s::bigint;

-- name: document_keys
-- Read the beginnings of raw documents. [all]
SELECT document, substring(data from 1 for 12) FROM document_chunk WHERE document > %s::bigint AND seq = 0 ORDER BY document LIMIT %s;

-- name: block_last
-- Find the highest block number. [all]
SELECT coalesce(max(id), 0) FROM block;

-- name: chunk_last
-- Find the highest number of a document whose bytes are here. [all]
SELECT coalesce(max(document), 0) FROM document_chunk;

-- name: chunk
-- Read one chunk of a raw document. [key: document]
SELECT data FROM document_chunk WHERE document = %s::bigint AND seq = %s::bigint;

-- name: set_chunk
-- Seal a chunk of a raw document anew. [key: document]
UPDATE document_chunk SET data = %s WHERE document = %s::bigint AND seq = %s::bigint;

-- name: add_event
-- Add the typed columns of events.
COPY event (position, time, hash, kind, action, biz_step, disposition, speaker, read_point, biz_location, source,
  destination, parent, document, flags, event_id) FROM STDIN;

-- name: void_event
-- Mark an event as declared wrong by its sender, or as not. [key: position]
UPDATE event SET voided_by = %s::bigint WHERE position = %s::bigint;

-- name: parties_of
-- Read the source and destination of an event. [key: position]
SELECT source, destination FROM event WHERE position = %s::bigint;

-- name: set_parties
-- Write the source and destination of an event that does not name them itself. [key: position]
UPDATE event SET source = %s, destination = %s WHERE position = %s::bigint;

-- name: event_brief
-- Read what decides how an event weighs against another. [key: position]
SELECT speaker, flags, voided_by, time, hash, parent FROM event WHERE position = %s::bigint;

-- name: event_ids
-- Read event identifiers, documents and record times by position. [keys: position]
SELECT e.position, e.event_id, e.document, r.recorded_at FROM event e JOIN record r ON r.position = e.position
WHERE e.position = ANY(%s::bigint[]);

-- name: flag_more_speakers
-- Note that others said the same event. [key: position]
UPDATE event SET flags = flags | 8 WHERE position = %s::bigint;

-- name: add_event_speaker
-- Add one more speaker of an event. [key: event]
INSERT INTO event_speaker (event, speaker, document) VALUES (%s::bigint, %s, %s) ON CONFLICT DO NOTHING;

-- name: speakers_of_events
-- Read the further speakers of many events. [keys: event]
SELECT event, speaker FROM event_speaker WHERE event = ANY(%s::bigint[]);

-- name: event_speakers
-- Read the further speakers of an event. [key: event]
SELECT speaker FROM event_speaker WHERE event = %s::bigint;

-- name: events_by_identity
-- Find events by their identities, many at once, in log order. [keys: identity]
SELECT identity, event FROM event_identity WHERE identity = ANY(%s::bytea[]) ORDER BY event;

-- name: add_identity
-- Note which events identities belong to.
COPY event_identity (identity, event) FROM STDIN;

-- name: units_of
-- Read many packages in key order. [keys: key]
SELECT key, made, packed, own FROM unit WHERE key = ANY(%s::text[]) ORDER BY key;

-- name: add_units
-- Add packages.
COPY unit (key, made, packed, own) FROM STDIN;

-- name: change_unit
-- Change what packages' rows name. [many]
INSERT INTO unit (made, packed, own, key)
SELECT * FROM unnest(%s::integer[], %s::bigint[], %s::smallint[], %s::text[])
ON CONFLICT (key) DO UPDATE SET made = excluded.made, packed = excluded.packed, own = excluded.own;

-- name: drop_unit
-- Take a package out of the packages, since it is a container. [key: key]
DELETE FROM unit WHERE key = %s::text;

-- name: add_unit_event
-- Index events under packages. [many]
INSERT INTO unit_event (key, event, role, making)
SELECT * FROM unnest(%s::text[], %s::bigint[], %s::smallint[], %s::bigint[]) ON CONFLICT DO NOTHING;

-- name: unit_events
-- Read a package's own events. [key: key]
SELECT event, role, making FROM unit_event WHERE key = %s::text;

-- name: unit_events_of
-- Read the own events of many packages. [keys: key]
SELECT key, event, role, making FROM unit_event WHERE key = ANY(%s::text[]);

-- name: drop_unit_events
-- Take a package's events away, since they are kept under the container. [key: key]
DELETE FROM unit_event WHERE key = %s::text;

-- name: hold
-- Count plain packages of makings that packings put away. [many]
INSERT INTO holding (making, packed, packs) SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[])
ON CONFLICT (making, packed) DO UPDATE SET packs = holding.packs + excluded.packs;

-- name: holdings_of
-- Read how many plain packages of each making of a lot each packing put away. [all]
SELECT h.making, h.packed, h.packs FROM making m JOIN holding h ON h.making = m.id WHERE m.lot = %s AND h.packs > 0;

-- name: parents_of_events
-- Read what many packing events packed into. [keys: position]
SELECT position, parent, time, voided_by IS NOT NULL, flags FROM event WHERE position = ANY(%s::bigint[]);

-- name: makings_retold
-- Find one package of which one of many makings is stated beside the one that its row names. [all]
SELECT 1 FROM unit_event WHERE making = ANY(%s::bigint[]) LIMIT 1;

-- name: odd_units_of
-- Read the packages of many makings that have a story of their own; some come twice. [all]
SELECT key, made, packed, own FROM unit WHERE made = ANY(%(p1)s::bigint[]) AND own IS NOT NULL
UNION ALL SELECT u.key, u.made, u.packed, u.own FROM unit_event h JOIN unit u ON u.key = h.key
WHERE h.making = ANY(%(p1)s::bigint[]) AND u.own IS NOT NULL;

-- name: pack_facts
-- Read a package, its packing and up to three containers around it, and how often something changed that readers keep
-- in mind: one statement for the counter. [one machine]
SELECT u.made, u.packed, u.own, e.time, e.voided_by, e.document, e.flags, a.key,
  a.parent, a.since, a.emptied, a.state,
  b.parent, b.since, b.emptied, b.state,
  c.parent, c.emptied, c.state,
  (SELECT moved FROM log_head WHERE one)
FROM unit u
LEFT JOIN event e ON e.position = u.packed
LEFT JOIN container a ON a.id = e.parent
LEFT JOIN container b ON b.id = a.parent
LEFT JOIN container c ON c.id = b.parent
WHERE u.key = %s::text;

-- name: unit_row
-- Read one package. [key: key]
SELECT made, packed, own FROM unit WHERE key = %s::text;

-- name: packing_row
-- Read a packing. [key: position]
SELECT time, voided_by, document, flags, parent FROM event WHERE position = %s::bigint;

-- name: container_row
-- Read what a container tells of the packages inside. [key: id]
SELECT key, parent, since, emptied, state FROM container WHERE id = %s::bigint;

-- name: steps
-- Read the typed columns of many events at once. [keys: position]
SELECT position, time, hash, kind, action, biz_step, disposition, speaker, read_point, biz_location, source,
  destination, parent, document, flags, voided_by
FROM event WHERE position = ANY(%s::bigint[]);

-- name: container_by_key
-- Find one container by its exact identifier. [one machine]
SELECT c.id, c.key, c.product, c.made, c.parent, c.since, c.emptied, c.speaker, c.state
FROM container_key k JOIN container c ON c.id = k.id WHERE k.key = %s::text;

-- name: container_id
-- Find a container's number by its exact identifier. [key: key]
SELECT id FROM container_key WHERE key = %s::text;

-- name: containers_by_key
-- Find many containers by their exact identifiers. [keys: key]
SELECT key, id FROM container_key WHERE key = ANY(%s::text[]);

-- name: containers_by_id
-- Read many containers by number. [keys: id]
SELECT id, key, product, made, parent, since, emptied, speaker, state FROM container WHERE id = ANY(%s::bigint[]);

-- name: add_container
-- Add containers with the fold of their events.
COPY container (id, key, product, made, parent, since, emptied, speaker, state) FROM STDIN;

-- name: add_container_key
-- Note the numbers of containers by their identifiers.
COPY container_key (key, id) FROM STDIN;

-- name: set_container
-- Write the folds of containers' events anew. [many]
INSERT INTO container (id, key, product, made, parent, since, emptied, speaker, state)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
  %s::bigint[], %s::bytea[])
ON CONFLICT (id) DO UPDATE SET made = excluded.made, parent = excluded.parent, since = excluded.since,
  emptied = excluded.emptied, speaker = excluded.speaker, state = excluded.state;

-- name: add_container_event
-- Index events under containers. [many]
INSERT INTO container_event (container, event, role, making)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::smallint[], %s::bigint[]) ON CONFLICT DO NOTHING;

-- name: container_events
-- Read which events many containers take part in. [keys: container]
SELECT container, event, role, making FROM container_event WHERE container = ANY(%s::bigint[]);

-- name: add_inside
-- Note that containers were ever inside others. [many]
INSERT INTO inside (parent, child) SELECT * FROM unnest(%s::bigint[], %s::bigint[]) ON CONFLICT DO NOTHING;

-- name: insides
-- Find what containers were ever inside these. [keys: parent]
SELECT child FROM inside WHERE parent = ANY(%s::bigint[]);

-- name: are_folded
-- Tell of many containers whether their rows cache a fold. [keys: id]
SELECT id, state IS NOT NULL FROM container WHERE id = ANY(%s::bigint[]);

-- name: folded_containers
-- Read the containers whose rows cache a fold. [all]
SELECT id FROM container WHERE id > %s AND state IS NOT NULL ORDER BY id LIMIT %s;

-- name: packings_of
-- Find the packing and unpacking events of a container. [key: container]
SELECT event FROM container_event WHERE container = %s::bigint AND role = 1;

-- name: add_lot_event
-- Index an event under a lot, or under a whole product (lot '').
INSERT INTO lot_event (product, lot, event) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING;

-- name: lot_events
-- Read all class-level events.
SELECT product, lot, event FROM lot_event ORDER BY product, lot, event;

-- name: find_instance
-- Find a document by its instance identifier and sender.
SELECT id FROM document WHERE instance_id = %s::text AND sender = %s::text AND instance_id <> '' ORDER BY id LIMIT 1;

-- name: add_document
-- Keep a raw document's particulars.
INSERT INTO document (id, sha256, name, bytes, received_at, sender, receiver, instance_id, events, header)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s);

-- name: document_row
-- Read a document's particulars.
SELECT id, sha256, name, bytes, received_at, sender, receiver, instance_id, events, header FROM document WHERE id = %s;

-- name: document_by_sha
-- Read a document's particulars by its SHA-256.
SELECT id, sha256, name, bytes, received_at, sender, receiver, instance_id, events, header
FROM document WHERE sha256 = %s::bytea;

-- name: documents_after
-- Read documents in order of arrival.
SELECT id, sha256, name, bytes, received_at, sender, receiver, instance_id, events, header
FROM document WHERE id > %s ORDER BY id LIMIT %s;

-- name: add_chunk
-- Keep the compressed chunks of a raw document.
COPY document_chunk (document, seq, data) FROM STDIN;

-- name: chunks
-- Read some of the compressed chunks of a raw document, which are numbered from 0. [key: document]
SELECT data FROM document_chunk WHERE document = %s::bigint AND seq >= %s::bigint ORDER BY seq LIMIT %s;

-- name: add_job
-- Note a capture job.
INSERT INTO job (id, document, name, proceed, state, events, applied, packages, new_events, first_position,
  created_at, finished_at, error, gtins)
VALUES (%s, %s, %s, %s, %s, %s, 0, 0, 0, -1, %s, 0, '', %s);

-- name: job_progress
-- Note how far a job has come; in the same transaction as the facts.
UPDATE job SET state = %s, applied = %s, packages = packages + %s, new_events = new_events + %s,
  first_position = CASE WHEN first_position < 0 THEN %s ELSE first_position END, finished_at = %s, error = %s
WHERE id = %s::text;

-- name: job_row
-- Read one job.
SELECT id, document, name, proceed, state, events, applied, packages, new_events, first_position, created_at,
  finished_at, error, gtins FROM job WHERE id = %s::text;

-- name: jobs_unfinished
-- Read the jobs whose facts are not all in the record, oldest first.
SELECT id, document, name, proceed, state, events, applied, packages, new_events, first_position, created_at,
  finished_at, error, gtins FROM job WHERE state IN ('accepted', 'running', 'failed') ORDER BY created_at, id;

-- name: jobs_after
-- Read jobs, newest first.
SELECT id, document, name, proceed, state, events, applied, packages, new_events, first_position, created_at,
  finished_at, error, gtins FROM job
WHERE created_at < %s OR (created_at = %s AND id > %s::text) ORDER BY created_at DESC, id LIMIT %s;

-- name: job_of_document
-- Find the first job of a document.
SELECT id, document, name, proceed, state, events, applied, packages, new_events, first_position, created_at,
  finished_at, error, gtins FROM job WHERE document = %s ORDER BY created_at LIMIT 1;

-- name: claim_job
-- Take a job for this connection; what it took is free again when the connection ends, however it ends.
SELECT pg_try_advisory_lock(hashtextextended(current_schema() || %s::text, 7));

-- name: free_job
-- Let go of a job: the server keeps only so many locks.
SELECT pg_advisory_unlock(hashtextextended(current_schema() || %s::text, 7));

-- name: add_finding
-- Keep findings.
COPY finding (document, seq, event, severity, code, message, place, epcs) FROM STDIN;

-- name: findings_of_document
-- Read a document's findings. [key: document]
SELECT event, severity, code, message, place, epcs FROM finding WHERE document = %s::bigint ORDER BY seq;

-- name: findings_of_events
-- Read the findings that name many events; their documents are given too. [keys: document]
SELECT event, severity, code, message, place, epcs FROM finding
WHERE document = ANY(%s::bigint[]) AND event = ANY(%s::bigint[]) ORDER BY document, seq;

-- name: add_master
-- Keep what a speaker says of a thing; the latest word stands.
INSERT INTO master (id, speaker, said_at, document, attributes) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (id, speaker) DO UPDATE SET said_at = excluded.said_at, document = excluded.document,
  attributes = excluded.attributes
WHERE (excluded.said_at, excluded.attributes) > (master.said_at, master.attributes);

-- name: master_of
-- Read what everyone says of a thing.
SELECT speaker, said_at, attributes FROM master WHERE id = %s::text ORDER BY said_at DESC, speaker;

-- name: answered
-- Read an earlier answer to the same key.
SELECT recorded_at, answer FROM answered WHERE key = %s::text;

-- name: add_answered
-- Keep an answer under its key.
INSERT INTO answered (key, recorded_at, answer) VALUES (%s, %s, %s)
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
INSERT INTO partner (name, row) VALUES (%s, %s);

-- name: add_partner_gln
-- Add a partner's GLN.
INSERT INTO partner_gln (gln, partner) VALUES (%s, %s);

-- name: units_from
-- Read packages in key order, from a key on. [all]
SELECT key, made, packed, own FROM unit WHERE key > %s::text ORDER BY key LIMIT %s;

-- name: containers_from
-- Read SGTIN containers in order of their numbers. [all]
SELECT id, key, product, made, parent, since, emptied, speaker, state FROM container
WHERE id > %s AND product IS NOT NULL ORDER BY id LIMIT %s;

-- name: all_containers
-- Read all containers. [all]
SELECT id, key, product, made, parent, since, emptied, speaker, state FROM container WHERE id > %s ORDER BY id LIMIT %s;

-- name: event_bodies
-- Read many events with the places of their bytes, in log order. [keys: position]
SELECT e.position, r.block, r.start, r.length, r.envelope, r.recorded_at, e.event_id, e.time, e.speaker, e.document
FROM event e JOIN record r ON r.position = e.position WHERE e.position = ANY(%s::bigint[]) ORDER BY e.position;

-- name: events_from
-- Read events in log order. [all]
SELECT e.position, r.block, r.start, r.length, r.envelope, r.recorded_at, e.event_id, e.time, e.speaker, e.document
FROM event e JOIN record r ON r.position = e.position
WHERE e.position > %s ORDER BY e.position LIMIT %s;

-- name: counts
-- Count what the store holds.
SELECT packages, container, events, document FROM log_head;

-- name: as_of
-- Read, on a copy that follows another server, when the last change it has was made.
SELECT pg_is_in_recovery(), (extract(epoch FROM pg_last_xact_replay_timestamp()) * 1000000)::bigint;

-- name: store_bytes
-- Count the bytes on disk. [one machine]
SELECT pg_database_size(current_database());

-- name: cluster_bytes
-- Count the bytes on the disks of all machines. [all]
SELECT coalesce(sum(citus_total_relation_size(logicalrelid)), 0)::bigint FROM pg_dist_partition;

-- name: every_machine
-- Read something from every machine of a cluster, so that each takes its view of the record now. [all]
SELECT count(*) FROM (SELECT id FROM block LIMIT 1) AS any_block;

-- name: keep
-- Keep a small thing under its kind and key, or write it anew.
INSERT INTO kept (kind, key, at, body) VALUES (%s, %s, %s, %s)
ON CONFLICT (kind, key) DO UPDATE SET at = excluded.at, body = excluded.body;

-- name: drop_kept
-- Forget a small thing.
DELETE FROM kept WHERE kind = %s::text AND key = %s::text;

-- name: kept
-- Read a small thing by its kind and key.
SELECT at, body FROM kept WHERE kind = %s::text AND key = %s::text;

-- name: kept_from
-- Read small things of one kind in the order of their times, after one of them.
SELECT key, at, body FROM kept WHERE kind = %s::text AND (at, key) > (%s::bigint, %s::text) ORDER BY at, key LIMIT %s;

-- name: kept_count
-- Count the small things of one kind.
SELECT count(*) FROM kept WHERE kind = %s::text;

-- name: kept_before
-- Read small things of one kind, the latest first, before one of them.
SELECT key, at, body FROM kept WHERE kind = %s::text AND (at, key) < (%s::bigint, %s::text) ORDER BY at DESC, key DESC LIMIT %s;

-- name: known_packs
-- Find which of many packages and containers are on record, by key and by identifier. [one machine]
SELECT key, 1, made FROM unit WHERE key = ANY(%s::text[]) UNION ALL
SELECT k.key, 2, (SELECT c.made FROM container c WHERE c.id = k.id) FROM container_key k WHERE k.key = ANY(%s::text[]);

-- name: end_stuck_writers
-- End those who hold the log and have sent nothing of a COPY for long.
SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid
WHERE l.relation = 'log_head'::regclass AND l.granted AND a.pid <> pg_backend_pid()
  AND a.application_name = 'rxtrail writer' AND a.state = 'active' AND a.wait_event = 'ClientRead'
  AND a.query_start < now() - interval '30 seconds';

-- name: add_issued
-- Keep serial numbers that are given out.
COPY issued (gtin, serial, at) FROM STDIN;

-- name: issued_among
-- Find which of many serial numbers of a product were given out. [key: gtin]
SELECT serial FROM issued WHERE gtin = %s::text AND serial = ANY(%s::text[]);

-- name: issued_from
-- Read the serial numbers that were given out for a product, in order. [key: gtin]
SELECT serial, at FROM issued WHERE gtin = %s::text AND serial > %s::text ORDER BY serial LIMIT %s;

-- name: put_tile
-- Write tiles of the log, or the longer ones in their place. [many]
INSERT INTO tile (level, number, hashes) SELECT * FROM unnest(%s::smallint[], %s::bigint[], %s::bytea[])
ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes;

-- name: tile
-- Read a tile of the log. [key: number]
SELECT hashes FROM tile WHERE level = %s::smallint AND number = %s::bigint;

-- name: put_checkpoint
-- Write a signed tree head, or the same with more signatures.
INSERT INTO checkpoint (size, at, publisher, cosigned, note) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (size) DO UPDATE SET at = excluded.at, publisher = excluded.publisher, cosigned = excluded.cosigned,
  note = excluded.note;

-- name: drop_checkpoints
-- Forget the signed tree heads since a moment that are below a size, all but one.
DELETE FROM checkpoint WHERE at >= %s::bigint AND size < %s::bigint AND size <> %s::bigint;

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
-- Forget the tiles: they are made again from the records. [all]
DELETE FROM tile;

-- name: drop_all_checkpoints
-- Forget the signed tree heads: a new log begins.
DELETE FROM checkpoint;

-- name: add_posting
-- File events under a term.
COPY posting (term, last, first, steps) FROM STDIN;

-- name: drop_posting
-- Take out one row of a term. [key: term]
DELETE FROM posting WHERE term = %s::bigint AND last = %s::bigint;

-- name: file_from
-- Note from which position on events are filed. [key: term]
UPDATE posting SET first = %s::bigint WHERE term = %s::bigint AND last = 0;

-- name: postings
-- Read the events under a term, in log order, after a position. [key: term]
SELECT first, last, steps FROM posting WHERE term = %s::bigint AND last > %s::bigint ORDER BY last LIMIT %s;

-- name: postings_before
-- Read the events under a term, the latest first, whose rows end before a position. [key: term]
SELECT first, last, steps FROM posting WHERE term = %s::bigint AND last < %s::bigint ORDER BY last DESC LIMIT %s;

-- name: event_times
-- Read events in the order of their times, after one of them. [all]
SELECT time, position FROM event WHERE (time, position) > (%s::bigint, %s::bigint) AND time < %s::bigint ORDER BY time, position LIMIT %s;

-- name: event_times_before
-- Read events in the order of their times, the latest first, before one of them. [all]
SELECT time, position FROM event WHERE (time, position) < (%s::bigint, %s::bigint) AND time >= %s::bigint
ORDER BY time DESC, position DESC LIMIT %s;

-- name: event_positions
-- Read positions of events in log order, after one of them. [all]
SELECT position FROM event WHERE position > %s::bigint ORDER BY position LIMIT %s;

-- name: event_positions_before
-- Read positions of events, the latest first, before one of them. [all]
SELECT position FROM event WHERE position < %s::bigint ORDER BY position DESC LIMIT %s;

-- name: recorded_at
-- Read when a record was written. [key: position]
SELECT recorded_at FROM record WHERE position = %s::bigint;

-- name: add_used
-- Note a word or place that was used.
INSERT INTO used (kind, text) VALUES (%s, %s) ON CONFLICT DO NOTHING;

-- name: used_from
-- Read the words or places of one kind that were used, in order.
SELECT text FROM used WHERE kind = %s::text AND text > %s::text ORDER BY text LIMIT %s;

-- name: is_used
-- Tell whether a word or place was used.
SELECT 1 FROM used WHERE kind = %s::text AND text = %s::text;

-- name: add_vocabulary
-- Keep what a speaker says of a thing in a vocabulary; the latest word stands.
INSERT INTO vocabulary (type, id, speaker, said_at, document, attributes) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (type, id, speaker) DO UPDATE SET said_at = excluded.said_at, document = excluded.document,
  attributes = excluded.attributes
WHERE (excluded.said_at, excluded.attributes) > (vocabulary.said_at, vocabulary.attributes);

-- name: vocabulary_from
-- Read master data of one vocabulary in order.
SELECT type, id, speaker, said_at, attributes FROM vocabulary
WHERE type = %s::text AND (id, speaker) > (%s::text, %s::text) ORDER BY id, speaker LIMIT %s;

-- name: vocabulary_of
-- Read what everyone says of a thing in every vocabulary.
SELECT type, id, speaker, said_at, attributes FROM vocabulary WHERE id = %s::text ORDER BY said_at DESC, type, speaker;

-- name: vocabulary_types
-- Read the names of all vocabularies.
SELECT DISTINCT type FROM vocabulary ORDER BY type;

-- name: terms_since
-- Find which of many terms were used at or after a position, and the last position of each. [keys: term]
SELECT term, max(last) FROM posting WHERE term = ANY(%s::bigint[]) AND last >= %s::bigint GROUP BY term;

-- name: blocks_data
-- Read many blocks. [keys: id]
SELECT id, data FROM block WHERE id = ANY(%s::bigint[]);

-- name: records_of_kinds
-- Read the scans and decisions in a stretch of the log. [all]
SELECT position, kind, tenant, party, recorded_at, id, salt, block, start, length, envelope, commitment
FROM record WHERE position >= %s AND position < %s AND kind IN (2, 4) ORDER BY position;

-- name: add_board
-- Count something.
INSERT INTO board (board, day, site, cause, detail, count) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (board, day, site, cause, detail) DO UPDATE SET count = board.count + excluded.count;

-- name: drop_board_at
-- Forget how far the log was counted, in whatever way.
DELETE FROM board WHERE board = 'at';

-- name: put_board_at
-- Note in which way and how far the log is counted.
INSERT INTO board (board, day, site, cause, detail, count) VALUES ('at', '', %s, '', %s, %s);

-- name: board_at
-- Read how far the log is counted in one way.
SELECT count FROM board WHERE board = 'at' AND site = %s::text;

-- name: board
-- Add up what was counted on some boards between two days, by board, place, cause and detail.
SELECT board, site, cause, detail, sum(count)::bigint FROM board
WHERE board = ANY(%s::text[]) AND day >= %s::text AND day <= %s::text
GROUP BY board, site, cause, detail ORDER BY board, site, cause, detail;

-- name: board_causes
-- Add up everything that was counted, by board, cause and detail, whatever the place and day.
SELECT board, cause, detail, sum(count)::bigint FROM board WHERE board <> 'at' GROUP BY board, cause, detail
ORDER BY board, cause, detail;

-- name: put_board_doubt
-- Note that a pack was answered amber or red.
INSERT INTO board_doubt (pack, day, site, cause, detail) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (pack) DO UPDATE SET day = excluded.day, site = excluded.site, cause = excluded.cause, detail = excluded.detail;

-- name: drop_board_doubt
-- A pack is no longer in doubt.
DELETE FROM board_doubt WHERE pack = %s::text;

-- name: board_doubts
-- Read which of these packs were answered amber or red.
SELECT pack, day, site, cause, detail FROM board_doubt WHERE pack = ANY(%s::text[]);

-- name: drop_board
-- Forget all counts.
DELETE FROM board;

-- name: drop_board_doubts
-- Forget all packs in doubt.
DELETE FROM board_doubt;

-- name: documents_of_senders
-- Read who sent the documents of a time, by their numbers.
SELECT id, sender, events FROM document WHERE received_at >= %s AND received_at < %s ORDER BY id;

-- name: finding_counts
-- Count the findings of a stretch of documents, by document and kind. [all]
SELECT document, severity, code, count(*) FROM finding WHERE document >= %s AND document <= %s
GROUP BY document, severity, code;

-- name: severity_counts
-- Count all findings by their severity. [all]
SELECT severity, count(*) FROM finding GROUP BY severity ORDER BY severity;
