-- What a person was asked, and what was answered. Moments are milliseconds since 1970, UTC.
CREATE TABLE approval (
    id text PRIMARY KEY,
    tenant text NOT NULL,
    call text NOT NULL, -- keyed digest
    state text NOT NULL,
    asked bigint NOT NULL,
    until bigint NOT NULL,
    record text NOT NULL
);
CREATE INDEX approval_call ON approval (tenant, call);
CREATE INDEX approval_state ON approval (tenant, state, until);
CREATE INDEX approval_waiting ON approval (state, until);
