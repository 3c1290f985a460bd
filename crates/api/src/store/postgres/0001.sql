-- Every event, one line of a chain each.
CREATE TABLE entry (
    seq bigint PRIMARY KEY,
    id text NOT NULL UNIQUE,
    kind text NOT NULL,
    at bigint NOT NULL, -- microseconds since 1970, UTC
    tenant text NOT NULL,
    decision text,
    action_type text,
    tool text,
    line text NOT NULL,
    hash bytea NOT NULL
);

-- Counting what matches reads this alone, not the lines.
CREATE INDEX entry_facts ON entry (tenant, at, decision, action_type, tool);

-- The last line, so that a cut-off end is seen. Who adds to the chain locks its row.
CREATE TABLE head (
    one integer PRIMARY KEY CHECK (one = 1),
    seq bigint NOT NULL,
    hash bytea NOT NULL
);
INSERT INTO head VALUES (1, 0, decode(repeat('00', 32), 'hex'));

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries are never changed or removed';
END $$;
CREATE TRIGGER entry_stays BEFORE UPDATE OR DELETE ON entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entry_is_kept BEFORE TRUNCATE ON entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER head_grows BEFORE UPDATE ON head
    FOR EACH ROW WHEN (NEW.seq <= OLD.seq) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER head_is_kept BEFORE DELETE ON head
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Answers that repeated requests get.
CREATE TABLE answer (
    scope text NOT NULL,
    name text NOT NULL,
    question bytea NOT NULL,
    body bytea NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (scope, name)
);
CREATE INDEX answer_age ON answer (at);

-- Credentials, by digest.
CREATE TABLE api_key (
    id text PRIMARY KEY,
    digest bytea NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    tenant text NOT NULL,
    created bigint NOT NULL,
    expires bigint,
    revoked bigint
);
