-- The record of one node. Rows that are facts are only ever added; what is marked "cache" can be rebuilt.
-- Columns stand in an order that wastes no padding. Every text is compared byte by byte (collation "C").
-- On Citus each unique key contains the column that its table is distributed by: see distributed.sql.

CREATE TABLE setting (key text COLLATE "C" PRIMARY KEY, value text NOT NULL);

-- The one row that every write transaction locks first: the next numbers, how often something changed that others
-- keep in memory (moved), and the time of the last transaction. position is the size of the log.
CREATE TABLE log_head (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  position bigint NOT NULL DEFAULT 0,
  block bigint NOT NULL DEFAULT 0,
  making bigint NOT NULL DEFAULT 0,
  container bigint NOT NULL DEFAULT 0,
  name bigint NOT NULL DEFAULT 0,
  product bigint NOT NULL DEFAULT 0,
  lot bigint NOT NULL DEFAULT 0,
  document bigint NOT NULL DEFAULT 0,
  packages bigint NOT NULL DEFAULT 0,
  events bigint NOT NULL DEFAULT 0,
  moved bigint NOT NULL DEFAULT 0,
  time bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 20);
INSERT INTO log_head DEFAULT VALUES;

-- Texts that recur: parties (13-digit GLN), locations (canonical SGLN), business steps, dispositions.
CREATE TABLE name (id bigint PRIMARY KEY, text text COLLATE "C" NOT NULL);
-- By digest, here and for lots: a text may be longer than a row of an index.
CREATE UNIQUE INDEX name_text ON name (md5(text));

-- Everything that happened, in log order: events, scans, commands, decisions. Position is dense from 0.
-- The canonical bytes lie in a compressed block; the envelope (forms, record time) follows them.
CREATE TABLE record (
  position bigint PRIMARY KEY,
  recorded_at bigint NOT NULL,
  block bigint NOT NULL,
  kind smallint NOT NULL,
  tenant smallint NOT NULL,
  party integer NOT NULL,
  start integer NOT NULL,
  length integer NOT NULL,
  envelope integer NOT NULL,
  id bytea NOT NULL,
  salt bytea NOT NULL
);

CREATE TABLE block (id bigint PRIMARY KEY, data bytea NOT NULL);
ALTER TABLE block ALTER COLUMN data SET STORAGE EXTERNAL;

-- Raw documents as they came, by SHA-256, compressed in chunks.
CREATE TABLE document (
  id bigint PRIMARY KEY,
  sha256 bytea NOT NULL UNIQUE,
  bytes bigint NOT NULL,
  received_at bigint NOT NULL,
  events bigint NOT NULL,
  name text COLLATE "C" NOT NULL,
  sender text COLLATE "C" NOT NULL,
  receiver text COLLATE "C" NOT NULL,
  instance_id text COLLATE "C" NOT NULL,
  header bytea NOT NULL
);
CREATE INDEX document_instance ON document (instance_id, sender) WHERE instance_id <> '';
CREATE TABLE document_chunk (document bigint NOT NULL, seq integer NOT NULL, data bytea NOT NULL,
  PRIMARY KEY (document, seq));
ALTER TABLE document_chunk ALTER COLUMN data SET STORAGE EXTERNAL;

-- One capture of one document; gtins (MessagePack list) lets the counter know what may still be on its way.
CREATE TABLE job (
  id text COLLATE "C" PRIMARY KEY,
  document bigint NOT NULL,
  created_at bigint NOT NULL,
  finished_at bigint NOT NULL,
  events bigint NOT NULL,
  applied bigint NOT NULL,
  packages bigint NOT NULL,
  new_events bigint NOT NULL,
  first_position bigint NOT NULL,
  proceed boolean NOT NULL,
  name text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL,
  error text COLLATE "C" NOT NULL,
  gtins bytea NOT NULL
);
CREATE INDEX job_unfinished ON job (created_at) WHERE state IN ('accepted', 'running', 'failed');
CREATE INDEX job_document ON job (document);
CREATE INDEX job_created ON job (created_at, id);

CREATE TABLE finding (
  document bigint NOT NULL,
  seq integer NOT NULL,
  event bigint,
  severity text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL,
  message text COLLATE "C" NOT NULL,
  place text COLLATE "C" NOT NULL,
  epcs text COLLATE "C" NOT NULL,
  PRIMARY KEY (document, seq)
);

-- The typed columns of an event that rules and queries need beside its body. position = record.position.
-- event_id: u + 16 bytes of a UUID, h + 32 bytes of an event hash, t + any other text.
CREATE TABLE event (
  position bigint PRIMARY KEY,
  time bigint NOT NULL,
  parent bigint NOT NULL,
  voided_by bigint,
  document bigint NOT NULL,
  kind integer NOT NULL,
  biz_step integer NOT NULL,
  disposition integer NOT NULL,
  speaker integer NOT NULL,
  read_point integer NOT NULL,
  biz_location integer NOT NULL,
  source integer NOT NULL,
  destination integer NOT NULL,
  flags integer NOT NULL,
  action smallint NOT NULL,
  hash bytea NOT NULL,
  event_id bytea NOT NULL
);
-- Others who said the very same event (a seller's copy of the maker's).
CREATE TABLE event_speaker (event bigint NOT NULL, speaker integer NOT NULL, document bigint NOT NULL,
  PRIMARY KEY (event, speaker));
-- SHA-256, first 16 bytes, of the eventID or CBV event hash: an event, its declarations, and others of that name.
CREATE TABLE event_identity (identity bytea NOT NULL, event bigint NOT NULL, PRIMARY KEY (identity, event));

-- Master data, the latest word of each speaker on each thing.
CREATE TABLE master (
  id text COLLATE "C" NOT NULL, speaker text COLLATE "C" NOT NULL, said_at text COLLATE "C" NOT NULL,
  document bigint NOT NULL, attributes bytea NOT NULL, PRIMARY KEY (id, speaker)
);

CREATE TABLE product (id bigint PRIMARY KEY, gtin text COLLATE "C" NOT NULL UNIQUE,
  holds boolean NOT NULL DEFAULT false);
CREATE TABLE lot (id bigint PRIMARY KEY, product bigint NOT NULL, lot text COLLATE "C" NOT NULL,
  expiry text COLLATE "C" NOT NULL);
CREATE UNIQUE INDEX lot_named ON lot (product, md5(lot), md5(expiry));
-- Class-level statements (a lot or a whole product recalled): lot '' is the whole product.
CREATE TABLE lot_event (product bigint NOT NULL, lot text COLLATE "C" NOT NULL, event bigint NOT NULL);
CREATE UNIQUE INDEX lot_event_named ON lot_event (product, md5(lot), event);

-- A making: one commissioning event made packages of one lot. Packages name it instead of event and lot.
CREATE TABLE making (id bigint PRIMARY KEY, event bigint NOT NULL, lot bigint NOT NULL);
CREATE INDEX making_lot ON making (lot);

-- A package: a trade item with a serial that holds nothing. made names its making, packed its packing event, as
-- long as both are one speaker's plain word. own = 1: it has events of its own in unit_event, fold them.
-- key is the product's number in a few characters, then the serial: one column for both saves eight bytes a package
-- in the index, which is half of what a package costs (store/postgres/keys.py).
CREATE TABLE unit (
  packed bigint,
  made integer,
  own smallint,
  key text COLLATE "C" NOT NULL,
  PRIMARY KEY (key)
);
CREATE INDEX unit_odd ON unit (made) WHERE own IS NOT NULL AND made IS NOT NULL;
CREATE TABLE unit_event (
  event bigint NOT NULL, making bigint, role smallint NOT NULL, key text COLLATE "C" NOT NULL,
  PRIMARY KEY (key, event, role)
);
CREATE INDEX unit_event_making ON unit_event (making) WHERE making IS NOT NULL;
-- Plain packages only (unit.own is null), counted by packing; packed -1 means never packed.
CREATE TABLE holding (making bigint NOT NULL, packed bigint NOT NULL, packs bigint NOT NULL,
  PRIMARY KEY (making, packed));

-- Anything that is, or may be, a parent: SSCC, SGTIN case, asset. All its events are in container_event.
-- Cache: parent, since (of the stay now), emptied (time of the last emptying), state (MessagePack of its fold).
-- While state is null the row is plain: made, filled and packed at most once, all by one speaker.
CREATE TABLE container (
  id bigint PRIMARY KEY,
  product bigint,
  made bigint,
  parent bigint,
  since bigint,
  emptied bigint,
  speaker bigint,
  key text COLLATE "C" NOT NULL,
  state bytea
);
-- Its own table, so that both number and identifier can be unique where each lives on another machine.
CREATE TABLE container_key (key text COLLATE "C" PRIMARY KEY, id bigint NOT NULL);
CREATE TABLE container_event (
  container bigint NOT NULL, event bigint NOT NULL, making bigint, role smallint NOT NULL,
  PRIMARY KEY (container, event, role)
);
-- Which containers were ever inside which.
CREATE TABLE inside (parent bigint NOT NULL, child bigint NOT NULL, PRIMARY KEY (parent, child));

-- Answers to commands, so that the same key gives the same answer again.
CREATE TABLE answered (key text COLLATE "C" PRIMARY KEY, recorded_at bigint NOT NULL, answer bytea NOT NULL);

CREATE TABLE partner (name text COLLATE "C" PRIMARY KEY, row bytea NOT NULL);
CREATE TABLE partner_gln (gln text COLLATE "C" PRIMARY KEY, partner text COLLATE "C" NOT NULL);
