-- What every engine can ask by one key: which containers were ever inside which, and how many plain packages of a
-- making each packing put away. Both replace reads that had to look through the events.

CREATE TABLE inside (parent INTEGER NOT NULL, child INTEGER NOT NULL, PRIMARY KEY (parent, child)) WITHOUT ROWID;
INSERT INTO inside (parent, child)
SELECT DISTINCT e.parent, h.container FROM container_event h JOIN event e ON e.position = h.event
WHERE h.role = 2 AND e.parent <> 0;
DROP INDEX event_parent;
DROP INDEX container_event_event;

-- Plain packages only (unit.own is null): packed -1 means never packed. The others are found by unit_odd.
CREATE TABLE holding (
  making INTEGER NOT NULL, packed INTEGER NOT NULL, packs INTEGER NOT NULL, PRIMARY KEY (making, packed)
) WITHOUT ROWID;
INSERT INTO holding (making, packed, packs)
SELECT made, coalesce(packed, -1), count(*) FROM unit WHERE made IS NOT NULL AND own IS NULL GROUP BY 1, 2;
CREATE INDEX making_lot ON making (lot);
CREATE INDEX unit_odd ON unit (made) WHERE own IS NOT NULL AND made IS NOT NULL;
CREATE INDEX unit_event_making ON unit_event (making) WHERE making IS NOT NULL;
