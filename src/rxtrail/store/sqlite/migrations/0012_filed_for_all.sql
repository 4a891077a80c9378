-- Builds of before filed no event for a second party that told it again later. A record that may have such events says so,
-- and an audit can tell what they have left out from what somebody has taken away.
INSERT INTO setting (key, value) SELECT 'second-parties', 'may be unfiled' WHERE EXISTS (SELECT 1 FROM event_speaker);
