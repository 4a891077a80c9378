-- What makes a record of Citus: which table lives where. Run once, while the tables are empty.
-- Packages by product and serial number: one GTIN of any size spreads evenly, and each is unique on one shard.
SELECT create_distributed_table('unit', 'key', colocate_with => 'none');
SELECT create_distributed_table('unit_event', 'key', colocate_with => 'unit');
-- Events and all that is found by position: an event, its record and its further speakers share a shard.
SELECT create_distributed_table('event', 'position', colocate_with => 'none');
SELECT create_distributed_table('record', 'position', colocate_with => 'event');
SELECT create_distributed_table('event_speaker', 'event', colocate_with => 'event');
SELECT create_distributed_table('block', 'id', colocate_with => 'event');
SELECT create_distributed_table('event_identity', 'identity');
-- Containers by their number, with their events and what was ever inside them.
SELECT create_distributed_table('container', 'id', colocate_with => 'event');
SELECT create_distributed_table('container_event', 'container', colocate_with => 'container');
SELECT create_distributed_table('inside', 'parent', colocate_with => 'container');
SELECT create_distributed_table('container_key', 'key', colocate_with => 'none');
SELECT create_distributed_table('making', 'id', colocate_with => 'event');
SELECT create_distributed_table('holding', 'making', colocate_with => 'making');
SELECT create_distributed_table('document_chunk', 'document', colocate_with => 'event');
SELECT create_distributed_table('finding', 'document', colocate_with => 'event');
SELECT create_distributed_table('tile', 'number', colocate_with => 'event');
-- Serial numbers that were given out, by product: nothing is joined with them.
SELECT create_distributed_table('issued', 'gtin', colocate_with => 'none');
-- Small and asked everywhere: a copy on each machine.
SELECT create_reference_table('name');
SELECT create_reference_table('product');
SELECT create_reference_table('lot');
SELECT create_reference_table('lot_event');
-- The index of the query by its terms.
SELECT create_distributed_table('posting', 'term', colocate_with => 'none');
