-- What a person was asked, and what was answered. Moments are milliseconds since 1970, UTC.
CREATE TABLE approval (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    call TEXT NOT NULL, -- keyed digest
    state TEXT NOT NULL,
    asked INTEGER NOT NULL,
    until INTEGER NOT NULL,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX approval_call ON approval (tenant, call);
CREATE INDEX approval_state ON approval (tenant, state, until);
CREATE INDEX approval_waiting ON approval (state, until);
