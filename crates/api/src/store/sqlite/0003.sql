-- Who logs in. Moments are microseconds since 1970, UTC.
CREATE TABLE account (
    login TEXT NOT NULL PRIMARY KEY, -- in lower case
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    tenant TEXT NOT NULL,
    password TEXT NOT NULL, -- argon2id, as a PHC text
    epoch INTEGER NOT NULL,
    created INTEGER NOT NULL,
    disabled INTEGER
) STRICT, WITHOUT ROWID;

-- Whose a key is, and what it is narrowed to: a JSON object.
ALTER TABLE api_key ADD COLUMN bounds TEXT NOT NULL DEFAULT '{}';
