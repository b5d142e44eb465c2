-- The records of each state.
SELECT state, count(*) FROM records GROUP BY state;

-- What has been due for the longest time.
SELECT key, name, datetime(due / 1e6, 'unixepoch') AS due, claim IS NOT NULL AS claimed, error
FROM records WHERE state = 1 ORDER BY due LIMIT 20;

-- What is set aside, and why.
SELECT key, name, error FROM records WHERE state = 2;

-- Starting calls of which nothing is known.
SELECT key, datetime(created / 1e6, 'unixepoch') AS announced FROM records
WHERE state = 0 AND due <= unixepoch('subsec') * 1e6;

-- Take back what is set aside.
UPDATE records SET state = 1, due = CAST(unixepoch('subsec') * 1e6 AS INTEGER), claim = NULL, claims = 0
WHERE state = 2;

-- Poll everything now that nobody has claimed.
UPDATE records SET due = CAST(unixepoch('subsec') * 1e6 AS INTEGER) WHERE state = 1 AND claim IS NULL;

-- Deliver an outcome again that was acknowledged.
UPDATE records SET state = 3, due = CAST(unixepoch('subsec') * 1e6 AS INTEGER), acknowledged = NULL, deliveries = 0
WHERE key = 'report-7' AND state = 4;

-- Forget a record. Its payloads go with it.
DELETE FROM records WHERE key = 'report-8';
