-- The record of one node. Rows that are facts are only ever added; the columns marked "cache" can be rebuilt.

CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Texts that recur: parties (13-digit GLN), locations (canonical SGLN), business steps, dispositions.
CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);

-- Everything that happened, in log order: events, scans, commands, decisions. Position is dense from 0.
-- The canonical bytes lie in a compressed block; the envelope (forms, record time) follows them.
CREATE TABLE record (
  position INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  tenant INTEGER NOT NULL,
  party INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  id BLOB NOT NULL,
  salt BLOB NOT NULL,
  block INTEGER NOT NULL,
  start INTEGER NOT NULL,
  length INTEGER NOT NULL,
  envelope INTEGER NOT NULL
);

CREATE TABLE block (id INTEGER PRIMARY KEY, data BLOB NOT NULL);

-- Raw documents as they came, by SHA-256, compressed in chunks.
CREATE TABLE document (
  id INTEGER PRIMARY KEY,
  sha256 BLOB NOT NULL UNIQUE,
  name TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  sender TEXT NOT NULL,
  receiver TEXT NOT NULL,
  instance_id TEXT NOT NULL,
  events INTEGER NOT NULL,
  header BLOB NOT NULL
);
CREATE INDEX document_instance ON document (instance_id, sender) WHERE instance_id <> '';
CREATE TABLE document_chunk (
  document INTEGER NOT NULL, seq INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (document, seq)
);

-- One capture of one document; gtins (MessagePack list) lets the counter know what may still be on its way.
CREATE TABLE job (
  id TEXT PRIMARY KEY,
  document INTEGER NOT NULL,
  name TEXT NOT NULL,
  proceed INTEGER NOT NULL,
  state TEXT NOT NULL,
  events INTEGER NOT NULL,
  applied INTEGER NOT NULL,
  packages INTEGER NOT NULL,
  new_events INTEGER NOT NULL,
  first_position INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  error TEXT NOT NULL,
  gtins BLOB NOT NULL
);
CREATE INDEX job_unfinished ON job (created_at) WHERE state IN ('accepted', 'running', 'failed');
CREATE INDEX job_document ON job (document);

CREATE TABLE finding (
  document INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  event INTEGER,
  severity TEXT NOT NULL,
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  place TEXT NOT NULL,
  epcs TEXT NOT NULL,
  PRIMARY KEY (document, seq)
) WITHOUT ROWID;
CREATE INDEX finding_event ON finding (event) WHERE event IS NOT NULL;

-- The typed columns of an event that rules and queries need beside its body. position = record.position.
CREATE TABLE event (
  position INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,
  hash BLOB NOT NULL,
  kind INTEGER NOT NULL,
  action INTEGER NOT NULL,
  biz_step INTEGER NOT NULL,
  disposition INTEGER NOT NULL,
  speaker INTEGER NOT NULL,
  read_point INTEGER NOT NULL,
  biz_location INTEGER NOT NULL,
  source INTEGER NOT NULL,
  destination INTEGER NOT NULL,
  parent INTEGER NOT NULL,
  document INTEGER NOT NULL,
  flags INTEGER NOT NULL,
  voided_by INTEGER,
  event_id TEXT NOT NULL
);
CREATE INDEX event_document ON event (document);
-- Others who said the very same event (a seller's copy of the maker's).
CREATE TABLE event_speaker (
  event INTEGER NOT NULL, speaker INTEGER NOT NULL, document INTEGER NOT NULL, PRIMARY KEY (event, speaker)
) WITHOUT ROWID;
-- SHA-256, first 16 bytes, of the eventID or CBV event hash: an event, its declarations, and others of that name.
CREATE TABLE event_identity (
  identity BLOB NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (identity, event)
) WITHOUT ROWID;

-- Master data, the latest word of each speaker on each thing.
CREATE TABLE master (
  id TEXT NOT NULL, speaker TEXT NOT NULL, said_at TEXT NOT NULL, document INTEGER NOT NULL, attributes BLOB NOT NULL,
  PRIMARY KEY (id, speaker)
) WITHOUT ROWID;

CREATE TABLE product (id INTEGER PRIMARY KEY, gtin TEXT NOT NULL UNIQUE, holds INTEGER NOT NULL DEFAULT 0);
CREATE TABLE lot (
  id INTEGER PRIMARY KEY, product INTEGER NOT NULL, lot TEXT NOT NULL, expiry TEXT NOT NULL,
  UNIQUE (product, lot, expiry)
);
-- Class-level statements (a lot or a whole product recalled): lot '' is the whole product.
CREATE TABLE lot_event (
  product INTEGER NOT NULL, lot TEXT NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (product, lot, event)
) WITHOUT ROWID;

-- A making: one commissioning event made packages of one lot. Packages name it instead of event and lot.
CREATE TABLE making (id INTEGER PRIMARY KEY, event INTEGER NOT NULL, lot INTEGER NOT NULL);



-- A package: a trade item with a serial that holds nothing. made names its making, packed its packing event, as
-- long as both are one speaker's plain word. own = 1: it has events of its own in unit_event, fold them.
CREATE TABLE unit (
  product INTEGER NOT NULL,
  serial TEXT NOT NULL,
  made INTEGER,
  packed INTEGER,
  own INTEGER,
  PRIMARY KEY (product, serial)
) WITHOUT ROWID;
CREATE TABLE unit_event (
  product INTEGER NOT NULL, serial TEXT NOT NULL, event INTEGER NOT NULL, role INTEGER NOT NULL, making INTEGER,
  PRIMARY KEY (product, serial, event, role)
) WITHOUT ROWID;

-- Anything that is, or may be, a parent: SSCC, SGTIN case, asset. All its events are in container_event.
-- Cache: parent, since (of the stay now), emptied (time of the last emptying), state (MessagePack of its fold).
-- While state is null the row is plain: made, filled and packed at most once, all by one speaker.
CREATE TABLE container (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  product INTEGER,
  made INTEGER,
  parent INTEGER,
  since INTEGER,
  emptied INTEGER,
  speaker INTEGER,
  state BLOB
);
CREATE INDEX container_parent ON container (parent) WHERE parent IS NOT NULL;
CREATE INDEX container_product ON container (product) WHERE product IS NOT NULL;
CREATE TABLE container_event (
  container INTEGER NOT NULL, event INTEGER NOT NULL, role INTEGER NOT NULL, making INTEGER,
  PRIMARY KEY (container, event, role)
) WITHOUT ROWID;

-- Answers to commands, so that the same key gives the same answer again.
CREATE TABLE answered (key TEXT PRIMARY KEY, recorded_at INTEGER NOT NULL, answer BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE partner (name TEXT PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE partner_gln (gln TEXT PRIMARY KEY, partner TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX event_parent ON event (parent) WHERE parent <> 0;
CREATE INDEX container_event_event ON container_event (event);
