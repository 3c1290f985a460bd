-- Policies that were in force. Moments are microseconds since 1970, UTC.
CREATE TABLE policy (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    author TEXT NOT NULL,
    note TEXT NOT NULL,
    digest TEXT NOT NULL, -- SHA-256 of the text
    text TEXT
) STRICT;
CREATE TRIGGER policy_stays BEFORE UPDATE ON policy
BEGIN SELECT RAISE(ABORT, 'versions are never changed'); END;
CREATE TRIGGER policy_is_kept BEFORE DELETE ON policy
BEGIN SELECT RAISE(ABORT, 'versions are never removed'); END;
