-- What people said of values that were found, by fingerprint. Moments are microseconds since 1970, UTC.
CREATE TABLE mark (
    tenant text NOT NULL,
    fingerprint text NOT NULL, -- keyed digest, in hex
    state text NOT NULL,
    reason text NOT NULL,
    author text NOT NULL,
    at bigint NOT NULL,
    until bigint,
    PRIMARY KEY (tenant, fingerprint)
);

-- Visits to the dashboard that ended before their time, which is in seconds since 1970.
CREATE TABLE ended_visit (
    id text PRIMARY KEY,
    until bigint NOT NULL
);
CREATE INDEX ended_visit_age ON ended_visit (until);
