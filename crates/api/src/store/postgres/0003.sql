-- Who logs in. Moments are microseconds since 1970, UTC.
CREATE TABLE account (
    login text PRIMARY KEY, -- in lower case
    name text NOT NULL,
    role text NOT NULL,
    tenant text NOT NULL,
    password text NOT NULL, -- argon2id, as a PHC text
    epoch bigint NOT NULL,
    created bigint NOT NULL,
    disabled bigint
);

-- Whose a key is, and what it is narrowed to: a JSON object.
ALTER TABLE api_key ADD COLUMN bounds text NOT NULL DEFAULT '{}';
