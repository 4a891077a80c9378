-- What closes a record for writing, if anything: it is being filled, or was moved away (store/copying.py). It stands
-- in the row that every write transaction locks first, so that a process which waits for the lock reads it as it is
-- when it gets the lock, and not as it was when it began to wait.
ALTER TABLE log_head ADD COLUMN closed text COLLATE "C";
