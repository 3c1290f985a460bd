-- What people said of values that were found, by fingerprint. Moments are microseconds since 1970, UTC.
CREATE TABLE mark (
    tenant TEXT NOT NULL,
    fingerprint TEXT NOT NULL, -- keyed digest, in hex
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    author TEXT NOT NULL,
    at INTEGER NOT NULL,
    until INTEGER,
    PRIMARY KEY (tenant, fingerprint)
) STRICT, WITHOUT ROWID;

-- Visits to the dashboard that ended before their time, which is in seconds since 1970.
CREATE TABLE ended_visit (
    id TEXT NOT NULL PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ended_visit_age ON ended_visit (until);
