-- The records that commit to the bytes of a block, by its number: sealing a block anew must say which it is.
CREATE INDEX record_block ON record (block, position) WHERE kind = 6;
