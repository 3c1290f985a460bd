-- Whom to tell of what happens. Moments are microseconds since 1970, UTC.
CREATE TABLE channel (
    id text PRIMARY KEY,
    tenant text NOT NULL,
    form text NOT NULL, -- a JSON object without secrets
    sealed bytea, -- its secrets, encrypted
    since bigint NOT NULL, -- lines after this one are told
    epoch bigint NOT NULL,
    created bigint NOT NULL
);

-- What is to be told to whom, once for each line.
CREATE TABLE delivery (
    id text PRIMARY KEY,
    channel text NOT NULL,
    tenant text NOT NULL,
    seq bigint NOT NULL,
    receipt text NOT NULL,
    occasion text NOT NULL,
    state text NOT NULL,
    tries bigint NOT NULL,
    taken bigint NOT NULL, -- counts who took it: what an earlier one says of it is void
    due bigint NOT NULL,
    at bigint NOT NULL,
    note text NOT NULL,
    UNIQUE (channel, seq)
);
CREATE INDEX delivery_due ON delivery (state, due);
CREATE INDEX delivery_newest ON delivery (tenant, seq);
CREATE TRIGGER delivery_stays BEFORE UPDATE OF id, channel, tenant, seq, receipt, occasion ON delivery
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Up to which line of the chain it was looked who is to be told.
CREATE TABLE told (
    one integer PRIMARY KEY CHECK (one = 1),
    seq bigint NOT NULL
);
INSERT INTO told SELECT 1, seq FROM head;
CREATE TRIGGER told_grows BEFORE UPDATE ON told
    FOR EACH ROW WHEN (NEW.seq <= OLD.seq) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER told_is_kept BEFORE DELETE ON told
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
