-- Whom to tell of what happens. Moments are microseconds since 1970, UTC.
CREATE TABLE channel (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    form TEXT NOT NULL, -- a JSON object without secrets
    sealed BLOB, -- its secrets, encrypted
    since INTEGER NOT NULL, -- lines after this one are told
    epoch INTEGER NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is to be told to whom, once for each line.
CREATE TABLE delivery (
    id TEXT NOT NULL PRIMARY KEY,
    channel TEXT NOT NULL,
    tenant TEXT NOT NULL,
    seq INTEGER NOT NULL,
    receipt TEXT NOT NULL,
    occasion TEXT NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL,
    taken INTEGER NOT NULL, -- counts who took it: what an earlier one says of it is void
    due INTEGER NOT NULL,
    at INTEGER NOT NULL,
    note TEXT NOT NULL,
    UNIQUE (channel, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_due ON delivery (state, due);
CREATE INDEX delivery_newest ON delivery (tenant, seq);
CREATE TRIGGER delivery_stays BEFORE UPDATE OF id, channel, tenant, seq, receipt, occasion ON delivery
BEGIN SELECT RAISE(ABORT, 'what a delivery is about is never changed'); END;

-- Up to which line of the chain it was looked who is to be told.
CREATE TABLE told (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL
) STRICT;
INSERT INTO told SELECT 1, seq FROM head;
CREATE TRIGGER told_grows BEFORE UPDATE ON told WHEN NEW.seq <= OLD.seq
BEGIN SELECT RAISE(ABORT, 'what was looked at is not looked at again'); END;
CREATE TRIGGER told_is_kept BEFORE DELETE ON told
BEGIN SELECT RAISE(ABORT, 'what was looked at is not looked at again'); END;
